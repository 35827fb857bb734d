"""What controllers ask of an open project, as plain functions that run on the store lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.controllers.one_shot_work import PREFIX
from app.session.view_state import CaseListRow
from app.translate import tr
from medsapiens_core.data.annotation import Annotation, Edit
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.store.cases import CaseRow, Filter, Sort
from medsapiens_core.store.project import Project
from medsapiens_core.store.readings import reviewed_by

NEIGHBOURS = 20  # rows read before the expected place, because others may have left the list
LOOK_AHEAD = (60, 500)  # rows: the next case to do is mostly near
CHUNK = 200
TO_DO = ("new", "predicted")


@dataclass(frozen=True)
class ListQuery:
    """Which cases the worklist shows, and in which order."""

    filter: Filter = "all"
    sort: Sort = "name"
    search: str = ""


@dataclass(frozen=True, eq=False)
class CaseDetail:
    """All that is stored of one case for the person who reads: their own reading of it, or the common one.

    `shown` is the prediction that the annotation rests on, `newest` the last one. `is_blind`: neither may be shown.
    `reviewed_by` has the initials of whoever reviewed it last, "" if nobody did.
    """

    row: CaseRow
    annotation: Annotation
    shown: Prediction | None
    newest: Prediction | None
    history: Sequence[Edit]
    stale: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    is_blind: bool = False
    reviewed_by: str = ""


def load_case(project: Project, case_id: int) -> CaseDetail:
    """Read a case."""
    reader = project.readings.key(case_id, project.person) if project.person else ""
    annotation = project.annotations.load(case_id, reader=reader)
    newest = project.predictions.latest(case_id)
    shown = newest if newest is None or newest.id == annotation.prediction_id else None
    if shown is None and annotation.prediction_id is not None:
        shown = project.predictions.get(annotation.prediction_id)
    history = project.annotations.history(case_id, reader=reader)
    stale = project.annotations.stale(case_id, reader=reader)
    row, notes = project.cases.get(case_id), project.notes.of(case_id, reader=reader)
    blind = project.readings.hides_predictions(row, annotation, history)
    who = reviewed_by(history) if annotation.reviewed else ""
    return CaseDetail(row, annotation, None if blind else shown, newest, history, stale, notes, blind, who)


def show_prediction(project: Project, case_id: int, prediction: Prediction) -> None:
    """Give the undecided landmarks of a case that is not on screen the positions of a stored prediction."""
    annotation = project.annotations.load(case_id)
    if project.readings.hides_from_common(project.cases.get(case_id)):
        return
    if annotation.prediction_id != prediction.id and not annotation.is_complete:
        edit = annotation.from_prediction(prediction)
        project.annotations.commit(edit, case_id, expected_revision=annotation.revision)


def known_predictions(project: Project, model_id: str, offset: int) -> tuple[list[tuple[int, Prediction]], int | None]:
    """Stored predictions of a model for open cases that show another model's; and where to go on, None at the end."""
    rows = project.cases.page("all", "added", "", offset, CHUNK)
    behind = [row for row in rows if row.prediction_model not in (None, model_id) and row.decided < row.total]
    found = ((row.id, project.predictions.latest(row.id, model_id)) for row in behind)
    return [(case_id, p) for case_id, p in found if p is not None], offset + CHUNK if len(rows) == CHUNK else None


def list_row(row: CaseRow, *, locked_blind: bool = False) -> CaseListRow:
    """A case as the worklist shows it; with `locked_blind` a locked one counts as new until it is read."""
    is_one_shot = row.state != "reviewed" and (row.prediction_model or "").startswith(PREFIX)
    badge = tr("2nd") if row.is_second_reading else tr("1-shot") if is_one_shot else ""
    is_blind = row.part == "locked" and row.state != "reviewed"  # read without knowing what the model thinks
    told = [tr("{name}: {width} x {height} px", name=row.name, width=row.width, height=row.height)]
    told += [tr("predicted by {model}", model=row.prediction_model)] if row.prediction_model else []
    told += [tr("flagged: {reason}", reason=row.flag_reason)] if row.flag_reason else []
    return CaseListRow(
        row.id,
        row.name,
        "new" if is_blind and locked_blind and row.state == "predicted" else row.state,
        row.flagged,
        row.decided,
        row.total,
        None if is_blind else row.worst_score,
        row.part,
        ", ".join(told),
        badge=badge,
        radius=None if is_blind else row.worst_radius,
        unit="mm" if row.spacing is not None else "px",
    )


def list_page(project: Project, query: ListQuery, offset: int, limit: int) -> list[CaseListRow]:
    """A stretch of the worklist."""
    return _badged(project, project.cases.page(query.filter, query.sort, query.search, offset, limit))


def listed_case(project: Project, case_id: int) -> CaseListRow:
    """One case as the worklist shows it now."""
    return _badged(project, [project.cases.get(case_id)])[0]


def _badged(project: Project, rows: Sequence[CaseRow]) -> list[CaseListRow]:
    own = {row.id for row in rows if row.is_second_reading}
    common = [row.id for row in rows if row.id not in own]
    noted, stale = project.notes.noted_cases(common), project.annotations.stale_cases(common)
    noted |= project.notes.noted_cases(own, reader=project.person)
    blind = project.readings.rule().locked_blind
    shown = ((row, list_row(row, locked_blind=blind)) for row in rows)
    return [replace(listed, noted=row.id in noted, stale=row.id in stale) for row, listed in shown]


def neighbour(project: Project, query: ListQuery, case_id: int, position: int | None, by: int) -> CaseRow | None:
    """The case `by` rows on in the list; the list may have changed since `position` was true."""
    if position is None:
        return next(iter(project.cases.page(query.filter, query.sort, query.search, 0, 1)), None)
    rows, here = _around(project, query, case_id, position, LOOK_AHEAD[0])
    there = here + by if here < len(rows) and rows[here].id == case_id else here + min(by, 0)
    return rows[there] if 0 <= there < len(rows) else None


def next_to_do(project: Project, query: ListQuery, case_id: int, position: int | None) -> CaseRow | None:
    """The next case without any decision, else the first of all, else one in review; flagged ones are left out."""
    if position is not None:
        for ahead in LOOK_AHEAD:
            rows, here = _around(project, query, case_id, position, ahead)
            found = next((row for row in rows[here:] if row.id != case_id and _is_to_do(row)), None)
            if found is not None:
                return found
    candidates = [
        *project.cases.page("todo", query.sort, "", 0, 2),
        *project.cases.page("in_review", query.sort, "", 0, 2),
    ]
    return next((row for row in candidates if row.id != case_id and not row.flagged), None)


def beside(project: Project, query: ListQuery, case_id: int | None, by: int, kind: Filter | None) -> CaseRow | None:
    """The nearest case after (1) or before (-1) a case in the list, of a further kind such as "todo" if one is given.

    Without a kind the list goes round: the first case follows the last one, and an unknown case.
    """
    cases, ends = project.cases, (query.filter, query.sort, query.search)
    found = None if case_id is None else cases.beside(case_id, *ends, by=by, kind=kind)
    if found is None and kind is None and by > 0:
        found = next(iter(cases.page(*ends, 0, 1)), None)
    return found


def first_case(project: Project, query: ListQuery) -> CaseRow | None:
    """The case to begin with: the first to do, else the first of the list, None in an empty project."""
    found = next_to_do(project, query, 0, None)
    return found or next(iter(project.cases.page(query.filter, query.sort, "", 0, 1)), None)


def _around(project: Project, query: ListQuery, case_id: int, position: int, ahead: int) -> tuple[list[CaseRow], int]:
    offset = max(0, position - NEIGHBOURS)
    rows = project.cases.page(query.filter, query.sort, query.search, offset, NEIGHBOURS + ahead)
    here = next((place for place, row in enumerate(rows) if row.id == case_id), position - offset)
    return rows, here


def _is_to_do(row: CaseRow) -> bool:
    return row.state in TO_DO and not row.flagged
