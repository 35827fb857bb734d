"""95 % regions as ellipses about the predictions; only calibrated ones ever reach this (ux.md 6.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from app.views.camera import XY, Camera

COLOUR, FAINT, HALO = QColor(140, 200, 250, 235), QColor(140, 200, 250, 130), QColor(0, 0, 0, 150)
SMALLEST = 2.0  # logical pixels; a smaller ellipse would be a speck on the point
Region = tuple[float, float, float]  # long and short semi-axis in image px, angle in degrees from +x towards +y


def draw_regions(painter: QPainter, camera: Camera, regions: Iterable[tuple[XY, Region]], *, faint: bool) -> None:
    """Draw the ellipses about these image points where the camera shows them; halos below all of them."""
    shown = list(_seen(camera, regions))
    if not shown:
        return
    before, ratio, middle = painter.transform(), painter.device().devicePixelRatioF(), QPointF(0, 0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((HALO, 2.8), (FAINT if faint else COLOUR, 1.2)):
        pen = QPen(colour, width * ratio)
        pen.setCosmetic(True)  # as wide on screen at every zoom
        painter.setPen(pen)
        for place, long, short in shown:
            painter.setTransform(place * before)
            painter.drawEllipse(middle, long, short)
    painter.setTransform(before)


def _seen(camera: Camera, regions: Iterable[tuple[XY, Region]]) -> Iterator[tuple[QTransform, float, float]]:
    """Where each ellipse lies in the view, and its semi-axes in image px."""
    scale, (width, height) = max(camera.scale), camera.view
    along, down = camera.vector_to_view(1, 0), camera.vector_to_view(0, 1)
    for centre, (long, short, angle) in regions:
        (x, y), reach = camera.to_view(centre), long * scale
        if reach >= SMALLEST and -reach <= x <= width + reach and -reach <= y <= height + reach:
            yield QTransform(*along, *down, x, y).rotate(angle), long, short
