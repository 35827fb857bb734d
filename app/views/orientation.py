"""How the view of a picture is flipped and turned. Stored numbers never change; only what is seen does (ux.md 5.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.translate import tr

XY = tuple[float, float]
_NAMES = {
    (1, 0, 0, 1): "",
    (-1, 0, 0, 1): "flipped L-R",
    (1, 0, 0, -1): "flipped T-B",
    (-1, 0, 0, -1): "turned 180°",
    (0, -1, 1, 0): "turned 90° right",
    (0, 1, -1, 0): "turned 90° left",
    (0, 1, 1, 0): "flipped L-R, turned 90° left",
    (0, -1, -1, 0): "flipped L-R, turned 90° right",
}


@dataclass(frozen=True)
class Orientation:
    """A right-angled turn with or without a mirror: (x, y) on the image goes (xx x + xy y, yx x + yy y) on screen."""

    xx: int = 1
    xy: int = 0
    yx: int = 0
    yy: int = 1

    @property
    def text(self) -> str:
        """What the view badge says; "" as the file lies."""
        return tr(_NAMES[self.xx, self.xy, self.yx, self.yy])

    @property
    def is_sideways(self) -> bool:
        """True where rows of the image run up and down the screen."""
        return self.xx == 0

    def flipped_left_right(self) -> Orientation:
        """Mirrored on screen, left to right."""
        return Orientation(-self.xx, -self.xy, self.yx, self.yy)

    def flipped_top_bottom(self) -> Orientation:
        """Mirrored on screen, top to bottom."""
        return Orientation(self.xx, self.xy, -self.yx, -self.yy)

    def turned_right(self) -> Orientation:
        """Turned on screen by 90 degrees, clockwise."""
        return Orientation(-self.yx, -self.yy, self.xx, self.xy)

    def to_screen(self, dx: float, dy: float) -> XY:
        """An offset on the image as an offset on screen; no scale."""
        return self.xx * dx + self.xy * dy, self.yx * dx + self.yy * dy

    def to_image(self, dx: float, dy: float) -> XY:
        """An offset on screen as an offset on the image; the exact inverse of `to_screen`."""
        return self.xx * dx + self.yx * dy, self.xy * dx + self.yy * dy

    def applied(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Pixels (H, W) or (H, W, 3) as they lie on screen: a view of the same memory, nothing is copied."""
        if self.is_sideways:
            pixels = np.swapaxes(pixels, 0, 1)
        left, up = self.xx + self.xy < 0, self.yx + self.yy < 0
        return pixels[:: -1 if up else 1, :: -1 if left else 1]


UPRIGHT = Orientation()
