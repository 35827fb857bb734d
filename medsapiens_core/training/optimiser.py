"""What every way of training shares: AdamW's parameter groups and the moving average of the weights.

Settings: methods.md 3, "ours": no decay for vectors and adapters, an average that is validated and shipped.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from medsapiens_core.models.lora import is_lora_name

DECAY = 0.05
ENCODER_FACTOR = 0.25  # a pretrained encoder moves more slowly than what reads it
MAX_NORM = 1.0
MEAN_DECAY = 0.998


def parameter_groups(trained: Mapping[str, nn.Parameter], rate: float) -> list[dict[str, object]]:
    """Groups for AdamW; `peak` keeps each group's full rate for schedules."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in trained.items():
        is_adapter = name.startswith("backbone.") or is_lora_name(name)
        factor = ENCODER_FACTOR if name.startswith("encoder.") and not is_adapter else 1.0
        decay = DECAY if parameter.ndim > 1 and not is_adapter else 0.0
        groups.setdefault((factor, decay), []).append(parameter)
    return [
        {"params": members, "lr": rate * factor, "peak": rate * factor, "weight_decay": decay}
        for (factor, decay), members in groups.items()
    ]


def named_moments(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimiser's state as named tensors, `index.name` each."""
    return {
        f"{index}.{key}": torch.as_tensor(value)
        for index, entry in optimiser.state_dict()["state"].items()
        for key, value in entry.items()
    }


def restore_moments(optimiser: torch.optim.Optimizer, named: Mapping[str, Tensor]) -> None:
    """The inverse of `named_moments`; rates and groups stay as they are."""
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in named.items():
        index, name = key.split(".", 1)
        moments.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})


class MovingMean:
    """Exponential moving average of named tensors; it moves faster during the first steps."""

    def __init__(self, trained: Mapping[str, nn.Parameter]) -> None:
        self.steps = 0
        self.values: dict[str, Tensor] = {name: value.detach().clone() for name, value in trained.items()}

    def update(self, trained: Mapping[str, nn.Parameter]) -> None:
        """Move towards the present weights."""
        self.steps += 1
        decay = min(MEAN_DECAY, (1 + self.steps) / (10 + self.steps))
        for name, parameter in trained.items():
            self.values[name].lerp_(parameter.detach(), 1 - decay)
