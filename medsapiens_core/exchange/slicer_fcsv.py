"""The old `.fcsv` files of 3D Slicer (formats.md 3.2): only points with a position, in millimetres."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import MAX_COORDINATE, MAX_LANDMARKS, located, number
from medsapiens_core.exchange.hints import read_lines
from medsapiens_core.exchange.provenance import from_text, to_text
from medsapiens_core.exchange.slicer_marks import Mark

_COLUMNS = "id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID"
_SYSTEMS = {"LPS": 1, "1": 1, "RAS": -1, "0": -1}  # old files give a number
_RECORD = "MedSapiens"


def read_fcsv(path: Path, choices: Mapping[str, str]) -> tuple[list[Mark], Any]:
    """The marks and our own record, None in others' files.

    Raises UserError when no coordinate system is named and `choices["coordinates"]` (lps or ras) does not say it.
    """
    lines = read_lines(path)
    header = dict(_field(line) for line in lines if line.startswith("#"))
    system = header.get("CoordinateSystem", choices.get("coordinates", "").upper())
    if system not in _SYSTEMS:
        raise UserError("it does not say whether it counts in LPS or RAS. Choose coordinates=ras (old files) or lps.")
    columns = [name.strip() for name in header.get("columns", _COLUMNS).split(",")]
    if not {"x", "y", "z", "label"} <= set(columns):
        raise UserError("its columns have no x, y, z or label")
    rows = [(index, line) for index, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
    if len(rows) > MAX_LANDMARKS:
        raise UserError(f"{len(rows)} points are more than the {MAX_LANDMARKS} that can be used")
    marks = []
    for index, line in rows:
        with located(f"line {index}"):
            marks.append(_mark(dict(zip(columns, _cells(line, columns), strict=True)), _SYSTEMS[system]))
    return marks, from_text(header.get(_RECORD, ""))


def fcsv_text(marks: Sequence[Mark], record: Mapping[str, Any]) -> str:
    """The file's text; marks without a position are left out."""
    buffer = io.StringIO(newline="")
    buffer.write("# Markups fiducial file version = 4.13\n# CoordinateSystem = LPS\n")
    buffer.write(f"# {_RECORD} = {to_text(record)}\n# columns = {_COLUMNS}\n")
    writer = csv.writer(buffer, lineterminator="\n")
    for index, mark in enumerate((mark for mark in marks if mark.lps is not None), start=1):
        position = [repr(value) for value in mark.lps or ()]
        writer.writerow([index, *position, 0, 0, 0, 1, 1, 1, 1, mark.label, mark.description, ""])
    return buffer.getvalue()


def _field(line: str) -> tuple[str, str]:
    key, _, value = line.lstrip("#").partition("=")
    return key.strip(), value.strip()


def _cells(line: str, columns: Sequence[str]) -> list[str]:
    """The cells; in old files, which quote nothing, further commas belong to the label."""
    try:
        cells = next(csv.reader([line], strict=True))
    except csv.Error:
        cells = line.split(",")
    surplus = len(cells) - len(columns)
    if surplus < 0:
        raise UserError("there are fewer cells than columns")
    if surplus == 0:
        return cells
    cells, place = line.split(","), columns.index("label")
    end = len(cells) - (len(columns) - place - 1)
    return [*cells[:place], ",".join(cells[place:end]), *cells[end:]]


def _mark(row: Mapping[str, str], sign: int) -> Mark:
    """`sign` turns the first two coordinates into LPS."""
    x, y, z = (number(row[axis]) for axis in "xyz")
    if max(abs(x), abs(y), abs(z)) > MAX_COORDINATE:
        raise UserError("a coordinate is not between -1,000,000 and 1,000,000")
    return Mark(row["label"], (sign * x, sign * y, z), row.get("desc", "").strip())
