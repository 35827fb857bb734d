"""The formulas of ux.md 11.1, on stacks of points in mm (or in px of one size where no spacing is known)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from medsapiens_core.measurements import vectors as vec
from medsapiens_core.measurements.cobb import Ends, find_curves
from medsapiens_core.measurements.definitions import Kind, Measure, MeasureSet, Operand
from medsapiens_core.measurements.vectors import Floats

Points = Mapping[str, Floats]
"""Landmark id -> points (..., 2), all of one stack."""
Locks = Mapping[str, Ends]
"""Role of a Cobb angle -> the vertebrae that it is held between."""


def compute(measure: Measure, measures: MeasureSet, points: Points, locks: Locks | None = None) -> Floats:
    """The value (...,) in the measure's unit; NaN where it has none. `points` must have every landmark it rests on."""
    if measure.kind is Kind.COMBINE:
        parts = [weight * compute(measures.by_id[t], measures, points, locks) for t, weight in measure.terms]
        total: Floats = np.sum(parts, axis=0)
        return total
    if measure.kind is Kind.COBB:
        return find_curves(corners(measure, points), dict(locks or {})).angle(measure.role)
    return _FORMULAS[measure.kind](measure, [place(operand, points) for operand in measure.points], points)


def place(operand: Operand, points: Points) -> Floats:
    """The point that an operand means: a landmark, or the middle of several."""
    middle: Floats = np.mean([points[mark] for mark in operand], axis=0)
    return middle


def corners(measure: Measure, points: Points) -> Floats:
    """Corners (..., V, 4, 2) of the vertebrae of a Cobb angle."""
    flat = np.stack([place(operand, points) for operand in measure.points], -2)
    return flat.reshape(*flat.shape[:-2], -1, 4, 2)


def facing_sign(measure: Measure, points: Points) -> Floats | float:
    """+1 or -1 (...,): the side that the head looks to, sign of (S->N) x (S->Me); 1 without `facing`."""
    if measure.facing is None:
        return 1.0
    s, n, me = (points[mark] for mark in measure.facing)
    return np.sign(vec.cross(n - s, me - s))


def _distance(_measure: Measure, p: list[Floats], _points: Points) -> Floats:
    return vec.length(p[1] - p[0])


def _point_line(measure: Measure, p: list[Floats], points: Points) -> Floats:
    signed = vec.offset(p[0], p[1], p[2])
    return np.abs(signed) if measure.facing is None else facing_sign(measure, points) * signed


def _angle(_measure: Measure, p: list[Floats], _points: Points) -> Floats:
    return vec.angle(p[0] - p[1], p[2] - p[1])


def _lines(measure: Measure, p: list[Floats], points: Points) -> Floats:
    u, v = p[1] - p[0], p[3] - p[2]
    return vec.angle(u, v) if measure.facing is None else facing_sign(measure, points) * vec.turn(u, v)


def _ratio(measure: Measure, p: list[Floats], _points: Points) -> Floats:
    share = vec.divide(vec.length(p[1] - p[0]), vec.length(p[3] - p[2]))
    return 100 * share if measure.unit == "%" else share


def _projection(_measure: Measure, p: list[Floats], _points: Points) -> Floats:
    return vec.along(p[0], p[2], p[3]) - vec.along(p[1], p[2], p[3])


def _hka(measure: Measure, p: list[Floats], _points: Points) -> Floats:
    """Deviation -m x turn, varus positive; the folded angle is 180 - |deviation|; unsigned without a known side."""
    turned = vec.turn(p[1] - p[0], p[2] - p[1])
    if measure.role == "angle":
        return 180 - np.abs(turned)
    if not measure.medial:
        return np.abs(turned)
    return -turned if measure.medial == "image-right" else turned


_FORMULAS: dict[Kind, Callable[[Measure, list[Floats], Points], Floats]] = {
    Kind.DISTANCE: _distance,
    Kind.POINT_LINE: _point_line,
    Kind.ANGLE: _angle,
    Kind.LINES: _lines,
    Kind.RATIO: _ratio,
    Kind.PROJECTION: _projection,
    Kind.HKA: _hka,
}
