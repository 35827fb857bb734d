"""The film with landmarks on it: what is drawn over it and which landmark the view looks at. No mouse, no keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from PySide6.QtCore import QRect, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPen
from PySide6.QtWidgets import QLabel, QWidget

from app.session.measure_state import MeasureLines
from app.session.view_state import HeatmapState, ImageState, MarkerState
from app.theme import RING_ON_FILM
from app.views.camera import Camera
from app.views.film_view import FilmView
from app.views.heatmap_item import HeatmapItem
from app.views.landmark_items import NAME_MODES, REGION_MODES, LandmarkLayer
from app.views.measure_layer import MeasureLayer
from app.views.side_letters import draw_side_letters

PULSE_MS = 500
FOCUS_RING = 2  # logical pixels
ZOOM_FIELD_MM, ZOOM_FIELD_PX = 40.0, 400.0


class AnnotatedView(FilmView):
    """Shows markers of constant screen size; overlays can be hidden. `markers_changed()` follows `set_markers`."""

    markers_changed = Signal()
    heatmap_wanted = Signal(int)  # 1 or 0: it is to be shown, or no more

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heat = HeatmapItem()
        self.scene().addItem(self.heat)
        self.layer = LandmarkLayer()
        self.measures = MeasureLayer()
        self.scene().addItem(self.measures)
        self.scene().addItem(self.layer)
        self._note = overlay_note(self)
        self._before_zoom: Camera | None = None
        self._overlay = True
        self._measures_wanted = False
        self.measures.hide()
        self._pulse = QVariantAnimation(self, startValue=1.0, endValue=0.0, duration=PULSE_MS)
        self._pulse.valueChanged.connect(self._show_pulse)
        self._resized()

    def set_image(self, image: ImageState | None) -> None:
        """Show a picture; another case is no longer zoomed to a landmark."""
        if self.image is None or image is None or self.image.case_id != image.case_id:
            self._before_zoom = None
            self.heat.set_heatmap(None)
            self.layer.seen.reset()
        super().set_image(image)
        self._show_overlay()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Letters of the patient's sides, and a ring while the image has the keyboard, as everything else shows it."""
        super().drawForeground(painter, rect)
        if self.image is not None and self.image.sides is not None:
            painter.save()
            painter.resetTransform()
            draw_side_letters(painter, QRectF(self.viewport().rect()), self.image.sides, self.orientation)
            painter.restore()
        if self.hasFocus():
            painter.save()
            painter.resetTransform()
            painter.setPen(QPen(QColor(RING_ON_FILM), FOCUS_RING))
            inner = QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1)
            painter.drawRect(inner)
            painter.restore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.viewport().update()

    def set_markers(self, markers: Iterable[MarkerState]) -> None:
        """Show these landmarks; while zoomed to a landmark the view follows the current one."""
        before = self.layer.current
        self.layer.set_markers(markers)
        now = self.layer.current
        if now is not None and (before is None or before.landmark != now.landmark):
            self._follow(now)
        self.markers_changed.emit()

    def set_lines(self, lines: Sequence[tuple[str, str]]) -> None:
        """Join these pairs of landmark ids."""
        self.layer.set_lines(lines)

    def set_overlay_visible(self, visible: bool) -> None:
        """Show or hide everything drawn over the film."""
        self._overlay = visible
        self._show_overlay()

    @property
    def has_overlay(self) -> bool:
        """True when landmarks can be seen and worked on: not hidden, and on the frame that carries them."""
        return self._overlay and (self.image is None or self.image.is_working_frame)

    def set_heatmap(self, state: HeatmapState | None) -> None:
        """Show where the model sees a landmark, or no more."""
        self.heat.set_heatmap(state)

    def want_heatmap(self, wanted: bool) -> None:
        """Ask for the heatmap of the current landmark, or for none."""
        self.heatmap_wanted.emit(int(wanted))

    def set_heatmap_note(self, text: str) -> None:
        """Say at the top of the view what the heatmap is of; "" says nothing."""
        self._note.setText(text)
        self._note.setVisible(bool(text))
        self._place_note()

    def _place_note(self) -> None:
        self._note.adjustSize()
        self._note.move((self.width() - self._note.width()) // 2, 10)

    def set_regions(self, mode: str) -> None:
        """95 % regions of `all` landmarks, the `current` one or `none`."""
        self.layer.regions = mode
        self.layer.update()

    def next_regions(self) -> str:
        """Step through the three ways to show regions; returns the new one."""
        self.set_regions(REGION_MODES[(REGION_MODES.index(self.layer.regions) + 1) % len(REGION_MODES)])
        return self.layer.regions

    def set_names(self, mode: str) -> None:
        """Names of `all` landmarks, the `current` one or `none`."""
        self.layer.names = mode
        self.layer.update()

    def next_names(self) -> str:
        """Step through the three ways to show names; returns the new one."""
        self.set_names(NAME_MODES[(NAME_MODES.index(self.layer.names) + 1) % len(NAME_MODES)])
        return self.layer.names

    def set_ghosts_visible(self, visible: bool) -> None:
        """Show where the model put points that have been moved."""
        self.layer.show_ghosts = visible
        self.layer.update()

    def set_lines_visible(self, visible: bool) -> None:
        """Show the template's lines."""
        self.layer.show_lines = visible
        self.layer.update()

    def set_measure_lines(self, lines: Sequence[MeasureLines]) -> None:
        """Show how values are measured."""
        self.measures.set_lines(lines)

    def choose_measure(self, measure_id: str) -> None:
        """Let the lines of one value stand out, "" for none."""
        self.measures.set_chosen(measure_id)

    def set_measures_visible(self, visible: bool) -> None:
        """Show measurement lines or not."""
        self._measures_wanted = visible
        self._show_overlay()

    def seen_seconds(self) -> Mapping[str, float]:
        """For how long each landmark of this case has been in view with the overlays on."""
        return self.layer.seen.seconds()

    def set_preview(self, landmarks: Collection[str]) -> None:
        """Ring landmarks that are about to be confirmed; the rings pulse once."""
        self.layer.preview = frozenset(landmarks)
        self.layer.update()
        if landmarks:
            self._pulse.start()

    def _show_pulse(self, value: float) -> None:
        self.layer.pulse = value
        self.layer.update()

    def ensure_visible(self, landmark: str) -> None:
        """Pan just enough to bring a landmark into the inner part of the view."""
        marker = self.layer.marker(landmark)
        xy = self.layer.xy_image(marker) if marker else None
        if xy is not None and not self._fitted:
            self._glide_to(self.camera.showing(xy))

    def zoom_to(self, landmark: str) -> None:
        """Show 40 mm (or 400 px) around a landmark; the view then follows the current landmark until `fit`."""
        marker = self.layer.marker(landmark)
        xy = self.layer.xy_image(marker) if marker else None
        if xy is None or self.image is None:
            return
        self._before_zoom = self._before_zoom or self.camera
        field = ZOOM_FIELD_MM / self.image.col_mm if self.image.col_mm else ZOOM_FIELD_PX
        self.look_at(xy, min(self.camera.view) * self.camera.ratio / field)

    def toggle_zoom(self) -> None:
        """Zoom to the current landmark, or back to what was seen before."""
        if self._before_zoom is not None:
            before, self._before_zoom = self._before_zoom, None
            self.restore_camera(before)
        elif self.layer.current is not None:
            self.zoom_to(self.layer.current.landmark)

    def fit(self) -> None:
        """Show the whole image and stop following."""
        self._before_zoom = None
        super().fit()

    @property
    def is_busy(self) -> bool:
        """True while a gesture holds the view still."""
        return False

    def _follow(self, marker: MarkerState) -> None:
        xy = self.layer.xy_image(marker)
        if xy is None or self.is_busy:
            return
        if self._before_zoom is not None:
            self._glide_to(self.camera.centred(xy))
        else:
            self.ensure_visible(marker.landmark)

    def _glide_to(self, camera: Camera) -> None:
        self.motion.glide(self.camera, camera)

    def _show_overlay(self) -> None:
        self.layer.setVisible(self.has_overlay)
        self.heat.setVisible(self.has_overlay)
        self.measures.setVisible(self.has_overlay and self._measures_wanted)

    def _camera_moved(self) -> None:
        if hasattr(self, "layer"):  # the first resize comes before the layer exists
            self.layer.set_camera(self.camera)
            self.heat.set_camera(self.camera)
            self.measures.set_camera(self.camera)
            self._place_note()


def overlay_note(parent: QWidget) -> QLabel:
    """A line of text that lies over the film."""
    note = QLabel(parent)
    note.setTextFormat(Qt.TextFormat.PlainText)
    note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    note.setStyleSheet("background: #262A30; color: #E7E9EC; border-radius: 4px; padding: 2px 8px; font-size: 13px;")
    note.hide()
    return note
