"""The film with its camera: showing, zooming, panning, windowing. No landmarks and no keys here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGraphicsView, QLabel, QWidget

from app.session.view_state import ImageState
from app.theme import SURROUND
from app.views.camera import XY, Camera
from app.views.film_item import FilmItem
from app.views.greys import auto_window
from app.views.motion import Motion
from app.views.orientation import UPRIGHT, Orientation


class FilmView(pg.GraphicsView):
    """Image coordinates everywhere: integer = pixel centre. Zoom 1.0 = one image column on one device pixel."""

    window_changed = Signal(float, float)
    zoom_changed = Signal(float)
    image_changed = Signal(object)
    orientation_changed = Signal()
    camera_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False, background=SURROUND)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.camera = Camera()
        self.image: ImageState | None = None
        self.window_range = (0.0, 1.0)
        self.inverted = False
        self.keeps_view = True
        self._window_chosen = False
        self._fitted = True
        self._film = FilmItem()
        self._box = pg.ViewBox(enableMenu=False, enableMouse=False, invertY=True, defaultPadding=0)
        self._box.disableAutoRange()
        self._box.addItem(self._film, ignoreBounds=True)
        self.setCentralItem(self._box)
        self.motion = Motion(self._look_moving, self._film.set_moving, self)
        self._placeholder = QLabel(self, alignment=Qt.AlignmentFlag.AlignCenter)
        self._placeholder.setTextFormat(Qt.TextFormat.PlainText)
        self._placeholder.setStyleSheet("color: #A0A8B2; font-size: 14px; background: transparent;")
        self._placeholder.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_image(self, image: ImageState | None) -> None:
        """Show a picture, or nothing.

        Another frame of the case on screen keeps everything. Another case lies as its file says; of the same size and
        device it keeps zoom, place and a chosen window, if the setting says so.
        """
        before, self.image = self.image, image
        self._placeholder.setVisible(image is None)
        self.motion.stop()
        self._film.set_image(image)
        if image is not None:
            self._take_image(before, image)
        self._show_greys()
        self.image_changed.emit(image)

    def _take_image(self, before: ImageState | None, image: ImageState) -> None:
        same_case = before is not None and before.case_id == image.case_id
        alike = before is not None and _kind(before) == _kind(image)
        keep = same_case or (alike and self.keeps_view)
        camera = replace(self.camera, image=(image.width, image.height), aspect=_aspect(image))
        if not same_case:
            camera = camera.reoriented(UPRIGHT)
        if not keep:
            self.inverted = False
        fitted = self._fitted or not keep or camera.image != self.camera.image
        self._film.set_orientation(camera.orientation)
        self._look(camera.fitted() if fitted else camera.centred(camera.centre), fitted=fitted)
        if not (keep and self._window_chosen) and not (same_case and before and before.window == image.window):
            self.set_window(*image.window, chosen=False)

    def set_placeholder(self, text: str) -> None:
        """What is said while there is no picture."""
        self._placeholder.setText(text)

    @property
    def zoom(self) -> float:
        """Screen device pixels per image column."""
        return self.camera.zoom

    def image_to_view(self, xy_image: XY) -> QPointF:
        """Map image to logical pixels of the view."""
        return QPointF(*self.camera.to_view(xy_image))

    def view_to_image(self, at: QPointF) -> XY:
        """Map logical pixels of the view to the image."""
        return self.camera.to_image((at.x(), at.y()))

    def clamp(self, xy_image: XY) -> XY:
        """The nearest point that lies on the image (-0.5 .. size - 0.5)."""
        width, height = self.camera.image
        return min(max(xy_image[0], -0.5), width - 0.5), min(max(xy_image[1], -0.5), height - 0.5)

    def fit(self) -> None:
        """Show the whole image; it stays fitted when the window changes size."""
        self.motion.stop()
        self._look(self.camera.fitted(), fitted=True)

    def one_to_one(self) -> None:
        """Show each image pixel on one screen device pixel."""
        self.motion.stop()
        middle = (self.camera.view[0] / 2, self.camera.view[1] / 2)
        self._look(self.camera.zoomed(1.0 / self.camera.zoom, middle))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Larger or smaller, with the point under `at` (or the middle of the view) staying where it is."""
        middle = (self.camera.view[0] / 2, self.camera.view[1] / 2)
        self.motion.stop()
        self.motion.touch()
        self._look(self.camera.zoomed(factor, middle if at is None else (at.x(), at.y())))

    def pan(self, dx: float, dy: float) -> None:
        """Move the film by logical pixels."""
        self.motion.stop()
        self.motion.touch()
        self._look(self.camera.panned(dx, dy))

    def look_at(self, xy_image: XY, zoom: float | None = None) -> None:
        """Centre a point, at this zoom if one is given."""
        middle = (self.camera.view[0] / 2, self.camera.view[1] / 2)
        camera = self.camera if zoom is None else self.camera.zoomed(zoom / self.camera.zoom, middle)
        self.motion.stop()
        self._look(camera.centred(xy_image))

    def restore_camera(self, camera: Camera) -> None:
        """Go back to what was seen before, at the present size of the view, flipped and turned as now."""
        now = self.camera
        self.motion.stop()
        self._look(replace(camera, view=now.view, ratio=now.ratio, orientation=now.orientation))

    @property
    def orientation(self) -> Orientation:
        """How the view is flipped and turned."""
        return self.camera.orientation

    def set_orientation(self, orientation: Orientation) -> None:
        """Flip or turn the view; the stored numbers stay as they are."""
        if self.image is None or orientation == self.orientation:
            return
        self.motion.stop()
        self._film.set_orientation(orientation)
        camera = self.camera.reoriented(orientation)
        self._look(camera.fitted() if self._fitted else camera, self._fitted)
        self.orientation_changed.emit()

    def set_keeps_view(self, keeps: bool) -> None:
        """Whether the next case of the same size and device keeps zoom, place and a chosen window."""
        self.keeps_view = keeps

    def set_squares(self, squares: bool) -> None:
        """Show image pixels as squares above 400 %, or smooth."""
        self._film.set_squares(squares)

    def set_window(self, low: float, high: float, *, chosen: bool = True) -> None:
        """Show this grey range, in the image's own units. `chosen` is False for what the file says."""
        self.window_range = (float(low), float(high))
        self._window_chosen = chosen
        self._show_greys()
        self.window_changed.emit(*self.window_range)

    def change_window(self, low: float, high: float) -> None:
        """As `set_window`, from a gesture; nothing without a picture."""
        if self.image is not None:
            self.motion.touch()
            self.set_window(low, high)

    def auto_window(self) -> None:
        """Stretch the greys to 0.5-99.5 % of what is seen."""
        if self.image is None:
            return
        left, top, right, bottom = (round(value) for value in self.camera.visible)
        seen = self.image.pixels[max(top, 0) : max(bottom, 0) + 1, max(left, 0) : max(right, 0) + 1]
        if seen.size:
            self.set_window(*auto_window(seen, self.image.padding))

    def set_invert(self, inverted: bool) -> None:
        """Swap black and white on screen, on top of what the file says."""
        self.inverted = inverted
        self._show_greys()

    def value_at(self, xy_image: XY) -> Any:
        """The stored value under a point: a number, (r, g, b), or None outside."""
        column, row = round(xy_image[0]), round(xy_image[1])
        if self.image is None or not (0 <= column < self.image.width and 0 <= row < self.image.height):
            return None
        value = self.image.pixels[row, column]
        return tuple(int(part) for part in value) if value.ndim else value.item()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the same point in the middle, or stay fitted."""
        super().resizeEvent(event)
        if hasattr(self, "_placeholder"):  # the base class resizes once while it is being built
            self._placeholder.setGeometry(self.viewport().rect())
            self._resized()

    def close(self) -> bool:
        """Close like any widget: the base class would take its viewport apart and crash if it is shown again."""
        return QWidget.close(self)

    def event(self, event: QEvent) -> bool:
        """Moving to a screen with another scale keeps the visible part of the image."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._resized()
        return super().event(event)

    def _resized(self) -> None:
        ratio = self.devicePixelRatioF()
        zoom = self.camera.zoom * ratio / self.camera.ratio
        size = (max(1.0, float(self.width())), max(1.0, float(self.height())))
        camera = replace(self.camera, view=size, ratio=ratio, zoom=zoom)
        self._look(camera.fitted() if self._fitted else camera, self._fitted)

    def _look(self, camera: Camera, fitted: bool = False) -> None:
        camera = camera.snapped()
        changed = camera.zoom != self.camera.zoom
        self.camera, self._fitted = camera, fitted
        left, top, right, bottom = camera.visible_on_screen
        self._box.setRange(QRectF(left, top, right - left, bottom - top), padding=0)
        self._camera_moved()
        self.camera_changed.emit()
        if changed:
            self.zoom_changed.emit(camera.zoom)

    def _look_moving(self, camera: Camera) -> None:
        self._look(replace(camera, view=self.camera.view, ratio=self.camera.ratio))

    def _camera_moved(self) -> None:
        """For what is drawn on top."""

    def _show_greys(self) -> None:
        if self.image is not None:
            self._film.set_window(self.window_range, self.image.inverted != self.inverted)


def _aspect(image: ImageState) -> float:
    """Height / width of one pixel: from the pixel size if it is known, else what the file says of the shape."""
    return image.row_mm / image.col_mm if image.row_mm and image.col_mm else image.aspect


def _kind(image: ImageState) -> tuple[object, ...]:
    """Pictures that agree in this are looked at alike: size, shape of the pixels, device, depth."""
    kind = (image.device, image.modality, str(image.pixels.dtype), image.pixels.ndim, image.inverted)
    return (image.width, image.height, _aspect(image), *kind)
