"""Landmarks from a file into a project: first a plan that shows everything, then one batch that can be taken back.

A decision that somebody has made is never overwritten: it stays, and the other position is listed as a conflict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from medsapiens_core.data.annotation import Annotation, Decision, Edit, PointState
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.own_readings import Bound, refusal, with_slots
from medsapiens_core.transfer.pixel_hashes import known_images
from medsapiens_core.transfer.predictions import as_prediction
from medsapiens_core.transfer.scaling import scale_notes, scaled

Kind = Literal["reading", "prediction"]
SEVERAL = "Several readings of one picture: each is kept under its reader's name, none is the common one."


@dataclass(frozen=True)
class Conflict:
    """A decided landmark for which the file says something else; ours stays. `distance_px` where both are placed."""

    image: str
    landmark: str
    mine: str
    theirs: str
    distance_px: float | None


@dataclass(frozen=True, eq=False)
class PlannedCase:
    """What an import does to one case: landmarks that take a state, in the annotation of `slot` ("" is the common)."""

    case: CaseRow
    reading: Reading
    slot: str = ""
    changes: Mapping[str, PointState] = field(default_factory=dict)
    reviewed: bool = False


@dataclass(frozen=True, eq=False)
class ImportPlan:
    """Everything that an import would do; `problems` are readings that are left out, `notes` what else to know."""

    kind: Kind
    cases: tuple[PlannedCase, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unchanged: int = 0


def image_of(case: CaseRow) -> ImageRef:
    """A case as an image that readings can be bound to."""
    return ImageRef(
        case.path.as_posix(),
        case.width,
        case.height,
        case.frame,
        case.axis,
        case.image_sha256,
        case.sop_instance_uid,
        case.spacing,
        case.path,
    )


def all_cases(project: Project) -> list[CaseRow]:
    """Every case, in the order in which they were added."""
    return project.cases.page(sort="added", limit=max(1, project.cases.count()))


def bind(
    project: Project, batch: Batch, *, trust_names: bool = False, scale: bool = False
) -> tuple[list[Bound], list[str]]:
    """Every reading with its case, and a sentence for each that has none.

    With `scale`, a picture that differs in its size alone, and by one ratio, is taken and the points are scaled to it.
    """
    cases = all_cases(project)
    known = known_images([image_of(case) for case in cases])
    bound: list[Bound] = []
    problems: list[str] = []
    for position, reading in enumerate(batch.readings):
        match = known.match(reading.image, trust_names=trust_names)
        if match.position is not None:
            bound.append((position, cases[match.position], reading))
        elif scale and match.scalable is not None:
            case = cases[match.scalable]
            bound.append((position, case, scaled(reading, image_of(case))))
        else:
            problems.append(match.problem)
    return bound, problems


def plan_import(
    project: Project, batch: Batch, kind: Kind, *, trust_names: bool = False, scale: bool = False
) -> ImportPlan:
    """Bind every reading to a case, as `bind` does, and compare it with what is there. Nothing is stored."""
    bound, problems = bind(project, batch, trust_names=trust_names, scale=scale)
    plan = _plan_predictions if kind == "prediction" else _plan_readings
    found = plan(project, bound)
    notes = (*found.notes, *scale_notes((planned.case.name, planned.reading) for planned in found.cases))
    return replace(found, problems=(*problems, *found.problems), notes=notes)


def apply_import(
    project: Project,
    plan: ImportPlan,
    source: Mapping[str, Any],
    reader: str | None = None,
    *,
    go_on: Callable[[int, int], bool] = lambda _done, _total: True,
) -> str:
    """Store what was planned as one batch and return its id. `source` tells format, file hash and options.

    `reader` names who decided, in place of the names in the file. Predictions of a case that is read blind are stored
    and not shown. A case that has changed since the plan was made
    raises StaleRevisionError; what was stored before it stays, and importing again goes on from there. So does what
    was stored when `go_on(done, total)` answers False.
    """
    counts = {"cases": len(plan.cases), "conflicts": len(plan.conflicts), "problems": len(plan.problems)}
    sizes = [{"case": p.case.id, "from": p.reading.scaled_from} for p in plan.cases if p.reading.scaled_from]
    batch = project.imports.begin({**source, "as": plan.kind, **counts, **({"scaled": sizes} if sizes else {})})
    for number, planned in enumerate(plan.cases):
        if not go_on(number, len(plan.cases)):
            break
        if plan.kind == "prediction":
            made = as_prediction(planned.reading, planned.case, project.template, str(source["format"]))
            project.predictions.add(made, planned.case.id)
            if not planned.slot and not project.readings.hides_from_common(planned.case):
                _show(project, planned.case.id, made, project.imports.edit_id(batch, number))
            continue
        annotation = project.annotations.load(planned.case.id, reader=planned.slot)
        edit = _edit(annotation, planned, reader)
        edit = replace(edit, id=project.imports.edit_id(batch, number))
        project.annotations.commit(edit, planned.case.id, expected_revision=annotation.revision, reader=planned.slot)
    return batch


def undo_import(project: Project, batch: str) -> tuple[int, list[str]]:
    """Take back the edits of an import, as further edits; returns how many, and a sentence for each that cannot be.

    An edit stays when its landmarks have changed since, and when the person (`Project.read_as`) may not change them.
    What came back in a reader's package may be sent away again by whoever took it in. Predictions are not removed.
    """
    undone, kept = 0, []
    from_package = any("package" in record.body for record in project.imports.records() if record.id == batch)
    returned = any(record.id == batch and "package" in record.body for record in project.imports.records())
    for case_id, slot, edit in project.imports.edits(batch):
        annotation, case = project.annotations.load(case_id, reader=slot), project.cases.get(case_id)
        refused = "" if from_package else refusal(project, case, annotation)
        if refused or any(annotation[change.landmark] != change.after for change in edit.changes):
            kept.append(refused or f"{case.name}: its landmarks have changed since, so they stay.")
            continue
        was_reviewed = edit.reviewed[0] and (returned or not edit.changes)  # a package holds finished readings only
        back = replace(edit.inverse(), reviewed=(annotation.reviewed, was_reviewed))
        project.annotations.commit(back, case_id, expected_revision=annotation.revision, reader=slot)
        undone += 1
    return undone, kept


def _show(project: Project, case_id: int, made: Prediction, edit_id: str) -> None:
    """Give the undecided landmarks the imported positions, so that a person finds them there."""
    annotation = project.annotations.load(case_id)
    edit = replace(annotation.from_prediction(made), id=edit_id)
    if edit.changes:
        project.annotations.commit(edit, case_id, expected_revision=annotation.revision)


def _edit(annotation: Annotation, planned: PlannedCase, reader: str | None) -> Edit:
    edit = annotation.change("import", planned.changes)
    name = planned.reading.reader if reader is None else reader
    return replace(edit, reader=name, reviewed=(annotation.reviewed, planned.reviewed))


def _plan_readings(project: Project, bound: Sequence[Bound]) -> ImportPlan:
    sorted_out, problems = with_slots(project, bound, is_prediction=False)
    cases: list[PlannedCase] = []
    conflicts: list[Conflict] = []
    unchanged = undecided = 0
    for _, case, reading, slot in sorted_out:
        try:
            planned, against, same = _compare(project, case, reading, slot)
        except UserError as error:
            problems.append(str(error))
            continue
        undecided += sum(state.decision is Decision.PREDICTED for state in reading.points.values())
        conflicts += against
        if planned is None:
            unchanged += same
        else:
            cases.append(planned)
    notes = [f"{undecided} undecided points were not taken; import them as predictions."] if undecided else []
    if any(slot not in ("", project.person) for *_, slot in sorted_out):
        notes.append(SEVERAL)
    return ImportPlan("reading", tuple(cases), tuple(conflicts), tuple(problems), tuple(notes), unchanged)


def _compare(
    project: Project, case: CaseRow, reading: Reading, slot: str
) -> tuple[PlannedCase | None, list[Conflict], int]:
    """The planned case, None where nothing changes; the conflicts; and 1 where there was nothing to do."""
    annotation = project.annotations.load(case.id, reader=slot)
    changes: dict[str, PointState] = {}
    conflicts = []
    for landmark, theirs in reading.points.items():
        mine = annotation[landmark]
        if not theirs.is_decided or _same(mine, theirs):
            continue
        if mine.is_decided:
            conflicts.append(Conflict(case.name, landmark, mine.label, theirs.label, _distance(mine, theirs)))
        else:
            changes[landmark] = theirs
    complete = annotation.apply(annotation.change("import", changes)).is_complete
    reviewed = complete and (annotation.reviewed or (reading.reviewed and not conflicts))
    if not changes and reviewed == annotation.reviewed:
        return None, conflicts, 0 if conflicts else 1
    return PlannedCase(case, reading, slot, changes, reviewed), conflicts, 0


def _same(mine: PointState, theirs: PointState) -> bool:
    """True for the same place; who confirmed and who moved a point there does not matter."""
    said = [(s.place, s.x, s.y, s.absent_reason) for s in (mine, theirs)]
    return mine.is_decided and said[0] == said[1]


def _distance(mine: PointState, theirs: PointState) -> float | None:
    if mine.x is None or mine.y is None or theirs.x is None or theirs.y is None:
        return None
    return math.hypot(mine.x - theirs.x, mine.y - theirs.y)


def _plan_predictions(project: Project, bound: Sequence[Bound]) -> ImportPlan:
    sorted_out, problems = with_slots(project, bound, is_prediction=True)
    cases = tuple(PlannedCase(case, reading, slot) for _, case, reading, slot in sorted_out)
    absent = sum(state.absent_reason is not None for case in cases for state in case.reading.points.values())
    notes = [f"{absent} absent landmarks were not taken: a prediction has positions only."] if absent else []
    return ImportPlan("prediction", cases, (), tuple(problems), tuple(notes))
