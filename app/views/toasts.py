"""A short message over the lower edge of the image that goes by itself; it may offer to take something back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.views.announce import announce
from app.views.widgets import GAP, MARGIN, button, label

SPACE_BELOW, LEAST = 24, 200


class Toasts(QFrame):
    """One toast at a time, kept in the lower middle of `host`.

    `action_triggered(str)` names the button pressed; `said(text)` follows each message.
    """

    action_triggered = Signal(str)
    said = Signal(str)

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setProperty("role", "toast")
        self.setStyleSheet("QFrame { background: #262A30; border: 1px solid #454C55; border-radius: 6px; }")
        self._text = label("")
        self._text.setStyleSheet("color: #E7E9EC; border: none;")
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        self._layout.setSpacing(MARGIN)
        self._layout.addWidget(self._text)
        self._buttons: list[QWidget] = []
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.hide)
        host.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What is said now."""
        return self._text.text()

    def show_message(self, text: str, actions: Sequence[tuple[str, str]] = (), ms: int = 6000) -> None:
        """Say something; `actions` are (id, button text)."""
        self._text.setText(text)
        self.setAccessibleName(text)
        for old in self._buttons:
            old.hide()
            old.deleteLater()
        self._buttons = [self._make_button(action_id, name) for action_id, name in actions]
        self.show()
        self._place()
        self.raise_()
        self._timer.start(ms)
        announce(self, text)
        self.said.emit(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the host changes size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _make_button(self, action_id: str, name: str) -> QWidget:
        widget = button(name)
        widget.setStyleSheet(
            "QPushButton { color: #8CC4FA; background: transparent; border: none; font-weight: 600; padding: 2px 4px; }"
            "QPushButton:hover { color: #FFFFFF; }"
            "QPushButton:focus { border: 2px solid #8CC4FA; border-radius: 4px; }"
        )
        widget.setCursor(Qt.CursorShape.PointingHandCursor)
        widget.clicked.connect(lambda: self._press(action_id))
        self._layout.addWidget(widget)
        return widget

    def _press(self, action_id: str) -> None:
        self.hide()
        self.action_triggered.emit(action_id)

    def _place(self) -> None:
        """As wide as the words, or as the image; then they go on in a second line."""
        host = self.parentWidget()
        room = max(host.width() - 2 * SPACE_BELOW, LEAST)
        self._text.setWordWrap(False)
        self._layout.activate()
        width = self._layout.totalSizeHint().width()
        if width > room:
            self._text.setWordWrap(True)
            self._layout.activate()
        width = min(width, room)
        height = max(self._layout.totalHeightForWidth(width), self._layout.totalMinimumSize().height())
        self.resize(width, height)
        self.move((host.width() - width) // 2, host.height() - height - SPACE_BELOW)
