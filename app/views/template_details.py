"""What readers are told of the chosen landmark, and what they may say of it; and whose left and right it is."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QWidget,
)

from app.session.template_session import TemplateSession
from app.translate import tr
from app.views.widgets import GAP, UNIT, label

RULES = (("image", "Sides of the image"), ("anatomical", "Sides of the patient"))


class TemplateDetails(QWidget):
    """Writes into the session as one types."""

    def __init__(self, session: TemplateSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._showing = False
        self.definition = QPlainTextEdit()
        self.definition.setAccessibleName(tr("Definition"))
        self.definition.setTabChangesFocus(True)
        self.definition.setPlaceholderText(tr("Shown to readers. One sentence that two people read alike."))
        self.hard_when = QLineEdit()
        self.hard_when.setAccessibleName(tr("Hard to see when"))
        self.hard_when.setPlaceholderText(tr("superimposed contours: use the mean"))
        self.absent = QCheckBox(tr("Absent allowed"))
        self.estimated = QCheckBox(tr("Estimated allowed"))
        self.rules = {name: QRadioButton(tr(text)) for name, text in RULES}
        self._group = QButtonGroup(self)
        self._title = label("", "section")
        self._lay_out()
        self.definition.textChanged.connect(lambda: self._write("definition", self.definition.toPlainText()))
        self.hard_when.textEdited.connect(lambda text: self._write("hard_when", text))
        self.absent.toggled.connect(lambda on: self._write("absent_allowed", on))
        self.estimated.toggled.connect(lambda on: self._write("estimated_allowed", on))
        for name, radio in self.rules.items():
            radio.toggled.connect(lambda on, name=name: self._choose_rule(name) if on else None)

    def show_draft(self) -> None:
        """Show the chosen landmark."""
        self._showing = True
        session = self._session
        mark = session.draft.marks[session.current] if session.current_id else None
        self._title.setText(f"{mark.name} ({mark.abbreviation})" if mark else tr("No landmark chosen"))
        for field, text in ((self.definition, mark.definition if mark else ""), (self.hard_when, _hard(mark))):
            now = field.toPlainText() if isinstance(field, QPlainTextEdit) else field.text()
            if now != text:
                field.setPlainText(text) if isinstance(field, QPlainTextEdit) else field.setText(text)
        self.absent.setChecked(mark is None or mark.absent_allowed)
        self.estimated.setChecked(mark is None or mark.estimated_allowed)
        self.rules[session.draft.pair_rule].setChecked(True)
        for part in (self.definition, self.hard_when, self.absent, self.estimated):
            part.setEnabled(mark is not None)
        self._showing = False

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(UNIT)
        grid.addWidget(self._title, 0, 0, 1, 2)
        grid.addWidget(label("Definition (shown to readers)", "caption"), 1, 0, 1, 2)
        grid.addWidget(self.definition, 2, 0, 1, 2)
        grid.addWidget(label("Hard to see when", "caption"), 3, 0)
        grid.addWidget(self.hard_when, 3, 1)
        allowed = QHBoxLayout()
        allowed.setSpacing(2 * GAP)
        allowed.addWidget(self.absent)
        allowed.addWidget(self.estimated)
        allowed.addStretch(1)
        grid.addWidget(label("Readers may say", "caption"), 4, 0)
        grid.addLayout(allowed, 4, 1)
        rules = QHBoxLayout()
        rules.setSpacing(2 * GAP)
        for radio in self.rules.values():
            self._group.addButton(radio)
            rules.addWidget(radio)
        rules.addStretch(1)
        grid.addWidget(label("Left and right are", "caption"), 5, 0)
        grid.addLayout(rules, 5, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(2, 1)

    def _write(self, field: str, value: object) -> None:
        if not self._showing:
            self._session.write(field, value)

    def _choose_rule(self, name: str) -> None:
        if not self._showing:
            self._session.set(replace(self._session.draft, pair_rule=name))


def _hard(mark: object) -> str:
    return str(getattr(mark, "hard_when", ""))
