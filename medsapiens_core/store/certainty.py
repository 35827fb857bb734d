"""How sure a case's prediction is, as one number that the worklist sorts by.

Where the model is calibrated, the column `worst_score` holds minus the largest 95 % radius among the undecided
landmarks, in mm: the widest comes first, and before every score. Without a pixel size it is a share of the diagonal,
put as the mm that count alike (ux.md 6.5: 0.65 % for 2 mm), so that one list has one order.

A project keeps the factors of the models that it was predicted with, because the store asks no model package.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
import sqlalchemy as sa

from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.certainty import radii_95
from medsapiens_core.data.image import Spacing
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.store import tables
from medsapiens_core.store.files import canonical_json

KEY = "region_factors"
SHARE_OF_MM = 0.0065 / 2.0  # of the diagonal, what counts as 1 mm where there is no pixel size
NOT_FOUND = 1e6  # the model has no point for an undecided landmark: nothing is less certain
_m = tables.meta.c


@dataclass(frozen=True)
class RegionFactors:
    """For one model: `of` says for a landmark how many standard deviations of the heatmap its 95 % region reaches."""

    template_version: int
    of: Mapping[str, float]


def known_factors(connection: sa.Connection) -> Mapping[str, RegionFactors]:
    """Model id -> factors, of the models that this project knows to be calibrated."""
    return _parsed(connection.execute(sa.select(_m.value).where(_m.key == KEY)).scalar() or "{}")


def write_factors(connection: sa.Connection, factors: Mapping[str, RegionFactors]) -> None:
    """Keep the factors of these models, in place of all that were known."""
    connection.execute(sa.delete(tables.meta).where(_m.key == KEY))
    text = canonical_json({model: asdict(one) for model, one in factors.items()})
    connection.execute(sa.insert(tables.meta).values(key=KEY, value=text))


def worst_key(
    annotation: Annotation,
    prediction: Prediction | None,
    factors: RegionFactors | None,
    spacing: Spacing | None,
    size: tuple[int, int],
) -> float | None:
    """What the worklist sorts a calibrated case by (below 0); None for any other, and where all is decided."""
    if prediction is None or factors is None or not _fits(prediction, factors):
        return None
    radii = radii_95(prediction, [factors.of.get(mark) for mark in annotation.landmark_ids], spacing)
    known = np.array([mark in factors.of for mark in annotation.landmark_ids], dtype=np.bool_)
    radii = np.where(np.isfinite(prediction.xy_image).all(axis=1) | ~known, radii, NOT_FOUND)
    still_open = np.array([not state.is_decided for state in annotation.states], dtype=np.bool_)
    told = radii[still_open & np.isfinite(radii)]
    if not len(told):
        return None
    worst = float(told.max())
    if spacing is None and worst < NOT_FOUND:
        worst /= SHARE_OF_MM * math.hypot(*size)
    return -min(max(worst, 1e-6), NOT_FOUND)


def radius_of(key: float, spacing: Spacing | None, size: tuple[int, int]) -> float | None:
    """The radius that a sort key stands for, in mm, or in px without a spacing; infinite for a point not found."""
    if key >= 0:
        return None
    if key <= -NOT_FOUND:
        return math.inf
    return -key if spacing is not None else -key * SHARE_OF_MM * math.hypot(*size)


def _fits(prediction: Prediction, factors: RegionFactors) -> bool:
    is_whole = prediction.notice is None and prediction.radial_error is not None
    return is_whole and prediction.template_version == factors.template_version


@lru_cache(maxsize=8)
def _parsed(text: str) -> Mapping[str, RegionFactors]:
    return {model: RegionFactors(**value) for model, value in json.loads(text).items()}
