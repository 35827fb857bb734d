"""A bar from 1 to 100 on a log scale: error falls with the logarithm of the number of cases."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.translate import tr

TICKS = (1, 5, 10, 25, 50, 100)
BAR, PAD = 6.0, 14.0


class LogProgress(QWidget):
    """Shows a number of cases between round marks."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._value = name, 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_value(0)

    def set_value(self, value: int) -> None:
        """Show so many cases."""
        self._value = value
        self.setAccessibleName(f"{self._name}: {value}")
        self.setToolTip(tr("{count} reviewed, on a log scale", count=value))
        self.update()

    def sizeHint(self) -> QSize:
        """Wide, and as high as the bar and its numbers."""
        return QSize(300, 34)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw ground, part that is done, marks and numbers."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        width = self.width() - 2 * PAD
        painter.setBrush(theme.colour("border"))
        painter.drawRoundedRect(QRectF(PAD, 4, width, BAR), 3, 3)
        if self._value:
            painter.setBrush(theme.colour("link"))
            painter.drawRoundedRect(QRectF(PAD, 4, max(BAR, width * _share(self._value)), BAR), 3, 3)
        for tick in TICKS:
            x = PAD + width * _share(tick)
            painter.setPen(theme.colour("muted"))
            painter.drawLine(int(x), 4, int(x), int(4 + BAR + 4))
            painter.drawText(QRectF(x - 20, 4 + BAR + 3, 40, 18), Qt.AlignmentFlag.AlignCenter, str(tick))


def _share(value: int) -> float:
    return min(math.log(max(value, 1)) / math.log(TICKS[-1]), 1.0)
