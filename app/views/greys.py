"""From stored values to screen greys: window, level, inversion, and reduced copies for small scales."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]


def to_grey(pixels: Pixels, window: tuple[float, float], inverted: bool) -> NDArray[np.uint8]:
    """Map (H, W) or (H, W, 3) values to uint8: `window[0]` becomes 0, `window[1]` 255 (the reverse if inverted).

    8 and 16 bit integers go through a table, so a large film takes milliseconds.
    """
    if pixels.dtype.itemsize > 2 or pixels.dtype.kind not in "iu":
        return _ramp(pixels, window, inverted)
    unsigned = np.dtype(f"u{pixels.dtype.itemsize}")
    values = np.arange(2 ** (8 * pixels.dtype.itemsize), dtype=np.uint32).astype(unsigned).view(pixels.dtype)
    table = _ramp(values, window, inverted)
    return np.take(table, np.ascontiguousarray(pixels).view(unsigned))


def _ramp(values: Pixels, window: tuple[float, float], inverted: bool) -> NDArray[np.uint8]:
    low, high = window
    share = (values.astype(np.float32) - low) / max(high - low, 1e-9)
    share = np.clip(np.nan_to_num(share, nan=0.0), 0.0, 1.0)
    return np.rint((1.0 - share if inverted else share) * 255).astype(np.uint8)


def halved(pixels: Pixels) -> Pixels:
    """The mean of each 2 x 2 block, in the same type; an odd last row or column is repeated."""
    odd_rows, odd_columns = pixels.shape[0] % 2, pixels.shape[1] % 2
    if odd_rows or odd_columns:
        pixels = np.pad(pixels, ((0, odd_rows), (0, odd_columns)) + ((0, 0),) * (pixels.ndim - 2), mode="edge")
    wide = np.float32 if pixels.dtype.kind == "f" else np.int64 if pixels.dtype.itemsize > 2 else np.int32
    total = pixels[0::2, 0::2].astype(wide)
    for rows, columns in ((0, 1), (1, 0), (1, 1)):
        total += pixels[rows::2, columns::2]
    return (total / 4).astype(pixels.dtype) if pixels.dtype.kind == "f" else (total >> 2).astype(pixels.dtype)


def auto_window(pixels: Pixels) -> tuple[float, float]:
    """The 0.5 and 99.5 % quantiles of a part of an image, at least one grey value apart."""
    step = max(1, int(np.sqrt(pixels[..., 0].size if pixels.ndim == 3 else pixels.size) / 512))
    sample = np.asarray(pixels[::step, ::step], dtype=np.float64)
    low, high = np.nanpercentile(sample, (0.5, 99.5))
    return float(low), float(max(high, low + 1.0))
