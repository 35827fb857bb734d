"""What the program has said, the newest first, as a Qt table (ux.md 2.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any

from PySide6.QtCore import Qt

from app.session.headed_model import ROOT, HeadedModel, Index
from app.translate import tr, trn

MOST = 500
KINDS = {"info": "Information", "warning": "Warning", "error": "Error"}


class MessageColumn(IntEnum):
    """Columns of the table."""

    TIME = 0
    KIND = 1
    TEXT = 2


HEADERS = ("Time", "Kind", "Message")


@dataclass(frozen=True)
class Message:
    """`kind` is one of `KINDS`; `times` counts how often it came in a row."""

    at: datetime
    kind: str
    text: str
    details: str = ""
    times: int = 1

    @property
    def shown(self) -> str:
        """The text, and how often it came."""
        return self.text if self.times == 1 else f"{self.text}  ({trn('%n time', '%n times', self.times)})"

    @property
    def whole(self) -> str:
        """All of it, to be copied."""
        parts = (f"{self.at:%Y-%m-%d %H:%M:%S}  {self.kind}  {self.shown}", self.details)
        return "\n".join(part for part in parts if part)


class MessageListModel(HeadedModel):
    """Keeps the last 500; one that comes again at once is counted and not repeated."""

    headers = HEADERS

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._messages: list[Message] = []

    def add(self, message: Message) -> None:
        """Put it first."""
        first = self._messages[0] if self._messages else None
        if first is not None and (first.text, first.details) == (message.text, message.details):
            self._messages[0] = replace(message, times=first.times + 1)
            self.dataChanged.emit(self.index(0, 0), self.index(0, len(HEADERS) - 1))
            return
        self.beginInsertRows(ROOT, 0, 0)
        self._messages.insert(0, message)
        self.endInsertRows()
        if len(self._messages) > MOST:
            self.beginRemoveRows(ROOT, MOST, MOST)
            self._messages.pop()
            self.endRemoveRows()

    def message(self, row: int) -> Message:
        """What stands in a row."""
        return self._messages[row]

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many messages."""
        return 0 if parent.isValid() else len(self._messages)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What to show of one cell."""
        if not index.isValid() or index.row() >= len(self._messages):
            return None
        message = self._messages[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (f"{message.at:%H:%M:%S}", tr_kind(message.kind), message.shown)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return message.whole
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{message.at:%H:%M}, {tr_kind(message.kind)}: {message.shown}"
        return None


def tr_kind(kind: str) -> str:
    """The kind in the user's language."""
    return tr(KINDS[kind])
