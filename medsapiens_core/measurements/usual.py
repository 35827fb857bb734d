"""Which values are usual among a project's reviewed cases, and which of an open case lie far from them (ux.md 6.3, W7).

Far means a modified z-score above 3.5: the distance from the median over 1.4826 times the median absolute deviation
(Iglewicz and Hoaglin 1993). Medians, because a few misplaced points among the reviewed cases must not move the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medsapiens_core.measurements.case_points import CasePoints
from medsapiens_core.measurements.definitions import Measure, MeasureSet
from medsapiens_core.measurements.formulas import Locks, compute
from medsapiens_core.measurements.vectors import Floats

FEWEST_CASES = 30
FAR = 3.5
SD_OF_MAD = 1.4826


@dataclass(frozen=True)
class UsualValue:
    """What `n` cases say of one measure, in its unit: the median, and how far from it is still usual."""

    measure: Measure
    n: int
    middle: float
    limit: float


@dataclass(frozen=True)
class FarValue:
    """A value of the open case beyond the usual limit, and the landmarks that it rests on."""

    usual: UsualValue
    value: float
    landmarks: tuple[str, ...]


def usual_values(
    measures: MeasureSet, landmarks: Sequence[str], points: Floats, cells: Floats
) -> tuple[UsualValue, ...]:
    """Learn from n cases: points (n, K, 2) in image px, NaN where absent, and pixel sizes (n, 2) x, y mm, or NaN.

    Without a pixel size a case counts for angles and ratios, with square pixels, and not for lengths. Measures that
    fewer than 30 cases have, or that hardly vary, are left out.
    """
    position = {mark: place for place, mark in enumerate(landmarks)}
    sizes = np.where(np.isfinite(cells).all(axis=1, keepdims=True), cells, 1.0)
    scaled = points * sizes[:, None]
    found = []
    for measure in measures.measures:
        marks = measures.landmarks(measure)
        if not set(marks) <= position.keys():
            continue
        whole = np.isfinite(scaled[:, [position[mark] for mark in marks]]).all(axis=(1, 2))
        whole &= np.isfinite(cells).all(axis=1) | (not measure.is_length)
        if whole.sum() >= FEWEST_CASES:
            xy = {mark: scaled[whole, position[mark]] for mark in marks}
            found.append(_usual(measure, np.asarray(compute(measure, measures, xy))))
    return tuple(one for one in found if one is not None)


def far_values(
    usual: Sequence[UsualValue], measures: MeasureSet, points: CasePoints, locks: Locks | None = None
) -> list[FarValue]:
    """The values of a case that lie beyond the usual limit; undecided landmarks count as they lie."""
    place = points.template.index
    result = []
    for one in usual:
        marks = measures.landmarks(one.measure)
        if one.measure.is_length and points.scale.unit != "mm":
            continue
        xy = {mark: points.xy_scaled[place[mark]] for mark in marks}
        if all(np.isfinite(point).all() for point in xy.values()):
            value = float(compute(one.measure, measures, xy, locks))
            if np.isfinite(value) and abs(value - one.middle) > one.limit:
                result.append(FarValue(one, value, marks))
    return result


def _usual(measure: Measure, values: Floats) -> UsualValue | None:
    known = values[np.isfinite(values)]
    if len(known) < FEWEST_CASES:
        return None
    middle = float(np.median(known))
    spread = SD_OF_MAD * float(np.median(np.abs(known - middle)))
    return UsualValue(measure, len(known), middle, FAR * spread) if spread > 0 else None
