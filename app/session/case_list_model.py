"""The worklist as a Qt model: it knows how many cases there are and asks for the pages that are looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage

from app.session.headed_model import ROOT, HeadedModel, Index
from app.session.view_state import CaseListRow
from app.translate import tr

ROW_ROLE = Qt.ItemDataRole.UserRole  # the frozen row itself, None while its page is on the way
PAGE_SIZE = 200
MAX_PAGES = 50  # kept in memory; the oldest go first
MAX_THUMBNAILS = 2000  # at about 10 kB
STATE_TEXT = {"new": "New", "predicted": "Predicted", "in_review": "In review", "reviewed": "Reviewed"}


class CaseColumn(IntEnum):
    """Columns of the worklist."""

    NAME = 0
    STATE = 1
    DECIDED = 2
    SCORE = 3


HEADERS = ("Case", "State", "Decided", "95 % within, or score")


class CaseListModel(HeadedModel):
    """Rows appear as their pages arrive; works at 100,000 cases because only looked-at pages are read.

    `page_needed(generation, offset, limit)` asks for rows; the answer goes to `receive_page` with that generation,
    and is dropped if the list has been reset since. `thumbnail_needed(case id)` asks for a small picture, once it is
    looked at and once only; the answer goes to `receive_thumbnail`.
    """

    headers = HEADERS
    page_needed = Signal(int, int, int)
    thumbnail_needed = Signal(int)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._generation = 0
        self._pages: dict[int, tuple[CaseListRow, ...]] = {}
        self._places: dict[int, int] = {}  # case id -> where it stands, of the rows in memory
        self._asked: set[int] = set()
        self._thumbnails: dict[int, QImage | None] = {}

    @property
    def generation(self) -> int:
        """Counts resets."""
        return self._generation

    def reset(self, count: int) -> None:
        """Begin again with `count` rows: another filter, another project, or cases were added."""
        self.beginResetModel()
        self._count = count
        self._generation += 1
        self._pages.clear()
        self._places.clear()
        self._asked.clear()
        self.endResetModel()

    def receive_page(self, generation: int, offset: int, rows: Sequence[CaseListRow]) -> None:
        """Take the rows from `offset` on."""
        if generation != self._generation or not rows:
            return
        page = offset // PAGE_SIZE
        self._forget_page(page)
        self._pages[page] = tuple(rows)
        self._places.update((row.id, offset + place) for place, row in enumerate(rows))
        self._asked.discard(page)
        self._forget_old_pages(page)
        last = min(offset + len(rows), self._count) - 1
        self.dataChanged.emit(self.index(offset, 0), self.index(last, len(HEADERS) - 1))

    def forget_page_request(self, offset: int) -> None:
        """Let rows that are not on their way any more be asked for again."""
        self._asked.discard(offset // PAGE_SIZE)

    def update_row(self, row: CaseListRow) -> None:
        """Show a case's new state, if it is among the rows in memory."""
        position = self.position_of(row.id)
        if position is None:
            return
        page, place = divmod(position, PAGE_SIZE)
        rows = self._pages[page]
        if rows[place] != row:
            self._pages[page] = (*rows[:place], row, *rows[place + 1 :])
            self.dataChanged.emit(self.index(position, 0), self.index(position, len(HEADERS) - 1))

    def receive_thumbnail(self, case_id: int, picture: QImage | None) -> None:
        """Show a small picture; None for a case that has none."""
        self._thumbnails[case_id] = picture
        while len(self._thumbnails) > MAX_THUMBNAILS:
            del self._thumbnails[next(iter(self._thumbnails))]
        position = self.position_of(case_id)
        if position is not None and picture is not None:
            place = self.index(position, CaseColumn.NAME)
            self.dataChanged.emit(place, place, [Qt.ItemDataRole.DecorationRole])

    def forget_request(self, case_id: int) -> None:
        """Let a picture that is not on its way any more be asked for again."""
        if self._thumbnails.get(case_id) is None:
            self._thumbnails.pop(case_id, None)

    def row_at(self, position: int) -> CaseListRow | None:
        """The row, or None while its page is on the way (which this asks for)."""
        if not 0 <= position < self._count:
            return None
        page, place = divmod(position, PAGE_SIZE)
        if page not in self._pages:
            self._ask(page)
        rows = self._pages.get(page, ())
        return rows[place] if place < len(rows) else None

    def position_of(self, case_id: int) -> int | None:
        """Where a case stands in the list, if it is among the rows in memory."""
        return self._places.get(case_id)

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many rows the list has."""
        return 0 if parent.isValid() else self._count

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What to show of one cell; `ROW_ROLE` gives the frozen row."""
        row = self.row_at(index.row()) if index.isValid() else None
        if row is None:
            return "…" if role == Qt.ItemDataRole.DisplayRole and index.column() == CaseColumn.NAME else None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DecorationRole:
            return self._thumbnail(row.id) if index.column() == CaseColumn.NAME else None
        return _words(row, index.column(), role)

    def _thumbnail(self, case_id: int) -> QImage | None:
        if case_id not in self._thumbnails:
            self._thumbnails[case_id] = None  # on its way
            self.thumbnail_needed.emit(case_id)
        return self._thumbnails.get(case_id)

    def _ask(self, page: int) -> None:
        if page not in self._asked:
            self._asked.add(page)
            self.page_needed.emit(self._generation, page * PAGE_SIZE, PAGE_SIZE)

    def _forget_old_pages(self, keep: int) -> None:
        while len(self._pages) > MAX_PAGES:
            self._forget_page(next(page for page in self._pages if page != keep))

    def _forget_page(self, page: int) -> None:
        for place, row in enumerate(self._pages.pop(page, ())):
            if self._places.get(row.id) == page * PAGE_SIZE + place:
                del self._places[row.id]


def _words(row: CaseListRow, column: int, role: int) -> str | None:
    if role == Qt.ItemDataRole.DisplayRole:
        return _text(row, column)
    if role == Qt.ItemDataRole.ToolTipRole:
        return row.tooltip or row.name
    return _spoken(row) if role == Qt.ItemDataRole.AccessibleTextRole else None


def _text(row: CaseListRow, column: int) -> str:
    if column == CaseColumn.NAME:
        return row.name
    if column == CaseColumn.STATE:
        return tr(STATE_TEXT[row.state]) + (" · " + tr("flagged") if row.flagged else "")
    if column == CaseColumn.DECIDED:
        return f"{row.decided}/{row.total}"
    return radius_text(row) or ("" if row.score is None else f"{row.score:.2f}")


def radius_text(row: CaseListRow) -> str:
    """How wide the widest 95 % region of an undecided point is: "4.8 mm"; "" where that is not calibrated."""
    if row.radius is None:
        return ""
    return f"{row.radius:.1f} {row.unit}" if math.isfinite(row.radius) else tr("not found")


def _spoken(row: CaseListRow) -> str:
    decided = tr("{decided} of {total} decided", decided=row.decided, total=row.total)
    parts = [row.name, _text(row, CaseColumn.STATE), decided]
    worst = radius_text(row)
    if worst:
        is_size = worst.endswith(row.unit)
        parts.append(tr("worst 95 % within {size}", size=worst) if is_size else tr("a point {what}", what=worst))
    parts += [tr("locked set")] if row.part == "locked" else []
    return ", ".join(parts)
