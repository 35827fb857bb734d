"""What an export of landmarks asks of the core: plain functions that run on a lane."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.controllers.case_access import ListQuery
from app.session.export_state import ExportAnswer, ExportOutcome, LookState, Scope
from app.thumbnails import make_thumbnail
from app.translate import tr
from medsapiens_core.decoding import probe, read_image
from medsapiens_core.deidentify.pseudonyms import Pseudonyms
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, WriteOptions
from medsapiens_core.exchange.registry import find_format
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.deidentifying import Pixels, ToLookAt, export_deidentified, pictures_to_look_at
from medsapiens_core.transfer.exporting import readings_of
from medsapiens_core.transfer.importing import all_cases
from medsapiens_core.transfer.reports import write_with_report
from medsapiens_core.transfer.selecting import in_the_way, set_aside, slots_of

LOOK_SIDE = 1600  # pixels of the longer side: names in a corner are small
GoOn = Callable[[int, int], bool]


@dataclass(frozen=True)
class Choosable:
    """What an export can be of."""

    all_cases: int
    listed: int
    slots: tuple[str, ...]


def choosable(project: Project, query: ListQuery) -> Choosable:
    """How many cases there are, in all and in the worklist as it is filtered, and by whom they were read."""
    cases = project.cases
    return Choosable(cases.count(), cases.count(query.filter, query.search), tuple(slots_of(project)))


def chosen_cases(project: Project, scope: Scope, query: ListQuery, open_case: int | None) -> list[CaseRow]:
    """The cases of a scope."""
    if scope == "open" and open_case is not None:
        return [project.cases.get(open_case)]
    if scope == "listed":
        count = max(1, project.cases.count(query.filter, query.search))
        return project.cases.page(query.filter, "added", query.search, limit=count)
    return all_cases(project)


def collect(project: Project, answer: ExportAnswer, query: ListQuery, open_case: int | None, go_on: GoOn) -> Batch:
    """The readings that were chosen. Raises UserError when there are none."""
    batch = readings_of(
        project,
        with_history=answer.format == "json" and not answer.deidentify,
        predictions=answer.points == "predictions",
        cases=chosen_cases(project, answer.scope, query, open_case),
        slots=None if answer.slot is None else [answer.slot],
        go_on=go_on,
    )
    if not batch.readings and go_on(0, 0):
        raise UserError(tr("There is nothing to export: none of these cases has such an annotation."))
    return batch


def to_look_at(batch: Batch) -> list[ToLookAt]:
    """Pictures whose file does not rule out burned-in text."""
    return pictures_to_look_at(batch)


def look(pictures: Sequence[ToLookAt], place: int, frame: int) -> LookState:
    """One of the pictures, large enough to read what is written in it."""
    picture = pictures[place]
    state = LookState(place, len(pictures), picture.name, picture.warning, frame=frame)
    try:
        header = probe(picture.path)
        frames = header.frames if header.kind == "dicom" else 1
        image = read_image(picture.path, frame=frame if frames > 1 else None)
    except UserError as error:
        return replace(state, problem=str(error))
    return replace(state, grey=make_thumbnail(image, min(LOOK_SIDE, max(image.pixels.shape[:2]))), frames=frames)


def write(
    project: Project, batch: Batch, answer: ExportAnswer, pixels: Pixels | None, without: Collection[str]
) -> ExportOutcome:
    """Write the file; what lay there before comes back when it fails."""
    form, target = find_format(answer.format), Path(answer.target)
    choices = dict(answer.options) | ({"undecided": "include"} if answer.points == "undecided" else {})
    options = WriteOptions(project.template, choices)
    deidentified = ""
    left_out: tuple[tuple[str, str], ...] = ()
    with set_aside(in_the_way(target)):
        if answer.deidentify:
            names = Pseudonyms(project.secret)
            told, clean = export_deidentified(
                batch, target, form, options, names, pixels=pixels, without=without, messages=batch.messages
            )
            deidentified, left_out = told["deidentified"]["pixels"], clean.left_out
        else:
            _, told = write_with_report(batch, target, form, options, batch.messages)
    skipped = (f"{one['image']}: {one['reason']}" for one in told["skipped"])
    kept = (f"{name}: {reason}" for name, reason in left_out)
    messages = batch.messages if answer.deidentify else told["messages"]
    said = tuple(dict.fromkeys([*messages, *told["losses"], *skipped, *kept]))
    return ExportOutcome(str(target), told["readings"], told["images"], said, deidentified)
