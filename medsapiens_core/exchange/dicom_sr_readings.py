"""From parsed reports to a batch: whose marks they are, of which image, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from medsapiens_core.data.annotation import Decision
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions
from medsapiens_core.exchange.checks import checked_landmarks, located
from medsapiens_core.exchange.dicom_codes import RECORD
from medsapiens_core.exchange.dicom_library import COLUMN_MM, COLUMNS, ROW_MM, ROWS
from medsapiens_core.exchange.dicom_measurements import KEY
from medsapiens_core.exchange.dicom_output import library_calls
from medsapiens_core.exchange.dicom_sr_marks import Found, Marks, collect
from medsapiens_core.exchange.dicom_sr_read import (
    GROUP,
    Target,
    children,
    children_named,
    code_of,
    items,
    number_of,
    read_document,
    target_of,
)
from medsapiens_core.exchange.spacing_text import areas_from_text

_PERSON_NAME = "121008"
_HINT = "Export it again from the program that made it."


def is_report(document: Dataset) -> bool:
    """True for a dataset with a content tree."""
    return bool(document.get("ContentSequence")) and "Rows" not in document


@dataclass(frozen=True, eq=False)
class ReportContent:
    """The readings of one report, one for each image, and what was left out of it."""

    readings: tuple[Reading, ...]
    messages: tuple[str, ...]


def read_report(path: Path, options: ReadOptions) -> ReportContent:
    """Read one report. Raises UserError, naming the file and quoting nothing, when it is damaged or no report."""
    document = read_document(path)
    with library_calls(path, "the report is damaged", _HINT), located(path.name):
        if not is_report(document):
            raise UserError(f"this is DICOM but not a report. {_HINT}")
        found = Found()
        for group in (item for item in items(document) if code_of(item)[0] == GROUP):
            collect(group, found, by_model=not _reader(document))
        readings = tuple(_reading(document, target, marks, options) for target, marks in found.by_image.items())
    messages = [f"{path.name}: {count} marks {what}." for what, count in sorted(found.left_out.items())]
    if not readings:
        messages.append(f"{path.name}: the report marks no points in an image.")
    return ReportContent(readings, tuple(messages))


def as_batch(reports: Sequence[ReportContent]) -> Batch:
    """All reports as one batch. Raises UserError for more names than a template can have."""
    readings = tuple(reading for report in reports for reading in report.readings)
    names = dict.fromkeys(name for reading in readings for name in reading.points)
    checked_landmarks(len(names))
    return Batch(readings, tuple(names), tuple(message for report in reports for message in report.messages))


def _reader(document: Dataset) -> str:
    names = children_named(document, _PERSON_NAME)
    return str(names[0].get("PersonName") or "").rstrip("^") if names else ""


def _reading(document: Dataset, target: Target, marks: Marks, options: ReadOptions) -> Reading:
    record = _record(document)
    template_id, _, version = record.get("TEMPLATE", "").partition("@")
    reader = _reader(document)
    undecided = all(state.decision is Decision.PREDICTED for state in marks.points.values())
    source = record.get("SOURCE", "model" if undecided and not reader else "reader")
    return Reading(
        image=_image(document, target, record, options),
        points=marks.points,
        reader=reader,
        source="model" if source == "model" else "reader",
        model_id=marks.model_id or record.get("MODEL"),
        scores=marks.scores,
        template_id=template_id or None,
        template_version=int(version) if version.isdecimal() else None,
        reviewed=record.get("REVIEWED") == "yes",
        decided_utc=record.get("DECIDED"),
        revision=int(record["REVISION"]) if record.get("REVISION", "").isdecimal() else 0,
        note=record.get("NOTE", ""),
        extra={"dicom-sr": {KEY: tuple(marks.measurements)}} if marks.measurements else {},
    )


def _record(document: Dataset) -> dict[str, str]:
    found = children_named(document, RECORD.value)
    return {code_of(item)[0]: str(item.get("TextValue") or "") for item in (children(found[0]) if found else [])}


def _image(document: Dataset, target: Target, record: dict[str, str], options: ReadOptions) -> ImageRef:
    facts = _library_facts(document, target)
    width, height = facts.get(COLUMNS.value), facts.get(ROWS.value)
    return ImageRef(
        file_name=target.uid,
        width=int(width) if width else None,
        height=int(height) if height else None,
        frame=target.frame,
        sop_instance_uid=target.uid,
        spacing=_spacing(facts.get(ROW_MM.value), facts.get(COLUMN_MM.value), record),
        path=options.find_image(target.uid),
    )


def _library_facts(document: Dataset, target: Target) -> dict[str, float]:
    """The numbers that the image library states of an image, by code."""
    facts: dict[str, float] = {}
    for item in items(document):
        found: Any = target_of(item) if item.get("ValueType") == "IMAGE" else None
        if found is not None and found.uid == target.uid:
            figures = {code_of(child)[0]: number_of(child) for child in children(item)}
            facts |= {code: figure[0] for code, figure in figures.items() if figure is not None}
    return facts


def _spacing(row_mm: float | None, col_mm: float | None, record: dict[str, str]) -> Spacing | None:
    source = record.get("SPACING", "")
    if row_mm is None or col_mm is None or source not in set(SpacingSource):
        return None
    try:
        areas = areas_from_text(record.get("SPACING_AREAS", ""))
        return Spacing(row_mm, col_mm, SpacingSource(source), record.get("SPACING_CHOSEN") == "yes", areas)
    except (ValueError, UserError):  # a size whose parts are not known may hold nowhere
        return None
