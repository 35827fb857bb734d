"""The Sapiens vision transformer: image -> feature map, weight-compatible with the public checkpoints.

Source: Sapiens (arXiv 2408.12569) and its released architecture, methods.md 2.1-2.2; written from that text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from medsapiens_core.geometry import Size
from medsapiens_core.models.config import SapiensArchitecture
from medsapiens_core.models.experts import ExpertLinear

PATCH = 16
PATCH_PADDING = 2  # so that the patch of token i is centred at input pixel 16 i + 5.5
NORM_EPS = 1e-6


class Variant(NamedTuple):
    """Numbers of a released size."""

    embed_dim: int
    depth: int
    num_heads: int
    ffn_dim: int


VARIANTS = {
    "0.3b": Variant(1024, 24, 16, 4096),
    "0.6b": Variant(1280, 32, 16, 5120),
    "1b": Variant(1536, 40, 24, 6144),
    "2b": Variant(1920, 48, 32, 7680),
}


def token_grid(input_size: Size) -> Size:
    """Tokens along (x, y) for an input of (width, height) pixels."""
    columns, rows = ((length + 2 * PATCH_PADDING - PATCH) // PATCH + 1 for length in input_size)
    return columns, rows


class Block(nn.Module):
    """One transformer block on tokens (B, N, D): attention and feed-forward, each after its layer norm."""

    def __init__(self, dim: int, num_heads: int, ffn_dim: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm1 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.norm2 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.fc1 = nn.Linear(dim, ffn_dim)
        self.fc2: nn.Module = nn.Linear(ffn_dim, dim)

    def forward(self, tokens: Tensor, template_id: str | None = None) -> Tensor:
        """Return tokens (B, N, D). Where there are task experts, `template_id` chooses among them."""
        tokens = tokens + self._attend(self.norm1(tokens))
        hidden = F.gelu(self.fc1(self.norm2(tokens)))
        chosen = (template_id,) if isinstance(self.fc2, ExpertLinear) else ()
        result: Tensor = tokens + self.fc2(hidden, *chosen)
        return result

    def split_experts(self, width: int, template_ids: Iterable[str]) -> None:
        """Put a layer with experts (of random weights) in the place of the second feed-forward layer."""
        assert type(self.fc2) is nn.Linear
        device = self.fc2.weight.device
        self.fc2 = ExpertLinear(self.fc2.in_features, self.fc2.out_features, width, template_ids).to(device)

    def _attend(self, tokens: Tensor) -> Tensor:
        batch, count, dim = tokens.shape
        qkv = self.qkv(tokens).reshape(batch, count, 3, self.num_heads, dim // self.num_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value)
        result: Tensor = self.proj(attended.transpose(1, 2).reshape(batch, count, dim))
        return result


class SapiensBackbone(nn.Module):
    """Image (B, 3, H, W), normalised -> features (B, D, h, w), one cell for every 16 pixels.

    `position` (1, rows * columns, D) is the table as trained, without class slot. Other grids are resized from it at
    every pass, never from a resized one. `template_ids` are those that get task experts, where the architecture has
    any.
    """

    def __init__(self, architecture: SapiensArchitecture, template_ids: Iterable[str] = ()) -> None:
        super().__init__()
        dim = architecture.embed_dim
        columns, rows = self.position_grid = architecture.position_grid
        self.patch = nn.Conv2d(3, dim, PATCH, stride=PATCH, padding=PATCH_PADDING)
        self.position = nn.Parameter(torch.empty(1, rows * columns, dim))
        self.blocks = nn.ModuleList(
            Block(dim, architecture.num_heads, architecture.ffn_dim) for _ in range(architecture.depth)
        )
        self.norm_out = nn.LayerNorm(dim, eps=NORM_EPS)
        nn.init.trunc_normal_(self.position, std=0.02)
        if architecture.experts is not None:
            self.split_experts(architecture.experts.width, template_ids)

    def split_experts(self, width: int, template_ids: Iterable[str]) -> None:
        """Give every block experts of random weights."""
        ids = tuple(template_ids)
        for block in self.blocks:
            assert isinstance(block, Block)
            block.split_experts(width, ids)

    def forward(self, x: Tensor, template_id: str | None = None) -> Tensor:
        """Return features (B, D, h, w). Where there are task experts, `template_id` chooses among them."""
        patches = self.patch(x)
        rows, columns = patches.shape[-2:]
        tokens = patches.flatten(2).transpose(1, 2) + self._positions((columns, rows))
        for block in self.blocks:
            tokens = block(tokens, template_id)
        features: Tensor = self.norm_out(tokens).transpose(1, 2)
        return features.reshape(features.shape[0], -1, rows, columns)

    def _positions(self, grid: Size) -> Tensor:
        """The position table for a grid of (columns, rows), float32."""
        if grid == self.position_grid:
            return self.position
        table = self.position.float().transpose(1, 2).reshape(1, -1, *self.position_grid[::-1])
        resized = F.interpolate(table, size=grid[::-1], mode="bicubic", align_corners=False)
        return resized.flatten(2).transpose(1, 2)
