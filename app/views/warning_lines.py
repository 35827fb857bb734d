"""What looks wrong about the current landmark: one line each, why, and what can be done about it (ux.md 6.3)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app import theme
from app.session.view_state import WarningLine
from app.translate import tr
from app.views import icons
from app.views.widgets import UNIT, button, label


class WarningLines(QWidget):
    """Emits `dismissed(key)` and `swap_requested(first, second)`."""

    dismissed = Signal(str)
    swap_requested = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[WarningLine, ...] = ()
        self.lines: list[Line] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(UNIT)
        self.hide()

    def set_warnings(self, warnings: Sequence[WarningLine]) -> None:
        """Show these, or nothing; lines that stay keep their explanation open."""
        if tuple(warnings) == self._shown:
            return
        self._shown = tuple(warnings)
        for old in self.lines:
            self._layout.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.lines = [self._line(warning) for warning in warnings]
        self.setVisible(bool(warnings))

    def refresh(self) -> None:
        """Draw again, e.g. after a change of theme."""
        for line in self.lines:
            line.refresh()

    def _line(self, warning: WarningLine) -> Line:
        line = Line(warning)
        line.dismiss.clicked.connect(lambda: self.dismissed.emit(warning.key))
        if line.swap is not None and warning.swap is not None:
            first, second = warning.swap
            line.swap.clicked.connect(lambda: self.swap_requested.emit(first, second))
        self._layout.addWidget(line)
        return line


class Line(QWidget):
    """One warning with its buttons."""

    def __init__(self, warning: WarningLine) -> None:
        super().__init__()
        self.setAccessibleName(tr("Warning: {text}", text=warning.text))
        self._sign = QLabel()
        self._text = label(warning.text, wrap=True)
        self._text.setProperty("role", "warning")
        self._why = label(warning.why, "muted", wrap=True)
        self._why.hide()
        self.swap: QPushButton | None = button("Swap") if warning.swap else None
        self.why = button("Why?")
        self.why.setCheckable(True)
        self.why.toggled.connect(self._why.setVisible)
        self.dismiss = button("Dismiss")
        self.dismiss.setToolTip(tr("Looked at: do not show this again in this case"))
        self._lay_out(warning)
        self.refresh()

    @property
    def text(self) -> str:
        """The line."""
        return self._text.text()

    def refresh(self) -> None:
        """The sign in the colours of the theme."""
        self._sign.setPixmap(icons.picture("warning", theme.colour("caution").name(), self.devicePixelRatioF(), 16))

    def _lay_out(self, warning: WarningLine) -> None:
        head = QHBoxLayout()
        head.setSpacing(UNIT)
        head.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._text, 1)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        for widget in (self.swap, self.why, self.dismiss):
            if widget is not None:
                widget.setAccessibleDescription(warning.text)
                row.addWidget(widget)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        layout.addLayout(head)
        layout.addWidget(self._why)
        layout.addLayout(row)
