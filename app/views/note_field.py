"""A note on a landmark or a case, written beside the image. Ctrl+Return keeps it, Esc leaves it as it was."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.views.widgets import UNIT, button, label


class _Text(QPlainTextEdit):
    committed = Signal()
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Return keeps, Esc leaves; all else is text."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.committed.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class NoteField(QWidget):
    """Hidden until `open`. `committed(landmark or "", text)`, then `left()`; `left()` alone when nothing is kept."""

    committed = Signal(str, str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._landmark = ""
        self._title = label("", "section", wrap=True)
        self.text = _Text()
        self.text.setFixedHeight(64)
        self.text.setTabChangesFocus(True)
        self.keep = button("Keep note")
        cancel = button("Cancel")
        foot = QHBoxLayout()
        foot.setSpacing(UNIT)
        foot.addWidget(label("Ctrl+Return", "caption"), 1)
        foot.addWidget(cancel)
        foot.addWidget(self.keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, UNIT, 0, 0)
        layout.setSpacing(UNIT)
        layout.addWidget(self._title)
        layout.addWidget(self.text)
        layout.addLayout(foot)
        self.text.committed.connect(self._keep)
        self.text.left.connect(self._leave)
        self.keep.clicked.connect(self._keep)
        cancel.clicked.connect(self._leave)
        self.hide()

    def open(self, landmark: str, title: str, text: str) -> None:
        """Write the note of a landmark, or with "" of the case."""
        self._landmark = landmark
        self._title.setText(title)
        self.text.setAccessibleName(title)
        self.text.setPlainText(text)
        self.text.selectAll()
        self.show()
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _keep(self) -> None:
        self.committed.emit(self._landmark, self.text.toPlainText())
        self._leave()

    def _leave(self) -> None:
        self.hide()
        self.left.emit()
