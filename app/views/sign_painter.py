"""Signs at a landmark on the film: a warning, and the ring of what is about to be confirmed."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.theme import MARKER_COLOURS

YELLOW = QColor("#F5C542")
DARK = QColor(16, 17, 19)
RING, SPREAD = 10.5, 9.0


def draw_warning(painter: QPainter, at: QPointF) -> None:
    """A yellow triangle with an exclamation mark, to the right of `at`."""
    _draw_triangle(painter, at + QPointF(7, 0))


def draw_preview(painter: QPainter, at: QPointF, pulse: float) -> None:
    """The ring about a landmark that the next press would confirm; `pulse` from 1 (wide and faint) to 0."""
    colour = QColor(MARKER_COLOURS["confirmed"])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, ink in ((4.0, QColor(0, 0, 0, 180)), (1.8, colour)):
        painter.setPen(QPen(ink, width))
        painter.drawEllipse(at, RING, RING)
    if pulse > 0:
        colour.setAlphaF(1.0 - 0.8 * pulse)
        painter.setPen(QPen(colour, 2.0))
        painter.drawEllipse(at, RING + SPREAD * pulse, RING + SPREAD * pulse)


def _draw_triangle(painter: QPainter, at: QPointF) -> None:
    shape = QPolygonF([at + QPointF(0, -6), at + QPointF(6.5, 5.5), at + QPointF(-6.5, 5.5)])
    painter.setPen(QPen(DARK, 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(YELLOW)
    painter.drawPolygon(shape)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawPolygon(shape)
    painter.setPen(QPen(DARK, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(at + QPointF(0, -2), at + QPointF(0, 1.5))
    painter.drawPoint(at + QPointF(0, 3.8))
    painter.setBrush(Qt.BrushStyle.NoBrush)
