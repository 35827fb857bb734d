"""Task experts: the last rows of every block's second feed-forward layer exist once per template.

The template that is asked for chooses the expert; there is no gate, and the rest of the block is shared. Right after
the conversion every expert holds the rows that the plain layer had, so the output is that of the plain network.
Source: ViTPose++ (Xu et al., arXiv 2212.04246), methods.md 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn

LAYER = "fc2"  # of every block


class ExpertLinear(nn.Module):
    """Linear layer whose first rows are `shared` and whose last rows are those of one expert per template id."""

    def __init__(self, in_features: int, out_features: int, width: int, template_ids: Iterable[str]) -> None:
        super().__init__()
        self.shared = nn.Linear(in_features, out_features - width)
        self.experts = nn.ModuleDict({module_key(key): nn.Linear(in_features, width) for key in template_ids})

    def forward(self, x: Tensor, template_id: str) -> Tensor:
        """Map (..., in) to (..., out). Raises KeyError for a template without an expert."""
        return torch.cat([self.shared(x), self.experts[module_key(template_id)](x)], -1)

    @torch.no_grad()
    def add(self, template_id: str) -> None:
        """Add an expert that begins as the mean of the others."""
        others = [expert.state_dict() for expert in self.experts.values()]
        new = nn.Linear(self.shared.in_features, others[0]["bias"].numel()).to(self.shared.weight)
        new.load_state_dict({name: torch.stack([other[name] for other in others]).mean(0) for name in others[0]})
        self.experts[module_key(template_id)] = new.train(self.training)


def module_key(template_id: str) -> str:
    """A template id as the name of a module, which must not hold a dot; a template id never holds a slash."""
    return template_id.replace(".", "/")


def expert_layers(module: nn.Module) -> Iterator[ExpertLinear]:
    """Every layer of `module` that has experts."""
    return (layer for layer in module.modules() if isinstance(layer, ExpertLinear))


def is_expert_name(name: str) -> bool:
    """True for the name of an expert's tensor."""
    return f".{LAYER}.experts." in name


def split_experts(tensors: Mapping[str, Tensor], width: int, template_ids: Iterable[str]) -> dict[str, Tensor]:
    """Turn the tensors of a plain network into those of one with experts, which all begin with the same rows.

    Raises ValueError when there is no layer to split, as with a checkpoint that has experts already or that keeps
    adapters on that layer.
    """
    plain = [name for name in tensors if name.split(".")[-2:-1] == [LAYER]]
    if not plain or any(f".{LAYER}.lora" in name or is_expert_name(name) for name in tensors):
        raise ValueError(f"experts need plain {LAYER} layers to begin with")
    result = {name: tensor for name, tensor in tensors.items() if name not in set(plain)}
    keys = [module_key(template_id) for template_id in template_ids]
    for name in plain:
        layer, _, part = name.rpartition(".")
        shared, expert = tensors[name][:-width], tensors[name][-width:]
        result[f"{layer}.shared.{part}"] = shared.clone()
        result |= {f"{layer}.experts.{key}.{part}": expert.clone() for key in keys}
    return result


def join_expert(tensors: Mapping[str, Tensor], template_id: str) -> dict[str, Tensor]:
    """Turn the tensors of a network with experts into those of the plain network that it is for one template."""
    result = {}
    for name, tensor in tensors.items():
        if f".{LAYER}.shared." in name:
            expert = name.replace(".shared.", f".experts.{module_key(template_id)}.")
            result[name.replace(".shared.", ".")] = torch.cat([tensor, tensors[expert]])
        elif not is_expert_name(name):
            result[name] = tensor
    return result
