"""Training samples: an image file with its landmarks, cached as grey bytes and seen through random views."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.template import Template
from medsapiens_core.geometry import Affine2D, input_to_heatmap, scaling
from medsapiens_core.inference.preprocess import normalise, to_grey, warp
from medsapiens_core.io.read import read_image
from medsapiens_core.models.config import ModelConfig
from medsapiens_core.training.augment import AugmentRange, random_affine, random_grey
from medsapiens_core.training.crop_samples import CropSamples, View, crop_samples

CACHE_SIDE = 1400  # longest side kept in memory; the network never sees more than about half of it
MAX_CROPS = 24  # of one view for the second stage


@dataclass(frozen=True, eq=False)
class TrainingItem:
    """One labelled image. `xy_image` (K, 2) in image pixels, NaN where there is no label; `weights` (K,) in 0..1.

    `spacing` is (row_mm, col_mm) or None; `group` is the patient, images of one group are never split. `others` has the
    same landmarks as other readers placed them: nothing is learned from them, calibration asks how far readers differ.
    """

    path: Path
    template_id: str
    xy_image: NDArray[np.float64]
    weights: NDArray[np.float64]
    spacing: tuple[float, float] | None = None
    group: str = ""
    frame: int | None = None
    axis: int | None = None
    case_id: int = 0
    others: tuple[NDArray[np.float64], ...] = ()


@dataclass(frozen=True, eq=False)
class Sample:
    """What the network gets: `pixels` (3, H, W) float32 normalised, `xy_heatmap` (K, 2) cells, `weights` (K,)."""

    pixels: NDArray[np.float32]
    xy_heatmap: NDArray[np.float64]
    weights: NDArray[np.float64]
    template_id: str
    to_input: Affine2D
    crops: CropSamples | None = None  # what a second stage gets, where the template has one


class LandmarkDataset:
    """Items behind a cache of their grey pictures (the network's grey recipe, before any random change)."""

    def __init__(
        self,
        items: list[TrainingItem],
        config: ModelConfig,
        templates: dict[str, Template],
        ranges: AugmentRange | None = None,
    ) -> None:
        self.items, self.config, self.templates = items, config, templates
        self.ranges = ranges or AugmentRange()
        self._cache: dict[int, tuple[NDArray[np.uint8], Affine2D]] = {}

    def __len__(self) -> int:
        return len(self.items)

    def cached(self, index: int) -> tuple[NDArray[np.uint8], Affine2D]:
        """The item's grey picture, reduced to at most CACHE_SIDE, and the map image -> cached picture."""
        if index not in self._cache:
            item = self.items[index]
            image = read_image(item.path, frame=item.frame, axis=item.axis)
            self._cache[index] = _reduced(to_grey(image, self.config.grey))
        return self._cache[index]

    def sample(self, index: int, rng: np.random.Generator) -> Sample:
        """A random view of one item."""
        item = self.items[index]
        config = self.config.for_template(item.template_id)
        view = self._draw(index, rng)
        low_pass = not config.reference_warp
        shown = warp(
            view.grey.astype(np.float32), view.to_input, config.input_size, border=config.border, low_pass=low_pass
        )
        shown = random_grey(shown, self.ranges, rng)
        to_cells = input_to_heatmap(config.input_size, config.heatmap_size)
        return Sample(
            normalise(shown, config),
            to_cells.apply(view.xy_input),
            view.weights,
            item.template_id,
            view.to_input @ self.cached(index)[1],
            self._crops(item.template_id, view, rng, MAX_CROPS) if self.config.is_refined(item.template_id) else None,
        )

    def crops(self, index: int, rng: np.random.Generator, most: int) -> CropSamples:
        """What a second stage gets of a random view of one item: at most `most` landmarks."""
        return self._crops(self.items[index].template_id, self._draw(index, rng), rng, most)

    def _draw(self, index: int, rng: np.random.Generator) -> View:
        item = self.items[index]
        grey, to_cached = self.cached(index)
        height, width = grey.shape
        input_size = self.config.for_template(item.template_id).input_size
        affine, flipped = random_affine((width, height), input_size, self.ranges, rng)
        xy = (affine @ to_cached).apply(item.xy_image)
        weights = item.weights
        if flipped:
            swap = list(self.templates[item.template_id].flip_index)
            xy, weights = xy[swap], weights[swap]
        width, height = input_size
        inside = (xy[:, 0] > -0.5) & (xy[:, 1] > -0.5) & (xy[:, 0] < width - 0.5) & (xy[:, 1] < height - 0.5)
        return View(grey, affine, xy, np.where(inside, weights, 0.0))

    def _crops(self, template_id: str, view: View, rng: np.random.Generator, most: int) -> CropSamples:
        return crop_samples(view, self.config, template_id, self.ranges, rng, most=most)


def _reduced(grey: NDArray[np.float32]) -> tuple[NDArray[np.uint8], Affine2D]:
    factor = CACHE_SIDE / max(grey.shape)
    if factor >= 1:
        return np.rint(grey).astype(np.uint8), scaling(1.0, 1.0)
    height, width = grey.shape
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    small = np.clip(np.rint(cv2.resize(grey, size, interpolation=cv2.INTER_AREA)), 0, 255).astype(np.uint8)
    sx, sy = size[0] / width, size[1] / height
    return small, Affine2D(np.array([[sx, 0, (sx - 1) / 2], [0, sy, (sy - 1) / 2]]))  # edges, not centres, coincide
