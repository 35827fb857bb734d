"""From an image as read to the tensor that a network takes. Needs no torch.

Three steps that training shares: `to_grey` (pixels -> 0..255), `warp` (image -> input space) and `normalise`.
Source: methods.md 1.2 and 2.4.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.image import Image
from medsapiens_core.geometry import Affine2D, Size, udp_affine
from medsapiens_core.models.config import GreyRecipe, ModelConfig

Floats = NDArray[np.float32]

LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601, on the gamma-coded values
MAX_SAMPLES = 1_000_000  # pixels that percentiles are taken from
MAX_SIDE = 16_384  # OpenCV refuses to warp sides of 32767 and more
LEFT_TO_FILTER = 2  # areas are quick, but a box lets more through than a Gaussian: the last reduction is left to that
FILL = 0.0  # grey value of padding pixels: black, on film as on screen


def prepare(image: Image, config: ModelConfig) -> tuple[Floats, Affine2D]:
    """Return the network input (3, H, W) float32, normalised, and the map image -> input."""
    return prepare_grey(to_grey(image, config.grey), config)


def prepare_grey(grey: Floats, config: ModelConfig, image_to_input: Affine2D | None = None) -> tuple[Floats, Affine2D]:
    """The same from a picture (H, W) on 0..255; `image_to_input` other than the whole picture is given."""
    size = (grey.shape[1], grey.shape[0])
    affine = image_to_input or udp_affine(
        size, config.input_size, padding=config.padding, reference=config.reference_warp
    )
    shown = warp(grey, affine, config.input_size, border=config.border, low_pass=not config.reference_warp)
    return normalise(shown, config), affine


def to_grey(image: Image, recipe: GreyRecipe) -> Floats:
    """Return (H, W) float32 on 0..255, bright structures bright: colour to luminance, MONOCHROME1 turned over.

    The recipe's percentiles, over pixels that are finite and not padding, become 0 and 255 without rounding; what lies
    outside is clipped. Padding becomes black.
    """
    pixels = np.asarray(image.pixels @ LUMINANCE if image.is_colour else image.pixels, dtype=np.float32)
    valid = None if image.pixels.dtype.kind in "iu" else np.isfinite(pixels)  # None: all of them
    if image.padding_value is not None and not image.is_colour:
        shown = pixels != np.float32(image.padding_value)
        valid = shown if valid is None else valid & shown
    if image.pixels.dtype == np.uint8 and recipe.eight_bit_as_is:
        grey = 255 - pixels if image.inverted else pixels
    else:
        grey = _stretch(-pixels if image.inverted else pixels, valid, recipe)
    return grey if valid is None else np.where(valid, grey, np.float32(FILL))


def warp(
    pixels: NDArray[Any],
    image_to_input: Affine2D,
    input_size: Size,
    *,
    border: float | None = 0.0,
    low_pass: bool = True,
) -> NDArray[Any]:
    """Resample (H, W) or (H, W, C) pixels into the input (width, height), bilinear, `border` outside the image.

    Without a border (None) the image's own edge goes on outside it.

    `low_pass` filters first when the image is reduced, against aliasing (Gaussian of 0.5 sqrt(f^2 - 1) image pixels
    for a reduction by f, after areas of whole pixels where f is large); without it the result is the original code's.
    """
    spare = int(1 / image_to_input.mean_scale / LEFT_TO_FILTER) if low_pass else 1
    pixels, image_to_input = _shrink(pixels, image_to_input, max(spare, math.ceil(max(pixels.shape[:2]) / MAX_SIDE)))
    reduction = 1 / image_to_input.mean_scale
    if low_pass and reduction > 1.05:
        sigma = 0.5 * math.sqrt(reduction**2 - 1)
        pixels = cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    result: NDArray[Any] = cv2.warpAffine(
        pixels,
        image_to_input.matrix,
        input_size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE if border is None else cv2.BORDER_CONSTANT,
        borderValue=(border or 0.0,) * 4,
    )
    return result


def normalise(grey: NDArray[Any], config: ModelConfig) -> Floats:
    """Turn grey values (H, W) on 0..255 into the network's three channels (3, H, W) float32."""
    mean, std = (np.array(values, dtype=np.float32)[:, None, None] for values in (config.mean, config.std))
    result: Floats = (np.asarray(grey, dtype=np.float32)[None] - mean) / std
    return result


def _stretch(values: Floats, valid: NDArray[np.bool_] | None, recipe: GreyRecipe) -> Floats:
    """Map the recipe's percentiles of the valid pixels to 0 and 255; an even picture becomes black."""
    step = max(1, math.isqrt(values.size // MAX_SAMPLES))
    sample = values[::step, ::step] if valid is None else values[::step, ::step][valid[::step, ::step]]
    if not sample.size:
        return np.zeros_like(values)
    low, high = (float(v) for v in np.percentile(sample, [recipe.low, recipe.high]))
    if not high > low:
        return np.zeros_like(values)
    result: Floats = ((values - np.float32(low)) * np.float32(255 / (high - low))).clip(0, 255)
    return result


def _shrink(pixels: NDArray[Any], image_to_input: Affine2D, factor: int) -> tuple[NDArray[Any], Affine2D]:
    """Reduce by about a whole factor, by area; returns the map from the smaller picture."""
    height, width = pixels.shape[:2]
    if factor <= 1:
        return pixels, image_to_input
    size = max(1, width // factor), max(1, height // factor)
    fx, fy = width / size[0], height / size[1]
    # cv2.resize keeps the edges of the picture, so centres move: x_large = fx (x_small + 0.5) - 0.5
    to_large = Affine2D(np.array([[fx, 0, 0.5 * fx - 0.5], [0, fy, 0.5 * fy - 0.5]]))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), image_to_input @ to_large
