"""Small parts that every panel is made of, so that spacing, focus and text behave alike everywhere."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHeaderView,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QTableView,
    QToolButton,
    QWidget,
)

from app.theme import px
from app.translate import tr
from app.views.icons import set_icon

UNIT = 4
GAP = 2 * UNIT
MARGIN = 3 * UNIT


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """Plain text, in the user's language if it is one of ours; `role` is muted, caption, section, title or display."""
    widget = QLabel(tr(text))
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setWordWrap(wrap)
    if role:
        widget.setProperty("role", role)
    return widget


def button(text: str, *, primary: bool = False, icon: str = "") -> QPushButton:
    """A push button that a click works without taking the keyboard focus from the image."""
    widget = QPushButton(tr(text))
    widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    widget.setAutoDefault(False)
    if primary:
        widget.setProperty("role", "primary")
    if icon:
        set_icon(widget, icon, "on_accent" if primary else "text")
    return widget


def flat_button(icon: str, tip: str) -> QToolButton:
    """An icon without a frame; the tool tip is its spoken name too."""
    widget = QToolButton()
    widget.setProperty("role", "flat")
    widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    widget.setToolTip(tr(tip))
    widget.setAccessibleName(tr(tip))
    set_icon(widget, icon)
    return widget


def action_button(action: QAction, style: Qt.ToolButtonStyle = Qt.ToolButtonStyle.ToolButtonTextOnly) -> QToolButton:
    """A button for an action of the table."""
    widget = QToolButton()
    widget.setDefaultAction(action)
    widget.setToolButtonStyle(style)
    widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return widget


def line() -> QFrame:
    """A hairline between two parts."""
    widget = QFrame()
    widget.setProperty("role", "line")
    widget.setFixedHeight(1)
    return widget


def empty(layout: QLayout) -> None:
    """Take every widget out of a layout for good."""
    while (item := layout.takeAt(0)) is not None:
        old = item.widget()
        if old is not None:
            old.hide()
            old.deleteLater()


def repolish(widget: QWidget) -> None:
    """Make the style sheet look at a changed property."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


class _WheelGuard(QObject):
    """Keeps the wheel from changing a control that has no keyboard focus; what lies behind scrolls instead."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


WheelUser = TypeVar("WheelUser", QSpinBox, QDoubleSpinBox, QSlider, QComboBox)


def make_quiet(widget: WheelUser) -> WheelUser:
    """Make a spin box, slider or combo ignore the wheel unless it has the keyboard focus, which a click leaves alone.

    Spin boxes take the focus by a click too, since one clicks them to type.
    """
    is_field = isinstance(widget, QAbstractSpinBox)
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_field else Qt.FocusPolicy.TabFocus)
    widget.installEventFilter(_WheelGuard(widget))
    if isinstance(widget, QAbstractSpinBox):
        inset(widget)
    return widget


def inset(box: QAbstractSpinBox) -> None:
    """Keep the number off the frame of its box: the style sheet's padding does not reach it."""
    edit = box.findChild(QLineEdit)
    if edit is not None:
        edit.setTextMargins(UNIT, 0, 0, 0)


class QuietComboBox(QComboBox):
    """A combo box that ignores the wheel unless it has the keyboard focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll what lies behind instead."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class RowList(QTableView):
    """A list whose rows are drawn by a delegate with a `height`. A table: a list view asks for every row at a reset.

    `chosen(row)`: clicked, or Return; `moved(row)`: the keyboard went to it; `confirmed(row)`: Space;
    `zoomed(row)`: double click; `left()`: Esc; `unfocused()`: the keyboard went elsewhere. A click does not take the
    keyboard focus; typing does not search.
    """

    chosen = Signal(int)
    moved = Signal(int)
    confirmed = Signal(int)
    zoomed = Signal(int)
    left = Signal()
    unfocused = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.horizontalHeader().hide()
        self.horizontalHeader().setMinimumSectionSize(0)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(lambda index: self.chosen.emit(index.row()))
        self.doubleClicked.connect(lambda index: self.zoomed.emit(index.row()))

    def setModel(self, model: QAbstractItemModel | None) -> None:
        """Show the first column only; the delegate draws the whole row from it."""
        super().setModel(model)
        if model is not None:
            model.modelReset.connect(self._show_one_column)
        self._show_one_column()

    def setItemDelegate(self, delegate: QAbstractItemDelegate) -> None:
        """Draw rows with this delegate."""
        super().setItemDelegate(delegate)
        self._set_heights()

    def changeEvent(self, event: QEvent) -> None:
        """Rows grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._set_heights()

    def _show_one_column(self) -> None:
        header = self.horizontalHeader()
        for column in range(header.count()):
            self.setColumnHidden(column, column > 0)
        if header.count():
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def _set_heights(self) -> None:
        height = getattr(self.itemDelegate(), "height", None)
        if height is not None:
            self.verticalHeader().setDefaultSectionSize(px(height))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move, Home and End too, Return chooses, Space confirms, Esc leaves."""
        row = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row >= 0:
            self.chosen.emit(row)
        elif event.key() == Qt.Key.Key_Space:
            if row >= 0 and not event.isAutoRepeat():
                self.confirmed.emit(row)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.text() and not event.modifiers():
            event.ignore()
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._go_to(0 if event.key() == Qt.Key.Key_Home else self.model().rowCount() - 1, row)
        else:
            self._move(event, row)

    def _go_to(self, row: int, before: int) -> None:
        self.setCurrentIndex(self.model().index(row, 0))
        if row != before and row >= 0:
            self.moved.emit(row)

    def _move(self, event: QKeyEvent, before: int) -> None:
        super().keyPressEvent(event)
        after = self.currentIndex().row()
        if after != before and after >= 0:
            self.moved.emit(after)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell that the keyboard went elsewhere."""
        super().focusOutEvent(event)
        self.unfocused.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The chosen row stays in view."""
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def keyboardSearch(self, _search: str) -> None:
        """Typing does not jump about in the list."""
