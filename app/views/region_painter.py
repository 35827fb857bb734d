"""95 % regions as ellipses about the predictions; only calibrated ones ever reach this (ux.md 6.1)."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform

from app.views.camera import XY, Camera

COLOUR, FAINT, HALO = QColor(140, 200, 250, 235), QColor(140, 200, 250, 130), QColor(0, 0, 0, 150)
SMALLEST = 2.0  # logical pixels; a smaller ellipse would be a speck on the point
Region = tuple[float, float, float]  # long and short semi-axis in image px, angle in degrees from +x towards +y


def draw_regions(painter: QPainter, camera: Camera, regions: Iterable[tuple[XY, Region]], *, faint: bool) -> None:
    """Draw the ellipses about these image points where the camera shows them: all of them with two strokes."""
    path = _path(camera, regions)
    if path.isEmpty():
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((HALO, 2.8), (FAINT if faint else COLOUR, 1.2)):
        painter.setPen(QPen(colour, width))
        painter.drawPath(path)


def _path(camera: Camera, regions: Iterable[tuple[XY, Region]]) -> QPainterPath:
    """In logical pixels of the view, so that lines are as wide on screen at every zoom."""
    path, scale, (width, height) = QPainterPath(), max(camera.scale), camera.view
    along, down = camera.vector_to_view(1, 0), camera.vector_to_view(0, 1)
    for centre, (long, short, angle) in regions:
        (x, y), reach = camera.to_view(centre), long * scale
        if reach >= SMALLEST and -reach <= x <= width + reach and -reach <= y <= height + reach:
            ellipse = QPainterPath()
            ellipse.addEllipse(QPointF(0, 0), long, short)
            path.addPath(QTransform(*along, *down, x, y).rotate(angle).map(ellipse))
    return path
