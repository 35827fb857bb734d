"""Landmarks from a list that was copied elsewhere: one to a line."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from app.translate import tr, trn
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, button, label
from medsapiens_core.data.template_draft import Draft, pasted

HOW = "One landmark to a line: name, abbreviation, definition, apart by tabs or commas. Only the name is needed."


class PasteListDialog(FittingDialog):
    """`answer()` is the text. It begins with what lies in the clipboard, where that has several lines."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Paste a list of landmarks"))
        self.resize(640, 460)
        self._draft = draft
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(tr("List of landmarks"))
        self.text.setTabChangesFocus(False)
        self.text.setPlaceholderText(tr("Sella, S, Centre of the hypophyseal fossa\nNasion, N"))
        self._found = label("", "caption", wrap=True)
        self.add_button = button("Add landmarks", primary=True)
        buttons = QDialogButtonBox()
        buttons.addButton(button("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.add_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(label(HOW, "caption", wrap=True))
        for part in (self.text, self._found, buttons):
            layout.addWidget(part)
        self.text.textChanged.connect(self._count)
        copied = QGuiApplication.clipboard().text()
        self.text.setPlainText(copied if len(copied.strip().splitlines()) > 1 else "")
        self._count()

    def answer(self) -> str:
        """The list."""
        return self.text.toPlainText()

    def _count(self) -> None:
        lines = sum(bool(line.strip()) for line in self.answer().splitlines())
        _, count = pasted(self._draft, self.answer())
        found = trn("%n new landmark", "%n new landmarks", count)
        told = tr("{found} in {lines}.", found=found, lines=trn("%n line", "%n lines", lines))
        self._found.setText(told if lines else tr("Nothing pasted yet."))
        add = trn("Add %n landmark", "Add %n landmarks", count) if count else tr("Add landmarks")
        self.add_button.setText(add)
        self.add_button.setEnabled(count > 0)
