"""What a file of readings would bring, before anything is stored (ux.md 10.2)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.session.package_state import TakeInState
from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, button, label, line

HEADERS = ("Case", "Landmarks", "What happens")
KEPT = "Every reading stays its reader's own: nothing of yours or anybody else's is changed, and it can be taken back."


class TakeInWindow(FittingDialog):
    """`wanted()`: store it. `left()`: closed without storing."""

    wanted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Take in readings"))
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.resize(760, 560)
        self._is_ended = self._is_writing = False
        self._title = label("", "title", wrap=True)
        self.summary = label("", wrap=True)
        self.table = QTableWidget(0, len(HEADERS))
        self.table.setAccessibleName(tr("Readings that came back"))
        self.table.setHorizontalHeaderLabels([tr(words) for words in HEADERS])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setStretchLastSection(True)
        self.problems = label("", "caution", wrap=True)
        self.problem = label("", "bad", wrap=True)
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName(tr("Progress"))
        self.cancel, self.take = button("Cancel"), button("Take in", primary=True)
        self.cancel.clicked.connect(self.close)
        self.take.clicked.connect(self.wanted)
        self._lay_out()

    def show_state(self, state: TakeInState) -> None:
        """Show what came back."""
        self._is_ended = self._is_writing = False
        self._title.setText(state.title)
        self.summary.setText(state.summary)
        self.table.setRowCount(len(state.rows))
        for row, one in enumerate(state.rows):
            for column, words in enumerate((one.name, one.landmarks, one.words)):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                self.table.setItem(row, column, item)
        for column in range(len(HEADERS) - 1):
            self.table.setColumnWidth(column, self.table.sizeHintForColumn(column) + 2 * MARGIN)
        self.problems.setText("\n".join(state.problems))
        self.problems.setVisible(bool(state.problems))
        self.take.setEnabled(state.wanted > 0)
        self.take.setToolTip("" if state.wanted else tr("Nothing would change."))
        self.cancel.setEnabled(True)
        self.progress.hide()
        self.problem.hide()
        self.show()
        self.raise_()

    def show_running(self, done: int, total: int) -> None:
        """It is being stored."""
        self._is_writing = True
        self.take.setEnabled(False)
        self.cancel.setEnabled(False)
        self.progress.show()
        self.progress.setRange(0, total)
        self.progress.setValue(done)

    def tell(self, text: str) -> None:
        """Say what went wrong; closing is possible again."""
        self._is_writing = False
        self.cancel.setEnabled(True)
        self.progress.hide()
        self.problem.setText(text)
        self.problem.show()

    def end(self) -> None:
        """Close: it is stored."""
        self._is_ended = True
        self._is_writing = False
        self.close()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        column.setSpacing(GAP)
        column.addWidget(self._title)
        column.addWidget(self.summary)
        column.addWidget(self.table, 1)
        column.addWidget(self.problems)
        column.addWidget(label(KEPT, "caption", wrap=True))
        column.addWidget(self.problem)
        column.addWidget(line())
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.progress, 1)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.take)
        column.addLayout(row)

    def reject(self) -> None:
        """Esc closes like Cancel."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing is stored by closing; what is being stored is finished first."""
        if self._is_writing:
            event.ignore()
            return
        event.accept()
        if not self._is_ended:
            self._is_ended = True
            self.left.emit()
