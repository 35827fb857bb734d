"""The heatmap head of Sapiens pose models: features -> heatmaps at a quarter of the input size.

Instance norm takes its statistics from the whole map, so tiles or another padding change the output everywhere: one
pass per image. Source: methods.md 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

INIT_STD = 0.001


def _norm_act(x: Tensor) -> Tensor:
    return F.silu(F.instance_norm(x, eps=1e-5))


class HeatmapHead(nn.Module):
    """Features (B, D, h, w) -> heatmaps (B, K, h * 2**n, w * 2**n) with n up-sampling layers; not squashed."""

    def __init__(
        self, in_channels: int, out_channels: int, up_channels: Sequence[int], mix_channels: Sequence[int]
    ) -> None:
        super().__init__()
        widths = [in_channels, *up_channels, *mix_channels]
        ups = len(up_channels)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, stride=2, padding=1, bias=False) for a, b in pairwise(widths[: ups + 1])
        )
        self.mix = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise(widths[ups:]))
        self.out = nn.Conv2d(widths[-1], out_channels, 1)
        for layer in [*self.up, *self.mix, self.out]:
            _initialise(layer)

    def forward(self, features: Tensor) -> Tensor:
        """Return heatmaps (B, K, h * 2**n, w * 2**n)."""
        return self.read(self.mixed(features))

    def mixed(self, features: Tensor) -> Tensor:
        """The map (B, C, h * 2**n, w * 2**n) that the output layer reads."""
        x = features
        for layer in [*self.up, *self.mix]:
            x = _norm_act(layer(x))
        return x

    def read(self, x: Tensor) -> Tensor:
        """The output layer on the mixed map."""
        # bfloat16 has 128 steps between 0.5 and 1: too coarse for the top of a peak, so autocast ends here
        with torch.autocast(x.device.type, enabled=False):
            result: Tensor = self.out(x.to(self.out.weight.dtype))
        return result

    def add_channels(self, count: int) -> None:
        """Add output channels at the end, initialised like a new head; the old ones keep their weights."""
        old = self.out
        new = nn.Conv2d(old.in_channels, old.out_channels + count, 1).to(old.weight.device, old.weight.dtype)
        _initialise(new)
        with torch.no_grad():
            for grown, kept in ((new.weight, old.weight), (new.bias, old.bias)):
                if grown is not None and kept is not None:
                    grown[: old.out_channels] = kept
        self.out = new


def _initialise(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, std=INIT_STD)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
