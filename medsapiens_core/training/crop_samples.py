"""Training samples of the second stage: crops about places that stray from the landmarks as a first stage does."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.geometry import Affine2D
from medsapiens_core.inference.crops import FinePicture, fine_picture, input_to_fine, refiner_of, to_cells, with_context
from medsapiens_core.models.config import ModelConfig, RefinerArchitecture
from medsapiens_core.training.augment import AugmentRange, gentle_grey

USUAL_STRAY, WIDE_STRAY = 0.07, 0.23  # of the crop's side: standard deviation, and the half width of one in six
WIDE_SHARE = 1 / 6
MAX_STRAY = 0.36  # the landmark stays inside the crop
TURN, SIZE, STRETCH = 8.0, 0.08, 0.04  # of each crop by itself: degrees, and logarithms of factors


@dataclass(frozen=True, eq=False)
class View:
    """A picture `grey` (H, W) as the input shows it by `to_input`, its landmarks `xy_input` (K, 2), `weights` (K,)."""

    grey: NDArray[np.uint8]
    to_input: Affine2D
    xy_input: NDArray[np.float64]
    weights: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CropSamples:
    """`pixels` (N, 2, S, S) on 0..255, `xy_cells` (N, 2), and the `landmarks` (N,) that they are about, by number."""

    pixels: NDArray[np.float32]
    xy_cells: NDArray[np.float64]
    landmarks: NDArray[np.int64]


def crop_samples(
    view: View, config: ModelConfig, template_id: str, ranges: AugmentRange, rng: np.random.Generator, *, most: int
) -> CropSamples:
    """Crops of at most `most` of the landmarks that have a weight; `config` is the whole model's.

    None of them may be left: N is 0 then.
    """
    refiner = refiner_of(config)
    enlarge, size = input_to_fine(config.for_template(template_id).input_size, config)
    shown = gentle_grey(fine_picture(view.grey, enlarge @ view.to_input, size), ranges, rng)
    landmarks = rng.permutation(np.flatnonzero(view.weights > 0))[:most]
    xy_fine = enlarge.apply(view.xy_input[landmarks])
    pixels, xy_crop = _cut_varied(with_context(shown, refiner), xy_fine, refiner, rng)
    return CropSamples(pixels, to_cells(refiner).apply(xy_crop), landmarks.astype(np.int64))


def _cut_varied(
    picture: FinePicture, xy_fine: NDArray[np.float64], refiner: RefinerArchitecture, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Crops as `cut` makes them, each turned and stretched by itself, and the places (N, 2) within them."""
    side, context = refiner.crop, refiner.context
    middle = (side - 1) / 2
    centres = xy_fine + _stray(len(xy_fine), side, rng)
    pixels = np.empty((len(xy_fine), 2, side, side), dtype=np.float32)
    xy_crop = np.empty_like(xy_fine)
    for k, centre in enumerate(centres):
        angle = np.deg2rad(np.clip(rng.normal(0, TURN / 2), -TURN, TURN))
        sx, sy = np.exp(rng.uniform(-SIZE, SIZE) + rng.uniform(-STRETCH, STRETCH, 2))
        linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([sx, sy])
        for layer, place in enumerate((centre, (centre + 0.5) / context - 0.5)):
            to_picture = np.column_stack([linear, place - linear @ (middle, middle)])
            shown = picture[layer]
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            pixels[k, layer] = cv2.warpAffine(
                shown, to_picture, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE
            )
        xy_crop[k] = middle + np.linalg.solve(linear, xy_fine[k] - centre)
    return pixels, xy_crop


def _stray(count: int, side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How far a first stage may be off, in fine pixels (N, 2)."""
    usual = rng.normal(0, USUAL_STRAY * side, (count, 2))
    wide = rng.uniform(-WIDE_STRAY * side, WIDE_STRAY * side, (count, 2))
    drawn = np.where(rng.random(count)[:, None] < WIDE_SHARE, wide, usual)
    result: NDArray[np.float64] = drawn.clip(-MAX_STRAY * side, MAX_STRAY * side)
    return result
