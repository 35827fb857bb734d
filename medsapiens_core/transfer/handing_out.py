"""The owner's side of a reader package: chosen cases go to a reader on another computer (ux.md 10.2).

Nobody's marks go along, and no predictions unless asked for. What was sent is noted in the project, so that what comes
back can be told from everything else.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medsapiens_core import __version__
from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.template import Template
from medsapiens_core.decoding import probe
from medsapiens_core.deidentify.pseudonyms import Pseudonyms
from medsapiens_core.errors import EnvironmentProblemError, UserError
from medsapiens_core.exchange.batch import Batch, Reading
from medsapiens_core.exchange.canonical import template_sha256
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.files import sha256_file
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.deidentifying import Pixels, clean_copy, pictures_to_look_at
from medsapiens_core.transfer.importing import image_of
from medsapiens_core.transfer.reader_package import (
    PICTURES,
    PackagedCase,
    TemplateRecord,
    make_token,
    write_package,
)

SUFFIX_OF_FILE = re.compile(r"\.[a-z0-9]{1,8}")
GoOn = Callable[[int, int], bool]


@dataclass(frozen=True)
class Request:
    """Who is to read which cases. `pixels` says what was done about text in the pictures, as in `deidentifying`.

    `without` are names of picture files that stay here; `by` is who hands out.
    """

    reader: str
    cases: tuple[CaseRow, ...]
    by: str
    deidentify: bool = True
    predictions: bool = False
    pixels: Pixels | None = None
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Made:
    """What was written. `left_out` are (case name, reason), for the screen, never for a file."""

    path: Path
    package_id: str
    reader: str
    cases: int
    left_out: tuple[tuple[str, str], ...] = ()


class StoppedError(UserError):
    """The work was stopped by the person who began it; nothing was written."""


@dataclass(frozen=True, eq=False)
class _Copy:
    """A case in the package: the picture on this disk that goes along, and what the package says of it."""

    row: CaseRow
    record: PackagedCase
    picture: Path
    sha256: str


def pictures_of(cases: Sequence[CaseRow]) -> Batch:
    """The pictures of cases as a batch without points, for `pictures_to_look_at`."""
    return Batch(tuple(Reading(image_of(case), {}) for case in cases), ())


def hand_out(project: Project, request: Request, target: Path, *, go_on: GoOn = lambda _done, _total: True) -> Made:
    """Write the package, note it, and ask the reader for these cases.

    Raises UserError, for instance while a picture that may show a name has not been looked at; then nothing is left
    behind. A picture that cannot go along is left out and told.
    """
    if project.readers.find(request.reader) is None:
        raise UserError(f"{request.reader} is no reader of this project. Add them in Project > People first.")
    cases, left_out = _allowed(request)
    template = packed_template(project.template, deidentify=request.deidentify)
    record = TemplateRecord(id=template.id, version=template.version, sha256=template_sha256(template))
    with _scratch(target.parent) as folder:
        copies: list[_Copy] = []
        for done, case in enumerate(cases):
            _ask(go_on, done, len(cases))
            try:
                copies.append(_copy(project, case, folder, request))
            except UserError as error:
                left_out.append((case.name, str(error).removeprefix(f"{case.path.name}: ")))
        if not copies:
            reasons = "; ".join(f"{name}: {why}" for name, why in left_out[:3])
            raise UserError(f"Every picture was left out, so nothing was written. {reasons}")
        _ask(go_on, len(cases), len(cases))
        package_id = uuid.uuid4().hex
        said: dict[str, Any] = {
            "id": package_id,
            "reader": request.reader,
            "token": make_token(project.secret, package_id, request.reader, record),
            "app": f"MedSapiens Studio {__version__}",
            "created_utc": utc_now(),
            "deidentified": (request.pixels or "ruled out") if request.deidentify else "",
            "template": record.model_dump(),
            "cases": [one.record.model_dump() for one in sorted(copies, key=lambda copy: copy.record.file)],
        }
        fingerprint = write_package(target, said, template, {one.record.file: one.picture for one in copies})
    try:
        said = {"package": package_id, "manifest_sha256": fingerprint, "template": record.model_dump()}
        _note(project, request, copies, said)
    except BaseException:
        target.unlink(missing_ok=True)  # a package that nobody knows of could not come back
        raise
    return Made(target, package_id, request.reader, len(copies), tuple(left_out))


def packed_template(template: Template, *, deidentify: bool) -> Template:
    """The template as it travels: its example picture is a patient's film, so it stays here with the other names."""
    return replace(template, example=None) if deidentify else template


def _ask(go_on: GoOn, done: int, total: int) -> None:
    if not go_on(done, total):
        raise StoppedError("Stopped. Nothing was handed out.")


def _allowed(request: Request) -> tuple[list[CaseRow], list[tuple[str, str]]]:
    left_out = [(case.name, "it was to stay here.") for case in request.cases if case.path.name in request.without]
    cases = [case for case in request.cases if case.path.name not in request.without]
    if not request.deidentify or request.pixels == "looked-at":
        return cases, left_out
    unseen = {picture.path for picture in pictures_to_look_at(pictures_of(cases))}
    if unseen and request.pixels is None:
        raise UserError(f"Text burned into the picture cannot be ruled out in {len(unseen)} pictures. Look at each.")
    left_out += [(case.name, "nobody has looked at its pixels.") for case in cases if case.path in unseen]
    return [case for case in cases if case.path not in unseen], left_out


def _copy(project: Project, case: CaseRow, folder: Path, request: Request) -> _Copy:
    if not case.path.is_file():
        raise UserError("its picture is not at its old place.")
    if sha256_file(case.path) != case.image_sha256:
        raise UserError("its picture has changed since import, so the landmarks would belong to another one.")
    names = Pseudonyms(project.secret)
    ref = replace(image_of(case), subject=str(case.patient_group))
    header = probe(case.path)
    if request.deidentify or header.data_file is not None:
        copied = clean_copy(ref, case.path, folder, names, looked_at=request.pixels == "looked-at")
        assert copied.path is not None
        path, frame, axis = copied.path, copied.frame, copied.axis
    else:
        suffix = case.path.suffix.lower() if SUFFIX_OF_FILE.fullmatch(case.path.suffix.lower()) else ""
        path = folder / f"P-{names.short('picture', case.image_sha256)}{suffix}"
        shutil.copyfile(case.path, path)
        frame, axis = case.frame, case.axis
    sha256 = sha256_file(path)
    prediction = project.predictions.latest(case.id) if request.predictions else None
    record = PackagedCase(
        image_id=names.uuid("image", f"{case.image_sha256} {case.frame} {case.axis}"),
        file=PICTURES + path.name,
        frame=frame,
        axis=axis,
        width=case.width,
        height=case.height,
        spacing=None if case.spacing is None else case.spacing.to_json(),
        prediction=None if prediction is None else replace(prediction, image_sha256=sha256).to_json(),
    )
    return _Copy(case, record, path, sha256)


def _note(project: Project, request: Request, copies: Collection[_Copy], said: Mapping[str, Any]) -> None:
    """Ask for the readings first: whoever was asked for none has no reading of their own to put the answer in."""
    project.readings.assign([one.row.id for one in copies], request.reader, by=request.by)
    project.hand_outs.add(
        {
            **said,
            "reader": request.reader,
            "by": request.by,
            "deidentified": request.deidentify,
            "predictions": request.predictions,
            "cases": [
                {
                    "case_id": one.row.id,
                    "image_id": one.record.image_id,
                    "sha256": one.sha256,
                    **{name: getattr(one.record, name) for name in ("frame", "axis", "width", "height")},
                }
                for one in copies
            ],
        }
    )


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """A folder beside the target for the copies; it is gone at the end."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".mssz-", dir=parent))
    except OSError as error:
        raise EnvironmentProblemError(
            f"{parent} cannot be written to: {error.strerror}. Choose another place."
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
