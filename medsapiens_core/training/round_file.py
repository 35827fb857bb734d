"""The checkpoint of a round of training of the default model, and one step of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from medsapiens_core.training.optimiser import MAX_NORM, MovingMean, named_moments, restore_moments

LONGEST_STEP = 30.0  # seconds; a longer one was the machine sleeping and does not use up the budget


class Progress(NamedTuple):
    """Seconds `used` of the budget, and the steps done."""

    used: float
    step: int


def write_round(
    path: Path, weights: Mapping[str, Tensor], mean: MovingMean, optimiser: torch.optim.Optimizer, progress: Progress
) -> None:
    """Write everything that is needed to go on; the file appears whole or not at all."""
    state = {f"model.{key}": value.detach() for key, value in weights.items()}
    state |= {f"mean.{key}": value for key, value in mean.values.items()}
    state |= {f"optimiser.{key}": value for key, value in named_moments(optimiser).items()}
    partial = path.with_suffix(".partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, partial, {"used": str(progress.used), "step": str(progress.step), "mean_steps": str(mean.steps)})
    partial.replace(path)


def read_round(path: Path, mean: MovingMean, optimiser: torch.optim.Optimizer) -> tuple[dict[str, Tensor], Progress]:
    """Put the stored average and moments back; returns the weights and how far the round was."""
    state = load_file(path)
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "mean": {}, "optimiser": {}}
    for key, value in state.items():
        part, name = key.split(".", 1)
        parts[part][name] = value
    mean.values = parts["mean"]
    restore_moments(optimiser, parts["optimiser"])
    with safe_open(path, "pt") as file:
        meta = file.metadata()
    mean.steps = int(meta["mean_steps"])
    return parts["model"], Progress(float(meta["used"]), int(meta["step"]))


def take_step(
    loss: Tensor, trained: Mapping[str, nn.Parameter], mean: MovingMean, optimiser: torch.optim.Optimizer
) -> float:
    """One optimiser step; a loss that is not finite is skipped. Returns the loss."""
    optimiser.zero_grad()
    if bool(torch.isfinite(loss)):
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        torch.nn.utils.clip_grad_norm_(trained.values(), MAX_NORM)
        optimiser.step()
        mean.update(trained)
    return float(loss.detach())
