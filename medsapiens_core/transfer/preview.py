"""What an import would do, case by case and point by point, before anything is stored; and what a person lets it do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from medsapiens_core.data.annotation import Annotation, PointState
from medsapiens_core.data.spacing import Spacing
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import Batch, Reading
from medsapiens_core.exchange.swaps import Suspicion, find_swaps
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.importing import SEVERAL, Conflict, ImportPlan, Kind, PlannedCase, bind
from medsapiens_core.transfer.own_readings import is_hidden, refusal, with_slots
from medsapiens_core.transfer.scaling import scale_notes
from medsapiens_core.transfer.sources import decided_points

What = Literal["new", "moved", "same", "overwrites", "undecided"]
Choice = Literal["keep", "theirs", "leave"]
"""`keep` takes only what nobody here has decided; `theirs` also overwrites decisions; `leave` takes nothing."""
CHANGES: tuple[What, ...] = ("new", "moved")


@dataclass(frozen=True)
class PointPreview:
    """One landmark of one case: as it is, as the file has it, and what that means.

    `what`: new; moved (an undecided point goes elsewhere); same; overwrites (somebody here has decided otherwise);
    undecided (the file's point is no decision, so it is not taken as one). Distances where both have a position.
    """

    landmark: str
    mine: PointState
    theirs: PointState
    what: What
    distance_px: float | None = None
    distance_mm: float | None = None


@dataclass(frozen=True, eq=False)
class CasePreview:
    """What the file says of one case. `swaps` are pairs that lie the other way round than in the other cases.

    `is_hidden`: the case is read blind, so predictions are stored without being shown, and `points` is empty.
    `refusal` says why decisions here may not be replaced, "" if they may.
    """

    position: int
    case: CaseRow
    reading: Reading
    annotation: Annotation
    points: tuple[PointPreview, ...]
    swaps: tuple[tuple[str, str], ...] = ()
    all_swapped: bool = False
    is_hidden: bool = False
    refusal: str = ""

    def count(self, *what: What) -> int:
        """How many points are of these kinds."""
        return sum(point.what in what for point in self.points)

    def farthest(self, *what: What) -> PointPreview | None:
        """The point of these kinds that would go farthest, None where none has a distance."""
        moved = [point for point in self.points if point.what in what and point.distance_px is not None]
        return max(moved, key=lambda point: point.distance_px or 0.0, default=None)


@dataclass(frozen=True, eq=False)
class Preview:
    """All cases that the file speaks of, in the file's order; `problems` are readings that are left out."""

    kind: Kind
    cases: tuple[CasePreview, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def preview(project: Project, batch: Batch, kind: Kind, swapped: Mapping[int, bool] | None = None) -> Preview:
    """Compare a batch of landmark ids with the project. `swapped[reading number]` exchanges the pairs noticed there.

    Each reading is compared with the one that the person (`Project.read_as`) works on; nobody else's is shown.
    """
    noticed = _noticed(project, batch)
    bound, problems = bind(project, batch)
    sorted_out, refused = with_slots(project, bound, is_prediction=kind == "prediction")
    found: list[CasePreview] = []
    for position, case, given, slot in sorted_out:
        suspicion = noticed.get(position)
        is_swapped = suspicion is not None and (swapped or {}).get(position)
        reading = exchanged(given, suspicion.pairs) if suspicion and is_swapped else given
        annotation = project.annotations.load(case.id, reader=slot)
        if kind == "prediction" and is_hidden(project, case, annotation):
            found.append(CasePreview(position, case, reading, annotation, (), is_hidden=True))
            continue
        points = compare(annotation, reading, case.spacing, kind)
        found.append(
            CasePreview(
                position, case, reading, annotation, points,
                suspicion.pairs if suspicion else (), bool(suspicion and suspicion.whole),
                refusal=refusal(project, case, annotation) if kind == "reading" else "",
            )
        )  # fmt: skip
    return Preview(kind, tuple(found), (*problems, *refused), _notes(project, found, kind))


def compare(annotation: Annotation, reading: Reading, spacing: Spacing | None, kind: Kind) -> tuple[PointPreview, ...]:
    """Every landmark that the reading has, in template order."""
    wanted = [mark for mark in annotation.landmark_ids if mark in reading.points]
    return tuple(_point(mark, annotation[mark], reading.points[mark], spacing, kind) for mark in wanted)


def to_plan(shown: Preview, choices: Mapping[int, Choice]) -> ImportPlan:
    """The plan that carries out the choices: reading number -> choice; cases without one are left out."""
    planned, conflicts, unchanged = [], [], 0
    for case in shown.cases:
        choice = choices.get(case.position, "leave")
        if choice == "leave":
            continue
        if shown.kind == "prediction":
            planned.append(PlannedCase(case.case, case.reading, case.annotation.reader))
            continue
        choice = "keep" if case.refusal else choice
        kept = [point for point in case.points if point.what == "overwrites" and choice != "theirs"]
        conflicts += [_conflict(case.case, point) for point in kept]
        changes = {p.landmark: p.theirs for p in case.points if p.what in CHANGES or p.what == "overwrites"}
        changes = {mark: state for mark, state in changes.items() if mark not in {p.landmark for p in kept}}
        after = case.annotation.apply(case.annotation.change("import", changes))
        said = case.reading.reviewed and not kept
        overwrites = choice == "theirs" and case.count("overwrites") > 0
        reviewed = after.is_complete and (said or (case.annotation.reviewed and not overwrites))
        if changes or reviewed != case.annotation.reviewed:
            slot = case.annotation.reader
            planned.append(PlannedCase(case.case, case.reading, slot, changes, reviewed))
        else:
            unchanged += not kept
    return ImportPlan(shown.kind, tuple(planned), tuple(conflicts), shown.problems, shown.notes, unchanged)


def exchanged(reading: Reading, pairs: Sequence[tuple[str, str]]) -> Reading:
    """The reading with the two landmarks of each pair in each other's place."""
    to = {one: other for first, second in pairs for one, other in ((first, second), (second, first))}
    points = {to.get(mark, mark): state for mark, state in reading.points.items()}
    scores = {to.get(mark, mark): score for mark, score in reading.scores.items()}
    return replace(reading, points=points, scores=scores)


def _point(landmark: str, mine: PointState, theirs: PointState, spacing: Spacing | None, kind: Kind) -> PointPreview:
    px, mm = _distances(mine, theirs, spacing)
    return PointPreview(landmark, mine, theirs, _what(mine, theirs, kind), px, mm)


def _what(mine: PointState, theirs: PointState, kind: Kind) -> What:
    same = (mine.place, mine.x, mine.y, mine.absent_reason) == (theirs.place, theirs.x, theirs.y, theirs.absent_reason)
    if kind == "prediction":
        if theirs.x is None or mine.is_decided:
            return "same" if same or theirs.x is None else "overwrites"
        return "same" if same else "new" if mine.x is None else "moved"
    if not theirs.is_decided:
        return "undecided"
    if mine.is_decided:
        return "same" if same else "overwrites"
    return "new" if mine.x is None else "moved"


def _distances(mine: PointState, theirs: PointState, spacing: Spacing | None) -> tuple[float | None, float | None]:
    if mine.x is None or mine.y is None or theirs.x is None or theirs.y is None:
        return None, None
    dx, dy = theirs.x - mine.x, theirs.y - mine.y
    ends = [(mine.x, mine.y), (theirs.x, theirs.y)]
    known = spacing is not None and spacing.holds_for(ends)
    return math.hypot(dx, dy), math.hypot(dx * spacing.col_mm, dy * spacing.row_mm) if spacing and known else None


def _noticed(project: Project, batch: Batch) -> dict[int, Suspicion]:
    readings = [reading.points for reading in batch.readings]
    return {s.position: s for s in find_swaps(readings, project.template, decided_points(project, batch))}


def _conflict(case: CaseRow, point: PointPreview) -> Conflict:
    return Conflict(case.name, point.landmark, point.mine.label, point.theirs.label, point.distance_px)


def _notes(project: Project, cases: Sequence[CasePreview], kind: Kind) -> tuple[str, ...]:
    notes = scale_notes((case.case.name, case.reading) for case in cases)
    undecided = sum(case.count("undecided") for case in cases)
    if undecided:
        notes.append(f"{undecided} undecided points are not taken as decisions; import them as predictions.")
    absent = sum(point.theirs.absent_reason is not None for case in cases for point in case.points)
    if kind == "prediction" and absent:
        notes.append(f"{absent} absent landmarks are not taken: a prediction has positions only.")
    if any(case.annotation.reader not in ("", project.person) for case in cases):
        notes.append(SEVERAL)
    notes += [f"{case.refusal} Its decisions stay." for case in cases if case.refusal and case.count("overwrites")]
    return tuple(notes)


def pairs_text(pairs: Sequence[tuple[str, str]], template: Template) -> str:
    """The pairs by the names of their landmarks."""
    names = {mark.id: mark.name for mark in template.landmarks}
    return ", ".join(f"{names[first]} / {names[second]}" for first, second in pairs)
