"""Measurement lines over the film (key S): those of every value thin, those of the chosen one broad and named."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from app.session.measure_state import MeasureLines
from app.views import marker_painter as paint
from app.views.camera import Camera

SHADOW, COLOUR = QColor(0, 0, 0, 150), QColor("#F2C744")
FILL_DASHES = (7.0, 5.0)  # logical pixels of line and gap


class MeasureLayer(pg.GraphicsObject):
    """Lies in widget coordinates like the landmarks, under them; widths never scale."""

    def __init__(self) -> None:
        super().__init__()
        self.camera = Camera()
        self._lines: tuple[MeasureLines, ...] = ()
        self._chosen = ""
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def set_camera(self, camera: Camera) -> None:
        """Follow the view."""
        self.prepareGeometryChange()
        self.camera = camera
        self.update()

    def set_lines(self, lines: Sequence[MeasureLines]) -> None:
        """Show these lines."""
        self._lines = tuple(lines)
        self.update()

    def set_chosen(self, measure_id: str) -> None:
        """Let the lines of one value stand out, "" for none."""
        self._chosen = measure_id
        self.update()

    @property
    def lines(self) -> tuple[MeasureLines, ...]:
        """What is shown."""
        return self._lines

    def boundingRect(self) -> QRectF:
        """The whole view."""
        return QRectF(0, 0, *self.camera.view)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Draw the chosen lines last."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for entry in sorted(self._lines, key=lambda entry: entry.id == self._chosen):
            strong = entry.id == self._chosen
            self._draw(painter, entry, strong)
        for entry in self._lines:
            if entry.id == self._chosen:
                self._name(painter, entry)

    def _draw(self, painter: QPainter, entry: MeasureLines, strong: bool) -> None:
        colour = QColor(COLOUR)
        colour.setAlpha(255 if strong else 120)
        for ink, width in ((SHADOW, 4.0 if strong else 2.6), (colour, 1.8 if strong else 1.1)):
            pen = QPen(ink, width)
            if entry.filled:
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
                pen.setDashPattern([length / width for length in FILL_DASHES])  # Qt counts in widths of the pen
            painter.setPen(pen)
            for start, end in entry.segments:
                painter.drawLine(QPointF(*self.camera.to_view(start)), QPointF(*self.camera.to_view(end)))

    def _name(self, painter: QPainter, entry: MeasureLines) -> None:
        """The numbers change with every move, so nothing is kept in the cache of names."""
        x, y = self.camera.to_view(entry.at)
        path = QPainterPath()
        path.addText(QPointF(x + 10, y - 8), paint.name_font(), entry.text)
        halo = QPen(paint.HALO_COLOUR, 3.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, halo)
        painter.fillPath(path, COLOUR)
