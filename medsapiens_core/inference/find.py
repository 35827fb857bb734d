"""Finding a template's landmarks in a picture that may lie anyhow.

Which view, a first look, another where the film lies unusually, then the second stage where the model has one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.template import Template
from medsapiens_core.geometry import Affine2D
from medsapiens_core.inference.engines import Engine
from medsapiens_core.inference.heatmap_codec import HeatmapCodec
from medsapiens_core.inference.locate import Located, heatmaps_of, locate
from medsapiens_core.inference.placement import Pose, best_pose, in_order, is_plausible, is_usual
from medsapiens_core.inference.preprocess import prepare_grey
from medsapiens_core.inference.refine import Refined, refine
from medsapiens_core.inference.view import View
from medsapiens_core.inference.view_finder import guess_views

Grey = NDArray[np.float32]


class Look(NamedTuple):
    """How the network was shown a picture: turned upright by `view`, then mapped by `to_input` to its input."""

    view: View
    to_input: Affine2D


class _Found(NamedTuple):
    located: Located
    is_shape: bool
    look: Look


def find(engine: Engine, grey: Grey, template: Template) -> tuple[Located, str | None]:
    """Landmarks of a picture (H, W) on 0..255, and why the set is doubtful (None when nothing speaks against it).

    Raises UserError when the network does not know the template.
    """
    engine.model.config.landmark_order(template)
    guess = guess_views(engine, grey, template.id)
    best = _best(engine, grey, template, guess.views)
    if not guess.is_known:
        return best.located, f"This picture does not look like the films that template {template.id} is for."
    if not best.is_shape:
        return best.located, f"These points do not lie as the landmarks of template {template.id} do."
    second = _refine(engine, grey, template, best)
    return (best.located if second is None else second.located), None


def heatmap_of(engine: Engine, grey: Grey, template: Template, landmark: str) -> tuple[NDArray[np.uint8], Affine2D]:
    """Where the network sees one landmark: (h, w) strengths 0..255 with the peak at 255, and the map cells -> image px.

    It is what the network answers to the same look that `find` takes the points from: the second stage's, about the
    landmark, where there is one. Raises UserError when the network does not know the template.
    """
    engine.model.config.landmark_order(template)
    guess = guess_views(engine, grey, template.id)
    best = _best(engine, grey, template, guess.views)
    second = _refine(engine, grey, template, best) if guess.is_known and best.is_shape else None
    if second is not None:
        number = template.index[landmark]
        return _strengths(second.maps[number]), second.to_picture[number]
    look, config = best.look, engine.model.config.for_template(template.id)
    pixels, to_input = prepare_grey(look.view.upright(grey), config, look.to_input)
    values = _strengths(heatmaps_of(engine, pixels, template)[template.index[landmark]])
    codec = HeatmapCodec(config.input_size, config.heatmap_size, config.sigma)
    back = look.view.to_upright((grey.shape[1], grey.shape[0])).inverse()
    return values, back @ to_input.inverse() @ codec.to_heatmap.inverse()


def _strengths(heatmap: Grey) -> NDArray[np.uint8]:
    positive = np.clip(heatmap, 0.0, None)
    result: NDArray[np.uint8] = np.rint(positive / max(float(positive.max()), 1e-9) * 255).astype(np.uint8)
    return result


def _refine(engine: Engine, grey: Grey, template: Template, first: _Found) -> Refined | None:
    """The second stage's answer in the picture's pixels; None when the template has none."""
    if not engine.model.config.is_refined(template.id):
        return None
    to_upright = first.look.view.to_upright((grey.shape[1], grey.shape[0]))
    upright, back = first.look.view.upright(grey), to_upright.inverse()
    second = refine(engine, upright, first.look.to_input, first.located.mapped(to_upright), template)
    return Refined(second.located.mapped(back), second.maps, [back @ to_picture for to_picture in second.to_picture])


def _best(engine: Engine, grey: Grey, template: Template, views: tuple[View, ...]) -> _Found:
    tries = [_find_in_view(engine, grey, template, view) for view in views]
    return max(tries, key=lambda one: one.located.scores.mean())


def _find_in_view(engine: Engine, grey: Grey, template: Template, view: View) -> _Found:
    """Landmarks of one view of the picture, and whether they form the template's shape."""
    config = engine.model.config.for_template(template.id)
    upright = view.upright(grey)
    back = view.to_upright((grey.shape[1], grey.shape[0])).inverse()
    found, to_input = _look(engine, upright, template, None)
    stored = config.templates[template.id].placement
    if stored is None:
        return _Found(found.mapped(back), True, Look(view, to_input))
    placement = in_order(stored, config.landmark_order(template))

    def pose_of(located: Located, affine: Affine2D) -> Pose | None:
        xy_input = affine.apply(located.xy)
        return best_pose(xy_input, located.scores, placement, template.flip_index, config.input_size)

    pose = pose_of(found, to_input)
    if pose is not None and not is_usual(pose, placement):
        again, affine = _look(engine, upright, template, pose.to_mean @ to_input)
        if again.scores.mean() > found.scores.mean():
            found, pose, to_input = again, pose_of(again, affine), affine
    return _Found(found.mapped(back), is_plausible(pose, placement), Look(view, to_input))


def _look(engine: Engine, upright: Grey, template: Template, to_input: Affine2D | None) -> tuple[Located, Affine2D]:
    pixels, affine = prepare_grey(upright, engine.model.config.for_template(template.id), to_input)
    return locate(engine, pixels, affine, template), affine
