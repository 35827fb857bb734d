"""95 % regions as ellipses about the predictions; only calibrated ones ever reach this (ux.md 6.1)."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.views.camera import XY

STEPS = 72
COLOUR, HALO = QColor(140, 200, 250, 235), QColor(0, 0, 0, 150)
SMALLEST = 2.0  # logical pixels; a smaller ellipse would be a speck on the point


def outline(centre: XY, region: tuple[float, float, float]) -> list[XY]:
    """The ellipse (long, short semi-axis in px, angle in degrees from +x towards +y) as points of the image."""
    long, short, angle = region
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turns = (2 * math.pi * step / STEPS for step in range(STEPS + 1))
    rim = ((long * math.cos(t), short * math.sin(t)) for t in turns)
    return [(centre[0] + u * c - v * s, centre[1] + u * s + v * c) for u, v in rim]


def draw_region(
    painter: QPainter, centre: XY, region: tuple[float, float, float], to_view: Callable[[XY], XY], faint: bool
) -> None:
    """Draw an ellipse through the mapping of the view, so that it follows zoom, pixel shape, flips and turns."""
    points = QPolygonF([QPointF(*to_view(xy)) for xy in outline(centre, region)])
    box = points.boundingRect()
    if max(box.width(), box.height()) < 2 * SMALLEST:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    colour = QColor(COLOUR)
    colour.setAlpha(130 if faint else COLOUR.alpha())
    for pen in (QPen(HALO, 2.8), QPen(colour, 1.2)):
        painter.setPen(pen)
        painter.drawPolyline(points)
