"""How far two readings may differ in a measurement before they are settled, as an Owner sets it (ux.md 10.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.measurements.case_points import case_points
from medsapiens_core.measurements.definitions import Measure, MeasureSet
from medsapiens_core.measurements.evaluating import Value, evaluate
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.measuring import set_in_use


@dataclass(frozen=True, eq=False)
class MeasureLimits:
    """A measurement set with the limits of some of its measures, in the unit of each value (mm for lengths)."""

    measures: MeasureSet
    limits: Mapping[str, float]


@dataclass(frozen=True)
class Difference:
    """A measure that two readings of a case give differently, beyond its limit; in `unit`.

    `landmarks` are those it rests on that both have placed, the one that makes the most of the difference first.
    """

    name: str
    unit: str
    decimals: int
    a: float
    b: float
    limit: float
    landmarks: tuple[str, ...]


def limits_of(project: Project) -> MeasureLimits | None:
    """The limits of the measurement set in use; None where there is no set, or no limit."""
    try:
        measures = set_in_use(project)
    except UserError:  # there is none for this template
        return None
    known = {key: limit for key, limit in project.measurements.limits(measures.id).items() if key in measures.by_id}
    return MeasureLimits(measures, known) if known else None


def differences(
    row: CaseRow, one: Annotation, two: Annotation, template: Template, limits: MeasureLimits | None
) -> list[Difference]:
    """What two readings of a case give differently, beyond the limits, in the order of the set.

    A length is compared in mm only: without a pixel size there is none.
    """
    if limits is None:
        return []
    wanted = replace(limits.measures, measures=_needed(limits))
    first, second = (_values(wanted, annotation, template, row) for annotation in (one, two))
    found = []
    for key, limit in limits.limits.items():
        a, b = first[key], second[key]
        if a.value is None or b.value is None or (a.measure.is_length and a.unit != "mm"):
            continue
        if abs(a.value - b.value) <= limit:
            continue
        marks = _by_share(a.measure, wanted, (row, template), (one, two), b.value)
        found.append(Difference(a.measure.name, a.unit, a.measure.decimals, a.value, b.value, limit, marks))
    return found


def _needed(limits: MeasureLimits) -> tuple[Measure, ...]:
    """The measures with a limit and those that they are made of, in the order of the set."""
    wanted: set[str] = set()
    waiting = list(limits.limits)
    while waiting:
        key = waiting.pop()
        if key not in wanted:
            wanted.add(key)
            waiting += [term for term, _weight in limits.measures.by_id[key].terms]
    return tuple(measure for measure in limits.measures.measures if measure.id in wanted)


def _values(measures: MeasureSet, annotation: Annotation, template: Template, row: CaseRow) -> dict[str, Value]:
    points = case_points(annotation, template, row.spacing)
    return {value.measure.id: value for value in evaluate(measures, points, simulated=False)}


def _by_share(
    measure: Measure,
    measures: MeasureSet,
    case: tuple[CaseRow, Template],
    readings: tuple[Annotation, Annotation],
    target: float,
) -> tuple[str, ...]:
    """The landmarks that differ, by how near the first reading comes to the second when it takes this one over."""
    (row, template), (one, two) = case, readings
    near: list[tuple[float, str]] = []
    for mark in measures.landmarks(measure):
        if mark not in template.index or one[mark].x is None or two[mark].x is None or one[mark] == two[mark]:
            continue
        states = list(one.states)
        states[template.index[mark]] = two[mark]
        moved = _values(measures, replace(one, states=tuple(states)), template, row)[measure.id].value
        near.append((abs(moved - target) if moved is not None else float("inf"), mark))
    return tuple(mark for _, mark in sorted(near, key=lambda pair: pair[0]))
