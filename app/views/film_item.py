"""The picture itself: any bit depth, shown at the reduced copy that suits the zoom (ux.md 5, rule 7).

The item's own coordinates are those of the picture as it lies on screen, flipped and turned, so that Qt only ever
scales and moves it; both stay exact and fast.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from app.session.view_state import ImageState
from app.views.greys import to_grey
from app.views.orientation import UPRIGHT, Orientation
from medsapiens_core.data.pyramid import Pyramid

SQUARES_FROM = 4.0  # above this zoom image pixels are shown as squares
SPARE = 0.25  # share of the seen part that is converted beyond its edges, so that a small pan costs nothing
FINE, COARSE = 0.2, 0.8  # how far below its own scale a reduced copy is still used, in powers of two


def to_qimage(greys: NDArray[Any]) -> QImage:
    """Wrap a contiguous uint8 (H, W) or (H, W, 3) array; the picture owns its copy."""
    height, width = greys.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if greys.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(greys.data, width, height, greys.strides[0], kind).copy()


def to_screen(greys: NDArray[Any]) -> NDArray[np.uint8]:
    """The same picture as 4 bytes (H, W, 4) a pixel, as Qt keeps it to draw: scaling it takes half as long so."""
    import cv2  # with the first picture: the window opens without it

    kind = cv2.COLOR_GRAY2BGRA if greys.ndim == 2 else cv2.COLOR_RGB2BGRA
    return cv2.cvtColor(np.ascontiguousarray(greys), kind)


class FilmItem(pg.GraphicsObject):
    """Draws pixels so that coordinates of the picture on screen are scene coordinates: it sits at (-0.5, -0.5)."""

    def __init__(self) -> None:
        super().__init__()
        self.setPos(-0.5, -0.5)
        self.setFlag(self.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.squares = True
        self._pyramid: Pyramid | None = None
        self._orientation = UPRIGHT
        self._window = (0.0, 1.0)
        self._inverted = False
        self._moving = False
        self._cached: tuple[int, QRect, QImage] | None = None
        self._pixels: NDArray[np.uint8] | None = None  # what the cached picture shows: Qt does not copy it
        self._is_smooth = True
        self._is_windowing = False  # the greys have just changed: what lies beyond the edges is not converted yet

    def set_image(self, image: ImageState | None) -> None:
        """Show a picture, or nothing; without reduced copies it is shown from its own pixels at every zoom."""
        self.prepareGeometryChange()
        self._pyramid = None if image is None else image.pyramid or Pyramid((image.pixels,), 0.0, 0.0)
        self._changed()

    def set_orientation(self, orientation: Orientation) -> None:
        """Flip and turn what is seen."""
        if orientation != self._orientation:
            self.prepareGeometryChange()
            self._orientation = orientation
            self._changed()

    def set_window(self, window: tuple[float, float], inverted: bool) -> None:
        """Choose the grey range that is shown."""
        if (window, inverted) != (self._window, self._inverted):
            self._window, self._inverted = window, inverted
            self._is_windowing = True
            self._changed()

    def set_moving(self, moving: bool) -> None:
        """While the view moves a smaller copy is drawn; once it rests, the finest that the screen can show."""
        if moving != self._moving:
            self._moving = moving
            self.update()

    def set_squares(self, squares: bool) -> None:
        """Above 400 %: pixels as squares, or smooth."""
        self.squares = squares
        self.update()

    @property
    def is_refined(self) -> bool:
        """True when what is drawn is as fine as the screen can show."""
        return not self._moving

    def level(self, index: int) -> NDArray[Any]:
        """The pixels reduced by 2**index, as they lie on screen."""
        assert self._pyramid is not None
        return self._orientation.applied(self._pyramid.levels[index])

    def boundingRect(self) -> QRectF:
        """The whole image, corner to corner."""
        if self._pyramid is None:
            return QRectF()
        height, width = self.level(0).shape[:2]
        return QRectF(0, 0, width, height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Draw the exposed part."""
        if self._pyramid is None:
            return
        transform = painter.deviceTransform()
        zoom = min(math.hypot(transform.m11(), transform.m12()), math.hypot(transform.m21(), transform.m22()))
        index = self._level_for(zoom)
        smooth = zoom < SQUARES_FROM or not self.squares
        area, picture = self._picture(index, option.exposedRect, smooth)
        painter.setClipRect(self.boundingRect(), Qt.ClipOperation.IntersectClip)  # a halved odd edge sticks out
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(self._target(index, area), picture, QRectF(picture.rect()))

    def _target(self, index: int, area: QRect) -> QRectF:
        """Where an area of a level lies, in pixels of the picture. Halving begins at the stored first row and column.

        Where that is the right or lower edge on screen, a repeated odd edge sticks out at the left or at the top.
        """
        side, o = 2**index, self._orientation
        full, level = self.level(0).shape, self.level(index).shape
        left = full[1] - level[1] * side if o.xx + o.xy < 0 else 0
        top = full[0] - level[0] * side if o.yx + o.yy < 0 else 0
        return QRectF(left + area.x() * side, top + area.y() * side, area.width() * side, area.height() * side)

    def _level_for(self, zoom: float) -> int:
        assert self._pyramid is not None
        deepest = len(self._pyramid.levels) - 1
        return min(max(0, math.floor(math.log2(1 / max(zoom, 1e-6)) + (COARSE if self._moving else FINE))), deepest)

    def _picture(self, index: int, exposed: QRectF, smooth: bool) -> tuple[QRect, QImage]:
        """The converted area that covers the exposed part of a level, in pixels of that level."""
        self._is_smooth, was_smooth = smooth, self._is_smooth
        if smooth != was_smooth:
            self._cached = None
        pixels, side = self.level(index), 2**index
        bounds = QRect(0, 0, pixels.shape[1], pixels.shape[0])
        whole = self._target(index, bounds)
        wanted = exposed.translated(-whole.topLeft())
        wanted = QRectF(wanted.x() / side, wanted.y() / side, wanted.width() / side, wanted.height() / side)
        need = wanted.toAlignedRect().adjusted(-1, -1, 1, 1).intersected(bounds)
        if self._cached is None or self._cached[0] != index or not self._cached[1].contains(need):
            spare = 0.0 if self._is_windowing else SPARE
            dx, dy = int(need.width() * spare) + 2, int(need.height() * spare) + 2
            area = need.adjusted(-dx, -dy, dx, dy).intersected(bounds)
            rows, columns = slice(area.top(), area.bottom() + 1), slice(area.left(), area.right() + 1)
            self._cached = (index, area, self._converted(pixels[rows, columns]))
            self._is_windowing = False
        return self._cached[1], self._cached[2]

    def _converted(self, pixels: NDArray[Any]) -> QImage:
        """As squares the greys themselves: what Qt scales quickly, it lays on whole pixels of the screen."""
        self._cached = None  # no picture outlives its pixels
        greys = to_grey(pixels, self._window, self._inverted)
        if not self._is_smooth:
            return to_qimage(np.ascontiguousarray(greys))
        self._pixels = to_screen(greys)
        height, width = self._pixels.shape[:2]
        return QImage(self._pixels.data, width, height, self._pixels.strides[0], QImage.Format.Format_RGB32)

    def _changed(self) -> None:
        self._cached = None
        self.update()
