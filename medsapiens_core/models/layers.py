"""Layers that several networks are built from."""

from __future__ import annotations

from torch import nn


class ConvBlock(nn.Sequential):
    """3x3 convolution, group norm, SiLU: (B, `inside`, H, W) -> (B, `outside`, H / `stride`, W / `stride`)."""

    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        convolution = nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False)
        super().__init__(convolution, nn.GroupNorm(8, outside), nn.SiLU())
