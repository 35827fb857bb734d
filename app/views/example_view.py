"""The example picture of a template with its points and lines: click to show a landmark, or to draw a line."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.translate import tr
from medsapiens_core.data.template_draft import Draft

RADIUS, HIT = 5.0, 14.0
EMPTY = "No example picture.\nChoose one to show readers where each landmark lies."


class ExampleView(QWidget):
    """`point_set(landmark, x, y)` in pixels of the picture; `line_drawn(first, second)`; `picked(landmark)`."""

    point_set = Signal(str, float, float)
    line_drawn = Signal(str, str)
    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Example picture"))
        self.setMinimumSize(280, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._draft, self._current = Draft(), ""
        self._image: QImage | None = None
        self._picture: bytes | None = None
        self._points: dict[str, QPointF] = {}
        self._first = ""
        self._dragged = ""
        self.drawing = False
        self.line = -1

    def sizeHint(self) -> QSize:
        """Room for a film."""
        return QSize(420, 360)

    def set_draft(self, draft: Draft, current: str) -> None:
        """Show a draft; `current` is the chosen landmark."""
        picture = draft.example.picture if draft.example else None
        if picture != self._picture:
            self._picture = picture
            self._image = QImage.fromData(picture) if picture else None
        self._draft, self._current = draft, current
        shown = {mark.id for mark in draft.marks}
        points = draft.example.points if draft.example else ()
        self._points = {mark: QPointF(x, y) for mark, x, y in points if mark in shown}
        self.update()

    def set_drawing(self, drawing: bool) -> None:
        """Clicks join landmarks, or show where one lies."""
        self.drawing, self._first = drawing, ""
        self.setCursor(Qt.CursorShape.CrossCursor if drawing else Qt.CursorShape.ArrowCursor)
        self.update()

    def set_line(self, position: int) -> None:
        """Show one line as the chosen one."""
        self.line = position
        self.update()

    def spot_of(self, landmark: str) -> QPointF | None:
        """Where a landmark is drawn, widget coordinates."""
        point = self._points.get(landmark)
        return None if point is None else self._on_screen(point)

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pick a landmark, place the chosen one, or join two."""
        if event.button() is not Qt.MouseButton.LeftButton or self._image is None:
            return
        near = self._near(event.position())
        if self.drawing:
            self._draw_line(near)
        elif near:
            self._dragged = near
            self.picked.emit(near)
        elif self._current and self._box().contains(event.position()):
            self._dragged = self._current
            self._set(self._current, event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Refine the point that is held."""
        spot = self.spot_of(self._dragged) if self._dragged else None
        if spot is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._set(self._dragged, event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._dragged = ""

    def _draw_line(self, near: str) -> None:
        if not near:
            return
        if self._first and self._first != near:
            first, self._first = self._first, ""
            self.line_drawn.emit(first, near)
        else:
            self._first = near
        self.update()

    def _set(self, landmark: str, at: QPointF) -> None:
        box = self._box()
        if self._image is None or box.isEmpty():
            return
        x = (at.x() - box.x()) / box.width() * self._image.width() - 0.5
        y = (at.y() - box.y()) / box.height() * self._image.height() - 0.5
        x, y = min(max(x, 0.0), self._image.width() - 1.0), min(max(y, 0.0), self._image.height() - 1.0)
        self.point_set.emit(landmark, round(x, 2), round(y, 2))

    def _near(self, at: QPointF) -> str:
        far = {mark: (self._on_screen(point) - at) for mark, point in self._points.items()}
        distance: Mapping[str, float] = {mark: (d.x() ** 2 + d.y() ** 2) ** 0.5 for mark, d in far.items()}
        nearest = min(distance, key=lambda mark: distance[mark], default="")
        return nearest if nearest and distance[nearest] <= HIT else ""

    # --- drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Picture, lines, points."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(theme.SURROUND))
        if self._image is None:
            painter.setPen(QColor(theme.DARK.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), int(flags), tr(EMPTY))
            return
        painter.drawImage(self._box(), self._image)
        self._draw_lines(painter)
        for number, mark in enumerate(self._draft.marks, start=1):
            if mark.id in self._points:
                self._draw_point(painter, mark.id, f"{number} {mark.abbreviation}")

    def _draw_lines(self, painter: QPainter) -> None:
        for place, (first, second) in enumerate(self._draft.lines):
            if first in self._points and second in self._points:
                chosen = place == self.line
                painter.setPen(QPen(QColor(theme.DARK.caution if chosen else theme.DARK.link), 2.5 if chosen else 1.3))
                painter.drawLine(self._on_screen(self._points[first]), self._on_screen(self._points[second]))

    def _draw_point(self, painter: QPainter, landmark: str, text: str) -> None:
        spot = self._on_screen(self._points[landmark])
        wanted = landmark in (self._current, self._first)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in (("#000000", 4.0), ("#FFFFFF" if wanted else theme.MARKER_COLOURS["corrected"], 1.8)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(spot, RADIUS + 2 * wanted, RADIUS + 2 * wanted)
        font = painter.font()
        font.setPixelSize(11)
        font.setBold(wanted)
        painter.setFont(font)
        beside = spot + QPointF(RADIUS + 5, 4)
        if beside.x() + painter.fontMetrics().horizontalAdvance(text) > self._box().right():
            beside.setX(spot.x() - RADIUS - 5 - painter.fontMetrics().horizontalAdvance(text))
        painter.setPen(QColor("#000000"))
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            painter.drawText(beside + QPointF(dx, dy), text)
        painter.setPen(QColor("#FFFFFF"))
        painter.drawText(beside, text)

    def _box(self) -> QRectF:
        if self._image is None or self._image.isNull():
            return QRectF()
        room = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        scale = min(room.width() / self._image.width(), room.height() / self._image.height())
        width, height = self._image.width() * scale, self._image.height() * scale
        return QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)

    def _on_screen(self, point: QPointF) -> QPointF:
        box = self._box()
        if self._image is None or box.isEmpty():
            return QPointF()
        x = box.x() + (point.x() + 0.5) / self._image.width() * box.width()
        return QPointF(x, box.y() + (point.y() + 0.5) / self._image.height() * box.height())
