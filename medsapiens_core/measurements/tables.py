"""Landmarks and measurements of cases as CSV tables, long and wide (ux.md 11.5).

UTF-8, a point as decimal sign, the unit in the header or beside the number; what is missing is an empty cell and a
reason. Every row says state, origin, reader, where the pixel size comes from, and how coordinates count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from medsapiens_core.data.annotation import Annotation, Decision, Place, PointState
from medsapiens_core.data.image import Spacing
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.csv_table import write_table
from medsapiens_core.exchange.formula_guard import guard
from medsapiens_core.measurements.definitions import Measure, MeasureSet
from medsapiens_core.measurements.evaluating import Value

CONVENTION = "pixel centre = integer, x right, y down"
TABLES = ("landmarks-long", "landmarks-wide", "measurements-long", "measurements-wide")
UNIT_WORDS = {"°": "deg", "": "1"}
CASE_COLUMNS = (
    *("case", "image_sha256", "frame", "width_px", "height_px", "template", "reader", "state", "model_id"),
    *("row_mm", "col_mm", "spacing_source", "coordinates"),
)


@dataclass(frozen=True)
class CaseRecord:
    """One reading of one case with its values; `fills` are the undecided landmarks that come from a fill."""

    case: str
    image_sha256: str
    frame: int
    width: int
    height: int
    spacing: Spacing | None
    annotation: Annotation
    reader: str
    model_id: str
    values: tuple[Value, ...]
    fills: frozenset[str] = frozenset()


def write_tables(
    folder: Path, template: Template, measures: MeasureSet, records: Sequence[CaseRecord], names: Sequence[str] = TABLES
) -> list[Path]:
    """Write the named tables as `<name>.csv` into a folder that exists; each appears whole or not at all."""
    written = []
    for name in names:
        path = folder / f"{name}.csv"
        write_named(path, name, template, measures, records)
        written.append(path)
    return written


def write_named(path: Path, name: str, template: Template, measures: MeasureSet, records: Sequence[CaseRecord]) -> None:
    """Write one table to a file."""
    columns, rows = _MAKERS[name](template, measures, records)
    write_table(path, columns, rows)


Made = tuple[list[str], Iterator[list[str]]]


def _landmarks_long(template: Template, _measures: MeasureSet, records: Iterable[CaseRecord]) -> Made:
    own = ["landmark", "name", "landmark_state", "origin", "x_px", "y_px", "x_mm", "y_mm", "reason"]

    def rows() -> Iterator[list[str]]:
        for record in records:
            start = _case_cells(record, template)
            for mark, state in zip(template.landmarks, record.annotation.states, strict=True):
                cells = [guard(mark.id), guard(mark.name), state.label, _origin(record, mark.id, state)]
                yield start + cells + [*_position(state), *_position_mm(state, record.spacing), _reason(state)]

    return [*CASE_COLUMNS, *own], rows()


def _landmarks_wide(template: Template, _measures: MeasureSet, records: Iterable[CaseRecord]) -> Made:
    own = [f"{mark} {what}" for mark in template.ids for what in ("x (px)", "y (px)", "state", "origin", "reason")]

    def rows() -> Iterator[list[str]]:
        for record in records:
            cells = []
            for mark, state in zip(template.ids, record.annotation.states, strict=True):
                cells += [*_position(state), state.label, _origin(record, mark, state), _reason(state)]
            yield _case_cells(record, template) + cells

    return [*CASE_COLUMNS, *(guard(name) for name in own)], rows()


def _measurements_long(template: Template, measures: MeasureSet, records: Iterable[CaseRecord]) -> Made:
    own = ["set", "measure", "name", "value", "unit", "plus_minus_95", "reason", "estimated", "end_vertebrae"]

    def rows() -> Iterator[list[str]]:
        for record in records:
            for value in record.values:
                cells = [guard(measures.id), guard(value.measure.id), guard(value.measure.name)]
                unit = UNIT_WORDS.get(value.unit, value.unit)
                cells += [_number(value), unit, _plus_minus(value), why_empty(value), "; ".join(value.estimated)]
                yield _case_cells(record, template) + cells + [_end_vertebrae(value), _scale_note(value)]

    return [*CASE_COLUMNS, *own, "scale_note"], rows()


def _measurements_wide(template: Template, measures: MeasureSet, records: Iterable[CaseRecord]) -> Made:
    own = [name for measure in measures.measures for name in _wide_columns(measure)]

    def rows() -> Iterator[list[str]]:
        for record in records:
            cells = [cell for value in record.values for cell in _wide_cells(value)]
            yield _case_cells(record, template) + cells

    return [*CASE_COLUMNS, *(guard(name) for name in own)], rows()


_MAKERS: dict[str, Callable[[Template, MeasureSet, Iterable[CaseRecord]], Made]] = {
    "landmarks-long": _landmarks_long,
    "landmarks-wide": _landmarks_wide,
    "measurements-long": _measurements_long,
    "measurements-wide": _measurements_wide,
}


def why_empty(value: Value) -> str:
    """The reason of an empty cell, "" for a value that is written."""
    return f"rests on filled points: {', '.join(value.filled)}" if value.filled else value.reason


def _wide_columns(measure: Measure) -> list[str]:
    units = ("mm", "px") if measure.is_length else (measure.unit,)
    values = [f"{measure.name} {what}({unit})" for unit in units for what in ("", "± 95 % ")]
    return [*values, f"{measure.name} estimated", f"{measure.name} reason"]


def _wide_cells(value: Value) -> list[str]:
    number, error = _number(value), _plus_minus(value)
    cells = [number, error]
    if value.measure.is_length:
        cells = [number, error, "", ""] if value.unit == "mm" else ["", "", number, error]
    return [*cells, "; ".join(value.estimated), why_empty(value)]


def _case_cells(record: CaseRecord, template: Template) -> list[str]:
    spacing, annotation = record.spacing, record.annotation
    return [
        guard(record.case),
        record.image_sha256,
        str(record.frame),
        str(record.width),
        str(record.height),
        guard(f"{template.id}@{template.version}"),
        guard(record.reader),
        "reviewed" if annotation.reviewed else "in review",
        guard(record.model_id),
        "" if spacing is None else repr(spacing.row_mm),
        "" if spacing is None else repr(spacing.col_mm),
        "none" if spacing is None else spacing.source.value,
        CONVENTION,
    ]


def _position(state: PointState) -> tuple[str, str]:
    """Only what a person stands behind: an undecided point is no result."""
    if not state.is_decided or state.x is None or state.y is None:
        return "", ""
    return repr(float(state.x)), repr(float(state.y))


def _position_mm(state: PointState, spacing: Spacing | None) -> tuple[str, str]:
    if not state.is_decided or spacing is None or state.x is None or state.y is None:
        return "", ""
    if not spacing.holds_for([(state.x, state.y)]):
        return "", ""
    return repr(state.x * spacing.col_mm), repr(state.y * spacing.row_mm)


def _reason(state: PointState) -> str:
    if state.place is Place.ABSENT:
        why = state.absent_reason
        return "absent" if why is None or why.value == "not_assessable" else f"absent ({why.value})"
    if state.place is Place.NOT_PLACED:
        return "not placed"
    return "" if state.is_decided else "undecided"


def _origin(record: CaseRecord, landmark: str, state: PointState) -> str:
    """Where the position comes from: the model, a fill, or a hand; "" without a position."""
    if state.x is None:
        return ""
    if state.decision is Decision.CORRECTED:
        return "hand"
    return "fill" if landmark in record.fills else f"model {record.model_id}".strip()


def _number(value: Value) -> str:
    return repr(value.value) if value.is_exported and value.value is not None else ""


def _plus_minus(value: Value) -> str:
    return repr(value.half_width) if value.is_exported and value.half_width is not None else ""


def _end_vertebrae(value: Value) -> str:
    return f"{value.ends_name} ({'locked' if value.locked else 'free'})" if value.ends_name else ""


def _scale_note(value: Value) -> str:
    return value.scale_note if value.is_exported else ""
