"""What the second stage is shown: a sharp and a wide picture about each place (models/refiner.py). Needs no torch.

Spaces: `fine` is pixels of the fine picture, the model's input with more pixels; `crop` is pixels of one crop and
`cell` cells of the refiner's output for it, whose first and last centres are those of the crop.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.geometry import Affine2D, Size, input_to_heatmap
from medsapiens_core.inference.preprocess import warp
from medsapiens_core.models.config import ModelConfig, RefinerArchitecture

Floats = NDArray[np.float32]
Points = NDArray[np.float64]


class FinePicture(NamedTuple):
    """Grey values 0..255: `sharp` (H, W) and the same picture reduced, `wide` (H / context, W / context)."""

    sharp: Floats
    wide: Floats


class Crops(NamedTuple):
    """`pixels` (N, 2, S, S) on 0..255, sharp and wide, and the fine pixel `corner` (N, 2) that each begins with."""

    pixels: Floats
    corner: Points


def input_to_fine(input_size: Size, config: ModelConfig) -> tuple[Affine2D, Size]:
    """The map from an input of that size to the fine picture of `config`, and the fine picture's size.

    `config` is the whole model's, not that of one template: a template shown at smaller inputs has as many fine pixels.
    """
    finer = refiner_of(config).finer
    size = round(config.input_size[0] * finer), round(config.input_size[1] * finer)
    sx, sy = size[0] / input_size[0], size[1] / input_size[1]
    return Affine2D(np.array([[sx, 0, (sx - 1) / 2], [0, sy, (sy - 1) / 2]])), size  # edges coincide


def fine_picture(grey: NDArray[np.floating] | NDArray[np.uint8], to_fine: Affine2D, size: Size) -> Floats:
    """The sharp part of a fine picture of that size, from a picture (H, W) on 0..255."""
    result: Floats = warp(np.asarray(grey, dtype=np.float32), to_fine, size, border=None)
    return result


def with_context(sharp: Floats, refiner: RefinerArchitecture) -> FinePicture:
    """Both parts of a fine picture."""
    height, width = sharp.shape
    size = max(1, width // refiner.context), max(1, height // refiner.context)
    return FinePicture(sharp, np.asarray(cv2.resize(sharp, size, interpolation=cv2.INTER_AREA), dtype=np.float32))


def cut(picture: FinePicture, centres: Points, refiner: RefinerArchitecture) -> Crops:
    """Crops about places (N, 2) in the fine picture, to the pixel; the picture's edge goes on outside it."""
    side, context = refiner.crop, refiner.context
    corner = np.rint(centres - (side - 1) / 2)
    middle = corner + (side - 1) / 2
    pixels = np.empty((len(centres), 2, side, side), dtype=np.float32)
    for k, (x, y) in enumerate(middle):
        in_wide = ((x + 0.5) / context - 0.5, (y + 0.5) / context - 0.5)
        pixels[k, 0] = cv2.getRectSubPix(picture.sharp, (side, side), (x, y))
        pixels[k, 1] = cv2.getRectSubPix(picture.wide, (side, side), in_wide)
    return Crops(pixels, corner)


def to_cells(refiner: RefinerArchitecture) -> Affine2D:
    """The map crop -> cell."""
    return input_to_heatmap((refiner.crop, refiner.crop), (refiner.cells, refiner.cells))


def refiner_of(config: ModelConfig) -> RefinerArchitecture:
    """The model's second stage. Raises ValueError where there is none."""
    if config.refiner is None:
        raise ValueError(f"{config.name} has no second stage")
    return config.refiner
