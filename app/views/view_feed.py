"""What the image view tells the other views of the window, with no controller in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from app.session.view_state import ImageState
from app.translate import tr
from app.views import menus
from app.views.histogram_popup import HistogramPopup

if TYPE_CHECKING:
    from app.views.main_window import MainWindow


class ViewFeed(QObject):
    """Keeps loupe, status bar and context menu in step with the image view."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        view = window.image_view
        view.image_changed.connect(self._image_changed)
        view.window_changed.connect(self.show_window)
        view.zoom_changed.connect(window.status.set_zoom)
        view.cursor_moved.connect(self._cursor_moved)
        view.cursor_left.connect(self._cursor_left)
        view.landmark_dragging.connect(self._landmark_dragging)
        view.markers_changed.connect(self._markers_changed)
        view.context_requested.connect(self._show_context_menu)
        view.orientation_changed.connect(self._show_orientation)
        view.loupe.factor_changed.connect(window.landmark_panel.loupe.set_factor)
        view.frame_step_requested.connect(window.frames.step)
        window.frames.left.connect(view.setFocus)
        window.presets.used.connect(lambda name: window.status.showMessage(tr("Window: {name}", name=name), 2000))
        window.status.upright_requested.connect(window.action("view.upright").trigger)
        window.status.window_requested.connect(self._show_histogram)

    def _landmark_dragging(self, _landmark: str, x: float, y: float) -> None:
        self._window.landmark_panel.loupe.set_target((x, y))

    def _image_changed(self, image: ImageState | None) -> None:
        self._window.landmark_panel.loupe.set_image(image)
        self._window.status.set_image(image)
        self._window.frames.set_image(image)
        self._window.action("view.invert").setChecked(self._window.image_view.inverted)
        self._show_orientation()
        if image is not None:
            self.show_window(*self._window.image_view.window_range)
            self._window.status.set_zoom(self._window.image_view.zoom)
            self.look_at_current()

    def show_window(self, low: float, high: float) -> None:
        """The grey range on screen changed."""
        self._window.landmark_panel.loupe.set_window((low, high), self._window.image_view.inverted)
        self._window.status.set_window(low, high)
        image = self._window.image_view.image
        self._window.status.set_polarity(image is not None and image.inverted, self._window.image_view.inverted)

    def _show_orientation(self) -> None:
        orientation = self._window.image_view.orientation
        self._window.landmark_panel.loupe.set_orientation(orientation)
        self._window.status.set_orientation(orientation.text)

    def _show_histogram(self) -> None:
        view, field = self._window.image_view, self._window.status.window_field
        if view.image is not None:
            HistogramPopup(view, self._window).open_above(field)

    def _cursor_moved(self, x: float, y: float, value: object) -> None:
        self._window.status.set_cursor((x, y), value)
        self._window.landmark_panel.loupe.set_target((x, y))

    def _cursor_left(self) -> None:
        self._window.status.clear_cursor()
        self.look_at_current()

    def _markers_changed(self) -> None:
        self._window.landmark_panel.loupe.set_markers(self._window.image_view.layer.markers)
        if not self._window.image_view.is_busy:
            self.look_at_current()

    def look_at_current(self) -> None:
        """Put the current landmark into the loupe."""
        current = self._window.image_view.layer.current
        xy = self._window.image_view.layer.xy_image(current) if current else None
        self._window.landmark_panel.loupe.set_target(xy)

    def _show_context_menu(self, landmark: str | None, x: float, y: float) -> None:
        window, view = self._window, self._window.image_view
        marker = view.layer.marker(landmark) if landmark else None
        if marker is not None:
            view.landmark_pressed.emit(marker.landmark)
        title = f"{marker.number}  {marker.name}" if marker else None
        xy = (marker.x, marker.y) if marker and marker.x is not None and marker.y is not None else (x, y)
        entries = [*self._neighbours(x, y), (tr("Copy coordinates"), lambda: _copy(f"{xy[0]:.2f}, {xy[1]:.2f}"))]
        presets, unplaced = window.menus["Presets"], self._unplaced()
        menu = menus.context_menu(window, window.registry, title, presets, entries, unplaced=unplaced)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(view.viewport().mapToGlobal(view.image_to_view((x, y)).toPoint()))

    def _unplaced(self) -> list[menus.Entry]:
        """The landmarks that have no place and are not called absent, to place one of them next."""
        view, place = self._window.image_view, self._window.action("landmark.place")

        def arm(landmark: str) -> None:
            view.landmark_pressed.emit(landmark)
            place.trigger()

        left = [marker for marker in view.layer.markers if marker.label == "not placed"] if place.isEnabled() else []
        return [(f"{marker.number}  {marker.name}", lambda name=marker.landmark: arm(name)) for marker in left]

    def _neighbours(self, x: float, y: float) -> list[menus.Entry]:
        """The other landmarks within reach of the pointer, to select one that lies under another."""
        view = self._window.image_view
        under = view.layer.under(view.camera.to_view((x, y)))[1:]
        return [
            (
                tr("Select {number}  {name}", number=other.number, name=other.name),
                lambda name=other.landmark: view.landmark_pressed.emit(name),
            )
            for other in under
        ]


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
