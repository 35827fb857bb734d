"""The Hiera image encoder (Ryali et al., arXiv 2306.00989) in the form of SAM 2 (Ravi et al., arXiv 2408.00714).

Written from the papers; parameter names follow SAM 2's `trunk.` so that its Apache-2.0 weights fit. Tokens stay
(B, H, W, C) throughout. The absolute position table is kept as its two parts, a 7 x 7 grid that is stretched over
the picture and an 8 x 8 tile that is repeated, and works for every input whose sides are multiples of 16.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class HieraSize:
    """Numbers of one encoder. Stage k has `depths[k]` blocks of width `width * 2**k`; strides are 4, 8, 16, 32."""

    width: int = 96
    depths: tuple[int, ...] = (1, 2, 7, 2)
    windows: tuple[int, ...] = (8, 4, 14, 7)
    global_blocks: tuple[int, ...] = (5, 7, 9)
    position_grid: int = 7

    @property
    def widths(self) -> tuple[int, ...]:
        """Feature channels of every stage."""
        return tuple(self.width * 2**stage for stage in range(len(self.depths)))


def partition_windows(x: Tensor, window: int) -> tuple[Tensor, tuple[int, int]]:
    """Cut (B, H, W, C) into (B * n, window, window, C), zero-padded below and right; also returns the padded size."""
    batch, height, width, channels = x.shape
    pad_h, pad_w = -height % window, -width % window
    x = F.pad(x, (0, 0, 0, pad_w, 0, pad_h))
    rows, columns = (height + pad_h) // window, (width + pad_w) // window
    x = x.view(batch, rows, window, columns, window, channels).transpose(2, 3)
    return x.reshape(-1, window, window, channels), (rows * window, columns * window)


def join_windows(x: Tensor, window: int, padded: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Undo `partition_windows`: back to (B, H, W, C) with `size` = (H, W)."""
    rows, columns = padded[0] // window, padded[1] // window
    x = x.view(-1, rows, columns, window, window, x.shape[-1]).transpose(2, 3)
    return x.reshape(-1, padded[0], padded[1], x.shape[-1])[:, : size[0], : size[1]]


def pool_tokens(x: Tensor) -> Tensor:
    """Halve (B, H, W, C) by the maximum of 2 x 2."""
    return F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


class HieraAttention(nn.Module):
    """Multi-head attention inside a window; queries are max-pooled by 2 where a stage begins."""

    def __init__(self, width_in: int, width_out: int, heads: int, pool: bool) -> None:
        super().__init__()
        self.heads, self.pool = heads, pool
        self.qkv = nn.Linear(width_in, 3 * width_out)
        self.proj = nn.Linear(width_out, width_out)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C_in) -> (N, H', W', C_out)."""
        count, height, width, _ = x.shape
        q, k, v = self.qkv(x).reshape(count, height * width, 3, self.heads, -1).unbind(2)
        if self.pool:
            q = pool_tokens(q.reshape(count, height, width, -1))
            height, width = q.shape[1:3]
            q = q.reshape(count, height * width, self.heads, -1)
        x = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
        result: Tensor = self.proj(x.transpose(1, 2).reshape(count, height, width, -1))
        return result


class HieraMlp(nn.Module):
    """Two linear layers with GELU between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, 4 * width), nn.Linear(4 * width, width)])

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C)."""
        result: Tensor = self.layers[1](F.gelu(self.layers[0](x)))
        return result


class HieraBlock(nn.Module):
    """Pre-norm transformer block; `window` 0 means attention over the whole picture."""

    def __init__(self, width_in: int, width_out: int, heads: int, window: int, pool: bool) -> None:
        super().__init__()
        self.window, self.pool = window, pool
        self.norm1 = nn.LayerNorm(width_in, eps=1e-6)
        self.attn = HieraAttention(width_in, width_out, heads, pool)
        self.norm2 = nn.LayerNorm(width_out, eps=1e-6)
        self.mlp = HieraMlp(width_out)
        self.proj = nn.Linear(width_in, width_out) if width_in != width_out else None

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C_in) -> (B, H', W', C_out)."""
        normed = self.norm1(x)
        shortcut = x
        if self.proj is not None:
            shortcut = self.proj(normed)
            shortcut = pool_tokens(shortcut) if self.pool else shortcut
        x = shortcut + self._attend(normed)
        result: Tensor = x + self.mlp(self.norm2(x))
        return result

    def _attend(self, x: Tensor) -> Tensor:
        if self.window == 0:
            result: Tensor = self.attn(x)
            return result
        size = (x.shape[1], x.shape[2])
        x, padded = partition_windows(x, self.window)
        x = self.attn(x)
        if not self.pool:
            return join_windows(x, self.window, padded, size)
        return join_windows(x, self.window // 2, (padded[0] // 2, padded[1] // 2), (size[0] // 2, size[1] // 2))


class HieraEncoder(nn.Module):
    """Images to one feature map per stage."""

    def __init__(self, size: HieraSize) -> None:
        super().__init__()
        self.size = size
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, size.width, 7, stride=4, padding=3)})
        grid = size.position_grid
        self.pos_embed = nn.Parameter(torch.zeros(1, size.width, grid, grid))
        self.pos_embed_window = nn.Parameter(torch.zeros(1, size.width, size.windows[0], size.windows[0]))
        self.blocks = nn.ModuleList()
        for stage, depth in enumerate(size.depths):
            for position in range(depth):
                first = stage > 0 and position == 0
                # The block that opens a stage still cuts windows of the stage before (SAM 2's lag by one block).
                window = size.windows[stage - 1 if first else stage]
                if len(self.blocks) in size.global_blocks:
                    window = 0
                width_in = size.widths[stage - 1 if first else stage]
                heads = size.widths[stage] // size.width
                self.blocks.append(HieraBlock(width_in, size.widths[stage], heads, window, first))

    def positions(self, height: int, width: int) -> Tensor:
        """The position table (1, H, W, C) for a token grid."""
        grid = F.interpolate(self.pos_embed, size=(height, width), mode="bicubic")
        tile = self.pos_embed_window.shape[-1]
        tiled = self.pos_embed_window.tile(1, 1, -(-height // tile), -(-width // tile))[:, :, :height, :width]
        return (grid + tiled).permute(0, 2, 3, 1)

    def stage_blocks(self, stage: int) -> list[nn.Module]:
        """The blocks of one stage."""
        start = sum(self.size.depths[:stage])
        return list(self.blocks[start : start + self.size.depths[stage]])

    def keep_stages(self, count: int) -> None:
        """Take the first `count` stages, and what comes before them, out of training."""
        kept = [self.patch_embed, *(block for stage in range(count) for block in self.stage_blocks(stage))]
        for parameter in (p for module in kept if count for p in module.parameters()):
            parameter.requires_grad_(False)
        for table in (self.pos_embed, self.pos_embed_window):
            table.requires_grad_(count == 0)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 3, H, W) -> stage features (B, C_k, H / (4 * 2**k), W / (4 * 2**k)), finest first."""
        x = self.patch_embed["proj"](x).permute(0, 2, 3, 1)
        x = x + self.positions(x.shape[1], x.shape[2])
        features = []
        for stage in range(len(self.size.depths)):
            for block in self.stage_blocks(stage):
                x = block(x)
            features.append(x.permute(0, 3, 1, 2))
        return features
