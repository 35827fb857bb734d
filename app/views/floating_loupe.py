"""The loupe beside the pointer: 60 px up and left of it, on another side near the edges, never over the point."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.translate import tr
from app.views.camera import XY
from app.views.lens import Lens

SIDE = 180
AWAY = 60.0  # from the point to the nearest corner
BORDER = QColor(160, 168, 178)


def place_beside(point: XY, view: XY, side: float = SIDE) -> XY:
    """Top-left corner of the loupe: up-left of the point, or on the side that has room; the point stays free."""
    off = AWAY / math.sqrt(2)
    left = point[0] - off - side if point[0] - off - side >= 0 else point[0] + off
    top = point[1] - off - side if point[1] - off - side >= 0 else point[1] + off
    left, top = min(left, view[0] - side), min(top, view[1] - side)
    if left < point[0] < left + side and top < point[1] < top + side:  # a view too small for both: beside it at least
        left = point[0] - side - 4 if point[0] > view[0] / 2 else point[0] + 4
    return left, top


class FloatingLoupe(QWidget):
    """Shown over the image view; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(tr("Floating loupe"))
        self.resize(SIDE, SIDE)
        self.lens: Lens | None = None
        self.hide()

    def show_at(self, point: XY, view: XY, lens: Lens) -> None:
        """Show what lies at `point`, logical pixels of the view of size `view`."""
        self.lens = lens
        left, top = place_beside(point, view)
        self.move(round(left), round(top))
        self.show()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the picture in a rounded frame."""
        if self.lens is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        path = QPainterPath()
        path.addRoundedRect(frame, 8, 8)
        painter.save()
        painter.setClipPath(path)
        self.lens.paint(painter, (float(self.width()), float(self.height())), self.devicePixelRatioF())
        painter.restore()
        painter.setPen(QPen(QColor(0, 0, 0, 200), 3.0))
        painter.drawPath(path)
        painter.setPen(QPen(BORDER, 1.2))
        painter.drawPath(path)

    def covers(self, point: QPointF) -> bool:
        """True when that point of the view lies under the loupe."""
        return self.isVisible() and self.geometry().contains(point.toPoint())
