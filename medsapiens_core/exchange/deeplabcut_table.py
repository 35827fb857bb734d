"""The table of a DeepLabCut CSV file: three or four header rows, one to three index columns (formats.md 4.2)."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import checked_landmarks, checked_name, checked_points, located
from medsapiens_core.exchange.files import read_bytes

_COORDS = ("x", "y", "likelihood")
_LEVELS = ("scorer", "individuals", "bodyparts", "coords")


@dataclass(frozen=True)
class Column:
    """What one column holds: `coord` is x, y or likelihood of a landmark by a scorer (a person or a network)."""

    scorer: str
    landmark: str
    coord: str


@dataclass(frozen=True)
class Sheet:
    """`columns` follow the index; `rows` gives (line number, index cells, other cells)."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...]

    @property
    def landmarks(self) -> tuple[str, ...]:
        """Names in the order of the file."""
        return tuple(dict.fromkeys(column.landmark for column in self.columns))


def read_sheet(path: Path) -> Sheet:
    """The table in the file. Raises UserError that says which line is not as DeepLabCut writes it."""
    if read_bytes(path).startswith(b"\x89HDF"):
        raise UserError(f"{path.name} is an HDF5 file, which may hold programs. Choose the CSV file beside it.")
    lines = _lines(path)
    with located(path.name):
        levels = _levels(lines)
        index = _index_columns(lines[len(levels) - 1][1])
        columns = _columns({level: row[index:] for level, (_, row) in zip(levels, lines, strict=False)})
        checked_points(len(columns) * len(lines) // 2)
        return Sheet(columns, tuple(_rows(lines[len(levels) :], index, len(columns))))


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    try:
        text = read_bytes(path).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [(reader.line_num, cells) for cells in reader if any(cells)]
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name} is not text in UTF-8. Choose the CSV file of DeepLabCut.") from error
    except csv.Error as error:
        raise UserError(f"{path.name} is not a valid CSV file: {error}.") from error


def _levels(lines: list[tuple[int, list[str]]]) -> list[str]:
    found = [row[0].strip() for _, row in lines[: len(_LEVELS)]]
    for levels in (list(_LEVELS), [level for level in _LEVELS if level != "individuals"]):
        if found[: len(levels)] == levels:
            return levels
    raise UserError("its first rows are not scorer, bodyparts and coords, as DeepLabCut writes them")


def _index_columns(coords: list[str]) -> int:
    return next((number for number, cell in enumerate(coords) if number and cell.strip()), len(coords))


def _columns(header: dict[str, list[str]]) -> tuple[Column, ...]:
    if len({len(cells) for cells in header.values()}) != 1:
        raise UserError("its header rows are not equally long")
    parts, coords = header["bodyparts"], [cell.strip() for cell in header["coords"]]
    people = header.get("individuals", [""] * len(parts))
    if not set(coords) <= set(_COORDS):
        raise UserError("its coords row holds something other than x, y and likelihood")
    owners = Counter(part for part, _ in dict.fromkeys(zip(parts, people, strict=True)))
    names = [part if owners[part] == 1 else f"{who}/{part}" for part, who in zip(parts, people, strict=True)]
    columns = tuple(map(Column, header["scorer"], map(checked_name, names), coords))
    if len(set(columns)) != len(columns):
        raise UserError("a body part occurs twice")
    checked_landmarks(len(set(names)))
    return columns


def _rows(
    lines: list[tuple[int, list[str]]], index: int, width: int
) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    for number, cells in lines:
        if len(cells) != index + width:
            raise UserError(f"line {number} has {len(cells)} cells, the header {index + width}")
        yield number, tuple(cells[:index]), tuple(cells[index:])
