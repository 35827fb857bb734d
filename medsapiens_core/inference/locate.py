"""One look of a network at one prepared input: heatmaps, decoded and mapped back to the image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.template import Template
from medsapiens_core.geometry import Affine2D
from medsapiens_core.inference.engines import Engine
from medsapiens_core.inference.heatmap_codec import HeatmapCodec, merge_flipped
from medsapiens_core.inference.heatmap_moments import REGRESSION_FLOOR, map_moments

Floats = NDArray[np.float64]


class Located(NamedTuple):
    """Points `xy` (K, 2) image px, `scores` (K,) 0..1, `covariance` (K, 2, 2) px^2 and `radial_error` (K,) px.

    The order is the template's; the spread is that of the whole heatmap (methods.md 11.2).
    """

    xy: Floats
    scores: Floats
    covariance: Floats
    radial_error: Floats

    def mapped(self, affine: Affine2D) -> Located:
        """The same in another pixel space."""
        covariance, distance = affine.apply_covariance(self.covariance), self.radial_error * affine.mean_scale
        return Located(affine.apply(self.xy), self.scores, covariance, distance)


def locate(engine: Engine, pixels: NDArray[np.float32], to_input: Affine2D, template: Template) -> Located:
    """What one prepared input (3, H, W) shows, in the space that `to_input` comes from.

    Raises UserError when the network does not know the template.
    """
    config = engine.model.config.for_template(template.id)
    maps = heatmaps_of(engine, pixels, template)
    codec = HeatmapCodec(config.input_size, config.heatmap_size, config.sigma)
    xy_input, scores = codec.decode(maps)
    floor = 0.0 if config.kind == "compact" else REGRESSION_FLOOR
    xy_heatmap = codec.to_heatmap.apply(xy_input)
    covariance, distance = map_moments(maps, xy_heatmap, floor=floor)
    found = np.isfinite(xy_input).all(axis=1)
    in_cells = Located(xy_heatmap, np.where(found, np.clip(scores, 0, 1), 0.0), covariance, distance)
    return in_cells.mapped(to_input.inverse() @ codec.to_heatmap.inverse())


def heatmaps_of(engine: Engine, pixels: NDArray[np.float32], template: Template) -> NDArray[np.float32]:
    """Heatmaps (K, h, w) of one prepared input (3, H, W), in the template's order. Raises UserError as `locate`."""
    config = engine.model.config.for_template(template.id)
    order = config.landmark_order(template)
    maps: NDArray[np.float32] = engine.heatmaps(pixels[None], template.id)[0][order]
    if not config.flip_test:
        return maps
    mirrored = engine.heatmaps(pixels[None, :, :, ::-1], template.id)[0][order]
    merged: NDArray[np.float32] = merge_flipped(maps, mirrored, template.flip_index).astype(np.float32)
    return merged
