"""Asking a network how a picture lies and whether it shows the template's anatomy at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.geometry import udp_affine
from medsapiens_core.inference.engines import Engine
from medsapiens_core.inference.preprocess import normalise, warp
from medsapiens_core.inference.view import View
from medsapiens_core.models.compact import Anatomy
from medsapiens_core.models.config import ModelConfig
from medsapiens_core.models.view_head import VIEW_CLASSES, VIEW_SIZE

WORTH_A_LOOK = 0.05  # a view less likely than this is not tried
MOST_VIEWS = 2
FOREIGN = 0.05  # an anatomy less likely than this is not the template's


@dataclass(frozen=True)
class Guess:
    """`views` to try, likeliest first; `is_known` False when the picture shows something else than the template's."""

    views: tuple[View, ...] = (View(),)
    is_known: bool = True


def guess_views(engine: Engine, grey: NDArray[np.float32], template_id: str) -> Guess:
    """Look at a picture (H, W) on 0..255. A network or template without a say gives the picture as it lies."""
    config = engine.model.config
    anatomies = known_anatomies(config)
    index = next((k for k, anatomy in enumerate(anatomies) if template_id in anatomy.templates), None)
    if index is None:
        return Guess()
    said = engine.look_at_view(view_pixels(grey, config)[None])
    if said is None:
        return Guess()
    views = likely_views(said.view[0], float(said.inverted[0]), sided=anatomies[index].sided)
    return Guess(views, bool(said.anatomy[0, index] >= FOREIGN))


def known_anatomies(config: ModelConfig) -> tuple[Anatomy, ...]:
    """What the network's view head tells apart, in its order; empty without one."""
    stored: Any = config.architecture.get("anatomies") or ()
    return tuple(Anatomy.model_validate(entry) for entry in stored)


def view_pixels(grey: NDArray[Any], config: ModelConfig) -> NDArray[np.float32]:
    """The whole picture (H, W) as the view head's input (3, h, w), normalised."""
    height, width = grey.shape
    shown = warp(grey.astype(np.float32), udp_affine((width, height), VIEW_SIZE), VIEW_SIZE)
    return normalise(shown, config)


def likely_views(probabilities: NDArray[Any], inverted: float, *, sided: bool) -> tuple[View, ...]:
    """The views worth a look, likeliest first; anatomies that may face either way are never mirrored.

    The picture as it lies is always among them: a look that was not needed costs less than a wrong turn.
    """
    share = np.asarray(probabilities, dtype=np.float64)
    if not sided:
        turns = share.reshape(VIEW_CLASSES // 2, 2).sum(1)
        share = np.column_stack([turns, np.zeros_like(turns)]).ravel()
    best = [int(k) for k in np.argsort(-share, kind="stable")[:MOST_VIEWS]]
    chosen = [k for position, k in enumerate(best) if position == 0 or share[k] >= WORTH_A_LOOK]
    views = tuple(View.from_class(k, inverted=inverted > 0.5) for k in chosen)
    return views if View() in views else (*views, View())
