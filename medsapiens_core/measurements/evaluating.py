"""All values of a set on the points of one case: each with its error, or blank with the reason why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from medsapiens_core.data.template import Template
from medsapiens_core.measurements import propagation
from medsapiens_core.measurements.case_points import CasePoints, Status
from medsapiens_core.measurements.cobb import Curves, find_curves, name_of, swapped
from medsapiens_core.measurements.definitions import Kind, Measure, MeasureSet
from medsapiens_core.measurements.formulas import Locks, compute, corners
from medsapiens_core.measurements.point_errors import NOTHING_KNOWN, PointErrors
from medsapiens_core.measurements.propagation import Gradient
from medsapiens_core.measurements.vectors import Floats

NAMED = 3  # landmarks named in a reason; of more only the number is told
UNIT_TEXT = {"deg": "°", "%": "%", "1": ""}
BLANK_FOR = (Status.ABSENT, Status.NOT_PLACED, Status.UNDECIDED)  # in this order of importance


@dataclass(frozen=True)
class Value:
    """One measured value. `value` None: blank, for `reason`. `unit` is °, mm, px, % or "".

    `half_width` is the +/- (95 %), None where it is not known, and then `error_note` says why. `estimated` and
    `filled` name landmarks that it rests on; a filled one makes the value an aid that is never exported.
    `slopes` are the change per mm (px) of each landmark; `ends` the end vertebrae of a curve and `locked` whether
    they were held; `scale_note` is what must be said of a length whose scale is not calibrated.
    """

    measure: Measure
    unit: str
    value: float | None = None
    reason: str = ""
    half_width: float | None = None
    error_note: str = ""
    estimated: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    slopes: Gradient = field(default_factory=dict)
    ends: tuple[int, int] | None = None
    ends_name: str = ""
    locked: bool = False
    scale_note: str = ""

    @property
    def is_exported(self) -> bool:
        """False for a blank one and for one that rests on a fill (ux.md 7.2)."""
        return self.value is not None and not self.filled


def evaluate(
    measures: MeasureSet,
    points: CasePoints,
    errors: PointErrors = NOTHING_KNOWN,
    locks: Locks | None = None,
    *,
    simulated: bool = True,
) -> tuple[Value, ...]:
    """The values of a set, in its order. `simulated=False` leaves out the errors that take a simulation (a drag)."""
    drawn: dict[Any, Curves] = {}
    return tuple(
        evaluate_one(measure, measures, points, errors, locks, simulated=simulated, drawn=drawn)
        for measure in measures.measures
    )


def evaluate_one(
    measure: Measure,
    measures: MeasureSet,
    points: CasePoints,
    errors: PointErrors = NOTHING_KNOWN,
    locks: Locks | None = None,
    *,
    simulated: bool = True,
    drawn: dict[Any, Curves] | None = None,
) -> Value:
    """The value of one measure of the set; `drawn` keeps simulated curves that several measures need."""
    unit = UNIT_TEXT.get(measure.unit, points.scale.unit)
    reason = blank_reason(measure, measures, points)
    if reason:
        return Value(measure, unit, reason=reason)
    marks = measures.landmarks(measure)
    xy = {mark: points.xy_scaled[points.template.index[mark]] for mark in marks}
    value = float(compute(measure, measures, xy, locks))
    if not np.isfinite(value):
        return Value(measure, unit, reason=_why_none(measure))
    folded = propagation.is_folded(measure, measures)
    slopes = {} if measure.kind is Kind.COBB else propagation.gradient(measure, measures, xy, locks)
    known = _Known(measure, measures, xy, errors, locks, points, {} if drawn is None else drawn)
    half, note = _error(known, slopes, value) if simulated or not folded else (None, "")
    return Value(
        measure,
        unit,
        value,
        half_width=half,
        error_note=note,
        estimated=_names(points, marks, Status.ESTIMATED),
        filled=_names(points, marks, Status.FILL),
        slopes=slopes,
        scale_note=points.scale.note if measure.is_length else "",
        **_ends(measure, xy, locks),
    )


def blank_reason(measure: Measure, measures: MeasureSet, points: CasePoints) -> str:
    """Why there is no value, "" when there is one (ux.md 11.2)."""
    template, marks = points.template, measures.landmarks(measure)
    unknown = [mark for mark in marks if mark not in template.index]
    if unknown:
        names = dict.fromkeys(measures.names.get(mark, mark) for mark in unknown)
        return f"needs {' and '.join(names)} (not in this template)"
    for status in BLANK_FOR:
        found = _names(points, marks, status)
        if found:
            return f"{status.value}: {listed(found)}{_swap_hint(measure, points)}"
    return _swap_reason(measure, points)


def listed(names: Sequence[str]) -> str:
    """At most three names, and how many more."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, eq=False)
class _Known:
    """What the error of a value is worked out from; `xy` in the scale's unit."""

    measure: Measure
    measures: MeasureSet
    xy: Mapping[str, Floats]
    errors: PointErrors
    locks: Locks | None
    points: CasePoints
    drawn: dict[Any, Curves]


def _error(known: _Known, slopes: Gradient, value: float) -> tuple[float | None, str]:
    """The +/- (95 %), or None and the reason."""
    marks = known.measures.landmarks(known.measure)
    missing = known.errors.missing(marks)
    if missing:
        names = listed([_name(known.points.template, mark) for mark in missing])
        return None, f"The error of {names} is not known: no calibrated model region, fewer than 10 double reads."
    own = {mark: known.errors.covariance[mark] for mark in marks}
    scale = known.points.scale
    covariance = propagation.scaled_covariance(own, scale.x, scale.y)
    if propagation.is_folded(known.measure, known.measures):
        half = propagation.half_width_of(_simulated(known, covariance), value)
    else:
        half = propagation.Z95 * propagation.first_order_sd(slopes, covariance)
    return (half, "") if np.isfinite(half) else (None, "The error cannot be worked out at this place.")


def _simulated(known: _Known, covariance: Mapping[str, Floats]) -> Floats:
    """Values of the moved points; the curves of one spine are found once for all of its angles."""
    measure, locks = known.measure, known.locks
    if measure.kind is Kind.COBB and measure.points in known.drawn:
        return known.drawn[measure.points].angle(measure.role)
    moved = propagation.draw_points(known.measures.landmarks(measure), known.xy, covariance)
    if measure.kind is not Kind.COBB:
        return compute(measure, known.measures, moved, locks)
    known.drawn[measure.points] = find_curves(corners(measure, moved), dict(locks or {}))
    return known.drawn[measure.points].angle(measure.role)


def _ends(measure: Measure, xy: Mapping[str, Floats], locks: Locks | None) -> dict[str, Any]:
    if measure.kind is not Kind.COBB:
        return {}
    found = find_curves(corners(measure, xy), dict(locks or {})).ends[measure.role]
    ends = (int(found[0]), int(found[1]))
    return {"ends": ends, "ends_name": name_of(ends, measure.labels), "locked": measure.role in (locks or {})}


def _why_none(measure: Measure) -> str:
    if measure.kind is Kind.COBB and measure.role != "major":
        return f"no vertebrae {measure.role} the major curve"
    return "two of its points lie on one another"


def _swap_reason(measure: Measure, points: CasePoints) -> str:
    wrong = _swapped_names(measure, points)
    return f"corners of {listed(wrong)} are out of order: move them to their places" if wrong else ""


def _swap_hint(measure: Measure, points: CasePoints) -> str:
    wrong = _swapped_names(measure, points)
    return f"; corners of {listed(wrong)} may be swapped" if wrong else ""


def _swapped_names(measure: Measure, points: CasePoints) -> list[str]:
    if measure.kind is not Kind.COBB:
        return []
    xy = dict(zip(points.template.ids, points.xy_scaled, strict=True))
    placed = corners(measure, xy)
    return [measure.labels[k] for k in swapped(placed)] if np.isfinite(placed).all() else []


def _names(points: CasePoints, marks: Sequence[str], status: Status) -> tuple[str, ...]:
    return tuple(_name(points.template, mark) for mark in marks if points.status(mark) is status)


def _name(template: Template, landmark: str) -> str:
    return template.landmarks[template.index[landmark]].name
