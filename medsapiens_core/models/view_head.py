"""A small head that reads from an encoder how a picture lies and which anatomy it shows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

VIEW_CLASSES = 8  # four quarter turns, each mirrored or not (inference/view.py)
VIEW_SIZE = (192, 256)  # width, height of the picture that this head looks at
GRID = (4, 3)  # rows, columns that the features are averaged to: coarse, but which end is up is kept
WIDTH = 48


@dataclass(frozen=True, eq=False)
class ViewLogits:
    """`view` (B, 8), `inverted` (B,), `anatomy` (B, A + 1): the last anatomy is "none of these"."""

    view: Tensor
    inverted: Tensor
    anatomy: Tensor


class ViewHead(nn.Module):
    """Features of an encoder's stage (B, C, h, w) to `ViewLogits`."""

    def __init__(self, channels: int, anatomies: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, WIDTH, 1)
        self.hidden = nn.Linear(WIDTH * GRID[0] * GRID[1], 2 * WIDTH)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(2 * WIDTH, VIEW_CLASSES + 1 + anatomies + 1)

    def forward(self, features: Tensor) -> ViewLogits:
        """See the class."""
        x = F.adaptive_avg_pool2d(F.silu(self.reduce(features)), GRID).flatten(1)
        out = self.out(self.drop(F.silu(self.hidden(self.drop(x)))))
        return ViewLogits(out[:, :VIEW_CLASSES], out[:, VIEW_CLASSES], out[:, VIEW_CLASSES + 1 :])


def upright_logits(view: Tensor, *, sided: bool) -> Tensor:
    """(B, 8) as they are, or for anatomies that may face either way with each turn's two classes made one (B, 4)."""
    return view if sided else torch.logsumexp(view.view(-1, VIEW_CLASSES // 2, 2), -1)
