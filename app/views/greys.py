"""From stored values to screen greys: window, level, inversion, and reduced copies for small scales."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]


def to_grey(pixels: Pixels, window: tuple[float, float], inverted: bool) -> NDArray[np.uint8]:
    """Map (H, W) or (H, W, 3) values to uint8: `window[0]` becomes 0, `window[1]` 255 (the reverse if inverted).

    8 and 16 bit integers go through a table, so a large film takes milliseconds. In colour the window acts on the
    brightness and leaves the hue alone.
    """
    if pixels.ndim == 3:
        return _colour_to_grey(pixels, window, inverted)
    if pixels.dtype.itemsize > 2 or pixels.dtype.kind not in "iu":
        return _ramp(pixels, window, inverted)
    import cv2  # with the first picture: the window opens without it

    if not pixels.size:
        return np.empty(pixels.shape, np.uint8)
    unsigned = np.dtype(f"u{pixels.dtype.itemsize}")
    return cv2.LUT(np.ascontiguousarray(pixels).view(unsigned), _table(pixels.dtype.str, window, inverted))


@lru_cache(maxsize=8)
def _table(dtype: str, window: tuple[float, float], inverted: bool) -> NDArray[np.uint8]:
    """The grey of each stored value, by its bits; kept, because a pan converts with the same one again and again."""
    kind = np.dtype(dtype)
    unsigned = np.dtype(f"u{kind.itemsize}")
    return _ramp(np.arange(2 ** (8 * kind.itemsize), dtype=unsigned).view(kind), window, inverted)


def _colour_to_grey(pixels: Pixels, window: tuple[float, float], inverted: bool) -> NDArray[np.uint8]:
    """8-bit RGB with the luma (ITU-R BT.601) sent through the window."""
    if window == (0.0, 255.0) and not inverted:
        return np.ascontiguousarray(pixels, np.uint8)
    import cv2

    split = cv2.cvtColor(np.ascontiguousarray(pixels, np.uint8), cv2.COLOR_RGB2YCrCb)
    split[..., 0] = to_grey(split[..., 0], window, inverted)
    return cv2.cvtColor(split, cv2.COLOR_YCrCb2RGB)


def _ramp(values: Pixels, window: tuple[float, float], inverted: bool) -> NDArray[np.uint8]:
    low, high = window
    share = values.astype(np.float32)
    share -= low
    share /= max(high - low, 1e-9)
    if values.dtype.kind == "f":
        np.nan_to_num(share, copy=False, nan=0.0)
    np.clip(share, 0.0, 1.0, out=share)
    if inverted:
        np.subtract(1.0, share, out=share)
    share *= 255
    return np.rint(share, out=share).astype(np.uint8)


def auto_window(pixels: Pixels, padding: float | None = None) -> tuple[float, float]:
    """The 0.5 and 99.5 % quantiles of a part of an image (of its brightness in colour), at least one value apart.

    Values equal to `padding` are no part of the picture and are left out.
    """
    step = max(1, int(np.sqrt(pixels.shape[0] * pixels.shape[1]) / 512))
    sample = np.asarray(pixels[::step, ::step], dtype=np.float64)
    sample = sample @ (0.299, 0.587, 0.114) if pixels.ndim == 3 else sample
    values = sample[np.isfinite(sample)]
    inside = values if padding is None else values[values != padding]
    values = inside if inside.size else values
    if not values.size:
        return 0.0, 1.0
    low, high = np.percentile(values, (0.5, 99.5))
    return float(low), float(max(high, low + 1.0))
