"""Every revision of one landmark; a double click, Return or the button brings one back as a new revision."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from app.session.card_state import HistoryRow
from app.translate import tr
from app.views.widgets import UNIT, button, label

NOTHING = "Nothing was done to this landmark yet."


class _Rows(QListWidget):
    chosen = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return restores; arrows move."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)


class HistoryList(QWidget):
    """`restore_requested(row)`."""

    restore_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = _Rows()
        self.list.setAccessibleName(tr("History of the landmark"))
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setWordWrap(True)
        self.restore = button("Restore")
        self._rows: Sequence[HistoryRow] = ()
        self._can_edit = False
        self._hint = label("", "caption")
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 0, 0, 0)
        foot.addWidget(self._hint, 1)
        foot.addWidget(self.restore)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        layout.addWidget(self.list, 1)
        layout.addLayout(foot)
        self.list.currentRowChanged.connect(lambda _row: self._show_button())
        self.list.itemDoubleClicked.connect(lambda _item: self._ask())
        self.list.chosen.connect(self._ask)
        self.restore.clicked.connect(self._ask)
        self.set_rows((), False)

    def set_rows(self, rows: Sequence[HistoryRow], can_edit: bool) -> None:
        """Show these revisions, newest first."""
        self._rows, self._can_edit = rows, can_edit
        self.list.clear()
        now = " · " + tr("now")
        for row in rows:
            who = f" · {row.who}" if row.who else ""
            self.list.addItem(f"{row.when}{who} · {row.what}{now if row.is_present else ''}\n{row.change}")
        self.list.setVisible(bool(rows))
        self._hint.setText("" if rows else tr(NOTHING))
        self._show_button()

    def _show_button(self) -> None:
        row = self.list.currentRow()
        chosen = 0 <= row < len(self._rows)
        reason = "" if self._can_edit else tr("This project is open to read only.")
        if not reason:
            reason = "" if chosen else tr("Choose a revision first.")
        if not reason and self._rows[row].is_present:
            reason = tr("This is how it is now.")
        self.restore.setVisible(bool(self._rows))
        self.restore.setEnabled(not reason)
        self.restore.setToolTip(reason or tr("Bring this back as a new revision; undo takes it away again"))

    def _ask(self) -> None:
        if self.restore.isEnabled():
            self.restore_requested.emit(self.list.currentRow())
