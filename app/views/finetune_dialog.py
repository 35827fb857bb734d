"""Before a fine-tune starts: what it would learn from, what was checked, and options that stay closed (ux.md 8.1)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.session.finetune_state import StartChoice, StartState
from app.translate import tr
from app.views import icons
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, QuietComboBox, button, empty, label, make_quiet

WIDTH, SIGN = 520, 18
DEVICES = {"auto": "Choose by itself", "cpu": "CPU", "cuda": "GPU"}
LONGEST, LARGEST_SEED = 24 * 60, 2**31 - 1


class FinetuneDialog(FittingDialog):
    """Emits `start_requested(StartChoice)` and `fix_requested(name of the check)`."""

    start_requested = Signal(object)
    fix_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Fine-tune"))
        self.setMinimumWidth(WIDTH)
        self._title, self._snapshot = label("", "title", wrap=True), label("", wrap=True)
        self._checks = QGridLayout()
        self._checks.setColumnStretch(1, 1)
        self._checks.setHorizontalSpacing(GAP)
        self.options_button = QToolButton()
        self.options_button.setText(tr("Options"))
        self.options_button.setCheckable(True)
        self.options_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.options_button.setToolTip(tr("Device, time limit, seed"))
        self.device, self.minutes, self.seed = QuietComboBox(), make_quiet(QSpinBox()), make_quiet(QSpinBox())
        self.estimated = QCheckBox(tr("Learn from estimated landmarks too, at half weight"))
        self.estimated.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.start_button, self.cancel_button = button("Start", primary=True), button("Cancel")
        self.start_button.clicked.connect(self._start)
        self.cancel_button.clicked.connect(self.reject)
        self._options = self._make_options()
        self.options_button.toggled.connect(self._show_options)
        self._lay_out()

    def set_state(self, state: StartState) -> None:
        """Show what would be started; the options are as at first."""
        self._title.setText(tr("Fine-tune from {model}", model=state.base))
        self._snapshot.setText(state.snapshot_text)
        self._show_checks(state)
        self.device.clear()
        for device in state.devices:
            self.device.addItem(tr(DEVICES[device]), device)
        self.minutes.setValue(0)
        self.seed.setValue(0)
        self.estimated.setChecked(True)
        self.options_button.setChecked(False)

    @property
    def choice(self) -> StartChoice:
        """The options as they are set."""
        minutes = self.minutes.value() or None
        device = str(self.device.currentData() or "auto")
        return StartChoice(device, minutes, self.estimated.isChecked(), self.seed.value())

    def _show_checks(self, state: StartState) -> None:
        empty(self._checks)
        for place, check in enumerate(state.checks):
            sign, role = ("check", "good") if check.ok else ("warning", "caution")
            mark = QLabel()
            mark.setPixmap(icons.picture(sign, theme.colour(role).name(), self.devicePixelRatioF(), SIGN))
            mark.setAccessibleName(tr("passed") if check.ok else tr("to be looked at"))
            self._checks.addWidget(mark, place, 0, Qt.AlignmentFlag.AlignTop)
            self._checks.addWidget(label(check.text, wrap=True), place, 1)
            if check.fix:
                fix = button(check.fix)
                fix.clicked.connect(lambda _=False, name=check.name: self._fix(name))
                self._checks.addWidget(fix, place, 2)

    def _make_options(self) -> QWidget:
        self.minutes.setRange(0, LONGEST)
        self.minutes.setSpecialValueText(tr("By the number of cases"))
        self.minutes.setSuffix(tr(" min"))
        self.seed.setRange(0, LARGEST_SEED)
        box = QWidget()
        form = QFormLayout(box)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr("Device"), self.device)
        form.addRow(tr("Time limit"), self.minutes)
        form.addRow("", self.estimated)
        form.addRow(tr("Seed"), self.seed)
        for field, name in ((self.device, tr("Device")), (self.minutes, tr("Time limit")), (self.seed, tr("Seed"))):
            field.setAccessibleName(name)
        box.hide()
        return box

    def _show_options(self, shown: bool) -> None:
        self._options.setVisible(shown)
        self.adjustSize()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(MARGIN)
        layout.addWidget(self._title)
        layout.addWidget(self._snapshot)
        layout.addLayout(self._checks)
        layout.addWidget(self.options_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._options)
        layout.addStretch(1)
        row = QHBoxLayout()
        row.addWidget(label("It runs in the background; you can go on reviewing.", "caption", wrap=True), 1)
        row.addWidget(self.cancel_button)
        row.addWidget(self.start_button)
        layout.addLayout(row)

    def _start(self) -> None:
        self.accept()
        self.start_requested.emit(self.choice)

    def _fix(self, name: str) -> None:
        self.reject()
        self.fix_requested.emit(name)
