"""The owner's side again: readings that come back are looked at, shown, and kept beside all others (ux.md 10.2).

Nothing is overwritten: a reading goes to its reader's own place, and reading again makes a further revision there. The
file itself is kept among the project's objects, so that the whole history of every point stays at hand.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.annotation import Annotation, Edit, PointState
from medsapiens_core.decoding import read_labels
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Reading, ReadOptions
from medsapiens_core.exchange.files import read_bytes
from medsapiens_core.exchange.registry import find_format
from medsapiens_core.store.errors import UnknownRecordError
from medsapiens_core.store.files import sha256_file
from medsapiens_core.store.notes import MAX_TEXT
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.handing_back import KIND
from medsapiens_core.transfer.reader_package import TemplateRecord, make_token

What = Literal["new", "again", "same", "refused"]
CONTEXT = "reader package"
MAX_BYTES = 256_000_000
NOT_RETURNED = "It is no file of readings that came back from a reader package."
GoOn = Callable[[int, int], bool]


class _Claim(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    token: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    manifest_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, eq=False)
class IncomingCase:
    """One reading that came back. `what`: a first reading, one of `changes` since the last time, nothing new, or no.

    `absent` counts landmarks that the reader calls absent; `problem` says why it is refused.
    """

    case_id: int
    name: str
    what: What
    reading: Reading | None = None
    changes: Mapping[str, PointState] = field(default_factory=dict)
    revision: int = 0
    absent: int = 0
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Incoming:
    """What a file would bring. `handed_out` counts the cases of the package, `utc` is when it was made.

    `problems` are about readings that fit no case.
    """

    package_id: str
    reader: str
    utc: str
    handed_out: int
    cases: tuple[IncomingCase, ...]
    problems: tuple[str, ...]
    file_sha256: str
    data: bytes = field(repr=False)

    @property
    def wanted(self) -> list[IncomingCase]:
        """The cases that change something."""
        return [case for case in self.cases if case.what in ("new", "again")]


def look_at(project: Project, path: Path) -> Incoming:
    """Read a file that came back, in the decoder child, and compare it with what was handed out. Nothing is stored.

    Raises UserError for a file that is none of ours, damaged, of another project, reader or template revision.
    """
    data = read_bytes(path, limit=MAX_BYTES)
    digest = hashlib.sha256(data).hexdigest()
    batch = read_labels(path, find_format("json"), ReadOptions(project.template))
    if sha256_file(path) != digest:
        raise UserError(f"{path.name} was changed while it was read. Nothing was taken in; try again.")
    claim = _claim(batch, path.name)
    sent = project.hand_outs.find(claim.id)
    if sent is None:
        raise UserError(
            f"{path.name} answers a reader package that this project did not hand out. Open the project that did."
        )
    body = sent.body
    _check(project, claim, body, batch, path.name)
    known = {(one["image_id"], one["sha256"], one["frame"], one["axis"]): one for one in body["cases"]}
    found: dict[int, IncomingCase] = {}
    problems = list(batch.messages)
    for reading in batch.readings:
        ref = reading.image
        one = known.get((ref.image_id, ref.sha256, ref.frame, ref.axis))
        if one is None or (ref.width, ref.height) != (one["width"], one["height"]):
            problems.append(f"{ref.file_name or 'A picture'} is not one that was handed out, so its reading stays out.")
        elif one["case_id"] in found:
            problems.append(f"{ref.file_name or 'A picture'} was read twice in this file; only the first is looked at.")
        else:
            found[one["case_id"]] = _compared(project, one["case_id"], body["reader"], reading)
    cases = tuple(sorted(found.values(), key=lambda case: case.name))
    return Incoming(claim.id, body["reader"], sent.utc, len(body["cases"]), cases, tuple(problems), digest, data)


def take_in(
    project: Project, incoming: Incoming, *, by: str, go_on: GoOn = lambda _done, _total: True
) -> tuple[str, int]:
    """Store what is wanted as one import, which can be taken back as a whole; its id, and how many cases.

    A case that has changed since it was looked at raises StaleRevisionError; what was stored before it stays.
    """
    object_sha256 = project.objects.put(incoming.data)
    wanted = incoming.wanted
    batch = project.imports.begin(
        {
            "format": "json",
            "as": "reading",
            "package": incoming.package_id,
            "reader": incoming.reader,
            "by": by,
            "file_sha256": incoming.file_sha256,
            "object_sha256": object_sha256,
            "cases": len(wanted),
            "conflicts": 0,
            "problems": len(incoming.problems) + sum(case.what == "refused" for case in incoming.cases),
        }
    )
    done = 0
    for number, case in enumerate(wanted):
        if not go_on(number, len(wanted)):
            break
        _store(project, incoming, case, project.imports.edit_id(batch, number), by)
        done += 1
    return batch, done


def _claim(batch: Batch, name: str) -> _Claim:
    """What the file says it answers; every reading must say the same."""
    claims = []
    for reading in batch.readings:
        case = dict(reading.extra.get("json", {})).get("case", {})
        if not isinstance(case, dict) or case.get("kind") != KIND:
            raise UserError(f"{name} was not taken in. {NOT_RETURNED}")
        try:
            claims.append(_Claim.model_validate(case.get("package")))
        except ValidationError as error:
            raise UserError(f"{name} was not taken in. {NOT_RETURNED}") from error
    if not claims:
        raise UserError(f"{name} was not taken in. {NOT_RETURNED}")
    if len(set(claims)) > 1:
        raise UserError(f"{name} answers several packages at once. Take in one file for each package.")
    return claims[0]


def _check(project: Project, claim: _Claim, body: Mapping[str, Any], batch: Batch, name: str) -> None:
    template = TemplateRecord.model_validate(body["template"])
    token = make_token(project.secret, claim.id, body["reader"], template)
    if not hmac.compare_digest(token, claim.token) or claim.manifest_sha256 != body["manifest_sha256"]:
        raise UserError(
            f"{name} does not carry the mark of the package that was handed out to {body['reader']}, so it was made "
            "or changed by somebody else. Nothing was taken in; ask the reader for the file again."
        )
    strangers = {reading.reader for reading in batch.readings} - {body["reader"]}
    if strangers:
        raise UserError(
            f"{name} holds readings of {min(strangers) or 'nobody'}, but the package was for {body['reader']}. Nothing "
            "was taken in."
        )
    versions = {(reading.template_id, reading.template_version) for reading in batch.readings}
    if versions != {(template.id, template.version)} or template.version != project.template.version:
        said = min(str(version) for _, version in versions)
        raise UserError(
            f"{name} was read with revision {said} of the template, and this project uses revision "
            f"{project.template.version}. Points of another revision are not taken in: hand out a new package."
        )


def _compared(project: Project, case_id: int, reader: str, reading: Reading) -> IncomingCase:
    try:
        name = project.cases.get(case_id).name
    except UnknownRecordError:
        return IncomingCase(case_id, reading.image.file_name, "refused", problem="This case is no longer here.")
    here = project.annotations.load(case_id, reader=reader)
    problem = _problem(project, here, reading)
    if problem:
        return IncomingCase(case_id, name, "refused", problem=problem)
    changes = {mark: state for mark, state in reading.points.items() if here[mark] != state}
    what: What = "new" if not here.decided_count else "again" if changes or not here.reviewed else "same"
    absent = sum(state.absent_reason is not None for state in reading.points.values())
    return IncomingCase(case_id, name, what, reading, changes, here.revision, absent)


def _problem(project: Project, here: Annotation, reading: Reading) -> str:
    unknown = sorted(set(reading.points) - set(here.landmark_ids))
    if unknown:
        return f"It names {unknown[0]}, which is no landmark of the template."
    states = [reading.points.get(mark) for mark in here.landmark_ids]
    if not reading.reviewed or not all(state is not None and state.is_decided for state in states):
        return "It is not finished: a landmark has no decision."
    history = project.annotations.history(here.case_id, reader=here.reader)
    if here.decided_count and not all(_came_back(edit) for edit in history):
        return f"{here.reader} has read this case on this computer, too; that reading stays as it is."
    return ""


def _came_back(edit: Edit) -> bool:
    """True for an edit that a package brought, and for one that takes an import back."""
    return edit.context.startswith(CONTEXT) or edit.kind == "undo import"


def _store(project: Project, incoming: Incoming, case: IncomingCase, edit_id: str, by: str) -> None:
    assert case.reading is not None
    reader = incoming.reader
    project.readings.assign([case.case_id], reader, by=by)  # it may have been taken back meanwhile
    here = project.annotations.load(case.case_id, reader=reader)
    edit: Edit = here.change("import", case.changes)
    context = f"{CONTEXT} {incoming.package_id[:8]}"
    edit = replace(edit, id=edit_id, reader=reader, reviewed=(here.reviewed, True), context=context)
    project.annotations.commit(edit, case.case_id, expected_revision=case.revision, reader=reader)
    for landmark, text in _notes(case.reading).items():
        project.notes.set(case.case_id, landmark, text[:MAX_TEXT], reader=reader)


def _notes(reading: Reading) -> dict[str, str]:
    """What the reader wrote beside the case and its landmarks."""
    notes = {"": reading.note} if reading.note else {}
    points: Any = dict(reading.extra.get("json", {})).get("points", {})
    for landmark, said in points.items() if isinstance(points, dict) else ():
        if isinstance(said, dict) and isinstance(said.get("note"), str) and landmark in reading.points:
            notes[landmark] = said["note"]
    return notes


def summary(cases: Sequence[IncomingCase]) -> dict[What, int]:
    """How many cases of each kind."""
    counts: dict[What, int] = {"new": 0, "again": 0, "same": 0, "refused": 0}
    for case in cases:
        counts[case.what] += 1
    return counts
