"""One model of the library, with what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.session.view_state import ModelRow
from app.translate import tr
from app.views.widgets import GAP, MARGIN, UNIT, button, label

BUTTONS = {
    "compare": ("Compare…", "can_compare"),
    "promote": ("Promote", "can_promote"),
    "rollback": ("Roll back", "can_rollback"),
    "card": ("Card…", "can_export"),
    "export": ("Export…", "can_export"),
}
PAPERS = ("card", "export")  # in a row of their own: four buttons beside each other are wider than a third of the panel


class ModelCard(QFrame):
    """Emits `used(str)`: compare, promote, rollback, card, export."""

    used = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._name = label("", "section")
        self._badge = label("", "badge")
        self._summary = label("", "caption", wrap=True)
        self._buttons: dict[str, QPushButton] = {}
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self._name)
        head.addWidget(self._badge)
        head.addStretch(1)
        rows = (QHBoxLayout(), QHBoxLayout())
        for name, (text, _) in BUTTONS.items():
            self._buttons[name] = button(text)
            self._buttons[name].clicked.connect(lambda _=False, name=name: self.used.emit(name))
            rows[name in PAPERS].addWidget(self._buttons[name])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.setSpacing(UNIT)
        layout.addLayout(head)
        layout.addWidget(self._summary)
        for row in rows:
            row.setSpacing(UNIT)
            row.addStretch(1)
            layout.addLayout(row)

    def set_model(self, model: ModelRow) -> None:
        """Show a model."""
        self._name.setText(model.name)
        self._name.setToolTip(model.id)
        self._badge.setText(tr("In use") if model.in_use else tr(model.state))
        self._badge.setProperty("role", "badge" if model.in_use else "caption")
        self._badge.style().unpolish(self._badge)
        self._badge.style().polish(self._badge)
        self._summary.setText(model.summary)
        self._summary.setToolTip(", ".join(model.templates))
        for name, (_, flag) in BUTTONS.items():
            self._buttons[name].setVisible(getattr(model, flag))
