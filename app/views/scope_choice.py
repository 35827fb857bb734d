"""Two radio buttons: this case, or all that were taken alike; how many those are is said before anything is done."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from app.translate import tr
from app.views.widgets import label


class ScopeChoice(QWidget):
    """`for_all` is True when the choice is meant for all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.this_case = QRadioButton(tr("This case"))
        self.all_alike = QRadioButton(tr("All that were taken alike"))
        self._which = label("", "caption", wrap=True)
        self._is_offered = False
        group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for radio in (self.this_case, self.all_alike):
            radio.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            group.addButton(radio)
            layout.addWidget(radio)
        layout.addWidget(self._which)
        self.set_alike("")

    def set_alike(self, text: str) -> None:
        """Offer all that were taken alike, in these words; "" when there is only this case."""
        self._is_offered = bool(text)
        self._which.setText(text)
        self.all_alike.setAccessibleName(text)
        for part in (self.all_alike, self._which):
            part.setVisible(self._is_offered)
        self.this_case.setChecked(True)

    @property
    def for_all(self) -> bool:
        """True when all are meant."""
        return self.all_alike.isChecked() and self._is_offered
