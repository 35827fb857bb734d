"""The rows of our long CSV for a spreadsheet program that writes numbers with a comma: only written (formats.md 5.3).

Semicolons between the cells, a mark of UTF-8 in front and a comma in numbers are what such programs open by a double
click. The first column says what the file is, so that nobody imports numbers that a spreadsheet may have changed.
"""

from __future__ import annotations

from pathlib import Path

from medsapiens_core.exchange.batch import Batch, Format, WriteOptions, WriteReport
from medsapiens_core.exchange.csv_table import write_table
from medsapiens_core.exchange.long_csv import rows_of
from medsapiens_core.exchange.long_csv_rows import COLUMNS
from medsapiens_core.exchange.states import counts, to_write

MARK = "for_spreadsheets"  # the first column, in place of `format`
_NOTE = "not for import"
_DECIMALS = frozenset({"x_px", "y_px", "x_mm", "y_mm", "row_mm", "col_mm", "score"})


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write one row for each reading and landmark, absent and not placed ones included."""
    batch, losses = to_write(batch, options)
    rows = (_cells(row) for reading in batch.readings for row in rows_of(reading, options.template))
    columns = [MARK, *(name for name in COLUMNS if name != "format")]
    write_table(target, columns, rows, separator=";", mark=True)
    return WriteReport((target,), counts(batch.readings, options.template), losses)


def _cells(row: list[str]) -> list[str]:
    named = dict(zip(COLUMNS, row, strict=True))
    named.pop("format")
    return [_NOTE, *(text.replace(".", ",") if name in _DECIMALS else text for name, text in named.items())]


FORMAT = Format("spreadsheet", "CSV for spreadsheets with a decimal comma", (".csv",), False, None, write)
