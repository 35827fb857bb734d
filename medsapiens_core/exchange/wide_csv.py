"""Wide CSV: one row for each image, two columns for each landmark (formats.md 4.4).

Columns are recognised as `<name>_x, <name>_y` (numbers are names too) or `p1x, p1y`. Choices on reading:
`origin` = `centre` (default: an integer is a pixel centre), `corner` or `one-based`; `names` = `order` takes the
columns as the template's landmarks in its order, whatever they are called, when their number agrees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medsapiens_core.data.annotation import PointState
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, ImageRef, Reading, ReadOptions, WriteOptions, WriteReport
from medsapiens_core.exchange.checks import (
    checked_landmarks,
    checked_name,
    checked_point,
    checked_points,
    located,
    number,
)
from medsapiens_core.exchange.convention import Convention, to_image
from medsapiens_core.exchange.csv_table import Table, read_table, write_table
from medsapiens_core.exchange.formula_guard import guard, unguard
from medsapiens_core.exchange.states import counts, placed_state, state_of, to_write

FILE_COLUMNS = ("image_file", "image_path", "image_name", "file_name", "filename", "image", "file", "path")
ORIGINS = {"centre": Convention.CENTRE, "corner": Convention.CORNER, "one-based": Convention.ONE_BASED}
_PAIR = re.compile(r"(?P<name>.+)_(?P<axis>[xy])|(?P<point>p[0-9]+)(?P<side>[xy])", re.DOTALL)
_NO_POINT = ("", "na", "nan")


@dataclass(frozen=True)
class _Layout:
    """Which columns hold what; `points` maps landmark names to their two columns."""

    file: str
    points: Mapping[str, tuple[str, str]]


def read(path: Path, options: ReadOptions) -> Batch:
    """Read one row per image. Raises UserError when no file name column or no pair of columns is found."""
    table = read_table(path)
    layout = _layout(path, table, options)
    checked_points(len(table.rows) * len(layout.points))
    origin = _origin(options)
    readings = []
    for line, record in table.records():
        with located(f"{path.name}, line {line}"):
            readings.append(_reading(record, layout, origin))
    return Batch(tuple(readings), tuple(layout.points))


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write positions; a landmark without one is a pair of blank cells."""
    batch, losses = to_write(batch, options)
    names = options.template.ids
    columns = ["image_file", "width", "height", "frame", "source", "reader", "model_id"]
    columns += [f"{name}_{axis}" for name in names for axis in "xy"]
    write_table(target, [guard(name) for name in columns], (_row(reading, names) for reading in batch.readings))
    found = counts(batch.readings, options.template)
    if found["estimated"]:
        losses += (f"{found['estimated']} estimated points are written like visible ones.",)
    if found["absent"]:
        losses += (f"{found['absent']} absent landmarks are blank, like those that are not placed.",)
    return WriteReport((target,), found, losses)


def _layout(path: Path, table: Table, options: ReadOptions) -> _Layout:
    lower = {name.lower(): name for name in reversed(table.columns)}
    file = next((lower[name] for name in FILE_COLUMNS if name in lower), table.columns[0])
    halves: dict[str, dict[str, str]] = {}
    for column in table.columns:
        found = _PAIR.fullmatch(unguard(column))
        if found and column != file:
            name = found["name"] or found["point"]
            halves.setdefault(name, {})[found["axis"] or found["side"]] = column
    points = {checked_name(name): (pair["x"], pair["y"]) for name, pair in halves.items() if len(pair) == 2}
    if not points:
        raise UserError(
            f"{path.name} has no pairs of columns such as sella_x, sella_y or p1x, p1y. The first line must name them."
        )
    checked_landmarks(len(points))
    return _Layout(file, _by_order(path, points, options))


def _by_order(path: Path, points: dict[str, tuple[str, str]], options: ReadOptions) -> dict[str, tuple[str, str]]:
    if options.choices.get("names") != "order":
        return points
    if options.template is None or len(options.template) != len(points):
        expected = "no template" if options.template is None else f"a template of {len(options.template)} landmarks"
        raise UserError(f"{path.name} has {len(points)} points, but there is {expected} to take names from by order.")
    return dict(zip(options.template.ids, points.values(), strict=True))


def _origin(options: ReadOptions) -> Convention:
    chosen = options.choices.get("origin", "centre")
    if chosen not in ORIGINS:
        raise UserError(f"There is no origin {chosen!r}; choose one of {', '.join(ORIGINS)}.")
    return ORIGINS[chosen]


def _reading(record: Mapping[str, str], layout: _Layout, origin: Convention) -> Reading:
    width, height, frame = (_whole(record, name) for name in ("width", "height", "frame"))
    reader, model = unguard(record.get("reader", "")), unguard(record.get("model_id", ""))
    source: Literal["reader", "model"] = "model" if record.get("source", "").strip() == "model" else "reader"
    file_name = unguard(record[layout.file])
    if not file_name:
        raise UserError("the row does not say which image it is of.")
    points = {}
    for name, columns in layout.points.items():
        texts = [record[column].strip() for column in columns]
        if all(text.lower() in _NO_POINT for text in texts):
            continue
        x, y = to_image(number(texts[0]), number(texts[1]), (width or 0, height or 0), origin)
        points[name] = placed_state(*checked_point(x, y), source=source)
    image = ImageRef(file_name, width, height, frame or 0)
    return Reading(image, points, reader, source, model or None)


def _whole(record: Mapping[str, str], column: str) -> int | None:
    text = record.get(column, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise UserError(f"column {column} is not a whole number.")
    return int(text)


def _row(reading: Reading, names: tuple[str, ...]) -> list[str]:
    image = reading.image
    sizes = ["" if value is None else str(value) for value in (image.width, image.height)]
    cells = [guard(image.file_name), *sizes, str(image.frame), reading.source]
    cells += [guard(reading.reader), guard(reading.model_id or "")]
    return cells + [text for name in names for text in _cells(state_of(reading, name))]


def _cells(state: PointState) -> Iterator[str]:
    for value in (state.x, state.y):
        yield "" if value is None else repr(float(value))


FORMAT = Format("csv-wide", "CSV, one row per image", (".csv",), False, read, write)
