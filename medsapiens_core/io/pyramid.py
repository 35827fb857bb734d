"""Making the reduced copies that the image view shows: once when a picture is read, never while it is panned."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.pyramid import Pyramid

SMALLEST_SIDE = 16  # a copy with a shorter side would show nothing
AREA_TYPES = (np.uint8, np.uint16, np.int16, np.float32)  # what OpenCV averages in one pass


def build_pyramid(pixels: NDArray[Any], padding_value: float | None = None) -> Pyramid:
    """All reduced copies of (H, W) or (H, W, 3) down to about 16 px: the mean of 2 x 2 blocks of the one before.

    Takes about 1 s for 20000 x 15000 pixels of 16 bit, so it belongs on a lane, not in the window's thread.
    """
    levels = [pixels]
    while min(levels[-1].shape[:2]) >= 2 * SMALLEST_SIDE:
        levels.append(halved(levels[-1]))
    for level in levels:
        level.setflags(write=False)
    return Pyramid(tuple(levels), *_range(pixels, padding_value))


def halved(pixels: NDArray[Any]) -> NDArray[Any]:
    """The mean of each 2 x 2 block of (H, W) or (H, W, 3), in the same type; an odd last row or column is repeated."""
    odd_rows, odd_columns = pixels.shape[0] % 2, pixels.shape[1] % 2
    if odd_rows or odd_columns:
        pixels = np.pad(pixels, ((0, odd_rows), (0, odd_columns)) + ((0, 0),) * (pixels.ndim - 2), mode="edge")
    if pixels.dtype.type in AREA_TYPES:
        size = (pixels.shape[1] // 2, pixels.shape[0] // 2)
        reduced: NDArray[Any] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        return reduced
    wide = np.float64 if pixels.dtype.kind == "f" else np.int64
    total: NDArray[Any] = pixels[0::2, 0::2].astype(wide)
    for row, column in ((0, 1), (1, 0), (1, 1)):
        total += pixels[row::2, column::2]
    return (total / 4 if pixels.dtype.kind == "f" else total >> 2).astype(pixels.dtype)


def _range(pixels: NDArray[Any], padding_value: float | None) -> tuple[float, float]:
    if padding_value is not None:
        inside = pixels[pixels != padding_value]
        pixels = inside if inside.size else pixels
    if pixels.dtype.kind == "f":
        pixels = pixels[np.isfinite(pixels)]
    return (float(pixels.min()), float(pixels.max())) if pixels.size else (0.0, 0.0)
