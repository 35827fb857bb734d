"""The tab of what the program has said: toasts and lines that are gone can be read again and copied (ux.md 2.1)."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.session.message_list_model import Message, MessageColumn, MessageListModel
from app.session.view_state import Notice
from app.translate import tr
from app.views.dialogs import Dialogs
from app.views.measurements_panel import MeasureTable
from app.views.notice_strip import NoticeStrip
from app.views.toasts import Toasts
from app.views.widgets import GAP, MARGIN, button, flat_button, label

WIDTHS = {MessageColumn.TIME: 84, MessageColumn.KIND: 110}
NOTHING = "Nothing has been said yet."


class MessagesPanel(QWidget):
    """`close_requested()`, `left()`: the keyboard goes back to the image."""

    close_requested = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = MessageListModel(self)
        self.table = MeasureTable()
        self.table.setAccessibleName(tr("Messages"))
        self.table.setModel(self.model)
        for column, width in WIDTHS.items():
            self.table.setColumnWidth(column, width)
        self.table.left.connect(self.left)
        self.copy_button = button("Copy details")
        self.copy_button.setToolTip(tr("The chosen message with its time and details; without a choice, all of them"))
        self.copy_button.clicked.connect(self._copy)
        self._empty = label(NOTHING, "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out()
        for signal in (self.model.rowsInserted, self.model.rowsRemoved):
            signal.connect(self._show_emptiness)
        self._show_emptiness()

    def listen_to(self, toasts: Toasts, notices: NoticeStrip, dialogs: Dialogs) -> None:
        """Keep what these say."""
        toasts.said.connect(lambda text: self.add("info", text))
        notices.said.connect(self._add_notice)
        dialogs.on_told = self.add

    def add(self, kind: str, text: str, details: str = "") -> None:
        """Keep one message, with the time of now."""
        self.model.add(Message(datetime.now().astimezone(), kind, text, details))

    def _add_notice(self, notice: Notice) -> None:
        self.add(notice.kind, notice.text, notice.details)

    def _copy(self) -> None:
        rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
        chosen = rows or range(self.model.rowCount())
        QGuiApplication.clipboard().setText("\n".join(self.model.message(row).whole for row in chosen))

    def _show_emptiness(self) -> None:
        is_empty = self.model.rowCount() == 0
        self.table.setVisible(not is_empty)
        self._empty.setVisible(is_empty)
        self.copy_button.setEnabled(not is_empty)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(label("What the program has said, the newest first", "caption"))
        head.addStretch(1)
        head.addWidget(self.copy_button)
        close = flat_button("close", "Close the bottom panel")
        close.clicked.connect(self.close_requested)
        head.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.setSpacing(GAP)
        layout.addLayout(head)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._empty, 1)
