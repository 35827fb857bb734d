"""The docked loupe: the surroundings of one point, 4 times larger, with a cross-hair that leaves the point free."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.session.view_state import ImageState, MarkerState
from app.theme import MARKER_COLOURS, SURROUND
from app.views import marker_painter
from app.views.camera import XY, Camera
from app.views.film_item import to_qimage
from app.views.greys import to_grey

SCALE, SCALE_LARGE = 4.0, 2.0
LARGE = 2000  # rows or columns; such films are twice as fine, so half the factor shows the same anatomy
HEIGHT, LEAST_HEIGHT = 208, 132
GAP, ARM = 3.0, 26.0


class Loupe(QWidget):
    """Same window, level and inversion as the image view; an image column is 4 logical pixels, 2 on large films."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Loupe")
        self.setMinimumHeight(LEAST_HEIGHT)
        self.setMaximumHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._image: ImageState | None = None
        self._window = (0.0, 1.0)
        self._inverted = False
        self._target: XY | None = None
        self._markers: tuple[MarkerState, ...] = ()

    def set_image(self, image: ImageState | None) -> None:
        """The picture to look at."""
        self._image, self._target = image, None
        self.update()

    def set_window(self, window: tuple[float, float], inverted: bool) -> None:
        """The grey range of the image view."""
        self._window, self._inverted = window, inverted
        self.update()

    def set_markers(self, markers: Iterable[MarkerState]) -> None:
        """Neighbours to show; the current landmark is the cross-hair."""
        self._markers = tuple(markers)
        self.update()

    def set_target(self, xy_image: XY | None) -> None:
        """The point in the middle, in image coordinates."""
        self._target = xy_image
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as its panel."""
        return QSize(280, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the surroundings of the target."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(SURROUND))
        if self._image is None or self._target is None:
            self._say_nothing_to_see(painter)
            return
        camera = self._camera(self._image, self._target)
        self._draw_film(painter, self._image, camera)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for marker in self._markers:
            if not marker.is_current and marker.x is not None and marker.y is not None:
                marker_painter.draw_marker(painter, QPointF(*camera.to_view((marker.x, marker.y))), marker.label)
        marker_painter.draw_cross_hair(painter, QPointF(*camera.to_view(self._target)), GAP, ARM)
        ratio = self.devicePixelRatioF()
        factor = marker_painter.name_picture(f"{camera.zoom:.0f}×", "absent", ratio)
        painter.drawPixmap(QPointF(6, self.height() - factor.height() / ratio - 4), factor)

    def _say_nothing_to_see(self, painter: QPainter) -> None:
        if self._image is not None:
            painter.setPen(QColor(MARKER_COLOURS["not placed"]))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No position yet")

    def _camera(self, image: ImageState, target: XY) -> Camera:
        aspect = image.row_mm / image.col_mm if image.row_mm and image.col_mm else 1.0
        scale = SCALE_LARGE if max(image.width, image.height) > LARGE else SCALE
        return Camera(target, scale, (image.width, image.height), aspect, (float(self.width()), float(self.height())))

    def _draw_film(self, painter: QPainter, image: ImageState, camera: Camera) -> None:
        left, top, right, bottom = camera.visible
        columns = np.clip((math.floor(left) - 1, math.ceil(right) + 2), 0, image.width)
        rows = np.clip((math.floor(top) - 1, math.ceil(bottom) + 2), 0, image.height)
        part = image.pixels[rows[0] : rows[1], columns[0] : columns[1]]
        if part.size:
            greys = np.ascontiguousarray(to_grey(part, self._window, image.inverted != self._inverted))
            x, y = camera.to_view((columns[0] - 0.5, rows[0] - 0.5))
            sx, sy = camera.scale
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            box = QRectF(x, y, part.shape[1] * sx, part.shape[0] * sy)
            painter.drawImage(box, to_qimage(greys))
