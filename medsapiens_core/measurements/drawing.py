"""The lines that show on the image how a value is measured, in image pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from medsapiens_core.measurements import vectors as vec
from medsapiens_core.measurements.case_points import CasePoints, Scale
from medsapiens_core.measurements.definitions import Kind, MeasureSet
from medsapiens_core.measurements.evaluating import Value
from medsapiens_core.measurements.formulas import corners, place
from medsapiens_core.measurements.vectors import Floats

Point = tuple[float, float]
Segment = tuple[Point, Point]


def segments(value: Value, measures: MeasureSet, points: CasePoints) -> tuple[Segment, ...]:
    """Lines of a value that is not blank; those of its terms for a combined one."""
    if value.value is None:
        return ()
    measure = value.measure
    xy = dict(zip(points.template.ids, points.xy_scaled, strict=True))
    if measure.kind is Kind.COMBINE:
        parts = [Value(measures.by_id[term], "", 0.0) for term, _weight in measure.terms]
        return tuple(dict.fromkeys(line for part in parts for line in segments(part, measures, points)))
    if measure.kind is Kind.COBB:
        found = [] if value.ends is None else _plates(value.ends, corners(measure, xy))
    else:
        found = _LINES[measure.kind]([place(operand, xy) for operand in measure.points])
    return tuple((_pixel(a, points.scale), _pixel(b, points.scale)) for a, b in found)


def _plates(ends: tuple[int, int], placed: Floats) -> list[tuple[Floats, Floats]]:
    top, bottom = placed[ends[0]], placed[ends[1]]
    return [_longer(top[0], top[1]), _longer(bottom[2], bottom[3])]


def _longer(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """An end-plate drawn beyond the body, as on a paper tracing."""
    return a - 0.8 * (b - a), b + 0.8 * (b - a)


def _two(p: list[Floats]) -> list[tuple[Floats, Floats]]:
    return [(p[0], p[1])]


def _arms(p: list[Floats]) -> list[tuple[Floats, Floats]]:
    return [(p[1], p[0]), (p[1], p[2])]


def _pairs(p: list[Floats]) -> list[tuple[Floats, Floats]]:
    return [(p[0], p[1]), (p[2], p[3])]


def _to_line(p: list[Floats]) -> list[tuple[Floats, Floats]]:
    return [(p[1], p[2]), (p[0], _foot(p[0], p[1], p[2]))]


def _projected(p: list[Floats]) -> list[tuple[Floats, Floats]]:
    return [(p[2], p[3]), (p[0], _foot(p[0], p[2], p[3])), (p[1], _foot(p[1], p[2], p[3]))]


def _leg(p: list[Floats]) -> list[tuple[Floats, Floats]]:
    return [(p[0], p[1]), (p[1], p[2])]


_LINES = {
    Kind.DISTANCE: _two,
    Kind.POINT_LINE: _to_line,
    Kind.ANGLE: _arms,
    Kind.LINES: _pairs,
    Kind.RATIO: _pairs,
    Kind.PROJECTION: _projected,
    Kind.HKA: _leg,
}


def _foot(point: Floats, start: Floats, end: Floats) -> Floats:
    share = vec.along(point, start, end) / vec.length(end - start)
    result: Floats = start + share * (end - start)
    return result


def _pixel(xy: Floats, scale: Scale) -> Point:
    x, y = np.asarray(xy, float) / (scale.x, scale.y)
    return float(x), float(y)


def mean_middle(lines: Mapping[str, tuple[Segment, ...]]) -> dict[str, Point]:
    """Where the name of each value stands: the middle of its first line."""
    return {
        name: ((found[0][0][0] + found[0][1][0]) / 2, (found[0][0][1] + found[0][1][1]) / 2)
        for name, found in lines.items()
        if found
    }
