"""The definition card: what the landmark is, examples of it, and what was done to it here (ux.md 6.2, 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.session.card_state import CardState
from app.session.view_state import LandmarkRow
from app.translate import tr
from app.views.exemplar_strip import ExemplarStrip
from app.views.history_list import HistoryList
from app.views.note_field import NoteField
from app.views.widgets import GAP, MARGIN, UNIT, label

PAGES = {"card": "Card", "exemplars": "Exemplars", "history": "History"}
SMALL, LARGE = 132, 270
LOW = 48  # in a low window the list needs the room more
NOTHING = "Open a case to see its landmarks."


class Pages(QStackedWidget):
    """Would like to be `wanted` high, and can do with less."""

    wanted = SMALL

    def sizeHint(self) -> QSize:
        """As high as is wanted."""
        return QSize(super().sizeHint().width(), self.wanted)


class DefinitionCard(QFrame):
    """`page_changed(str)`: card, exemplars, history; `restore_requested(landmark, PointState)`;
    `note_committed(landmark or "", text)`; `left()`: the keyboard goes back to the image.
    """

    page_changed = Signal(str)
    restore_requested = Signal(str, object)
    note_committed = Signal(str, str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._state: CardState | None = None
        self._is_large = self._is_low = False
        self.page = "card"
        self._name = label("", "section", wrap=True)
        self._sub = label("", "caption", wrap=True)
        self._stale = label("", "caution", wrap=True)
        self._definition = label(NOTHING, "muted", wrap=True)
        self._hard = label("", "caption", wrap=True)
        self._facts = label("", "caption", wrap=True)
        self._notes = label("", "caption", wrap=True)
        self.exemplars = ExemplarStrip()
        self.history = HistoryList()
        self.history.restore_requested.connect(self._restore)
        self.note = NoteField()
        self.note.committed.connect(self.note_committed)
        self.note.left.connect(self.left)
        self._stack = Pages()
        self.tabs: dict[str, QToolButton] = {}
        self._lay_out()
        self.set_large(False)
        self.set_state(None)

    def set_row(self, row: LandmarkRow | None, text: str) -> None:
        """Name and state of the current landmark."""
        self._name.setText(f"{row.name}  ({row.abbreviation})" if row else tr("No landmark"))
        self._sub.setText(text)
        self._sub.setVisible(bool(text))

    def set_state(self, state: CardState | None) -> None:
        """Describe the current landmark."""
        if state == self._state and state is not None:
            return
        if state is None or self._state is None or state.landmark != self._state.landmark:
            self.exemplars.clear()
        self._state = state
        self._definition.setText(state.definition if state else tr(NOTHING))
        texts = (
            (self._stale, state.stale if state else ""),
            (self._hard, tr("Hard to see when: {when}", when=state.hard_when) if state and state.hard_when else ""),
            (self._facts, state.facts if state else ""),
            (self._notes, _notes(state)),
        )
        for part, text in texts:
            part.setText(text)
            part.setVisible(bool(text))
        self.history.set_rows(state.history if state else (), bool(state and state.can_edit))
        for tab in self.tabs.values():
            tab.setEnabled(state is not None)

    def set_exemplars(self, landmark: str, pictures: Sequence[tuple[QImage, str]], reason: str = "") -> None:
        """Pictures with what each shows; `reason` says why there are none."""
        if self._state is not None and self._state.landmark == landmark:
            self.exemplars.set_pictures(pictures, reason)

    def set_large(self, large: bool) -> None:
        """More room, larger text and pictures."""
        self._is_large = large
        self._make_room()
        self._definition.setProperty("role", "reading" if large else "muted")
        self._definition.style().unpolish(self._definition)
        self._definition.style().polish(self._definition)
        self.exemplars.set_large(large)

    def set_low(self, low: bool) -> None:
        """Take less room where there is little."""
        if low != self._is_low:
            self._is_low = low
            self._make_room()

    def _make_room(self) -> None:
        large = self._is_large
        self._stack.wanted = LARGE if large else LOW if self._is_low else SMALL
        self._stack.setMinimumHeight(SMALL if large else LOW)
        self._stack.setMaximumHeight(16_000 if large else self._stack.wanted)
        self._stack.updateGeometry()

    def show_page(self, page: str) -> None:
        """Turn to a page."""
        self.tabs[page].setChecked(True)

    def write_note(self, landmark: str) -> None:
        """Open the note field for the current landmark, or with "" for the case."""
        state = self._state
        if state is not None:
            title = tr("Note on {what}", what=state.name if landmark else state.case_name)
            self.note.open(landmark, title, state.note if landmark else state.case_note)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(UNIT)
        group = QButtonGroup(self)
        for page, text in PAGES.items():
            tab = QToolButton(text=tr(text), checkable=True, checked=page == "card")
            tab.setProperty("role", "chip")
            tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            tab.toggled.connect(lambda on, page=page: self._turn(page) if on else None)
            group.addButton(tab)
            head.addWidget(tab)
            self.tabs[page] = tab
        head.addStretch(1)
        for part in (_scrolled(self._make_card()), _scrolled(self.exemplars), self.history):
            self._stack.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.setSpacing(UNIT)
        for part in (self._name, self._sub):
            layout.addWidget(part)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.note)

    def _make_card(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, UNIT, 0)
        column.setSpacing(UNIT)
        for part in (self._stale, self._definition, self._hard, self._facts, self._notes):
            column.addWidget(part)
        column.addStretch(1)
        return page

    def _turn(self, page: str) -> None:
        self.page = page
        self._stack.setCurrentIndex(list(PAGES).index(page))
        self.page_changed.emit(page)

    def _restore(self, row: int) -> None:
        if self._state is not None:
            self.restore_requested.emit(self._state.landmark, self._state.history[row].state)


def _notes(state: CardState | None) -> str:
    if state is None:
        return ""
    told = [tr("Note: {text}", text=state.note)] if state.note else []
    return "\n".join([*told, *([tr("Note on the case: {text}", text=state.case_note)] if state.case_note else [])])


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setAccessibleName(tr("About the landmark"))
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.viewport().setAutoFillBackground(False)
    page.setAutoFillBackground(False)
    area.setWidget(page)
    return area
