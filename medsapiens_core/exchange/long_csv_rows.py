"""Rows of an `msl1` file back into readings: what belongs together, and what each row says (formats.md 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from medsapiens_core.data.annotation import AbsentReason, Decision, Place
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading
from medsapiens_core.exchange.checks import (
    checked_landmarks,
    checked_name,
    checked_number,
    checked_points,
    first_problem,
    located,
    number,
)
from medsapiens_core.exchange.csv_table import read_table
from medsapiens_core.exchange.formula_guard import unguard
from medsapiens_core.exchange.spacing_text import areas_from_text
from medsapiens_core.exchange.states import stored_state

FORMAT_NAME = "msl1"
COLUMNS = (
    *("format", "image_id", "image_file", "image_sha256", "sop_instance_uid", "frame", "axis", "width", "height"),
    *("subject", "template", "landmark", "index", "place", "absent_reason", "x_px", "y_px", "x_mm", "y_mm"),
    *("row_mm", "col_mm", "spacing_source", "spacing_trust", "spacing_chosen", "spacing_areas", "decision", "source"),
    *("score", "confidence", "err95_px"),
    *("reader", "reviewed", "reviewed_utc", "decided_utc", "model_id", "revision", "note"),
)
REQUIRED = ("format", "image_file", "landmark", "place", "x_px", "y_px")
_GUARDED = (
    *("image_id", "image_file", "sop_instance_uid", "subject", "template", "landmark", "reader", "reviewed_utc"),
    *("decided_utc", "model_id", "note"),
)


def _blank(value: Any) -> Any:
    return None if value == "" else value


def _float(value: Any) -> Any:
    try:
        return None if value == "" else checked_number(number(value)) if isinstance(value, str) else value
    except UserError as error:
        raise ValueError(str(error)) from error


Whole = Annotated[Annotated[int, Field(ge=0, le=10**9)] | None, BeforeValidator(_blank)]
Axis = Annotated[Annotated[int, Field(ge=0, le=2)] | None, BeforeValidator(_blank)]
Number = Annotated[float | None, BeforeValidator(_float)]


class _Row(BaseModel):
    """One line. Coordinates are image pixels."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal["msl1"]
    image_file: str
    landmark: str
    place: Place
    x_px: Number
    y_px: Number
    image_id: str = ""
    image_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    sop_instance_uid: str = ""
    frame: Whole = None
    axis: Axis = None
    width: Whole = None
    height: Whole = None
    subject: str = ""
    template: str = ""
    absent_reason: Annotated[AbsentReason | None, BeforeValidator(_blank)] = None
    row_mm: Number = None
    col_mm: Number = None
    spacing_source: Annotated[SpacingSource | None, BeforeValidator(_blank)] = None
    spacing_chosen: Literal["", "0", "1"] = ""
    spacing_areas: str = ""
    decision: Annotated[Decision | None, BeforeValidator(_blank)] = None
    source: Annotated[Literal["reader", "model"] | None, BeforeValidator(_blank)] = None
    score: Number = None
    reader: str = ""
    reviewed: Literal["", "0", "1"] = ""
    reviewed_utc: str = ""
    decided_utc: str = ""
    model_id: str = ""
    revision: Whole = None
    note: str = ""

    def reading_key(self) -> tuple[Any, ...]:
        """What tells one reading from another."""
        image = (self.image_id, self.image_file, self.image_sha256, self.sop_instance_uid, self.frame, self.axis)
        return (*image, self.reader, self.source, self.model_id, self.revision)

    def common(self) -> dict[str, Any]:
        """What all rows of one reading must agree on."""
        own = {"landmark", "place", "absent_reason", "x_px", "y_px", "decision", "score"}
        return self.model_dump(exclude=own)


def read_rows(path: Path) -> Batch:
    """The readings of a file, in the order of their first rows. Raises UserError that names the line."""
    table = read_table(path)
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        raise UserError(f"{path.name} is no {FORMAT_NAME} file: it has no column {', '.join(missing)}.")
    checked_points(len(table.rows))
    groups: dict[tuple[Any, ...], dict[str, tuple[int, _Row]]] = {}
    for line, record in table.records():
        with located(f"{path.name}, line {line}"):
            _sort_in(groups, line, _parse(record))
    landmarks = dict.fromkeys(mark for group in groups.values() for mark in group)
    checked_landmarks(len(landmarks))
    return Batch(tuple(_to_reading(path, group) for group in groups.values()), tuple(landmarks))


def _parse(record: Mapping[str, str]) -> _Row:
    plain = {name: unguard(text) if name in _GUARDED else text.strip() for name, text in record.items()}
    try:
        row = _Row.model_validate({name: text for name, text in plain.items() if name in COLUMNS})
    except ValidationError as error:
        raise UserError(f"column {first_problem(error, 'of the row')}.") from error
    checked_name(row.landmark)
    return row


def _sort_in(groups: dict[tuple[Any, ...], dict[str, tuple[int, _Row]]], line: int, row: _Row) -> None:
    group = groups.setdefault(row.reading_key(), {})
    if row.landmark in group:
        raise UserError(f"landmark {row.landmark} of this image is already in line {group[row.landmark][0]}.")
    if group:
        first_line, first = next(iter(group.values()))
        mine, theirs = row.common(), first.common()
        differing = [name for name in mine if mine[name] != theirs[name]]
        if differing:
            raise UserError(f"{differing[0]} differs from line {first_line}, which is of the same reading.")
    group[row.landmark] = (line, row)


def _to_reading(path: Path, group: Mapping[str, tuple[int, _Row]]) -> Reading:
    line, first = next(iter(group.values()))
    points = {}
    for mark, (number_of_line, row) in group.items():
        with located(f"{path.name}, line {number_of_line}"):
            points[mark] = stored_state(row.place, row.decision, row.x_px, row.y_px, row.absent_reason)
    with located(f"{path.name}, line {line}"):
        image = _image(first)
        template_id, version = _template(first.template)
    open_only = all(state.decision in (Decision.PREDICTED, Decision.NONE) for state in points.values())
    guessed: Literal["reader", "model"] = "model" if open_only and first.model_id and not first.reader else "reader"
    return Reading(
        image,
        points,
        reader=first.reader,
        source=first.source or guessed,
        model_id=first.model_id or None,
        scores={mark: row.score for mark, (_, row) in group.items() if row.score is not None},
        template_id=template_id,
        template_version=version,
        reviewed=first.reviewed == "1",
        decided_utc=first.decided_utc or first.reviewed_utc or None,
        revision=first.revision or 0,
        note=first.note,
    )


def _image(row: _Row) -> ImageRef:
    spacing = None
    if row.row_mm is not None and row.col_mm is not None:
        try:
            source, areas = row.spacing_source or SpacingSource.ANNOTATION_FILE, areas_from_text(row.spacing_areas)
            spacing = Spacing(row.row_mm, row.col_mm, source, row.spacing_chosen == "1", areas)
        except ValueError as error:
            raise UserError(f"{error}.") from error
    return ImageRef(
        row.image_file,
        row.width,
        row.height,
        row.frame or 0,
        row.axis,
        row.image_sha256 or None,
        row.sop_instance_uid or None,
        spacing,
        image_id=row.image_id,
        subject=row.subject,
    )


def _template(text: str) -> tuple[str | None, int | None]:
    if not text:
        return None, None
    name, at, version = text.rpartition("@")
    if not at or not version.isascii() or not version.isdigit() or len(version) > 9:
        raise UserError("template must be written as id@version.")
    return name, int(version)
