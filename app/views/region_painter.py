"""95 % regions as ellipses about the predictions; only calibrated ones ever reach this (ux.md 6.1)."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from app.views.camera import XY, Camera

COLOUR, FAINT, HALO = QColor(140, 200, 250, 235), QColor(140, 200, 250, 130), QColor(0, 0, 0, 150)
SMALLEST = 2.0  # logical pixels; a smaller ellipse would be a speck on the point


def draw_region(
    painter: QPainter, camera: Camera, centre: XY, region: tuple[float, float, float], *, faint: bool
) -> None:
    """Draw an ellipse (long, short semi-axis in px, angle in degrees from +x towards +y) where the camera shows it."""
    long, short, angle = region
    (x, y), sx = camera.to_view(centre), max(camera.scale)
    reach = long * sx
    seen = QRectF(0, 0, *camera.view).adjusted(-reach, -reach, reach, reach)
    if reach < SMALLEST or not seen.contains(x, y):
        return
    along, down = camera.vector_to_view(1, 0), camera.vector_to_view(0, 1)
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setTransform(QTransform(*along, *down, x, y), combine=True)
    painter.rotate(angle)
    for colour, width in ((HALO, 2.8), (FAINT if faint else COLOUR, 1.2)):
        pen = QPen(colour, width * painter.device().devicePixelRatioF())
        pen.setCosmetic(True)  # as wide on screen at every zoom
        painter.setPen(pen)
        painter.drawEllipse(QPointF(0, 0), long, short)
    painter.restore()
