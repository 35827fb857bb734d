"""Settings > Review, below the reader's own rows: the project's rule of bulk confirm, the Owner's to change."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QDoubleSpinBox, QGridLayout, QSpinBox, QVBoxLayout, QWidget

from app.session.bulk_rule_state import BulkRuleState
from app.translate import tr
from app.views.widgets import GAP, MARGIN, UNIT, label, line, make_quiet

WIDTH = 110
TITLE = "Bulk confirm in this project"
NOTE = (
    "A landmark is confirmed at once only if its calibrated 95 % region is not wider than this, nothing warns, and it "
    "was in view. Every change is logged."
)


class BulkRulePage(QWidget):
    """`wanted(BulkRuleState)` when the Owner has changed something."""

    wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = BulkRuleState()
        self.allowed = QCheckBox(tr("Bulk confirm may be used"))
        self.most_mm = make_quiet(QDoubleSpinBox(minimum=0.1, maximum=10.0, singleStep=0.1, decimals=1, suffix=" mm"))
        self.most_percent = make_quiet(
            QDoubleSpinBox(minimum=0.05, maximum=5.0, singleStep=0.05, decimals=2, suffix=" %")
        )
        self.unlock_after = make_quiet(QSpinBox(minimum=0, maximum=1000))
        self._reason = label("", "caption", wrap=True)
        self._lay_out()
        self.allowed.toggled.connect(lambda _on: self._tell())
        for box in (self.most_mm, self.most_percent, self.unlock_after):
            box.setKeyboardTracking(False)
            box.valueChanged.connect(lambda _value: self._tell())

    def show_rule(self, state: BulkRuleState) -> None:
        """Show a rule, without emitting."""
        self._state = state
        controls = (self.allowed, self.most_mm, self.most_percent, self.unlock_after)
        for control in controls:
            control.blockSignals(True)
            control.setEnabled(not state.refusal)
            control.setToolTip(state.refusal)
        self.allowed.setChecked(state.is_allowed)
        self.most_mm.setValue(state.most_mm)
        self.most_percent.setValue(state.most_percent)
        self.unlock_after.setValue(state.unlock_after)
        for control in controls:
            control.blockSignals(False)
        self._reason.setText(state.refusal)
        self._reason.setVisible(bool(state.refusal))

    def _tell(self) -> None:
        self._state = replace(
            self._state,
            is_allowed=self.allowed.isChecked(),
            most_mm=round(self.most_mm.value(), 1),
            most_percent=round(self.most_percent.value(), 2),
            unlock_after=self.unlock_after.value(),
        )
        self.wanted.emit(self._state)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 0, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addWidget(line())
        column.addWidget(label(TITLE, "section"))
        column.addWidget(self._reason)
        column.addWidget(self.allowed)
        grid = QGridLayout()
        grid.setVerticalSpacing(UNIT)
        grid.setColumnStretch(0, 1)
        rows: tuple[tuple[str, QAbstractSpinBox], ...] = (
            (tr("Widest 95 % radius"), self.most_mm),
            (tr("The same without a pixel size, of the diagonal"), self.most_percent),
            (tr("Reviewed cases before it opens"), self.unlock_after),
        )
        for place, (words, box) in enumerate(rows):
            text = label(words, wrap=True)
            text.setBuddy(box)
            box.setAccessibleName(tr(words))
            box.setFixedWidth(WIDTH)
            box.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(text, place, 0)
            grid.addWidget(box, place, 1)
        column.addLayout(grid)
        column.addWidget(label(NOTE, "caption", wrap=True))
        column.addStretch(1)
