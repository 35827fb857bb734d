"""What making a reader package asks of the core: plain functions that run on a lane."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from app.controllers.case_access import ListQuery
from app.session.package_state import CaseScope, HandOutAnswer, HandOutState
from app.translate import tr
from medsapiens_core.deidentify.pseudonyms import Pseudonyms
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.deidentifying import Pixels, ToLookAt, pictures_to_look_at
from medsapiens_core.transfer.handing_out import Made, Request, hand_out, pictures_of
from medsapiens_core.transfer.selecting import set_aside

GoOn = Callable[[int, int], bool]


def choosable(project: Project, query: ListQuery, opened: tuple[int, str] | None, folder: Path) -> HandOutState:
    """What can be handed out, to whom."""
    template = project.template
    asked = {
        reader.code: sum(one.state != "reviewed" for one in project.readings.of(reader.code))
        for reader in project.readers.known
    }
    return HandOutState(
        project.readers.known,
        project.person,
        asked,
        project.cases.count(query.filter, query.search),
        len(project.readings.proposal()),
        len(project.readings.proposal(locked=True)),
        opened[1] if opened else "",
        tr("{name}, revision {number}", name=template.name, number=template.version),
        str(folder),
        f"{template.id}-{Pseudonyms(project.secret).short('project', project.uid)[:4]}",
    )


def chosen_cases(
    project: Project, scope: CaseScope, reader: str, query: ListQuery, open_case: int | None
) -> tuple[CaseRow, ...]:
    """The cases of a scope."""
    if scope == "listed":
        count = max(1, project.cases.count(query.filter, query.search))
        return tuple(project.cases.page(query.filter, "added", query.search, limit=count))
    if scope == "asked":
        ids = [one.case_id for one in project.readings.of(reader) if one.state != "reviewed"]
    elif scope == "open":
        ids = [] if open_case is None else [open_case]
    else:
        ids = project.readings.proposal(locked=scope == "locked")
    return tuple(project.cases.get(case_id) for case_id in ids)


def to_look_at(cases: tuple[CaseRow, ...]) -> list[ToLookAt]:
    """Pictures whose file does not rule out burned-in text."""
    return pictures_to_look_at(pictures_of(cases))


def make(
    project: Project,
    answer: HandOutAnswer,
    cases: tuple[CaseRow, ...],
    *,
    pixels: Pixels | None,
    without: Collection[str],
    go_on: GoOn,
) -> Made:
    """Write the package; what lay there before comes back when it fails."""
    target = Path(answer.target)
    request = Request(
        answer.reader,
        cases,
        project.person,
        answer.deidentify,
        answer.predictions,
        pixels if answer.deidentify else None,
        frozenset(without),
    )
    with set_aside([target] if target.exists() else []):
        return hand_out(project, request, target, go_on=go_on)
