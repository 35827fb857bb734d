"""From grey values to what a screen shows: percentiles, window, polarity. numpy only.

This and `inference.preprocess` are the only places where `Image.inverted` (MONOCHROME1) takes effect.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.image import Image

SAMPLE_PIXELS = 2**21  # percentiles for display are taken from about this many pixels
AUTO_PERCENT = (0.5, 99.5)


def window_bounds(
    pixels: NDArray[Any],
    low_percent: float = AUTO_PERCENT[0],
    high_percent: float = AUTO_PERCENT[1],
    padding_value: float | None = None,
    *,
    sample: int | None = SAMPLE_PIXELS,
) -> tuple[float, float]:
    """Grey values at two percentiles of `pixels` (any shape), padding and non-finite values left out.

    Large pictures are sampled on a regular grid of about `sample` pixels; None takes every pixel. The result always
    satisfies low < high; a picture of one grey gets a window of width 1 around it.
    """
    values = _sampled(pixels, sample)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if padding_value is not None:
        inside = values[values != padding_value]
        values = inside if inside.size else values
    if not values.size:
        return 0.0, 1.0
    low, high = (float(bound) for bound in np.percentile(values, [low_percent, high_percent]))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def auto_window(image: Image) -> tuple[float, float]:
    """The window for an image whose file suggests none: 0.5 to 99.5 %, padding left out; 0..255 for RGB."""
    return (0.0, 255.0) if image.is_colour else window_bounds(image.pixels, padding_value=image.padding_value)


def to_uint8(image: Image, window: tuple[float, float] | None = None, invert: bool = False) -> NDArray[np.uint8]:
    """Return (H, W) or (H, W, 3) uint8 as the screen shows it.

    `window` is (low, high), default `image.window`: low and below becomes 0, high and above 255. `invert` is the
    reader's choice on top of the polarity of the file, so bone is bright with `invert=False`. Where high <= low,
    values above high are white and all others black.
    """
    low, high = image.window if window is None else window
    negative = image.inverted != invert
    pixels = image.pixels
    if pixels.dtype.kind in "ui" and pixels.dtype.itemsize <= 2:
        return _through_table(pixels, low, high, negative)
    return _ramp(pixels.astype(np.float32), low, high, negative)


def _through_table(pixels: NDArray[Any], low: float, high: float, negative: bool) -> NDArray[np.uint8]:
    """Every value of an 8- or 16-bit type is computed once; signed values index the table as unsigned ones."""
    unsigned = np.dtype(f"u{pixels.dtype.itemsize}")
    every = np.arange(2 ** (8 * pixels.dtype.itemsize), dtype=np.int64).astype(unsigned).view(pixels.dtype)
    result: NDArray[np.uint8] = np.take(_ramp(every.astype(np.float64), low, high, negative), pixels.view(unsigned))
    return result


def _ramp(values: NDArray[Any], low: float, high: float, negative: bool) -> NDArray[np.uint8]:
    grey = (values > high).astype(values.dtype) if high <= low else (values - low) / (high - low)
    grey = np.nan_to_num(np.clip(grey, 0.0, 1.0), nan=0.0)
    result: NDArray[np.uint8] = np.rint(255.0 * (1.0 - grey if negative else grey)).astype(np.uint8)
    return result


def _sampled(pixels: NDArray[Any], sample: int | None) -> NDArray[Any]:
    rows, columns = pixels.shape[:2] if pixels.ndim > 1 else (pixels.size, 1)
    step = 1 if sample is None else max(int(np.sqrt(rows * columns / sample)), 1)
    return pixels[::step, ::step].reshape(-1) if pixels.ndim > 1 else pixels[:: step * step]
