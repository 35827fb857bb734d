"""The measurements of the open case as a Qt table model."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import Qt

from app.session.case_list_model import ROW_ROLE
from app.session.headed_model import Index
from app.session.measure_state import MeasureRow
from app.session.rows_model import RowsModel
from app.translate import tr


class MeasureColumn(IntEnum):
    """Columns of the table."""

    NAME = 0
    VALUE = 1
    ERROR = 2
    NORM = 3
    COMPARED = 4
    NOTE = 5


HEADERS = ("Measurement", "Value", "± (95 %)", "Norm", "Compared", "Remarks")
NUMBERS = (MeasureColumn.VALUE, MeasureColumn.ERROR, MeasureColumn.NORM)


class MeasureListModel(RowsModel):
    """`set_rows` touches only what changed, so that selection and scroll stay while a point is dragged."""

    headers = HEADERS

    @property
    def rows(self) -> tuple[MeasureRow, ...]:
        """What is shown."""
        return self._rows

    def set_rows(self, rows: Sequence[MeasureRow]) -> None:
        """Show these rows."""
        self._replace(rows)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The words above a column; numbers stand right."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in NUMBERS else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return super().headerData(section, orientation, role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What to show of one cell; `ROW_ROLE` gives the frozen row."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.name, row.value, row.error, row.norm, row.compared, row.note)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tooltip or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(row)
        return None


def spoken(row: MeasureRow) -> str:
    """One row for a screen reader."""
    parts = [
        row.name,
        row.value or tr("no value"),
        row.error,
        tr("norm {norm}", norm=row.norm) if row.norm else "",
        row.compared,
    ]
    parts.append(row.note)
    return ", ".join(part for part in parts if part)
