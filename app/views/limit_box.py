"""How far two readings may differ in a measurement before they are settled: one number, or none (ux.md 10.5)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from app.session.agreement_state import MeasureRow
from app.translate import tr
from app.views.widgets import make_quiet

MOST, STEP = 1000.0, 0.5


class LimitBox(QDoubleSpinBox):
    """`changed(measure id, limit)` when the person is done with it; 0: no limit."""

    changed = Signal(str, float)

    def __init__(self, row: MeasureRow, refusal: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        make_quiet(self)
        self._id, self._before = row.id, row.limit or 0.0
        self.setRange(0.0, MOST)
        self.setDecimals(1)
        self.setSingleStep(STEP)
        self.setSpecialValueText(tr("none"))
        self.setSuffix(f" {row.unit}" if row.unit else "")
        self.setKeyboardTracking(False)
        self.setAccessibleName(tr("Limit of {name}", name=row.name))
        self.setValue(self._before)
        self.setEnabled(not refusal)
        tip = tr("Cases in which two readings differ by more wait for adjudication.")
        if row.tolerance is not None:
            tip += " " + tr("The tolerance of this measurement is {number}.", number=f"{row.tolerance:g}")
        self.setToolTip(refusal or tip)
        self.valueChanged.connect(self._tell)

    def _tell(self, value: float) -> None:
        if value != self._before:
            self._before = value
            self.changed.emit(self._id, value)
