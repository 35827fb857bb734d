"""Import of landmarks, last page: what changes in each case, and what a person lets happen. Nothing is written yet."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QRadioButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.session.import_state import WHAT, ChangeRow, DrawnPoint, PointRow, PreviewState
from app.theme import px
from app.translate import tr, trn
from app.views.dialogs import Dialogs
from app.views.transfer.points_picture import PointsPicture
from app.views.widgets import GAP, button, label

HEADERS = ("Case", "Import", "New", "Moves", "Same", "Decided here")
POINT_HEADERS = ("Landmark", "Here", "In the file", "Apart", "")
CHOICES = {
    "keep": "Import; what is decided here stays",
    "theirs": "Import, and replace what is decided here",
    "leave": "Leave this case out",
}
TAKEN = {"keep": "yes", "theirs": "replaces", "leave": "no"}
NOTES = 4  # lines


class PreviewPage(QWidget):
    """`row_chosen(number)`, `choice_changed(numbers, choice)`, `swap_changed(number, swapped)`."""

    row_chosen = Signal(int)
    choice_changed = Signal(list, str)
    swap_changed = Signal(int, bool)

    def __init__(self, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dialogs = dialogs
        self._rows: tuple[ChangeRow, ...] = ()
        self._refused: tuple[tuple[str, str], ...] = ()
        self.summary = label("", "section", wrap=True)
        self._notes = label("", "caption", wrap=True)
        self._left_out = label("", "caution", wrap=True)
        self.show_refused = button("Show list")
        self.table = _table(HEADERS, tr("Cases that the file speaks of"))
        self.points = _table(POINT_HEADERS, tr("Landmarks of the chosen case"))
        self.picture = PointsPicture()
        self.swap = QCheckBox()
        self.radios = {choice: QRadioButton(tr(words)) for choice, words in CHOICES.items()}
        self.for_all = button("The same for all")
        self._connect()
        self._lay_out()

    def show_state(self, state: PreviewState) -> None:
        """Show the cases; the chosen line stays."""
        same = [row.id for row in state.rows] == [row.id for row in self._rows]
        self._rows, self._refused = state.rows, state.refused
        self.summary.setText(state.summary)
        self._notes.setText("\n".join(state.notes[:NOTES]))
        self._notes.setToolTip("\n".join(state.notes))
        self._notes.setVisible(bool(state.notes))
        count = len(state.refused)
        self._left_out.setText(trn("%n file or reading is left out.", "%n files or readings are left out.", count))
        for part in (self._left_out, self.show_refused):
            part.setVisible(count > 0)
        self.table.blockSignals(True)
        if not same:
            self.table.setRowCount(0)
            self.table.setRowCount(len(state.rows))
        for line, row in enumerate(state.rows):
            self._fill_line(line, row)
        self.table.blockSignals(False)
        if not same and state.rows:
            self.table.selectRow(0)
        self._show_choice()

    def show_points(self, number: int, rows: Sequence[PointRow], drawn: Sequence[DrawnPoint]) -> None:
        """The landmarks of the chosen case."""
        if number != self.current:
            return
        self.points.setRowCount(len(rows))
        for line, row in enumerate(rows):
            for column, text in enumerate((row.name, row.now, row.file, row.distance, tr(WHAT[row.what]))):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.points.setItem(line, column, item)
        self.picture.set_points(number, drawn)

    @property
    def current(self) -> int:
        """The reading number of the chosen line, -1 without one."""
        line = self.table.currentRow()
        return self._rows[line].id if 0 <= line < len(self._rows) else -1

    def choose(self, number: int) -> None:
        """Go to the line of a reading."""
        line = next(line for line, row in enumerate(self._rows) if row.id == number)
        self.table.selectRow(line)

    def _fill_line(self, line: int, row: ChangeRow) -> None:
        taken = tr(TAKEN[row.choice]) if row.is_change or row.choice == "leave" else tr("nothing to do")
        if row.is_hidden and row.choice != "leave":
            taken = tr("yes, unseen (blind)")
        name = f"{row.name}  ⇄" if row.swap else row.name
        texts = (name, taken, str(row.new or ""), row.moved, str(row.same or ""), row.conflict)
        for column, text in enumerate(texts):
            item = self.table.item(line, column)
            if item is None:
                item = QTableWidgetItem()
                self.table.setItem(line, column, item)
            item.setText(text)
            item.setToolTip(tr("Left and right: {pairs}", pairs=row.swap) if row.swap and not column else text)

    def _row(self) -> ChangeRow | None:
        line = self.table.currentRow()
        return self._rows[line] if 0 <= line < len(self._rows) else None

    def _line_chosen(self) -> None:
        self._show_choice()
        if self.current >= 0:
            self.row_chosen.emit(self.current)

    def _show_choice(self) -> None:
        row = self._row()
        self.swap.setVisible(row is not None and bool(row.swap))
        for choice, radio in self.radios.items():
            radio.setEnabled(row is not None)
            radio.setVisible(choice != "theirs" or (row is not None and row.can_overwrite))
            radio.blockSignals(True)
            radio.setChecked(row is not None and row.choice == choice)
            radio.blockSignals(False)
        self.for_all.setVisible(row is not None and len(self._alike(row)) > 1)
        if row is None:
            return
        self.for_all.setText(trn("The same for %n case", "The same for all %n cases", len(self._alike(row))))
        self.swap.blockSignals(True)
        self.swap.setText(tr("Left and right seem exchanged: {pairs}. Exchange them.", pairs=row.swap))
        self.swap.setChecked(row.is_swapped)
        self.swap.blockSignals(False)

    def _alike(self, row: ChangeRow) -> list[int]:
        """Cases that the same answer can go for: all with decisions of ours, or all without."""
        return [other.id for other in self._rows if other.is_conflict == row.is_conflict]

    def _choose(self, choice: str) -> None:
        if self.current >= 0:
            self.choice_changed.emit([self.current], choice)

    def _choose_for_all(self) -> None:
        row = self._row()
        if row is not None:
            self.choice_changed.emit(self._alike(row), row.choice)

    def _show_list(self) -> None:
        details = "\n".join(why if why.startswith(name) else f"{name}: {why}" for name, why in self._refused)
        self._dialogs.tell(tr("Left out"), self._left_out.text(), details, "warning")

    def _connect(self) -> None:
        self.table.itemSelectionChanged.connect(self._line_chosen)
        group = QButtonGroup(self)
        for choice, radio in self.radios.items():
            radio.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            group.addButton(radio)
            radio.clicked.connect(lambda _on=False, choice=choice: self._choose(choice))
        self.swap.clicked.connect(lambda on: self.swap_changed.emit(self.current, on))
        self.for_all.clicked.connect(self._choose_for_all)
        self.show_refused.clicked.connect(self._show_list)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.summary)
        column.addWidget(self._notes)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._left_out)
        row.addWidget(self.show_refused)
        row.addStretch(1)
        column.addLayout(row)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(self._right_side())
        split.setSizes([px(520), px(720)])  # the table of points has more columns
        column.addWidget(split, 1)

    def _right_side(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(GAP, 0, 0, 0)
        column.setSpacing(GAP)
        for radio in self.radios.values():
            column.addWidget(radio)
        row = QHBoxLayout()
        row.addWidget(self.for_all)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.swap)
        column.addWidget(self.picture, 3)
        column.addWidget(self.points, 2)
        return side


def _table(headers: Sequence[str], name: str) -> QTableWidget:
    table = QTableWidget(0, len(headers))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels([tr(text) for text in headers])
    table.verticalHeader().hide()
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setStretchLastSection(True)
    return table
