"""A window in which something leaves this computer: a form, a look at pictures that may show names, and progress."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.session.export_state import LookState
from app.translate import tr
from app.views.dialogs import Dialogs
from app.views.fitting import FittingDialog
from app.views.transfer.look_page import LookPage
from app.views.transfer.outgoing_form import OutgoingForm
from app.views.transfer.progress_row import ProgressRow
from app.views.widgets import GAP, MARGIN, button, label


class OutgoingWindow(FittingDialog):
    """Shows states and emits what is wanted; decides nothing. `left()`: closed without writing."""

    TITLE, DO, REPLACE = "Export", "Export", "{path} is there already. Replace it?"

    export_requested = Signal(object)
    look_started = Signal()
    looks_refused = Signal()
    look_answered = Signal(bool)
    frame_requested = Signal(int)
    back_requested = Signal()
    stop_requested = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr(self.TITLE))
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.resize(820, 780)
        self.dialogs = Dialogs(self)
        self.form = self._make_form()
        self.look = LookPage()
        self._question = label("", "", wrap=True)
        self.start_looking = button("Start", primary=True)
        self.refuse_looking = button("Leave these out")
        self._is_ended = self._is_writing = False
        self._stack = QStackedWidget()
        self.row = ProgressRow(self.DO, self._stack)
        self.export, self.back = self.row.act, self.row.back
        self._lay_out()
        self._connect()

    # --- what the controller shows

    def show_form(self, state: Any) -> None:
        """Everything that can be chosen, on screen from now on."""
        self._is_ended = False
        self.form.show_state(state)
        self.show_form_again()
        self.show()
        self.raise_()
        self._check()

    def show_form_again(self) -> None:
        """The form as it was left."""
        self._go_to(self._form_area)

    def ask_to_look(self, text: str) -> None:
        """Pictures have to be looked at before the export goes on."""
        self._question.setText(text)
        self._go_to(self._ask_page)

    def show_look(self, state: LookState) -> None:
        """One picture to look at."""
        self.look.show_state(state)
        self._go_to(self.look)

    def show_running(self, text: str, done: int, total: int, *, can_stop: bool) -> None:
        """Something is at work."""
        self._is_writing = not can_stop
        self.row.show_running(text, done, total, can_stop=can_stop)

    def may_replace(self, path: str) -> bool:
        """Ask whether what is there already may be replaced."""
        buttons = [("replace", tr("Replace")), ("keep", tr("Keep it"))]
        return self.dialogs.ask(tr(self.TITLE), tr(self.REPLACE, path=path), buttons, "keep") == "replace"

    def tell(self, text: str) -> None:
        """Say what went wrong."""
        self.row.tell(text)

    def end(self) -> None:
        """Close: it is written."""
        self._is_ended = True
        self.close()

    @property
    def is_asking(self) -> bool:
        """True while the question about burned-in text is on screen."""
        return self._stack.currentWidget() is self._ask_page

    @property
    def is_looking(self) -> bool:
        """True while a picture is on screen."""
        return self._stack.currentWidget() is self.look

    # --- inside

    def _make_form(self) -> OutgoingForm:
        """The form of this window."""
        raise NotImplementedError

    def _go_to(self, page: QWidget) -> None:
        self.row.show_idle()
        self._is_writing = False
        self._stack.setCurrentWidget(page)
        is_form = page is self._form_area
        self.back.setVisible(not is_form)
        self.export.setVisible(is_form)
        self._check()

    def _check(self) -> None:
        is_form = self._stack.currentWidget() is self._form_area
        self.row.allow(self.form.missing if is_form else "")

    def _connect(self) -> None:
        self.form.changed.connect(self._check)
        self.export.clicked.connect(lambda: self.export_requested.emit(self.form.answer()))
        self.start_looking.clicked.connect(self.look_started)
        self.refuse_looking.clicked.connect(self.looks_refused)
        self.look.answered.connect(self.look_answered)
        self.look.frame_requested.connect(self.frame_requested)
        self.back.clicked.connect(self.back_requested)
        self.row.stop.clicked.connect(self.stop_requested)
        self.row.cancel.clicked.connect(self.close)

    def _lay_out(self) -> None:
        self._form_area = QScrollArea(widgetResizable=True)
        self._form_area.setFrameShape(QFrame.Shape.NoFrame)
        self._form_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._form_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._form_area.setWidget(self.form)
        self._ask_page = self._make_ask_page()
        for page in (self._form_area, self._ask_page, self.look):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        column.setSpacing(GAP)
        column.addWidget(self._stack, 1)
        column.addWidget(self.row)

    def _make_ask_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(MARGIN)
        column.addWidget(label("Before these pictures leave this computer", "title"))
        column.addWidget(self._question)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.start_looking)
        row.addWidget(self.refuse_looking)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        return page

    def reject(self) -> None:
        """Esc closes like Cancel."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing is written by closing; a file that is being written is finished first."""
        if self._is_writing and not self._is_ended:
            event.ignore()
            return
        event.accept()
        if not self._is_ended:
            self._is_ended = True
            self.left.emit()
