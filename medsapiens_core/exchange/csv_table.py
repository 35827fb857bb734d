"""CSV files as rows of text by column name; RFC 4180, UTF-8, read within limits (formats.md 0.7, 5.1)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.files import read_bytes, write_text

MAX_COLUMNS = 4096  # two for each landmark of the largest template, and some to spare


@dataclass(frozen=True)
class Table:
    """A CSV file with its header. `rows` gives (line number in the file, cells), each as long as `columns`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def records(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Each row as text by column name."""
        for line, cells in self.rows:
            yield line, dict(zip(self.columns, cells, strict=True))


def read_table(path: Path, *, separator: str | None = None) -> Table:
    """Read a CSV file; empty lines are passed over.

    The separator is a comma, or a semicolon or tab where the header has no comma. Raises UserError for text that is
    not UTF-8, a header with a name twice, and a row with more or fewer cells than the header.
    """
    text = _text(path)
    header = text[: text.find("\n")] if "\n" in text else text
    chosen = separator or next((mark for mark in ",;\t" if mark in header), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=chosen, strict=True)
    try:
        lines = [(reader.line_num, tuple(cells)) for cells in reader if cells]
    except csv.Error as error:
        raise UserError(f"{path.name} is not a valid CSV file: line {reader.line_num}: {error}.") from error
    if not lines:
        raise UserError(f"{path.name} is empty; its first line must name the columns.")
    columns = tuple(name.strip() for name in lines[0][1])
    _check(path, columns, lines[1:])
    return Table(columns, tuple(lines[1:]))


def write_table(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]], *, separator: str = ",", mark: bool = False
) -> None:
    """Write header and rows with CRLF line ends, whole or not at all; `mark` puts the mark of UTF-8 in front."""
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff" if mark else "")
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, buffer.getvalue())


def _text(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name} is not text in UTF-8. Save it as CSV in UTF-8.") from error


def _check(path: Path, columns: Sequence[str], lines: Iterable[tuple[int, tuple[str, ...]]]) -> None:
    if len(columns) > MAX_COLUMNS:
        raise UserError(f"{path.name} has {len(columns)} columns; {MAX_COLUMNS} can be read.")
    if len(set(columns)) != len(columns):
        raise UserError(f"{path.name}: a column name occurs twice in the first line.")
    for line, cells in lines:
        if len(cells) != len(columns):
            raise UserError(f"{path.name}: line {line} has {len(cells)} cells, the first line {len(columns)}.")
