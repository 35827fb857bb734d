"""The picture itself: any bit depth, shown at the reduced copy that suits the zoom (ux.md 5, rule 7)."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from app.views.greys import halved, to_grey

SQUARES_FROM = 4.0  # above this zoom image pixels are shown as squares
SPARE = 0.25  # share of the seen part that is converted beyond its edges, so that a small pan costs nothing


def to_qimage(greys: NDArray[Any]) -> QImage:
    """Wrap a contiguous uint8 (H, W) or (H, W, 3) array; the picture owns its copy."""
    height, width = greys.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if greys.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(greys.data, width, height, greys.strides[0], kind).copy()


class FilmItem(pg.GraphicsObject):
    """Draws pixels so that image coordinates are scene coordinates of the view box: it sits at (-0.5, -0.5)."""

    def __init__(self) -> None:
        super().__init__()
        self.setPos(-0.5, -0.5)
        self.setFlag(self.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self._levels: list[NDArray[Any]] = []
        self._window = (0.0, 1.0)
        self._inverted = False
        self._cached: tuple[int, QRect, QImage] | None = None

    def set_pixels(self, pixels: NDArray[Any] | None) -> None:
        """Show (H, W) or (H, W, 3) pixels, or nothing."""
        self.prepareGeometryChange()
        self._levels = [] if pixels is None else [pixels]
        self._changed()

    def set_window(self, window: tuple[float, float], inverted: bool) -> None:
        """Choose the grey range that is shown."""
        if (window, inverted) != (self._window, self._inverted):
            self._window, self._inverted = window, inverted
            self._changed()

    def level(self, index: int) -> NDArray[Any]:
        """The pixels reduced by 2**index, made when first asked for."""
        while len(self._levels) <= index:
            self._levels.append(halved(self._levels[-1]))
        return self._levels[index]

    def boundingRect(self) -> QRectF:
        """The whole image, corner to corner."""
        if not self._levels:
            return QRectF()
        height, width = self._levels[0].shape[:2]
        return QRectF(0, 0, width, height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Draw the exposed part."""
        if not self._levels:
            return
        transform = painter.deviceTransform()
        zoom = math.hypot(transform.m11(), transform.m12())
        index = self._level_for(zoom)
        area, picture = self._picture(index, option.exposedRect)
        side = 2**index
        target = QRectF(area.x() * side, area.y() * side, area.width() * side, area.height() * side)
        painter.setClipRect(self.boundingRect(), Qt.ClipOperation.IntersectClip)  # a halved odd edge sticks out
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, zoom < SQUARES_FROM)
        painter.drawImage(target, picture, QRectF(picture.rect()))

    def _level_for(self, zoom: float) -> int:
        deepest = max(0, int(math.log2(max(min(self._levels[0].shape[:2]), 1))) - 4)
        return min(max(0, math.floor(math.log2(1 / max(zoom, 1e-6)) + 0.2)), deepest)

    def _picture(self, index: int, exposed: QRectF) -> tuple[QRect, QImage]:
        """The converted area that covers the exposed part of a level, in pixels of that level."""
        pixels, side = self.level(index), 2**index
        bounds = QRect(0, 0, pixels.shape[1], pixels.shape[0])
        wanted = QRectF(exposed.x() / side, exposed.y() / side, exposed.width() / side, exposed.height() / side)
        need = wanted.toAlignedRect().adjusted(-1, -1, 1, 1).intersected(bounds)
        if self._cached is None or self._cached[0] != index or not self._cached[1].contains(need):
            dx, dy = int(need.width() * SPARE) + 2, int(need.height() * SPARE) + 2
            area = need.adjusted(-dx, -dy, dx, dy).intersected(bounds)
            rows, columns = slice(area.top(), area.bottom() + 1), slice(area.left(), area.right() + 1)
            self._cached = (index, area, to_qimage(to_grey(pixels[rows, columns], self._window, self._inverted)))
        return self._cached[1], self._cached[2]

    def _changed(self) -> None:
        self._cached = None
        self.update()
