"""Asking for a PIN, and setting one (ux.md 10.1)."""

from __future__ import annotations

from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, button, label

FEWEST, MOST = 4, 64
HONEST = (
    "A PIN keeps others at this computer from looking or deciding in your name by mistake. It does not protect the "
    "files: whoever can write to the folder can change anything. Forgotten? An Owner takes it away in Project > People."
)


def _field(name: str) -> QLineEdit:
    field = QLineEdit(echoMode=QLineEdit.EchoMode.Password, maxLength=MOST)
    field.setAccessibleName(name)
    return field


class _PinDialog(FittingDialog):
    """A dialog with fields, a line for what is wrong, and two buttons."""

    def __init__(self, title: str, do: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(400)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        self._column.setSpacing(GAP)
        self.problem = label("", "caution", wrap=True)
        self.go_on = button(do, primary=True)
        self.go_on.setDefault(True)
        self.cancel = button("Cancel")
        self.go_on.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)

    def _end(self) -> None:
        self._column.addWidget(self.problem)
        self._column.addStretch(1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.go_on)
        self._column.addLayout(foot)


class AskPinDialog(_PinDialog):
    """`pin` is what was typed. `problem` says why it is asked again."""

    def __init__(self, name: str, problem: str = "", parent: QWidget | None = None) -> None:
        super().__init__(tr("PIN"), tr("Continue"), parent)
        self._field = _field(tr("PIN"))
        text = label("", "section", wrap=True)
        text.setText(tr("PIN of {name}", name=name))
        self._column.addWidget(text)
        self._column.addWidget(self._field)
        self.problem.setText(problem)
        self._end()
        self._field.setFocus()

    @property
    def pin(self) -> str:
        """What was typed."""
        return self._field.text()


class ChangePinDialog(_PinDialog):
    """`answer()` is (the PIN until now, the new one); a new one of "" takes it away."""

    def __init__(self, name: str, *, has_pin: bool, parent: QWidget | None = None) -> None:
        super().__init__(tr("My PIN"), tr("Save"), parent)
        self._has_pin = has_pin
        self.before, self.new, self.again = (
            _field(words) for words in (tr("PIN until now"), tr("New PIN"), tr("New PIN again"))
        )
        text = label("", "section", wrap=True)
        text.setText(name)
        self._column.addWidget(text)
        form = QFormLayout()
        form.setHorizontalSpacing(MARGIN)
        form.setVerticalSpacing(GAP)
        if has_pin:
            form.addRow(label("PIN until now"), self.before)
        else:
            self.before.setParent(self)
            self.before.hide()
        form.addRow(label("New PIN"), self.new)
        form.addRow(label("New PIN again"), self.again)
        self._column.addLayout(form)
        if has_pin:
            self._column.addWidget(label("Leave the new PIN empty to have none.", "caption", wrap=True))
        self._column.addWidget(label(HONEST, "caption", wrap=True))
        self._end()
        for field in (self.before, self.new, self.again):
            field.textChanged.connect(self._check)
        self._check()

    def answer(self) -> tuple[str, str]:
        """What was typed."""
        return self.before.text(), self.new.text()

    def _check(self) -> None:
        problem, new = "", self.new.text()
        if self._has_pin and not self.before.text():
            problem = tr("Type your PIN until now.")
        elif new != self.again.text():
            problem = tr("The two new PINs differ.")
        elif len(new) < FEWEST and (new or not self._has_pin):
            problem = tr("A PIN has at least {fewest} letters or digits.", fewest=FEWEST)
        self.problem.setText(problem)
        self.go_on.setEnabled(not problem)
        self.go_on.setToolTip(problem)
