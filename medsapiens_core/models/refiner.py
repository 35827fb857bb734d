"""The second stage: a small U-Net that looks at the surroundings of one landmark, found by the first, in full detail.

The first stage sees the whole picture reduced and knows where things are; its cells are coarse. The refiner sees two
pictures about that place, a sharp one of `crop` fine pixels and one `context` times as wide, and says where in the
sharp one the landmark is. One trunk serves all landmarks: a landmark has a vector that tunes the trunk's deepest level
(FiLM, Perez et al., arXiv 1709.07871) and one that reads the finest. Coarse-to-fine with patches: Zhong et al., MICCAI
2019; methods.md 6.
"""

from __future__ import annotations

import itertools
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from medsapiens_core.models.config import RefinerArchitecture
from medsapiens_core.models.experts import module_key
from medsapiens_core.models.layers import ConvBlock

EVENNESS = 6.0  # grey levels added to a picture's spread, so that an empty one stays quiet


class RefinerHead(nn.Module):
    """What the refiner knows of each landmark of one template: `tuning` (K, 2 C_deep) and `reading` (K, C_fine)."""

    def __init__(self, landmarks: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.tuning = nn.Parameter(torch.randn(landmarks, 2 * widths[-1]) * 0.02)
        self.reading = nn.Parameter(torch.randn(landmarks, widths[0]) * 0.05)


class Refiner(nn.Module):
    """Trunk and heads; a template without a head is not refined."""

    def __init__(self, architecture: RefinerArchitecture) -> None:
        super().__init__()
        self.architecture, widths = architecture, architecture.widths
        first = nn.Conv2d(2, widths[0], 4, stride=2, padding=1, bias=False)
        self.stem = nn.Sequential(first, nn.GroupNorm(8, widths[0]), nn.SiLU(), ConvBlock(widths[0], widths[0]))
        pairs = list(itertools.pairwise(widths))
        self.down = nn.ModuleList(nn.Sequential(ConvBlock(a, b, stride=2), ConvBlock(b, b)) for a, b in pairs)
        self.deepest = ConvBlock(widths[-1], widths[-1])
        self.laterals = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairs)
        self.up = nn.ModuleList(ConvBlock(a, a) for a, _ in pairs)
        self.last = ConvBlock(widths[0], widths[0])
        self.heads = nn.ModuleDict()

    def add_head(self, template_id: str, landmarks: int) -> None:
        """Add a head for a template of that many landmarks, or put a new one in the place of the old."""
        device = next(self.parameters()).device
        self.heads[module_key(template_id)] = RefinerHead(landmarks, self.architecture.widths).to(device)

    def forward(self, crops: Tensor, template_id: str, landmarks: Tensor) -> Tensor:
        """Logits (N, S/2, S/2) float32 of crops (N, 2, S, S), each about the landmark of that number (N,).

        Raises KeyError for a template without a head.
        """
        head = cast("RefinerHead", self.heads[module_key(template_id)])
        levels = [self.stem(even_out(crops))]
        for step in self.down:
            levels.append(step(levels[-1]))
        factor, offset = head.tuning[landmarks][:, :, None, None].chunk(2, dim=1)
        x = self.deepest(levels[-1] * (1 + factor) + offset)
        for level in reversed(range(len(self.up))):
            wider = F.interpolate(self.laterals[level](x), scale_factor=2, mode="bilinear", align_corners=False)
            x = self.up[level](wider + levels[level])
        x = self.last(x)
        with torch.autocast(x.device.type, enabled=False):  # bf16 would round the logits
            logits: Tensor = torch.einsum("nchw,nc->nhw", x.float(), head.reading[landmarks])
            return logits


def even_out(crops: Tensor) -> Tensor:
    """Give each picture (N, 2, S, S) of grey values 0..255 mean 0 and spread about 1, whatever its exposure."""
    mean = crops.mean((-2, -1), keepdim=True)
    spread = crops.std((-2, -1), keepdim=True, correction=0)
    return (crops - mean) / (spread + EVENNESS)
