"""What a loupe shows: the surroundings of a point, some times larger, with a cross-hair that leaves it free."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from app.session.view_state import ImageState, MarkerState
from app.theme import SURROUND
from app.views import marker_painter
from app.views.camera import XY, Camera
from app.views.film_item import to_qimage
from app.views.greys import to_grey
from app.views.orientation import UPRIGHT, Orientation

FACTORS = (2.0, 4.0, 8.0, 16.0)
FACTOR = 4.0
GAP, ARM = 3.0, 26.0


@dataclass(frozen=True, eq=False)
class Lens:
    """A look through a loupe. An image column is `factor` logical pixels wide; the rest is as in the image view."""

    image: ImageState
    target: XY
    window: tuple[float, float]
    inverted: bool = False
    orientation: Orientation = UPRIGHT
    factor: float = FACTOR
    markers: tuple[MarkerState, ...] = ()

    def paint(self, painter: QPainter, size: XY, ratio: float) -> None:
        """Draw it over (0, 0) to `size`, logical pixels."""
        camera = self.camera(size)
        painter.fillRect(QRectF(0, 0, *size), QColor(SURROUND))
        self._draw_film(painter, camera)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for marker in self.markers if self.image.is_working_frame else ():
            if not marker.is_current and marker.x is not None and marker.y is not None:
                marker_painter.draw_marker(painter, QPointF(*camera.to_view((marker.x, marker.y))), marker.label)
        marker_painter.draw_cross_hair(painter, QPointF(*camera.to_view(self.target)), GAP, ARM)
        name = marker_painter.name_picture(f"{self.factor:.0f}×", "absent", ratio)
        painter.drawPixmap(QPointF(6, size[1] - name.height() / ratio - 4), name)

    def camera(self, size: XY) -> Camera:
        """How the image is mapped to the loupe."""
        image = self.image
        aspect = image.row_mm / image.col_mm if image.row_mm and image.col_mm else image.aspect
        camera = Camera(self.target, self.factor, (image.width, image.height), aspect, size)
        return replace(camera, orientation=self.orientation)

    def _draw_film(self, painter: QPainter, camera: Camera) -> None:
        left, top, right, bottom = camera.visible
        columns = np.clip((math.floor(left) - 1, math.ceil(right) + 2), 0, self.image.width)
        rows = np.clip((math.floor(top) - 1, math.ceil(bottom) + 2), 0, self.image.height)
        part = self.orientation.applied(self.image.pixels[rows[0] : rows[1], columns[0] : columns[1]])
        if part.size:
            corners = (camera.to_view((x - 0.5, y - 0.5)) for x, y in zip(columns, rows, strict=True))
            (x0, y0), (x1, y1) = corners
            greys = np.ascontiguousarray(to_grey(part, self.window, self.image.inverted != self.inverted))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(QPointF(x0, y0), QPointF(x1, y1)).normalized(), to_qimage(greys))


def next_factor(factor: float, by: int = 1) -> float:
    """The factor `by` steps on; beyond the largest comes the smallest."""
    place = FACTORS.index(factor) if factor in FACTORS else 0
    return FACTORS[(place + by) % len(FACTORS)]
