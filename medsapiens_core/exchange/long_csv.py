"""Our own long CSV, `msl1`: one row for each image, reading and landmark, with its state (formats.md 5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from medsapiens_core.data.annotation import Place, PointState
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import Batch, Format, ImageRef, Reading, ReadOptions, WriteOptions, WriteReport
from medsapiens_core.exchange.csv_table import write_table
from medsapiens_core.exchange.formula_guard import guard
from medsapiens_core.exchange.long_csv_rows import COLUMNS, FORMAT_NAME, read_rows
from medsapiens_core.exchange.spacing_text import areas_to_text
from medsapiens_core.exchange.states import counts, state_of, to_write
from medsapiens_core.exchange.trust import gives_mm, trust_of


def read(path: Path, _options: ReadOptions) -> Batch:
    """Read a file of `msl1` rows. Raises UserError that names the line."""
    return read_rows(path)


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write every landmark of the template for every reading, absent and not placed ones included."""
    batch, losses = to_write(batch, options)
    rows = (row for reading in batch.readings for row in rows_of(reading, options.template))
    write_table(target, COLUMNS, rows)
    return WriteReport((target,), counts(batch.readings, options.template), losses)


def rows_of(reading: Reading, template: Template) -> Iterator[list[str]]:
    """The cells of each landmark in template order, as in `COLUMNS`."""
    same = {**_image(reading.image), **_reading(reading, template)}
    for index, landmark in enumerate(template.ids):
        state = state_of(reading, landmark)
        score = reading.scores.get(landmark)
        row = {
            "landmark": guard(landmark),
            "index": str(index),
            **_state(state, reading.image),
            "score": _number(score),
        }
        row = same | row
        yield [row.get(column, "") for column in COLUMNS]


def _image(image: ImageRef) -> dict[str, str]:
    values = {
        "format": FORMAT_NAME,
        "image_id": guard(image.image_id),
        "image_file": guard(image.file_name),
        "image_sha256": image.sha256 or "",
        "sop_instance_uid": guard(image.sop_instance_uid or ""),
        "frame": str(image.frame),
        "axis": _whole(image.axis),
        "width": _whole(image.width),
        "height": _whole(image.height),
        "subject": guard(image.subject),
    }
    spacing = image.spacing
    if spacing is not None:
        values |= {"row_mm": repr(spacing.row_mm), "col_mm": repr(spacing.col_mm)}
        values |= {"spacing_source": spacing.source.value, "spacing_trust": trust_of(spacing.source).value}
        values |= {"spacing_chosen": str(int(spacing.chosen)), "spacing_areas": areas_to_text(spacing.areas)}
    return values


def _reading(reading: Reading, template: Template) -> dict[str, str]:
    return {
        "template": guard(f"{template.id}@{template.version}"),
        "source": reading.source,
        "reader": guard(reading.reader),
        "reviewed": str(int(reading.reviewed)),
        "reviewed_utc": guard(reading.decided_utc or "") if reading.reviewed else "",
        "decided_utc": guard(reading.decided_utc or ""),
        "model_id": guard(reading.model_id or ""),
        "revision": str(reading.revision),
        "note": guard(reading.note),
    }


def _state(state: PointState, image: ImageRef) -> Mapping[str, str]:
    values = {"place": state.place.value}
    if state.place is not Place.NOT_PLACED:
        values["decision"] = state.decision.value
    if state.absent_reason is not None:
        values["absent_reason"] = state.absent_reason.value
    if state.x is None or state.y is None:
        return values
    values |= {"x_px": repr(float(state.x)), "y_px": repr(float(state.y))}
    spacing = image.spacing
    if spacing is not None and gives_mm(spacing) and spacing.holds_for([(state.x, state.y)]):
        values |= {"x_mm": repr(state.x * spacing.col_mm), "y_mm": repr(state.y * spacing.row_mm)}
    return values


def _number(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def _whole(value: int | None) -> str:
    return "" if value is None else str(value)


FORMAT = Format("csv", "CSV, one row per landmark (msl1)", (".csv",), False, read, write)
