"""The docked loupe of the landmark panel: follows the pointer, else the current landmark."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.session.view_state import ImageState, MarkerState
from app.theme import MARKER_COLOURS, SURROUND
from app.translate import tr
from app.views.camera import XY
from app.views.lens import FACTOR, Lens
from app.views.orientation import UPRIGHT, Orientation

HEIGHT, LEAST_HEIGHT = 240, 76


class Loupe(QWidget):
    """Greys, flips and turns are those of the image view; an image column is 4 logical pixels at first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Loupe"))
        self.setMinimumHeight(LEAST_HEIGHT)
        self.setMaximumHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._image: ImageState | None = None
        self._window = (0.0, 1.0)
        self._inverted = False
        self._orientation = UPRIGHT
        self._factor = FACTOR
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

    def set_orientation(self, orientation: Orientation) -> None:
        """Lie as the image view does."""
        self._orientation = orientation
        self.update()

    def set_factor(self, factor: float) -> None:
        """Logical pixels per image column."""
        self._factor = factor
        self.update()

    def set_markers(self, markers: Iterable[MarkerState]) -> None:
        """Neighbours to show; the current landmark is the cross-hair."""
        self._markers = tuple(markers)
        self.update()

    def set_target(self, xy_image: XY | None) -> None:
        """The point in the middle, in image coordinates."""
        self._target = xy_image
        self.update()

    @property
    def lens(self) -> Lens | None:
        """What is looked at, None while there is nothing."""
        if self._image is None or self._target is None:
            return None
        return Lens(
            self._image, self._target, self._window, self._inverted, self._orientation, self._factor, self._markers
        )

    def sizeHint(self) -> QSize:
        """As wide as its panel."""
        return QSize(280, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the surroundings of the target."""
        painter = QPainter(self)
        lens = self.lens
        if lens is not None:
            lens.paint(painter, (float(self.width()), float(self.height())), self.devicePixelRatioF())
            return
        painter.fillRect(self.rect(), QColor(SURROUND))
        if self._image is not None:
            painter.setPen(QColor(MARKER_COLOURS["not placed"]))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("No position yet"))
