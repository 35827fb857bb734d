"""A measurement set while it is being edited: pure functions from a set to the next one."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from app.translate import tr
from medsapiens_core.measurements.definitions import HKA_ROLES, LENGTHS, OPERANDS, Kind, Measure, MeasureSet, Operand
from medsapiens_core.measurements.set_file import check_measure

KINDS = (
    (Kind.DISTANCE, "Distance"),
    (Kind.POINT_LINE, "Point to line"),
    (Kind.ANGLE, "Angle of 3 points"),
    (Kind.LINES, "Angle of 2 lines"),
    (Kind.RATIO, "Ratio of 2 distances"),
    (Kind.PROJECTION, "Projection on a line"),
    (Kind.COMBINE, "Sum or difference"),
    (Kind.HKA, "Leg axis (hip, knee, ankle)"),
)


def units_of(kind: Kind) -> tuple[str, ...]:
    """The units that a kind may have; the first is the usual one."""
    if kind in LENGTHS:
        return ("mm",)
    return ("%", "1") if kind is Kind.RATIO else ("deg", "mm", "%", "1") if kind is Kind.COMBINE else ("deg",)


def new_id(name: str, taken: Collection[str]) -> str:
    """An id made of a name, unlike those that are taken."""
    start = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:50] or "measure"
    number, found = 2, start
    while found in taken:
        number, found = number + 1, f"{start}-{number}"
    return found


def new_measure(measures: MeasureSet | None, landmarks: tuple[str, ...]) -> Measure:
    """A distance between the first two landmarks, to begin with."""
    taken = () if measures is None else tuple(measures.by_id)
    points = tuple((mark,) for mark in (landmarks * 2)[:2])
    return Measure(new_id("new", taken), tr("New measurement"), Kind.DISTANCE, points, "mm", 1, 2.0)


def of_kind(measure: Measure, kind: Kind, landmarks: tuple[str, ...], others: tuple[str, ...]) -> Measure:
    """The same measure as another kind: points are kept as far as they go."""
    if kind is Kind.COMBINE:
        terms = tuple((other, sign) for other, sign in zip((others * 2)[:2], (1.0, -1.0), strict=False))
        return replace(measure, kind=kind, points=(), terms=terms, facing=None, role="", medial="", unit="deg")
    wanted = len(OPERANDS[kind])
    kept: list[Operand] = [*measure.points, *((mark,) for mark in landmarks * 4)]
    role = HKA_ROLES[0] if kind is Kind.HKA else ""
    facing = measure.facing if kind in (Kind.LINES, Kind.POINT_LINE) else None
    unit = units_of(kind)[0]
    return replace(measure, kind=kind, points=tuple(kept[:wanted]), terms=(), facing=facing, role=role, unit=unit)


def with_measure(measures: MeasureSet, before: str, measure: Measure) -> MeasureSet:
    """The set with one measure changed. Raises ValueError that says what does not go together."""
    check_measure(measure)
    return replace_measures(measures, tuple(measure if m.id == before else m for m in measures.measures))


def without(measures: MeasureSet, measure_id: str) -> MeasureSet:
    """The set without one measure. Raises ValueError when another one rests on it, or none would be left."""
    left = tuple(measure for measure in measures.measures if measure.id != measure_id)
    users = [measure.name for measure in left if measure_id in dict(measure.terms)]
    if users:
        raise ValueError(tr("{names} is worked out from it. Change that one first.", names=", ".join(users)))
    if not left:
        raise ValueError(tr("A set has at least one measurement."))
    return replace_measures(measures, left)


def replace_measures(measures: MeasureSet, changed: tuple[Measure, ...]) -> MeasureSet:
    """The set with other measures. Raises ValueError for a circle of terms."""
    return MeasureSet(
        measures.id, measures.name, changed, measures.templates, measures.description, dict(measures.names)
    )
