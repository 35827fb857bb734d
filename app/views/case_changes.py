"""The locked cases of a comparison as a list of changes, the worst for the candidate first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from app import theme
from app.session.comparison_state import CaseFigures
from app.translate import tr
from app.views.widgets import GAP, QuietComboBox, label

Order = Callable[[CaseFigures], tuple[bool, float, str]]
ORDERS: dict[str, Order] = {
    "worst for the candidate": lambda case: (case.new is None, -(case.new or 0.0), case.name),
    "largest change for the worse": lambda case: (case.change is None, -(case.change or 0.0), case.name),
    "largest change for the better": lambda case: (case.change is None, case.change or 0.0, case.name),
    "worst for the model in use": lambda case: (case.old is None, -(case.old or 0.0), case.name),
}


class CaseChanges(QWidget):
    """Emits `chosen(case id)`. `step(by)` goes to the case before or after in the order shown."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cases: list[CaseFigures] = []
        self.order = QuietComboBox()
        self.order.addItems([tr(name) for name in ORDERS])
        self.order.setAccessibleName(tr("Order of the cases"))
        self.order.currentIndexChanged.connect(lambda _index: self._fill())
        self.table = QTableWidget(0, 4)
        self.table.setAccessibleName(tr("Locked cases"))
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, 3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.table.currentCellChanged.connect(self._moved)
        top = QHBoxLayout()
        top.addWidget(label("Cases", "section"))
        top.addStretch(1)
        top.addWidget(self.order)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)

    @property
    def current(self) -> CaseFigures | None:
        """The case that is chosen."""
        row = self.table.currentRow()
        return self.cases[row] if 0 <= row < len(self.cases) else None

    @property
    def position_text(self) -> str:
        """Where in the list the chosen case is."""
        return tr("{place} of {count}", place=self.table.currentRow() + 1, count=len(self.cases))

    def set_cases(self, cases: Sequence[CaseFigures], old: str, new: str, unit: str) -> None:
        """Show these cases and choose the first."""
        self.cases = list(cases)
        self.table.setHorizontalHeaderLabels([tr("Case"), f"{old}, {unit}", f"{new}, {unit}", tr("Change")])
        self._fill()

    def choose(self, case_id: int) -> None:
        """Go to a case."""
        row = next((row for row, case in enumerate(self.cases) if case.case_id == case_id), None)
        if row is not None:
            self.table.setCurrentCell(row, 0)

    def step(self, by: int) -> None:
        """Go on in the list; it ends at its ends."""
        if self.cases:
            self.table.setCurrentCell(min(max(self.table.currentRow() + by, 0), len(self.cases) - 1), 0)

    def refresh(self) -> None:
        """Draw the colours of the theme again."""
        for row, case in enumerate(self.cases):
            role = "good" if (case.change or 0.0) < 0 else "bad" if (case.change or 0.0) > 0 else "muted"
            item = self.table.item(row, 3)
            if item is not None:
                item.setForeground(theme.colour(role))

    def _fill(self) -> None:
        self.cases.sort(key=list(ORDERS.values())[self.order.currentIndex()])
        self.table.blockSignals(True)
        self.table.setRowCount(len(self.cases))
        for row, case in enumerate(self.cases):
            figures = (_figure(case.old), _figure(case.new), _figure(case.change, "+"))
            for column, text in enumerate((case.name, *figures)):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                else:
                    item.setToolTip(case.name)
                self.table.setItem(row, column, item)
        self.refresh()
        self.table.setCurrentCell(-1, -1)
        self.table.blockSignals(False)
        self.table.setCurrentCell(0, 0)

    def _moved(self, row: int, _column: int, before: int, _before_column: int) -> None:
        if row != before and 0 <= row < len(self.cases):
            self.chosen.emit(self.cases[row].case_id)


def _figure(value: float | None, sign: str = "") -> str:
    return tr("none") if value is None else f"{value:{sign}.2f}".replace("-", "−")
