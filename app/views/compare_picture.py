"""A locked case in the comparison: the true places as crosses and the points of one model, which a held key swaps."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from app.session.comparison_state import XY, CaseFigures, LandmarkFigures
from app.session.view_state import ImageState, MarkerState
from app.translate import tr
from app.views.annotated_view import AnnotatedView
from app.views.camera import Camera
from app.views.marker_painter import HALO_COLOUR

OLD, NEW = "predicted", "corrected"  # the signs of a model in use and of its rival: dashed ring and diamond
ARM = 6.0
ZOOM_STEP = 1.15
TRUTH = QColor(255, 255, 255)


class TruthLayer(pg.GraphicsObject):
    """White crosses at the true places, and hairlines from there to the points of the model that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.camera = Camera()
        self.pairs: list[tuple[XY, XY | None]] = []

    def set_camera(self, camera: Camera) -> None:
        """Follow the view."""
        self.prepareGeometryChange()
        self.camera = camera
        self.update()

    def set_pairs(self, truth: Sequence[XY | None], found: Sequence[XY | None]) -> None:
        """Show these places, each with the model's point for it."""
        self.pairs = [(place, point) for place, point in zip(truth, found, strict=True) if place is not None]
        self.update()

    def boundingRect(self) -> QRectF:
        """The whole view."""
        return QRectF(0, 0, *self.camera.view)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Draw the hairlines, then the crosses."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        spots = [(QPointF(*self.camera.to_view(place)), point) for place, point in self.pairs]
        painter.setPen(QPen(TRUTH, 1.0, Qt.PenStyle.DotLine))
        for spot, point in spots:
            if point is not None:
                painter.drawLine(spot, QPointF(*self.camera.to_view(point)))
        for colour, width in ((HALO_COLOUR, 3.6), (TRUTH, 1.5)):
            painter.setPen(QPen(colour, width))
            for spot, _ in spots:
                painter.drawLine(spot - QPointF(ARM, 0), spot + QPointF(ARM, 0))
                painter.drawLine(spot - QPointF(0, ARM), spot + QPointF(0, ARM))


class ComparePicture(AnnotatedView):
    """Shows one case. Wheel zooms, a drag pans, a double click fits; the keys belong to the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.truth = TruthLayer()
        self.scene().addItem(self.truth)
        self.layer.names = "current"
        self.camera_changed.connect(lambda: self.truth.set_camera(self.camera))
        self.setAccessibleName(tr("Picture of the locked case"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 260)
        self.case: CaseFigures | None = None
        self.shows_old = False
        self._landmarks: tuple[LandmarkFigures, ...] = ()
        self._current = ""
        self._pressed: QPoint | None = None
        self.set_placeholder(tr("Choose a case."))

    def show_case(self, case: CaseFigures, landmarks: tuple[LandmarkFigures, ...]) -> None:
        """Take the points of a case; its film follows by `set_image`."""
        self.case, self._landmarks = case, landmarks
        self.set_image(None)
        self.set_placeholder(tr("Reading the picture …") if case.truth else tr("This comparison kept no points."))
        self._mark()

    def show_film(self, image: ImageState) -> None:
        """Show the film of the case on screen."""
        self.set_image(image)
        self.truth.set_camera(self.camera)
        self._mark()
        self.point_at(self._current)

    def point_at(self, landmark: str) -> None:
        """Name one landmark and bring it into view; "" names none and shows the whole film."""
        self._current = landmark
        self._mark()
        marker = self.layer.marker(landmark) if landmark else None
        if marker is not None and marker.x is not None and marker.y is not None and self.image is not None:
            self.look_at((marker.x, marker.y), max(self.zoom, 1.0))

    def swap(self, old: bool) -> None:
        """Show the points of the model in use, or those of the candidate."""
        if self.shows_old != old:
            self.shows_old = old
            self._mark()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        self.zoom_by(ZOOM_STEP if event.angleDelta().y() > 0 else 1 / ZOOM_STEP, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to pan."""
        self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan."""
        if self._pressed is not None:
            at = event.position().toPoint()
            self.pan(at.x() - self._pressed.x(), at.y() - self._pressed.y())
            self._pressed = at

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End panning."""
        self._pressed = None

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Show the whole film."""
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left to the window: the view would scroll."""
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Left to the window."""
        event.ignore()

    def _mark(self) -> None:
        case = self.case
        if case is None or not case.truth:
            self.truth.set_pairs((), ())
            self.set_markers(())
            return
        found = case.xy_old if self.shows_old and case.xy_old else case.xy_new
        self.truth.set_pairs(case.truth, found)
        label = OLD if self.shows_old else NEW
        self.set_markers(
            MarkerState(
                mark.id,
                number,
                mark.name,
                mark.abbreviation,
                label,
                None if point is None else point[0],
                None if point is None else point[1],
                is_current=mark.id == self._current,
            )
            for number, (mark, point) in enumerate(zip(self._landmarks, found, strict=True), start=1)
        )
