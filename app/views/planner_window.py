"""Label these next: the few-shot planner in a window of its own (ux.md 2.4). Its keys work while the list has focus."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDoubleSpinBox,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.session.planner_state import PlannerRow, PlannerState
from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.log_progress import LogProgress
from app.views.widgets import GAP, MARGIN, UNIT, button, inset, label

HEADERS = ("#", "Case", "Why", "State")
CASE = Qt.ItemDataRole.UserRole
AFTER = "After case 1: proposals from 1 example (one-shot). After 10: Fine-tune becomes the suggested step."


class PlannerTable(QTableWidget):
    """Up, Down: move; Return: label; X: leave out. A click does not search, typing neither."""

    labelled = Signal()
    excluded = Signal()

    def __init__(self) -> None:
        super().__init__(0, len(HEADERS))
        self.setAccessibleName(tr("Cases to label next"))
        self.setHorizontalHeaderLabels([tr(text) for text in HEADERS])
        self.verticalHeader().hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column, mode in enumerate(("ResizeToContents", "ResizeToContents", "Stretch", "ResizeToContents")):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode[mode])
        self.itemDoubleClicked.connect(lambda _item: self.labelled.emit())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The planner's keys."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.labelled.emit()
        elif event.key() == Qt.Key.Key_X and not event.modifiers() and not event.isAutoRepeat():
            self.excluded.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, _search: str) -> None:
        """Typing does not jump about in the list."""


class PlannerWindow(FittingDialog):
    """Shows a `PlannerState`; emits what is wanted with a case id."""

    label_requested = Signal(int)
    exclude_requested = Signal(int)
    include_all_requested = Signal()
    refresh_requested = Signal()
    why_requested = Signal()
    goal_changed = Signal(float)
    finetune_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Label these next"))
        self.setModal(False)
        self.resize(900, 600)
        self._state: PlannerState | None = None
        self.table = PlannerTable()
        self.progress = LogProgress(tr("Reviewed cases"))
        self.looking = QProgressBar(textVisible=False)
        self.looking.setAccessibleName(tr("Looking at the pictures"))
        self._heading = label("", "section")
        self._counts = label("", "muted")
        self._now = label("", "section")
        self._figures = label("", "", wrap=True)
        self._what = label("", "caption", wrap=True)
        self._empty = label("", "muted", wrap=True)
        self.goal = QDoubleSpinBox(minimum=0.1, maximum=100.0, singleStep=0.1, decimals=1)
        inset(self.goal)
        self.goal.setAccessibleName(tr("Error to reach"))
        self.goal.setKeyboardTracking(False)
        self._make_buttons()
        self._lay_out()
        self._connect()
        self.set_progress(0, 0)

    def set_state(self, state: PlannerState) -> None:
        """Show a plan; the first case is selected and the list has the keyboard."""
        self._state = state
        self.set_progress(0, 0)
        self._heading.setText(tr("Goal: {template}, error at most", template=state.template))
        self.goal.blockSignals(True)
        self.goal.setSuffix(f" {state.unit}")
        self.goal.setValue(state.goal)
        self.goal.blockSignals(False)
        self.goal.setEnabled(state.can_write)
        self.progress.set_value(state.reviewed)
        self._now.setText(state.now)
        self._figures.setText("      ".join(state.figures))
        self._figures.setVisible(bool(state.figures))
        self._what.setText(state.what or tr(AFTER))
        self._fill(state.rows)
        self._show_counts()
        self.finetune.setVisible(state.can_finetune)
        self.put_back.setVisible(state.left_out > 0 and state.can_write)
        self.put_back.setText(tr("Put back {count} left out", count=state.left_out))

    def set_progress(self, done: int, of: int) -> None:
        """How many pictures have been looked at; 0 of 0 ends it."""
        self.looking.setVisible(of > 0)
        self.looking.setRange(0, max(of, 1))
        self.looking.setValue(done)
        self.refresh.setEnabled(of == 0)
        self.refresh.setText(
            tr("Refresh list") if of == 0 else tr("Looking at pictures: {done} of {of}", done=done, of=of)
        )

    def take_out(self, case_id: int) -> None:
        """Remove a line; the others stay where they are."""
        row = next((r for r in range(self.table.rowCount()) if self.table.item(r, 0).data(CASE) == case_id), None)
        if row is not None:
            self.table.removeRow(row)
            self._show_counts()

    def current_case(self) -> int | None:
        """The case of the selected line."""
        item = self.table.item(self.table.currentRow(), 0)
        return None if item is None else int(item.data(CASE))

    def _fill(self, rows: tuple[PlannerRow, ...]) -> None:
        self.table.setRowCount(len(rows))
        for line, row in enumerate(rows):
            for column, text in enumerate((str(line + 1), row.name, row.why, row.state)):
                item = QTableWidgetItem(text)
                item.setData(CASE, row.case_id)
                item.setToolTip(text)
                self.table.setItem(line, column, item)
        self._empty.setVisible(not rows)
        self._empty.setText(
            "" if rows else tr("No case is left to propose: every one is decided, flagged or left out.")
        )
        if rows:
            self.table.selectRow(0)
            self.table.setFocus()

    def _show_counts(self) -> None:
        state = self._state
        if state is not None:
            locked = tr("Locked read {read} of {total}", read=state.locked_read, total=state.locked_total)
            self._counts.setText(
                tr("Reviewed {count}", count=state.reviewed)
                + f"    {locked}    "
                + tr("In planner {count}", count=self.table.rowCount())
            )

    def _make_buttons(self) -> None:
        self.label_button = button("Label", primary=True)
        self.exclude = button("Exclude…")
        self.why = button("Why these?")
        self.put_back = button("Put back")
        self.finetune = button("Fine-tune", icon="spark")
        self.refresh = button("Refresh list")
        self.finetune.hide()
        self.put_back.hide()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(GAP)
        for part in (self._heading, self.goal):
            top.addWidget(part)
        top.addStretch(1)
        top.addWidget(self._counts)
        below = QHBoxLayout()
        below.setSpacing(GAP)
        for part in (self.label_button, self.exclude):
            below.addWidget(part)
        below.addStretch(1)
        for part in (self.put_back, self.finetune, self.why, self.refresh):
            below.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addLayout(top)
        layout.addWidget(self.progress)
        layout.addWidget(self._now)
        layout.addWidget(self._figures)
        layout.addWidget(self._what)
        layout.addSpacing(UNIT)
        layout.addWidget(self.looking)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._empty)
        layout.addLayout(below)

    def _connect(self) -> None:
        self.table.labelled.connect(self._label)
        self.table.excluded.connect(self._exclude)
        self.table.itemSelectionChanged.connect(self._show_buttons)
        self.label_button.clicked.connect(self._label)
        self.exclude.clicked.connect(self._exclude)
        self.why.clicked.connect(self.why_requested)
        self.put_back.clicked.connect(self.include_all_requested)
        self.finetune.clicked.connect(self.finetune_requested)
        self.refresh.clicked.connect(self.refresh_requested)
        self.goal.valueChanged.connect(self.goal_changed)
        self._show_buttons()

    def _show_buttons(self) -> None:
        case_id = self.current_case()
        rows = self._state.rows if self._state is not None else ()
        locked = next((row.is_locked for row in rows if row.case_id == case_id), False)
        can_write = self._state is None or self._state.can_write
        self.label_button.setText(tr("Read blind") if locked else tr("Label"))
        self.label_button.setEnabled(case_id is not None)
        self.exclude.setEnabled(case_id is not None and can_write)
        self.exclude.setToolTip("" if can_write else tr("This project is open to read only."))

    def _label(self) -> None:
        case_id = self.current_case()
        if case_id is not None:
            self.label_requested.emit(case_id)

    def _exclude(self) -> None:
        case_id = self.current_case()
        if case_id is not None and self.exclude.isEnabled():
            self.exclude_requested.emit(case_id)
