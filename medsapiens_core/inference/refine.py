"""The second look at each landmark, in full detail about the place that the first stage found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.template import Template
from medsapiens_core.geometry import Affine2D
from medsapiens_core.inference.crops import cut, fine_picture, input_to_fine, refiner_of, with_context
from medsapiens_core.inference.engines import Engine
from medsapiens_core.inference.heatmap_codec import HeatmapCodec
from medsapiens_core.inference.heatmap_moments import map_moments
from medsapiens_core.inference.locate import Located


class Refined(NamedTuple):
    """`located` in the picture's pixels, and what it was read from: `maps` (K, c, c) and `to_picture`, cells -> pixels
    for each map.
    """

    located: Located
    maps: NDArray[np.float32]
    to_picture: list[Affine2D]


def refine(
    engine: Engine, grey: NDArray[np.float32], to_input: Affine2D, found: Located, template: Template
) -> Refined:
    """Look again at the landmarks `found` in an upright picture (H, W) on 0..255 that was shown by `to_input`.

    The scores stay those of the first stage, which saw the whole picture. Raises ValueError without a second stage.
    """
    config = engine.model.config
    refiner = refiner_of(config)
    enlarge, size = input_to_fine(config.for_template(template.id).input_size, config)
    to_fine = enlarge @ to_input
    picture = with_context(fine_picture(grey, to_fine, size), refiner)
    centres = np.clip(to_fine.apply(found.xy), 0.0, np.array(size) - 1.0)
    crops = cut(picture, np.where(np.isfinite(centres), centres, 0.0), refiner)
    maps = engine.refine(crops.pixels, template.id, config.landmark_order(template))
    codec = HeatmapCodec((refiner.crop, refiner.crop), (refiner.cells, refiner.cells), refiner.sigma)
    xy_crop, _ = codec.decode(maps)
    covariance, distance = map_moments(maps, codec.to_heatmap.apply(xy_crop))
    from_cells, from_fine = codec.to_heatmap.inverse(), to_fine.inverse()
    known = np.asarray(np.isfinite(found.xy + xy_crop).all(axis=1), dtype=np.bool_)
    to_picture = from_fine @ from_cells
    again = Located(
        np.where(known[:, None], from_fine.apply(xy_crop + crops.corner), found.xy),
        found.scores,
        np.where(known[:, None, None], to_picture.apply_covariance(covariance), found.covariance),
        np.where(known, distance * to_picture.mean_scale, found.radial_error),
    )
    moved = [Affine2D(np.column_stack([np.eye(2), corner])) for corner in crops.corner]
    return Refined(again, maps, [from_fine @ move @ from_cells for move in moved])
