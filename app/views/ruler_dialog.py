"""After a line was drawn along a scale: how long is it, and for which cases does that hold (ux.md 5.4, key K)."""

from __future__ import annotations

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.session.presentation import spacing_badge
from app.session.spacing_state import SpacingAnswer
from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.scope_choice import ScopeChoice
from app.views.widgets import GAP, MARGIN, button, inset, label
from medsapiens_core.data.spacing import Spacing, from_ruler

XY = tuple[float, float]
HAND_PX = 1.0  # how well an end is put on a scale mark
ROUGH = 0.02


class RulerDialog(FittingDialog):
    """`answered(SpacingAnswer)`; closing it without one leaves everything as it is."""

    answered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Calibrate with a scale"))
        self._line: tuple[XY, XY] = ((0.0, 0.0), (0.0, 0.0))
        self._aspect = 1.0
        self._drawn = label("", wrap=True)
        self.length = QDoubleSpinBox()
        inset(self.length)
        self.length.setRange(0.0, 2000.0)
        self.length.setDecimals(2)
        self.length.setSuffix(tr(" mm"))
        self.length.setSpecialValueText(" ")
        self.length.setAccessibleName(tr("Length of the line"))
        self.length.valueChanged.connect(lambda _value: self._check())
        self.result_text = label("", "section", wrap=True)
        self._note = label("", "caption", wrap=True)
        self.scope = ScopeChoice()
        self.use_button = button("Use this pixel size", primary=True)
        self.use_button.setAutoDefault(True)
        self.use_button.setDefault(True)
        self.use_button.clicked.connect(self._use)
        cancel = button("Cancel")
        cancel.clicked.connect(self.close)
        self._lay_out(cancel)

    def ask(self, line: tuple[XY, XY], aspect: float, alike: str) -> None:
        """Ask about a line between two image points; `aspect` is the height of a pixel divided by its width."""
        self._line, self._aspect = line, aspect
        self._drawn.setText(tr("The line is {px} px long. How long is it on the scale?", px=f"{math.dist(*line):.1f}"))
        self.scope.set_alike(alike)
        self._check()
        self.adjustSize()
        self.show()
        self.raise_()
        self.length.setFocus()
        self.length.selectAll()

    def _lay_out(self, cancel: QWidget) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(MARGIN)
        layout.addWidget(self._drawn)
        form = QFormLayout()
        form.addRow(tr("Its length"), self.length)
        layout.addLayout(form)
        layout.addWidget(self.result_text)
        layout.addWidget(self._note)
        layout.addWidget(self.scope)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.use_button)
        layout.addLayout(row)
        self.setMinimumWidth(460)

    def _spacing(self) -> Spacing | None:
        try:
            return from_ruler(*self._line, self.length.value(), self._aspect)
        except ValueError:
            return None

    def _check(self) -> None:
        spacing, length = self._spacing(), self.length.value()
        self.use_button.setEnabled(spacing is not None)
        if spacing is None:
            told = "" if length == 0 else tr("No pixel is that large or small: look at the line and its length again.")
            self.result_text.setText(told or tr("Type the length that the scale gives."))
            self._note.setText("")
            return
        self.result_text.setText(tr("Pixel size: {size}", size=spacing_badge(spacing)[0]))
        self._note.setText(self._precision())

    def _precision(self) -> str:
        share = math.sqrt(2) * HAND_PX / math.dist(*self._line)
        told = tr(
            "With each end put down to about {px} px this is good to ±{share}.", px=f"{HAND_PX:g}", share=f"{share:.1%}"
        )
        told += " " + tr("A longer line, at a higher zoom, is more exact.") if share > ROUGH else ""
        taller = tr(" Pixels are taken as {times} times taller than wide.", times=f"{self._aspect:.3g}")
        square = "" if self._aspect == 1.0 else taller
        return f"{told}{square} " + tr("It holds in the plane of the scale.")

    def _use(self) -> None:
        spacing = self._spacing()
        if spacing is None:
            return
        line = [list(point) for point in self._line]
        detail = {"line": line, "length_mm": self.length.value(), "length_px": math.dist(*self._line)}
        self.answered.emit(SpacingAnswer("ruler", spacing, detail, self.scope.for_all))
        self.close()
