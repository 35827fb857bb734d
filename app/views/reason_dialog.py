"""A question that is answered in words which are kept: why a model is promoted on thin evidence, or taken back."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, button, label

WIDTH = 460


class ReasonDialog(FittingDialog):
    """`exec()`, then `answer`. The button works once something is written."""

    def __init__(self, title: str, text: str, do: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH)
        self.field = QLineEdit()
        self.field.setAccessibleName(tr("Reason"))
        self.field.setPlaceholderText(tr("The reason is kept in the record."))
        self.do_button, self.cancel_button = button(do, primary=True), button("Cancel")
        self.do_button.setDefault(True)
        self.do_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        self.field.textChanged.connect(lambda _text: self._check())
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cancel_button)
        row.addWidget(self.do_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(label(text, wrap=True))
        layout.addWidget(self.field)
        layout.addLayout(row)
        self._check()
        self.field.setFocus()

    @property
    def answer(self) -> str:
        """What was written."""
        return self.field.text().strip()

    def _check(self) -> None:
        self.do_button.setEnabled(bool(self.answer))
        self.do_button.setToolTip("" if self.answer else tr("Write a reason first."))
