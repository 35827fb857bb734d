"""A bubble over the upper edge of the image that tells a newcomer one thing at a time (ux.md 2.7)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.translate import tr
from app.views.announce import announce
from app.views.widgets import GAP, MARGIN, button, label

SPACE_ABOVE = 38  # below the letter of the patient's side
STYLE = "QFrame { background: #262A30; border: 1px solid #8CC4FA; border-radius: 6px; }"
TEXT_STYLE, COUNT_STYLE = "color: #E7E9EC; border: none;", "color: #A0A8B2; border: none;"
BUTTON_STYLE = (
    "QPushButton { color: #8CC4FA; background: transparent; border: none; font-weight: 600; padding: 2px 4px; }"
    "QPushButton:focus { border: 2px solid #8CC4FA; border-radius: 4px; }"
)


class CoachBubble(QFrame):
    """Kept in the upper middle of `host`. `ended()`: the reader wants no more of this."""

    ended = Signal()

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setStyleSheet(STYLE)
        self._count, self._text = label(""), label("")
        self._count.setStyleSheet(COUNT_STYLE)
        self._text.setStyleSheet(TEXT_STYLE)
        self.end_button = button("No more tips")
        self.end_button.setStyleSheet(BUTTON_STYLE)
        self.end_button.setToolTip(tr("Esc ends the tips, too"))
        self.end_button.clicked.connect(self.ended)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.setSpacing(MARGIN)
        for part in (self._count, self._text, self.end_button):
            layout.addWidget(part)
        host.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What is told now."""
        return self._text.text()

    def tell(self, number: int, of: int, text: str) -> None:
        """Tell tip `number` of so many."""
        self._count.setText(f"{number}/{of}")
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()
        self._place()
        self.raise_()
        announce(self, text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the host changes size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        host = self.parentWidget()
        self._text.setWordWrap(False)
        self.adjustSize()
        if self.width() > host.width() - 48:
            self._text.setWordWrap(True)
            self.setFixedWidth(max(host.width() - 48, 200))
            self.adjustSize()
        self.move((host.width() - self.width()) // 2, SPACE_ABOVE)
