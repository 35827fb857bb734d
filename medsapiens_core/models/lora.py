"""Low-rank adapters on linear layers: y = W0 x + b0 + alpha / rank * up(down(dropout(x))).

At step 0 `up` is zero, so the adapted network equals its base. Source: LoRA (arXiv 2106.09685), methods.md 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from medsapiens_core.models.config import LoraConfig, LoraTarget


class LoraLinear(nn.Linear):
    """A linear layer with an adapter; `weight` and `bias` keep their names and values.

    While merged, `weight` holds W0 plus the adapter for faster inference, and W0 is kept aside: it is put back, not
    computed back, so nothing drifts.
    """

    def __init__(self, base: nn.Linear, target: LoraTarget, dropout: float) -> None:
        super().__init__(base.in_features, base.out_features, bias=base.bias is not None, device="meta")
        self.weight, self.bias = base.weight, base.bias
        device = base.weight.device
        self.scale = target.alpha / target.rank
        self.dropout = nn.Dropout(dropout)
        self.lora_down = nn.Linear(base.in_features, target.rank, bias=False, device=device)
        self.lora_up = nn.Linear(target.rank, base.out_features, bias=False, device=device)
        nn.init.kaiming_uniform_(self.lora_down.weight, a=math.sqrt(5))
        nn.init.zeros_(self.lora_up.weight)
        self._base_weight: Tensor | None = None

    @property
    def is_merged(self) -> bool:
        """True while `weight` holds the adapter too."""
        return self._base_weight is not None

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in) to (..., out)."""
        y = super().forward(x)
        if self.is_merged:
            return y
        update: Tensor = self.lora_up(self.lora_down(self.dropout(x)))
        return y + self.scale * update

    @torch.no_grad()
    def merge(self) -> None:
        """Fold the adapter into `weight`, computed in float32."""
        if self._base_weight is None:
            self._base_weight = self.weight.detach().clone()
            update = self.lora_up.weight.float() @ self.lora_down.weight.float()
            self.weight.copy_(self._base_weight.float() + self.scale * update)

    @torch.no_grad()
    def unmerge(self) -> None:
        """Put W0 back, bit by bit."""
        if self._base_weight is not None:
            self.weight.copy_(self._base_weight)
            self._base_weight = None


def add_lora(backbone: nn.Module, config: LoraConfig) -> None:
    """Replace in every block of `backbone` the linear layers that `config` names.

    Raises ValueError when a target names no linear layer, or one that has an adapter already.
    """
    for target, setting in config.targets.items():
        layers = [(name, layer) for name, layer in backbone.named_modules() if name.split(".")[-1] == target]
        if not layers or not all(type(layer) is nn.Linear for _, layer in layers):
            raise ValueError(f"no plain linear layer is called {target}")
        for name, layer in layers:
            assert isinstance(layer, nn.Linear)
            parent, _, leaf = name.rpartition(".")
            setattr(backbone.get_submodule(parent), leaf, LoraLinear(layer, setting, config.dropout))


def fold_lora(module: nn.Module) -> None:
    """Make every adapter of `module` part of a plain linear layer again: the same output, and no adapter left."""
    for name, layer in [(name, layer) for name, layer in module.named_modules() if isinstance(layer, LoraLinear)]:
        layer.merge()
        plain = nn.Linear(layer.in_features, layer.out_features, bias=layer.bias is not None, device="meta")
        plain.weight, plain.bias = layer.weight, layer.bias
        parent, _, leaf = name.rpartition(".")
        setattr(module.get_submodule(parent), leaf, plain.train(layer.training))


def lora_layers(module: nn.Module) -> Iterator[LoraLinear]:
    """Every adapted layer of `module`."""
    return (layer for layer in module.modules() if isinstance(layer, LoraLinear))


def merge_lora(module: nn.Module) -> None:
    """Fold all adapters into their weights: the same output, faster. Not for training."""
    for layer in lora_layers(module):
        layer.merge()


def unmerge_lora(module: nn.Module) -> None:
    """Put all base weights back."""
    for layer in lora_layers(module):
        layer.unmerge()


def is_merged(module: nn.Module) -> bool:
    """True when any adapter of `module` is folded in."""
    return any(layer.is_merged for layer in lora_layers(module))


def is_lora_name(name: str) -> bool:
    """True for the name of an adapter's tensor."""
    return ".lora_down." in name or ".lora_up." in name
