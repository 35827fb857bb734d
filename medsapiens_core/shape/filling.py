"""Fill the rest: from what a reader has decided, and what a model has proposed, to a prediction of origin "fill"."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.annotation import Annotation, utc_now
from medsapiens_core.data.image import Spacing
from medsapiens_core.data.prediction import FILL, MODEL, Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.shape.completion import ODD, Candidates, Completion, complete
from medsapiens_core.shape.model import Floats
from medsapiens_core.shape.source import ShapeSource

LEAST_MOVE = 0.3  # px: what would move by less stays
EDGE = 0.5  # px outside the outermost pixel centres, the border of the image


@dataclass(frozen=True, eq=False)
class Film:
    """What a fill must know of the picture; `size` is (columns, rows)."""

    image_sha256: str
    size: tuple[int, int]
    spacing: Spacing | None


@dataclass(frozen=True, eq=False)
class Filled:
    """A prediction to store and show. `moved` are the landmarks that take a new place, with how far (px, NaN: new).

    `odd` (K,) is the squared distance of each decided or proposed point from where the others put it.
    """

    prediction: Prediction
    moved: dict[str, float]
    odd: Floats


def fill_case(
    source: ShapeSource,
    template: Template,
    annotation: Annotation,
    film: Film,
    *,
    shown: Prediction | None,
    model: Prediction | None,
    landmarks: Collection[str],
) -> Filled:
    """Place undecided `landmarks`. `shown` is the prediction on screen, `model` the one that candidates come from.

    Raises ValueError for fewer than two decided positions.
    """
    began = time.perf_counter()
    decided = _decided(annotation)
    result = _complete(source, decided, film, model)
    before = annotation.xy_image
    wanted = np.array([mark in landmarks for mark in template.ids]) & ~_are_decided(annotation)
    filled = wanted & np.isfinite(result.points).all(axis=1)
    points = np.clip(result.points, -EDGE, np.array(film.size) - 1 + EDGE)
    away = np.linalg.norm(points - before, axis=1)
    stays = filled & (away < LEAST_MOVE)
    points[stays] = before[stays]
    moved = {template.ids[k]: float(away[k]) for k in np.flatnonzero(filled & ~stays)}
    prediction = _compose(template, film, shown, filled, Completion(points, result.covariance, result.odd))
    return Filled(replace(prediction, seconds=time.perf_counter() - began), moved, result.odd)


def oddness(source: ShapeSource, annotation: Annotation, film: Film, model: Prediction | None) -> Floats:
    """(K,) how far each decided or proposed point is from where the others put it, squared; NaN where neither."""
    return _complete(source, _decided(annotation), film, model).odd


def is_odd(after: float, before: float) -> bool:
    """True when a correction has made its point one that does not fit the others (ux.md 7.6)."""
    return after > ODD and not after <= before


def _complete(source: ShapeSource, decided: Floats, film: Film, model: Prediction | None) -> Completion:
    """In image pixels."""
    scale, free_size = source.scale(film.spacing, film.size)
    found = complete(source.shape, decided * scale, _candidates(model, scale), free_size=free_size)
    covariance = found.covariance / (scale[:, None] * scale)
    return Completion(found.points / scale, covariance, found.odd)


def _candidates(model: Prediction | None, scale: Floats) -> Candidates | None:
    """What the model has found; nothing where it doubts the whole set, or says nothing of its spread."""
    if model is None or model.covariance is None or model.notice is not None:
        return None
    sure = np.asarray(np.isfinite(model.covariance).all(axis=(1, 2)), dtype=np.bool_)
    points = np.where(sure[:, None], model.xy_image, np.nan)
    covariance = np.where(sure[:, None, None], model.covariance, np.eye(2))
    return Candidates(points * scale, covariance * (scale[:, None] * scale))


def _are_decided(annotation: Annotation) -> NDArray[np.bool_]:
    return np.array([state.is_decided for state in annotation.states])


def _decided(annotation: Annotation) -> Floats:
    return np.where(_are_decided(annotation)[:, None], annotation.xy_image, np.nan)


def _compose(
    template: Template,
    film: Film,
    shown: Prediction | None,
    filled: NDArray[np.bool_],
    found: Completion,
) -> Prediction:
    """The fill for what it fills, what was shown before for everything else."""
    count = len(template)
    old_points = np.full((count, 2), np.nan) if shown is None else shown.xy_image
    old_scores = np.full(count, np.nan) if shown is None else shown.scores
    old_spread = None if shown is None else shown.covariance
    old_spread = np.full((count, 2, 2), np.nan) if old_spread is None else old_spread
    old_error = None if shown is None else shown.radial_error
    origins = (MODEL,) * count if shown is None else tuple(shown.origin(k) for k in range(count))
    return Prediction(
        id=uuid.uuid4().hex,
        image_sha256=film.image_sha256,
        template_id=template.id,
        template_version=template.version,
        model_id=FILL,
        xy_image=np.where(filled[:, None], found.points, old_points),
        scores=np.where(filled, np.nan, old_scores),
        covariance=np.where(filled[:, None, None], found.covariance, old_spread),
        created_utc=utc_now(),
        seconds=0.0,
        notice=None if shown is None else shown.notice,
        radial_error=None if old_error is None else np.where(filled, np.nan, old_error),
        origins=tuple(FILL if new else old for new, old in zip(filled, origins, strict=True)),
    )
