"""Everything drawn over the film: lines, ghosts, markers, cross-hair and names, in one item of constant screen size.

The layer lies in widget coordinates; it maps image points through the camera, so zoom never scales a marker.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.session.view_state import MarkerState
from app.views import marker_painter as paint
from app.views.camera import XY, Camera
from app.views.glide import Glide
from app.views.label_layout import NamePlaces
from app.views.region_painter import draw_regions
from app.views.seen_clock import SeenClock
from app.views.sign_painter import draw_preview, draw_warning

HIT_RADIUS = 12.0
NAME_MODES = REGION_MODES = ("current", "all", "none")
MARGIN = 60.0  # markers this far outside the view are still drawn


class LandmarkLayer(pg.GraphicsObject):
    """Shows markers; knows which of them lies under the pointer."""

    def __init__(self) -> None:
        super().__init__()
        self.camera = Camera()
        self.show_lines = self.show_ghosts = True
        self.show_predictions = False
        self.names = "all"
        self.regions = "current"
        self._markers: dict[str, MarkerState] = {}
        self._lines: list[tuple[str, str]] = []
        self._override: tuple[str, XY] | None = None
        self.gliding = Glide(self.update, self)
        self.seen = SeenClock()
        self._places = NamePlaces()
        self.preview: frozenset[str] = frozenset()
        self.pulse = 0.0  # 0..1 of how far the rings of the preview are spread

    def set_camera(self, camera: Camera) -> None:
        """Follow the view."""
        self.prepareGeometryChange()
        self.camera = camera
        self.update()

    def set_markers(self, markers: Iterable[MarkerState]) -> None:
        """Show these markers."""
        self._markers = {marker.landmark: marker for marker in markers}
        self.update()

    def set_lines(self, lines: Sequence[tuple[str, str]]) -> None:
        """Join these pairs of landmark ids."""
        self._lines = list(lines)
        self.update()

    def set_override(self, landmark: str | None, xy_image: XY = (0.0, 0.0)) -> None:
        """Show one landmark somewhere else while it is dragged; None shows it where it is."""
        self._override = None if landmark is None else (landmark, xy_image)
        self.update()

    @property
    def moving_xy(self) -> XY | None:
        """Where the landmark that is being dragged is shown."""
        return self._override[1] if self._override else None

    @property
    def markers(self) -> tuple[MarkerState, ...]:
        """What is shown, in template order."""
        return tuple(self._markers.values())

    @property
    def current(self) -> MarkerState | None:
        """The current landmark."""
        return next((marker for marker in self._markers.values() if marker.is_current), None)

    def marker(self, landmark: str) -> MarkerState | None:
        """A marker by its landmark id."""
        return self._markers.get(landmark)

    def xy_image(self, marker: MarkerState) -> XY | None:
        """Where a marker is drawn, in image coordinates."""
        if self._override and self._override[0] == marker.landmark:
            return self._override[1]
        if self.show_predictions:
            return marker.prediction_xy
        if marker.x is None or marker.y is None:
            return None
        return self.gliding.place(marker.landmark, (marker.x, marker.y))

    def under(self, xy_view: XY) -> list[MarkerState]:
        """Markers within 12 logical pixels, the nearest first."""
        found = []
        for marker in self._markers.values():
            xy = self.xy_image(marker)
            if xy is not None:
                distance = math.dist(self.camera.to_view(xy), xy_view)
                if distance <= HIT_RADIUS:
                    found.append((distance, not marker.is_current, marker.number, marker))
        return [entry[-1] for entry in sorted(found, key=lambda entry: entry[:3])]

    def boundingRect(self) -> QRectF:
        """The whole view."""
        return QRectF(0, 0, *self.camera.view)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Draw regions below lines below ghosts below markers below names."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = painter.device().devicePixelRatioF()
        spots = {landmark: QPointF(*xy) for landmark, xy in self._spots().items()}
        if self.regions != "none":
            self._draw_regions(painter)
        self.seen.note(landmark for landmark, spot in spots.items() if self.boundingRect().contains(spot))
        if self.show_lines:
            self._draw_lines(painter)
        if self.show_ghosts and not self.show_predictions:
            self._draw_ghosts(painter, spots)
        for landmark, spot in spots.items():
            marker = self._markers[landmark]
            paint.stamp_marker(painter, spot, self._style(marker), ratio)
            if landmark in self.preview:
                draw_preview(painter, spot, self.pulse)
            if marker.is_current:
                paint.draw_cross_hair(painter, spot)
            if marker.has_suggestion:
                paint.draw_suggestion(painter, spot)
        if self.names != "none":
            self._draw_names(painter, spots)

    def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value: Any) -> Any:
        """Hidden landmarks are not seen."""
        if change == QGraphicsItem.GraphicsItemChange.ItemVisibleHasChanged and not value:
            self.seen.note(())
        return super().itemChange(change, value)

    def _style(self, marker: MarkerState) -> str:
        return "predicted" if self.show_predictions else marker.label

    def _spots(self) -> dict[str, XY]:
        (w, h), spots = self.camera.view, {}
        for marker in self._markers.values():
            xy = self.xy_image(marker)
            if xy is not None:
                x, y = self.camera.to_view(xy)
                if -MARGIN < x < w + MARGIN and -MARGIN < y < h + MARGIN:
                    spots[marker.landmark] = (x, y)
        return spots

    def _draw_regions(self, painter: QPainter) -> None:
        for faint in (True, False):
            chosen = (
                m for m in self._markers.values() if m.is_current != faint and (self.regions == "all" or not faint)
            )
            found = (
                (m.prediction_xy, m.region) for m in chosen if m.region is not None and m.prediction_xy is not None
            )
            draw_regions(painter, self.camera, found, faint=faint)

    def _draw_lines(self, painter: QPainter) -> None:
        points = {m.landmark: self.xy_image(m) for m in self._markers.values()}
        for colour, width in ((QColor(0, 0, 0, 90), 2.6), (QColor(160, 200, 240, 150), 1.1)):
            painter.setPen(QPen(colour, width))
            for a, b in self._lines:
                start, end = points.get(a), points.get(b)
                if start is not None and end is not None:
                    painter.drawLine(QPointF(*self.camera.to_view(start)), QPointF(*self.camera.to_view(end)))

    def _draw_ghosts(self, painter: QPainter, spots: dict[str, QPointF]) -> None:
        for marker in self._markers.values():
            if marker.ghost_xy is not None:
                ghost = QPointF(*self.camera.to_view(marker.ghost_xy))
                paint.draw_ghost(painter, ghost, spots.get(marker.landmark))
        for landmark, xy in self.gliding.ghosts.items():
            paint.draw_ghost(painter, QPointF(*self.camera.to_view(xy)), spots.get(landmark))

    def _draw_names(self, painter: QPainter, spots: dict[str, QPointF]) -> None:
        ratio = painter.device().devicePixelRatioF()
        named = [self._markers[name] for name in spots if self.names == "all" or self._markers[name].is_current]
        pictures = [paint.name_picture(self._name(marker), self._style(marker), ratio) for marker in named]
        sizes = [(p.width() / ratio, p.height() / ratio) for p in pictures]
        points = [(spots[marker.landmark].x(), spots[marker.landmark].y()) for marker in named]
        current = next((i for i, marker in enumerate(named) if marker.is_current), None)
        for i, corner in self._places.of(points, sizes, current).items():
            painter.drawPixmap(QPointF(*corner), pictures[i])
            if named[i].has_warning:
                draw_warning(painter, QPointF(corner[0] + sizes[i][0], corner[1] + sizes[i][1] / 2))

    def _name(self, marker: MarkerState) -> str:
        name = marker.name if marker.is_current else marker.abbreviation
        return f"{marker.number} {name}" if marker.number else name
