"""The landmarks of the open case as a Qt model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any

from PySide6.QtCore import Qt

from app.session.case_list_model import ROW_ROLE
from app.session.headed_model import Index
from app.session.rows_model import RowsModel
from app.session.view_state import LandmarkRow
from app.translate import tr


class LandmarkColumn(IntEnum):
    """Columns of the landmark list."""

    NUMBER = 0
    NAME = 1
    STATE = 2
    SCORE = 3


HEADERS = ("#", "Name", "State", "95 % within, or score")

NO_IMPACT = "–"  # while the list says what landmarks change: this one changes no value


class LandmarkListModel(RowsModel):
    """`set_rows` touches only what changed, so selection and scroll stay."""

    headers = HEADERS

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._impacts: dict[str, str] = {}

    def set_rows(self, rows: Sequence[LandmarkRow]) -> None:
        """Show these rows."""
        self._replace(
            [replace(row, impact=self._impacts.get(row.id, NO_IMPACT if self._impacts else "")) for row in rows]
        )

    def set_impacts(self, impacts: Mapping[str, str]) -> None:
        """Show what each landmark changes, e.g. `SNA 1.3°/mm`, instead of the score; an empty mapping ends that."""
        self._impacts = dict(impacts)
        self.set_rows(self._rows)

    def row_at(self, position: int) -> LandmarkRow | None:
        """The row at a position of the list."""
        return self._rows[position] if 0 <= position < len(self._rows) else None

    def position_of(self, landmark: str) -> int | None:
        """Where a landmark stands in the list."""
        return next((position for position, row in enumerate(self._rows) if row.id == landmark), None)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What to show of one cell; `ROW_ROLE` gives the frozen row."""
        row = self.row_at(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.warning or ". ".join([_sure(row) or f"{row.name} ({row.abbreviation})", *_told(row)])
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _spoken(row)
        return None


def _told(row: LandmarkRow) -> list[str]:
    told = [tr("Its error may carry a measurement over a norm limit, so it comes earlier")] if row.tips else []
    told += [tr("Placed under an older definition")] if row.stale else []
    return [*told, *([tr("Has a note")] if row.noted else [])]


def _text(row: LandmarkRow, column: int) -> str:
    if column == LandmarkColumn.NUMBER:
        return str(row.number)
    if column == LandmarkColumn.NAME:
        return row.name
    if column == LandmarkColumn.STATE:
        return tr(row.label)
    return certainty_text(row)


def certainty_text(row: LandmarkRow) -> str:
    """How far a fill is off, else the calibrated 95 % radius with its unit, else the score.

    Nothing for a decided landmark: what the model said is no measure of a person's point.
    """
    if row.label != "predicted":
        return ""
    if row.spread:
        return row.spread
    if row.radius is not None:
        return f"{row.radius:.1f} {row.unit}"
    return "" if row.score is None else f"{row.score:.2f}"


def _sure(row: LandmarkRow) -> str:
    if row.label != "predicted":
        return ""
    if row.radius is not None:
        size = f"{row.radius:.1f} {row.unit}"
        return tr("{name}: in 95 of 100 films the model is within {size}", name=row.name, size=size)
    if row.score is None:
        return ""
    return tr("{name}: score {score}; this model is not calibrated", name=row.name, score=f"{row.score:.2f}")


def _spoken(row: LandmarkRow) -> str:
    """As a screen reader says it: "Gonion, predicted, 95 % within 4.8 mm, warning: …"."""
    shown = certainty_text(row)
    sure = tr("95 % within {size}", size=shown) if shown and row.radius is not None and not row.spread else shown
    parts = [str(row.number), row.name, tr(row.label), sure, tr("new suggestion") if row.has_suggestion else ""]
    parts += [
        tr("warning: {text}", text=row.warning) if row.warning else "",
        *(text[0].lower() + text[1:] for text in _told(row)),
    ]
    return ", ".join(part for part in parts if part)
