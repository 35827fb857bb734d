"""How a picture lies: by quarter turns, mirrored or inverted against the films that a model was trained on.

A lateral skull may look either way and a film may have been scanned lying on its side; the network only sees upright
films, and points are mapped back exactly. Needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.geometry import Affine2D, Size

WHITE = 255.0  # grey values are on 0..255


@dataclass(frozen=True)
class View:
    """`turns` quarter turns counter-clockwise, then a mirror left to right, make the picture upright."""

    turns: int = 0
    mirrored: bool = False
    inverted: bool = False

    @classmethod
    def from_class(cls, index: int, *, inverted: bool = False) -> View:
        """Class number 0..7 of a network's output: twice the turns, plus one where mirrored."""
        return cls(index // 2, bool(index % 2), inverted)

    @property
    def index(self) -> int:
        """The class number, see `from_class`."""
        return 2 * self.turns + self.mirrored

    @property
    def is_upright(self) -> bool:
        """True when nothing has to be done."""
        return self == View()

    def upright(self, grey: NDArray[Any]) -> NDArray[Any]:
        """The upright picture of a picture (H, W) on 0..255."""
        turned = np.rot90(grey, self.turns)
        turned = turned[:, ::-1] if self.mirrored else turned
        return np.ascontiguousarray(WHITE - turned if self.inverted else turned)

    def lay(self, upright: NDArray[Any]) -> NDArray[Any]:
        """The inverse of `upright`."""
        laid = upright[:, ::-1] if self.mirrored else upright
        laid = np.rot90(laid, -self.turns)
        return np.ascontiguousarray(WHITE - laid if self.inverted else laid)

    def to_upright(self, size: Size) -> Affine2D:
        """The map of points from the picture of `size` (width, height) to the upright picture."""
        width, height = size
        right, bottom = width - 1.0, height - 1.0
        turned = (
            [[1, 0, 0], [0, 1, 0]],
            [[0, 1, 0], [-1, 0, right]],
            [[-1, 0, right], [0, -1, bottom]],
            [[0, -1, bottom], [1, 0, 0]],
        )[self.turns]
        affine = Affine2D(np.array(turned, dtype=np.float64))
        if not self.mirrored:
            return affine
        upright_right = right if self.turns % 2 == 0 else bottom
        return Affine2D(np.array([[-1, 0, upright_right], [0, 1, 0]])) @ affine

    def upright_size(self, size: Size) -> Size:
        """(width, height) of the upright picture."""
        return size if self.turns % 2 == 0 else (size[1], size[0])
