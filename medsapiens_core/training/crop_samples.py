"""Training samples of the second stage: crops about places that stray from the landmarks as a first stage does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.geometry import Affine2D
from medsapiens_core.inference.crops import cut, fine_picture, input_to_fine, refiner_of, to_cells, with_context
from medsapiens_core.models.config import ModelConfig
from medsapiens_core.training.augment import AugmentRange, gentle_grey

USUAL_STRAY, WIDE_STRAY = 0.07, 0.23  # of the crop's side: standard deviation, and the half width of one in six
WIDE_SHARE = 1 / 6
MAX_STRAY = 0.36  # the landmark stays inside the crop


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
    crops = cut(with_context(shown, refiner), xy_fine + _stray(len(landmarks), refiner.crop, rng), refiner)
    return CropSamples(crops.pixels, to_cells(refiner).apply(xy_fine - crops.corner), landmarks.astype(np.int64))


def _stray(count: int, side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How far a first stage may be off, in fine pixels (N, 2)."""
    usual = rng.normal(0, USUAL_STRAY * side, (count, 2))
    wide = rng.uniform(-WIDE_STRAY * side, WIDE_STRAY * side, (count, 2))
    drawn = np.where(rng.random(count)[:, None] < WIDE_SHARE, wide, usual)
    result: NDArray[np.float64] = drawn.clip(-MAX_STRAY * side, MAX_STRAY * side)
    return result
