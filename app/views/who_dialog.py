"""Who is reading: one of the project's readers, or somebody new with initials and a name (ux.md 10.1)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import (
    QButtonGroup,
    QDialogButtonBox,
    QGridLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, UNIT, button, label
from medsapiens_core.data.readers import LONGEST_CODE, LONGEST_NAME, Reader
from medsapiens_core.errors import UserError

RECORD = "This is a record of who decided what, not an electronic signature."


class WhoDialog(FittingDialog):
    """`answer()` is the reader that was chosen; Continue is on once there is one."""

    def __init__(self, readers: Sequence[Reader], proposal: Reader, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Who is reading?"))
        self.setMinimumWidth(460)
        self._readers = list(readers)
        self._group = QButtonGroup(self)
        self.code = QLineEdit(maxLength=LONGEST_CODE)
        self.code.setAccessibleName(tr("Initials"))
        self.name = QLineEdit(maxLength=LONGEST_NAME)
        self.name.setAccessibleName(tr("Name"))
        self._problem = label("", "caption", wrap=True)
        buttons = QDialogButtonBox()
        buttons.addButton(button("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        self.go_on = button("Continue", primary=True)
        self.go_on.setDefault(True)
        buttons.addButton(self.go_on, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._lay_out(text, buttons)
        self._propose(proposal)
        self._group.idToggled.connect(lambda _id, _on: self._check())
        self.code.textChanged.connect(self._typed)
        self.name.textChanged.connect(self._typed)
        self._check()

    def answer(self) -> Reader | None:
        """Who was chosen; None while the initials are not usable."""
        place = self._group.checkedId()
        if 0 <= place < len(self._readers):
            return self._readers[place]
        try:
            return Reader(self.code.text().strip(), self.name.text().strip())
        except UserError:
            return None

    def choose(self, code: str) -> None:
        """Tick a reader."""
        place = next(place for place, reader in enumerate(self._readers) if reader.code == code)
        self._group.button(place).setChecked(True)

    def _lay_out(self, text: str, buttons: QDialogButtonBox) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(label(text, "section", wrap=True))
        for place, reader in enumerate(self._readers):
            choice = QRadioButton(reader.label)
            self._group.addButton(choice, place)
            layout.addWidget(choice)
        self._new = QRadioButton(tr("Somebody new:") if self._readers else tr("I am:"))
        self._group.addButton(self._new, len(self._readers))
        layout.addWidget(self._new)
        grid = QGridLayout()
        grid.setContentsMargins(2 * MARGIN, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(UNIT)
        for column, (words, field) in enumerate(((tr("Initials"), self.code), (tr("Name"), self.name))):
            grid.addWidget(label(words, "caption"), 0, column)
            grid.addWidget(field, 1, column)
        grid.setColumnStretch(1, 1)
        layout.addLayout(grid)
        layout.addWidget(self._problem)
        layout.addWidget(label(RECORD, "caption", wrap=True))
        layout.addStretch(1)
        layout.addWidget(buttons)

    def _propose(self, proposal: Reader) -> None:
        known = [reader.code for reader in self._readers]
        if proposal.code in known:
            self.choose(proposal.code)
        else:
            self.code.setText(proposal.code)
            self.name.setText(proposal.name)
            self._group.button(0).setChecked(True)

    def _typed(self) -> None:
        self._new.setChecked(True)
        self._check()

    def _check(self) -> None:
        answer = self.answer()
        is_new = self._group.checkedId() == len(self._readers)
        taken = {reader.code.casefold() for reader in self._readers}
        problem = ""
        if answer is None:
            problem = tr("Initials are 1 to 8 letters or digits, for example AB.")
        elif is_new and answer.code.casefold() in taken:
            problem = tr("{code} is in the list above already. Choose other initials.", code=answer.code)
        self._problem.setText(problem)
        self.go_on.setEnabled(not problem)
        self.go_on.setToolTip(problem)
