"""The measurements of the open case: set, norms, Lock end vertebrae, and the table (ux.md 11)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.action_registry import ActionRegistry
from app.session.case_list_model import ROW_ROLE
from app.session.measure_list_model import MeasureColumn, MeasureListModel
from app.session.measure_state import MeasureChoices
from app.translate import tr
from app.views.measure_delegate import MeasureDelegate
from app.views.widgets import GAP, MARGIN, QuietComboBox, action_button, button, flat_button, label

WIDTHS = {
    MeasureColumn.NAME: 144,
    MeasureColumn.VALUE: 84,
    MeasureColumn.ERROR: 78,
    MeasureColumn.NORM: 134,
    MeasureColumn.COMPARED: 124,
}
WITH_BAR = 210  # width of the comparison where the norms have limits to draw
NARROW = 760  # below it the columns of the norm give way while no norms are chosen
ROW_HEIGHT = 26


class MeasureTable(QTableView):
    """A click does not take the keyboard focus; Esc gives it back; typing does not search."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Measurements"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves; letters go on to the window."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.text() and not event.modifiers():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, _search: str) -> None:
        """Typing does not jump about in the table."""


class OneLine(QLabel):
    """A caption that is cut where it does not fit; the tool tip has all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "caption")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._whole = ""

    def say(self, text: str) -> None:
        """Show a text."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut anew."""
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width()))


class MeasurementsPanel(QWidget):
    """`chosen(str)`: the measure whose lines are to stand out, "" for none."""

    set_chosen = Signal(str)
    norms_chosen = Signal(str)
    lock_requested = Signal(bool)
    chosen = Signal(str)
    close_requested = Signal()
    left = Signal()
    shown = Signal()

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.sets = QuietComboBox()
        self.sets.setAccessibleName(tr("Measurement set"))
        self.sets.activated.connect(lambda row: self.set_chosen.emit(self.sets.itemData(row)))
        self.norms = QuietComboBox()
        self.norms.setAccessibleName(tr("Norms"))
        self.norms.activated.connect(lambda row: self.norms_chosen.emit(self.norms.itemData(row)))
        self.lock = QToolButton()
        self.lock.setText(tr("Lock end vertebrae"))
        self.lock.setCheckable(True)
        self.lock.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.lock.setToolTip(
            tr("Hold the end vertebrae that were found, so that the value is measured between the same ones")
        )
        self.lock.clicked.connect(self.lock_requested)
        self.table = MeasureTable()
        self.table.setItemDelegate(MeasureDelegate(self.table))
        self.table.left.connect(self.left)
        self._source = OneLine()
        self._empty = label("", "muted", wrap=True)
        self._lay_out(actions)
        self.set_choices(MeasureChoices(reason=tr("Open a case to see its measurements.")))

    def set_model(self, model: MeasureListModel) -> None:
        """Show these measurements."""
        self.table.setModel(model)
        for column, width in WIDTHS.items():
            self.table.setColumnWidth(column, width)
        self.table.selectionModel().selectionChanged.connect(lambda _new, _old: self._tell_chosen())
        model.modelReset.connect(self._tell_chosen)

    def set_choices(self, choices: MeasureChoices) -> None:
        """Show what may be chosen and what is."""
        _fill(self.sets, choices.sets, choices.set_id)
        _fill(self.norms, choices.norms, choices.norms_id)
        with QSignalBlocker(self.lock):
            self.lock.setChecked(choices.locked)
        self.lock.setVisible(choices.has_curves)
        self.lock.setEnabled(choices.can_lock)
        self.lock.setText(tr("End vertebrae locked") if choices.locked else tr("Lock end vertebrae"))
        self.add_landmark.setVisible(choices.lacks_landmarks)
        self._source.say(choices.source)
        self._source.setVisible(bool(choices.source))
        self._empty.setText(choices.reason)
        self._empty.setVisible(bool(choices.reason))
        self.table.setVisible(not choices.reason)
        for column in (MeasureColumn.NORM, MeasureColumn.COMPARED):
            self.table.setColumnHidden(column, not choices.norms_id)
        self.table.setColumnWidth(
            MeasureColumn.COMPARED, WITH_BAR if choices.has_limits else WIDTHS[MeasureColumn.COMPARED]
        )

    def select(self, measure_id: str) -> None:
        """Mark the row of a measure."""
        model = self.table.model()
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        for row in range(model.rowCount() if model else 0):
            if model.index(row, 0).data(ROW_ROLE).id == measure_id:
                self.table.selectionModel().setCurrentIndex(model.index(row, 0), flags)

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks now."""
        super().showEvent(event)
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Long names of choices give way before the buttons do."""
        super().resizeEvent(event)
        width = 150 if event.size().width() < NARROW else 240
        self.sets.setMaximumWidth(width)
        self.norms.setMaximumWidth(width)

    def _lay_out(self, actions: ActionRegistry) -> None:
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self.sets)
        head.addWidget(self.norms)
        head.addWidget(self.lock)
        head.addStretch(1)
        self.add_landmark = button("Add landmark…")
        self.add_landmark.setToolTip(
            tr("Some of these values need landmarks that the template lacks: the template editor adds them")
        )
        self.add_landmark.clicked.connect(actions.action("template.edit").trigger)
        head.addWidget(self.add_landmark)
        for action_id in ("measure.edit", "measure.export", "measure.report"):
            head.addWidget(_compact(action_button(actions.action(action_id))))
        close = flat_button("close", "Close the bottom panel")
        close.clicked.connect(self.close_requested)
        head.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.setSpacing(GAP)
        layout.addLayout(head)
        layout.addWidget(self._source)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._empty, 1)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def _tell_chosen(self) -> None:
        found = self.table.selectionModel().selectedRows()
        self.chosen.emit(found[0].data(ROW_ROLE).id if found else "")


def _fill(box: QuietComboBox, entries: Sequence[tuple[str, str]], chosen: str) -> None:
    with QSignalBlocker(box):
        if [(box.itemData(row), box.itemText(row)) for row in range(box.count())] != list(entries):
            box.clear()
            for entry_id, name in entries:
                box.addItem(name, entry_id)
        box.setCurrentIndex(max(box.findData(chosen), 0) if entries else -1)
    box.setVisible(bool(entries))


def _compact(tool: QToolButton) -> QToolButton:
    policy = tool.sizePolicy()
    policy.setHorizontalPolicy(policy.Policy.Fixed)
    tool.setSizePolicy(policy)
    return tool
