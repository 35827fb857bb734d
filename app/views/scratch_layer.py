"""Draws scratch measures over the film, in widget coordinates like the landmarks: widths never scale."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from app.session.scratch import RULER, ScratchMeasure, reading
from app.views import marker_painter as paint

if TYPE_CHECKING:
    from app.views.image_view import ImageView

HALO = QColor(0, 0, 0, 190)
INKS = {RULER: QColor("#F2C744")}
INK = QColor("#7FE3FF")
END = 6.0  # half length of the tick at an end
ABOVE_LANDMARKS = 10.0


class ScratchLayer(pg.GraphicsObject):
    """Shows what it is given; the texts follow the pixel size of the picture on screen."""

    def __init__(self, view: ImageView) -> None:
        super().__init__()
        self._view = view
        self.measures: tuple[ScratchMeasure, ...] = ()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(ABOVE_LANDMARKS)

    def set_measures(self, measures: tuple[ScratchMeasure, ...]) -> None:
        """Show these."""
        self.prepareGeometryChange()
        self.measures = measures
        self.update()

    @property
    def texts(self) -> list[str]:
        """The readings on screen."""
        return [self._text(measure) for measure in self.measures if measure.is_complete]

    def boundingRect(self) -> QRectF:
        """The whole view."""
        return QRectF(0, 0, *self._view.camera.view)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Lines with a tick at each end, then the readings."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for measure in self.measures:
            spots = [self._view.image_to_view(xy) for xy in measure.points]
            for colour, width in ((HALO, 4.0), (INKS.get(measure.kind, INK), 1.6)):
                painter.setPen(QPen(colour, width, c=Qt.PenCapStyle.RoundCap))
                _draw_lines(painter, spots)
            text = self._text(measure)
            if text:
                self._draw_text(painter, spots, text, INKS.get(measure.kind, INK))

    def _text(self, measure: ScratchMeasure) -> str:
        image = self._view.image
        return "" if image is None else reading(measure, image.spacing, self._view.camera.aspect)

    def _draw_text(self, painter: QPainter, spots: list[QPointF], text: str, ink: QColor) -> None:
        middle = spots[1] if len(spots) == 3 else (spots[0] + spots[1]) / 2
        path = QPainterPath()
        path.addText(middle + QPointF(12, -10), paint.name_font(), text)
        width, height = self._view.camera.view
        box = path.boundingRect()
        path.translate(min(0.0, width - 6 - box.right()), max(0.0, 6 - box.top()) + min(0.0, height - 6 - box.bottom()))
        painter.strokePath(path, QPen(HALO, 3.6, j=Qt.PenJoinStyle.RoundJoin))
        painter.fillPath(path, ink)


def _draw_lines(painter: QPainter, spots: list[QPointF]) -> None:
    for start, end in pairwise(spots):
        painter.drawLine(start, end)
        along = end - start
        length = max((along.x() ** 2 + along.y() ** 2) ** 0.5, 1e-6)
        across = QPointF(-along.y(), along.x()) * (END / length)
        for spot in (start, end):
            painter.drawLine(spot - across, spot + across)
    if len(spots) == 1:
        painter.drawEllipse(spots[0], 2.0, 2.0)
