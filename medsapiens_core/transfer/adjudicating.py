"""Differences between readers settled to a consensus, which is a reading of its own: none is changed (ux.md 10.5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from medsapiens_core.data.annotation import Annotation, Decision, Edit, Place, PointState, placed
from medsapiens_core.data.readers import CONSENSUS
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.store.project import Project
from medsapiens_core.store.splits import draw_of
from medsapiens_core.transfer.double_readings import DIAGONAL_SHARE, ReadCase, scale_of
from medsapiens_core.transfer.measure_limits import Difference, MeasureLimits, differences

KIND = "consensus"
Taken = Literal["a", "b", "mean"]
REASONS = (
    "Clearer contour",
    "Fits the definition",
    "Both defensible",
    "One of them slipped",
    "Hidden or superimposed",
)


@dataclass(frozen=True, eq=False)
class Dispute:
    """One landmark on which the two readings of a case differ: `a` and `b` are what they say.

    The readings are called A and B, in an order drawn for each case, so that nobody learns whose is whose. `distance`
    is in `unit`, NaN where one of them has no place. `measure` is the measurement that differs beyond its limit, where
    the landmark itself lies within tolerance.
    """

    case: ReadCase
    landmark: str
    a: PointState
    b: PointState
    distance: float
    unit: str
    measure: Difference | None = None

    @property
    def can_mean(self) -> bool:
        """True when both have a place."""
        return self.a.x is not None and self.b.x is not None


def disputes(cases: Sequence[ReadCase], template: Template, limits: MeasureLimits | None = None) -> list[Dispute]:
    """What waits for a consensus; the worst case first.

    Beyond the tolerance, or absent for one and placed by the other; where neither is, beyond the limit of a measure.
    """
    found = [dispute for case in cases for dispute in _of_case(case, template, limits)]
    worst: dict[int, float] = {}
    for one in found:
        key = one.distance / _tolerance(one.case, template, one.landmark) if np.isfinite(one.distance) else np.inf
        if one.measure is not None:
            key = abs(one.measure.a - one.measure.b) / one.measure.limit
        worst[one.case.row.id] = max(worst.get(one.case.row.id, 0.0), float(key))
    return sorted(found, key=lambda one: (-worst[one.case.row.id], one.case.row.id))


def rest_of(case: ReadCase, template: Template, limits: MeasureLimits | None = None) -> list[str]:
    """Landmarks of a case on which the readings agree and that have no consensus yet."""
    open_ = {one.landmark for one in _of_case(case, template, limits)}
    return [mark for mark in template.ids if mark not in open_ and not _settled(case, mark)]


def settle(project: Project, dispute: Dispute, state: PointState, *, by: str, reason: str) -> Annotation:
    """Store what the consensus says of a landmark. Raises UserError without a reason."""
    if not reason.strip():
        raise UserError("Choose why: without a reason a consensus cannot be judged later.")
    annotation = project.annotations.load(dispute.case.row.id, reader=CONSENSUS)
    edit = annotation.change(KIND, {dispute.landmark: state})
    if not edit.changes:
        return annotation
    return _commit(project, annotation, replace(edit, reader=by, context=reason.strip()))


def finish(
    project: Project,
    case: ReadCase,
    template: Template,
    taken: Taken,
    *,
    by: str,
    limits: MeasureLimits | None = None,
) -> Annotation:
    """Take the same side for every landmark within tolerance, and mark the consensus reviewed.

    Raises UserError while a difference of this case is open.
    """
    if _of_case(case, template, limits):
        raise UserError("Settle the differences of this case first.")
    one, two = in_order(case)
    after = {mark: agreed(one[mark], two[mark], taken) for mark in rest_of(case, template, limits)}
    annotation = project.annotations.load(case.row.id, reader=CONSENSUS)
    edit = annotation.change(KIND, after)
    complete = annotation.apply(edit).is_complete
    edit = replace(edit, reviewed=(annotation.reviewed, complete), reader=by, context=f"within tolerance: {taken}")
    return _commit(project, annotation, edit)


def take_back(project: Project, case_id: int, *, by: str) -> bool:
    """Undo the newest consensus edit of a case that still stands; False when there is none."""
    history = project.annotations.history(case_id, reader=CONSENSUS)
    undone = {edit.undoes for edit in history if edit.undoes is not None}
    last = next((edit for edit in reversed(history) if edit.undoes is None and edit.id not in undone), None)
    if last is None:
        return False
    annotation = project.annotations.load(case_id, reader=CONSENSUS)
    _commit(project, annotation, replace(last.inverse(), reader=by))
    return True


def in_order(case: ReadCase) -> tuple[Annotation, Annotation]:
    """The two readings as A and B; of three or more the first two by name."""
    one, two = (case.readings[name] for name in sorted(case.readings)[:2])
    swapped = draw_of(f"{case.row.image_sha256} {case.row.frame}", "adjudication") < 0.5
    return (two, one) if swapped else (one, two)


def agreed(a: PointState, b: PointState, taken: Taken) -> PointState:
    """What taking a side means for a landmark; where only one of them says something, that is taken."""
    if not (a.is_decided and b.is_decided):
        return a if a.is_decided else b
    if taken == "mean" and a.x is not None and a.y is not None and b.x is not None and b.y is not None:
        estimated = Place.ESTIMATED in (a.place, b.place)
        return placed((a.x + b.x) / 2, (a.y + b.y) / 2, None, estimated=estimated)
    side = b if taken == "b" else a
    return side if side.decision is not Decision.NONE else a


def _of_case(case: ReadCase, template: Template, limits: MeasureLimits | None) -> list[Dispute]:
    one, two = in_order(case)
    found = []
    for mark in template.ids:
        a, b = one[mark], two[mark]
        if _settled(case, mark) or not (a.is_decided and b.is_decided):
            continue
        both_absent = a.place is Place.ABSENT and b.place is Place.ABSENT
        dispute = _dispute(case, mark, a, b)
        if not both_absent and not dispute.distance <= _tolerance(case, template, mark):
            found.append(dispute)
    return [*found, *_by_measure(case, template, limits, {one.landmark for one in found})]


def _by_measure(
    case: ReadCase, template: Template, limits: MeasureLimits | None, open_: Collection[str]
) -> list[Dispute]:
    """Landmarks within tolerance that make a measure differ beyond its limit.

    What is settled counts as settled for both, so the list shortens with each step and ends when the measure agrees.
    A landmark that is open by itself may explain the measure, so that one comes first, alone.
    """
    one, two = (_with_consensus(case, reading) for reading in in_order(case))
    found: dict[str, Dispute] = {}
    for difference in differences(case.row, one, two, template, limits):
        if set(difference.landmarks) & set(open_):
            continue
        for mark in difference.landmarks:
            if not _settled(case, mark) and mark not in found:
                found[mark] = replace(_dispute(case, mark, one[mark], two[mark]), measure=difference)
    return list(found.values())


def _with_consensus(case: ReadCase, reading: Annotation) -> Annotation:
    consensus = case.consensus
    if consensus is None:
        return reading
    both = zip(reading.states, consensus.states, strict=True)
    return replace(reading, states=tuple(settled if settled.is_decided else own for own, settled in both))


def _dispute(case: ReadCase, mark: str, a: PointState, b: PointState) -> Dispute:
    scale, unit = scale_of(case.row.spacing), "px" if case.row.spacing is None else "mm"
    distance = float("nan")
    if a.x is not None and a.y is not None and b.x is not None and b.y is not None:
        distance = float(np.hypot(*((np.array([a.x, a.y]) - np.array([b.x, b.y])) * scale)))
    return Dispute(case, mark, a, b, distance, unit)


def _tolerance(case: ReadCase, template: Template, landmark: str) -> float:
    if case.row.spacing is None:
        return DIAGONAL_SHARE * float(np.hypot(case.row.width, case.row.height))
    return template.landmarks[template.index[landmark]].tolerance_mm


def _settled(case: ReadCase, landmark: str) -> bool:
    return case.consensus is not None and case.consensus[landmark].is_decided


def _commit(project: Project, annotation: Annotation, edit: Edit) -> Annotation:
    commit = project.annotations.commit
    return commit(edit, annotation.case_id, expected_revision=annotation.revision, reader=CONSENSUS)
