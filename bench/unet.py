"""A plain U-Net with one heatmap per landmark: the network that anybody would try first (Ronneberger et al. 2015).

Five levels of two 3 x 3 convolutions with instance normalisation, as nnU-Net has them; about 6 M parameters.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from medsapiens_core.data.template import Template
from medsapiens_core.models.config import ModelConfig
from medsapiens_core.models.landmark_model import LandmarkModel, TrainMode

WIDTHS = (28, 56, 112, 224, 448)


def double_conv(inside: int, outside: int) -> nn.Sequential:
    """Two convolutions with normalisation; the size stays."""
    layers: list[nn.Module] = []
    for channels in (inside, outside):
        layers += [nn.Conv2d(channels, outside, 3, padding=1, bias=False), nn.InstanceNorm2d(outside, affine=True)]
        layers += [nn.LeakyReLU(0.01, inplace=True)]
    return nn.Sequential(*layers)


class UNet(LandmarkModel):
    """One template, maps as large as the input; see `LandmarkModel` for the contract."""

    def __init__(self, config: ModelConfig, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.config, self.widths = config, widths
        self.down = nn.ModuleList(double_conv(a, b) for a, b in zip((3, *widths[:-1]), widths, strict=True))
        self.up = nn.ModuleList(double_conv(a + b, a) for a, b in pairwise(widths))
        self.last = nn.Conv2d(widths[0], config.channel_count, 1)
        nn.init.normal_(self.last.weight, std=0.01)

    def logits(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) normalised, sides divisible by 16 -> (B, K, H, W) float32."""
        kept: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if level else x)
            kept.append(x)
        for level in reversed(range(len(self.up))):
            wider = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = self.up[level](torch.cat([kept[level], wider], 1))
        with torch.autocast(x.device.type, enabled=False):
            result: Tensor = self.last(x.float())
        return result

    def heatmaps(self, x: Tensor, template_id: str) -> Tensor:
        """Probabilities times 2 pi sigma^2, so that the training target has peak 1."""
        self.config.channels(template_id)
        logits = self.logits(x)
        probabilities = logits.flatten(2).softmax(-1).view_as(logits)
        return probabilities * (2 * math.pi * self.config.sigma**2)

    def trainable_parameters(self, _mode: TrainMode) -> list[tuple[str, nn.Parameter]]:
        """Everything, in every mode: the network starts from random weights."""
        return list(self.named_parameters())

    def add_template(self, template: Template) -> None:
        """Not possible: a peer is of one template. Raises ValueError."""
        raise ValueError(f"this U-Net has its template; {template.id} cannot be added")
