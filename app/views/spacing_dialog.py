"""The pixel size of a case: which the file gives, which is used, who chose it, and how to set another (ux.md 5.4)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.session.presentation import spacing_badge
from app.session.spacing_state import SpacingAnswer, SpacingState
from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.scope_choice import ScopeChoice
from app.views.widgets import GAP, MARGIN, UNIT, button, inset, label, line
from medsapiens_core.data.spacing import MAX_MAGNIFICATION, MAX_MM, Spacing, SpacingSource, usable_pair

USUAL_FACTOR = 1.1  # lateral skull films; only where the cursor starts
HISTORY_LINES = 6


class SpacingDialog(FittingDialog):
    """`answered(SpacingAnswer)`, `ruler_requested()`."""

    answered = Signal(object)
    ruler_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(560)
        self._state: SpacingState | None = None
        self._read_only = False
        self._now = label("", "title")
        self._explanation = label("", "muted", wrap=True)
        self._options = QGridLayout()
        self._options.setHorizontalSpacing(MARGIN)
        self._options.setVerticalSpacing(UNIT)
        self._options.setColumnStretch(1, 1)
        self.radios: list[QRadioButton] = []
        self._group = QButtonGroup(self)
        self.entered = QRadioButton(tr("Enter pixel size"))
        self.magnified = QRadioButton(tr("Magnification"))
        self.across, self.down = _size(tr("Pixel width")), _size(tr("Pixel height"))
        self.factor = QDoubleSpinBox()
        inset(self.factor)
        self.factor.setRange(1.0, MAX_MAGNIFICATION)
        self.factor.setDecimals(3)
        self.factor.setSingleStep(0.01)
        self.factor.setAccessibleName(tr("Magnification"))
        self._corrected = label("", "muted")
        self.scope = ScopeChoice()
        self._history = label("", "caption", wrap=True)
        self.use_button = button("Use", primary=True)
        self.use_button.setAutoDefault(True)
        self.use_button.setDefault(True)
        self.ruler_button = button("Use ruler (K)…")
        self.close_button = button("Cancel")
        self._connect()
        self._lay_out()

    def show_state(self, state: SpacingState, *, read_only: bool = False, focus: str = "") -> None:
        """Show a case. `focus` is "entered" or "magnification" to begin there."""
        self._state, self._read_only = state, read_only
        self.setWindowTitle(tr("Pixel size of {case}", case=state.case_name))
        self._now.setText(tr("Pixel size: {size}", size=state.badge))
        self._explanation.setText(state.explanation)
        self._show_options(state)
        self._begin_values(state)
        self.scope.set_alike(state.alike)
        more = len(state.history) - HISTORY_LINES
        lines = [*state.history[:HISTORY_LINES], *([tr("and {n} earlier", n=more)] if more > 0 else [])]
        self._history.setText("\n".join(lines) or tr("Nobody has chosen a pixel size for this case."))
        self.show()
        self.adjustSize()  # once shown: before, the style sheet has not told how high the controls are
        self.raise_()
        self._focus(focus)
        self._check()

    def _focus(self, focus: str) -> None:
        if focus == "entered":
            self.entered.setChecked(True)
            self.across.setFocus()
            self.across.selectAll()
        elif focus == "magnification" and self.magnified.isEnabled():
            self.magnified.setChecked(True)
            self.factor.setFocus()
            self.factor.selectAll()
        else:
            self.close_button.setFocus()

    # --- building

    def _connect(self) -> None:
        for radio in (self.entered, self.magnified):
            radio.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self._group.addButton(radio)
        self._group.buttonToggled.connect(lambda _button, _on: self._check())
        self.across.valueChanged.connect(self._across_changed)
        self.down.valueChanged.connect(lambda _value: self._check(self.entered))
        self.factor.valueChanged.connect(lambda _value: self._check(self.magnified))
        self.use_button.clicked.connect(self._use)
        self.ruler_button.clicked.connect(self._ask_for_ruler)
        self.close_button.clicked.connect(self.close)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(GAP)
        for part in (self._now, self._explanation, line(), label("In the file", "section")):
            layout.addWidget(part)
        layout.addLayout(self._options)
        layout.addWidget(label("By hand", "section"))
        layout.addLayout(self._make_by_hand())
        self._scope_title = label("Use it for", "section")
        for part in (line(), self._scope_title, self.scope, line(), label("Chosen before", "section"), self._history):
            layout.addWidget(part)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.ruler_button)
        row.addStretch(1)
        row.addWidget(self.close_button)
        row.addWidget(self.use_button)
        layout.addLayout(row)

    def _make_by_hand(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setColumnStretch(5, 1)
        parts = (self.entered, label("width", "caption"), self.across, label("height", "caption"), self.down)
        for column, part in enumerate(parts):
            grid.addWidget(part, 0, column)
        for column, part in enumerate((self.magnified, label("factor", "caption"), self.factor)):
            grid.addWidget(part, 1, column)
        grid.addWidget(self._corrected, 1, 3, 1, 3)
        return grid

    def _show_options(self, state: SpacingState) -> None:
        while self._options.count():
            old = self._options.takeAt(0).widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for radio in self.radios:
            self._group.removeButton(radio)
        self.radios = [QRadioButton(option.title) for option in state.options]
        for row, (radio, option) in enumerate(zip(self.radios, state.options, strict=True)):
            radio.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            radio.setAccessibleName(f"{option.title}: {option.origin}")
            self._group.addButton(radio)
            radio.setChecked(option.is_now)
            self._options.addWidget(radio, row, 0)
            self._options.addWidget(label(option.origin, "muted", wrap=True), row, 1)

    def _begin_values(self, state: SpacingState) -> None:
        now = state.now
        for box, value in ((self.across, now.col_mm if now else 0.0), (self.down, now.row_mm if now else 0.0)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        self.magnified.setEnabled(state.flat is not None)
        self.magnified.setToolTip("" if state.flat else tr("The file gives no size at the detector."))
        self.factor.setEnabled(state.flat is not None)
        self.factor.blockSignals(True)
        self.factor.setValue(state.factor or USUAL_FACTOR)
        self.factor.blockSignals(False)
        if now is not None and now.source is SpacingSource.ENTERED:
            self.entered.setChecked(True)
        elif now is not None and now.source is SpacingSource.MAGNIFICATION and now.chosen and state.flat is not None:
            self.factor.setValue(state.flat.row_mm / now.row_mm)
            self.magnified.setChecked(True)

    # --- what is chosen

    def _across_changed(self, value: float) -> None:
        """The height follows by the shape of the pixels until it is typed itself."""
        if self._state is not None:
            self.down.blockSignals(True)
            self.down.setValue(value * self._state.aspect)
            self.down.blockSignals(False)
        self._check(self.entered)

    def _check(self, chosen: QRadioButton | None = None) -> None:
        if chosen is not None and chosen.isEnabled():
            chosen.setChecked(True)
        corrected = self._magnified_spacing()
        self._corrected.setText("" if corrected is None else tr("gives {size}", size=spacing_badge(corrected)[0]))
        answer = self._answer()
        typed = tr("Choose or type a pixel size first.")
        reason = tr("This project is open to read only.") if self._read_only else typed
        self.use_button.setEnabled(answer is not None and not self._read_only)
        self.use_button.setToolTip("" if self.use_button.isEnabled() else reason)
        self.ruler_button.setEnabled(not self._read_only)

    def _magnified_spacing(self) -> Spacing | None:
        flat = None if self._state is None else self._state.flat
        try:
            return None if flat is None else flat.magnified_by(self.factor.value())
        except ValueError:
            return None

    def _answer(self) -> SpacingAnswer | None:
        if self._state is None:
            return None
        for radio, option in zip(self.radios, self._state.options, strict=True):
            if radio.isChecked():
                detail = {"origin": option.origin} if option.way == "candidate" else {}
                return SpacingAnswer(option.way, option.spacing, detail, self.scope.for_all)
        if self.magnified.isChecked():
            corrected = self._magnified_spacing()
            detail = {"factor": self.factor.value()}
            return corrected and SpacingAnswer("magnification", corrected, detail, self.scope.for_all)
        row_mm, col_mm = self.down.value(), self.across.value()
        if not self.entered.isChecked() or not usable_pair(row_mm, col_mm):
            return None
        entered = Spacing(row_mm, col_mm, SpacingSource.ENTERED, chosen=True)
        return SpacingAnswer("entered", entered, {}, self.scope.for_all)

    def _use(self) -> None:
        answer = self._answer()
        if answer is not None:
            self.answered.emit(answer)
            self.close()

    def _ask_for_ruler(self) -> None:
        self.close()
        self.ruler_requested.emit()


def _size(name: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    inset(box)
    box.setRange(0.0, MAX_MM)
    box.setDecimals(4)
    box.setSingleStep(0.001)
    box.setSuffix(" mm")
    box.setSpecialValueText(" ")
    box.setAccessibleName(tr(name))
    return box
