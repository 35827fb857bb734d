"""Turn a picture upright as EXIF orientation 1..8 asks, and points with it. Source: EXIF 2.32, formats.md 1.7."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.geometry import Affine2D, Size

TRANSPOSED = (5, 6, 7, 8)


def valid_orientation(value: Any) -> int:
    """`value` when it is 1..8, else 1 (cameras write 0 and worse)."""
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1


def upright_pixels(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return stored pixels (H, W, ...) as seen upright."""
    turned = np.swapaxes(pixels, 0, 1) if orientation in TRANSPOSED else pixels
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    return np.ascontiguousarray(turned)


def upright_size(size: Size, orientation: int) -> Size:
    """Width and height as seen upright."""
    return (size[1], size[0]) if orientation in TRANSPOSED else size


def upright_affine(size: Size, orientation: int) -> Affine2D:
    """The map from points of the stored picture of `size` to points of the upright one, pixel centres at integers."""
    swap = np.array([[0.0, 1.0], [1.0, 0.0]]) if orientation in TRANSPOSED else np.eye(2)
    width, height = upright_size(size, orientation)
    mirror_x, mirror_y = orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)
    signs = np.diag([-1.0 if mirror_x else 1.0, -1.0 if mirror_y else 1.0])
    return Affine2D(np.column_stack([signs @ swap, [(width - 1) * mirror_x, (height - 1) * mirror_y]]))
