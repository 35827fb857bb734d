"""The heatmap of one landmark over the film: what the network answered, mapped to where it belongs."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from app.session.view_state import HeatmapState
from app.views.camera import Camera

STRONGEST = 190  # opacity of the peak, so that the film is still seen through it
COLD, HOT = np.array((48.0, 18.0, 120.0)), np.array((255.0, 214.0, 70.0))  # told apart in greyscale too: dark to light


def coloured(values: NDArray[np.uint8]) -> QImage:
    """(h, w) strengths 0..255 as a picture that is clear where there is nothing."""
    share = values.astype(np.float64)[..., None] / 255
    alpha = np.sqrt(share) * STRONGEST
    alpha[share < 0.02] = 0
    rgba = np.concatenate([COLD + (HOT - COLD) * share, alpha], axis=2)
    data = np.ascontiguousarray(np.rint(rgba).astype(np.uint8))
    height, width = values.shape
    return QImage(data.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


class HeatmapItem(pg.GraphicsObject):
    """Lies in widget coordinates, below the landmarks."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(-1)
        self._camera = Camera()
        self._state: HeatmapState | None = None
        self._picture = QImage()

    def set_camera(self, camera: Camera) -> None:
        """Follow the view."""
        self.prepareGeometryChange()
        self._camera = camera
        self.update()

    def set_heatmap(self, state: HeatmapState | None) -> None:
        """Show a heatmap, or none."""
        self._state = state
        self._picture = QImage() if state is None else coloured(state.values)
        self.update()

    @property
    def state(self) -> HeatmapState | None:
        """What is shown."""
        return self._state

    def boundingRect(self) -> QRectF:
        """The whole view."""
        return QRectF(0, 0, *self._camera.view)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Draw it; a cell's centre lies on its integer coordinate, so the picture begins half a cell earlier."""
        if self._state is None:
            return
        (a, b, tx), (c, d, ty) = self._state.to_image
        origin = self._camera.to_view((tx - (a + b) / 2, ty - (c + d) / 2))
        along, down = self._camera.vector_to_view(a, c), self._camera.vector_to_view(b, d)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setTransform(QTransform(*along, *down, *origin), combine=True)
        painter.drawImage(0, 0, self._picture)
