"""Cases of an `msj1` file back into readings (formats.md 5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from medsapiens_core.data.annotation import AbsentReason, Decision, Place, PointState
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading
from medsapiens_core.exchange.canonical import is_sealed
from medsapiens_core.exchange.checks import checked_landmarks, checked_name, checked_points, first_problem
from medsapiens_core.exchange.files import read_bytes
from medsapiens_core.exchange.safe_json import parse_json
from medsapiens_core.exchange.spacing_text import MAX_AREAS
from medsapiens_core.exchange.states import stored_state

FORMAT_NAME = "msj1"
EXTRA = "json"


def _digest_or_none(value: Any) -> str | None:
    """What is no SHA-256 says nothing; it is written back all the same."""
    return value if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) else None


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)


class _Point(_Part):
    landmark: str
    place: Place
    decision: Decision | None = None
    reason: AbsentReason | None = None
    x: float | None = None
    y: float | None = None
    score: Annotated[float, Field(ge=0, le=1)] | None = None


class _Read(_Part):
    reader: str = ""
    source: Literal["reader", "model"] = "reader"
    model: str | None = None
    reviewed: bool = False
    decided_utc: str | None = None
    revision: Annotated[int, Field(ge=0)] = 0
    note: str = ""
    points: list[_Point]


class _Image(_Part):
    file: str = ""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    pixel_sha256: Annotated[str | None, BeforeValidator(_digest_or_none)] = None
    sop: str | None = None
    frame: Annotated[int, Field(ge=0)] = 0
    axis: Annotated[int, Field(ge=0, le=2)] | None = None
    width: int | None = None
    height: int | None = None


class _Spacing(_Part):
    row_mm: float
    col_mm: float
    source: SpacingSource
    chosen: bool = False
    areas: Annotated[list[tuple[float, float, float, float]], Field(max_length=MAX_AREAS)] = []


class _Template(_Part):
    id: str
    version: int


class _Case(_Part):
    format: Literal["msj1"]
    case: str = ""
    subject: str = ""
    image: _Image
    spacing: _Spacing | None = None
    template: _Template
    reads: list[_Read]


def read_cases(path: Path) -> Batch:
    """Read a file of cases; one that is damaged is told and left out. Raises UserError when nothing is left."""
    readings: list[Reading] = []
    messages: list[str] = []
    for where, record in _records(path, messages):
        try:
            readings += _readings(record)
        except UserError as error:
            messages.append(f"{where} was left out: {error}")
    if messages and not readings:
        raise UserError(f"Nothing of {path.name} can be used. {messages[0]}")
    checked_points(sum(len(reading.points) for reading in readings))
    landmarks = dict.fromkeys(name for reading in readings for name in reading.points)
    checked_landmarks(len(landmarks))
    return Batch(tuple(readings), tuple(landmarks), tuple(messages))


def _records(path: Path, messages: list[str]) -> Iterator[tuple[str, Any]]:
    """(where, value) for each case: the whole file where it is one value, else each line."""
    data = read_bytes(path)
    lines = data.splitlines()
    if sum(1 for line in lines if line.strip()) > 1:
        whole = None
        with suppress(UserError):  # then it is many cases, or damaged, and the lines are looked at one by one
            whole = parse_json(data, path.name)
        if whole is not None:
            yield path.name, whole
            return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path.name}, line {number},"
        try:
            value = parse_json(line, f"line {number}")
        except UserError as error:
            messages.append(f"{where} was left out: {error}")
        else:
            yield where, value


def _readings(record: Any) -> list[Reading]:
    case = _checked(record)
    image = _image(case)
    kept = {key: value for key, value in record.items() if key not in ("reads", "sha256")}
    return [_reading(read, image, case, kept, raw) for read, raw in zip(case.reads, record["reads"], strict=True)]


def _checked(record: Any) -> _Case:
    try:
        case = _Case.model_validate(record)
    except ValidationError as error:
        raise UserError(f"it is no {FORMAT_NAME} case: {first_problem(error, 'the object')}.") from error
    if not is_sealed(record):
        raise UserError("its hash is wrong, so it was changed or damaged after it was written.")
    return case


def _image(case: _Case) -> ImageRef:
    size, image = case.spacing, case.image
    try:
        areas = () if size is None else tuple(size.areas)
        spacing = None if size is None else Spacing(size.row_mm, size.col_mm, size.source, size.chosen, areas)
    except ValueError as error:
        raise UserError(f"{error}.") from error
    place = (image.width, image.height, image.frame, image.axis)
    ref = ImageRef(image.file, *place, image.sha256, image.sop, spacing, image_id=case.case, subject=case.subject)
    return replace(ref, pixel_sha256=image.pixel_sha256)


def _reading(read: _Read, image: ImageRef, case: _Case, kept: Mapping[str, Any], raw: Mapping[str, Any]) -> Reading:
    points: dict[str, PointState] = {}
    for point in read.points:
        if checked_name(point.landmark) in points:
            raise UserError(f"landmark {point.landmark} occurs twice in one read.")
        points[point.landmark] = stored_state(point.place, point.decision, point.x, point.y, point.reason)
    return Reading(
        image,
        points,
        reader=read.reader,
        source=read.source,
        model_id=read.model,
        scores={point.landmark: point.score for point in read.points if point.score is not None},
        template_id=case.template.id,
        template_version=case.template.version,
        reviewed=read.reviewed,
        decided_utc=read.decided_utc,
        revision=read.revision,
        note=read.note,
        extra={EXTRA: _extra(read, kept, raw)},
    )


def _extra(read: _Read, kept: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in raw.items() if key not in _Read.model_fields}
    points = {point.landmark: dict(point.model_extra or {}) for point in read.points if point.model_extra}
    return {"case": dict(kept), "read": own, "points": points}
