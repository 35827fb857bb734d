"""The picture of a report: the film with markers, numbers and measurement lines, drawn off the screen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from app.session.report_state import ReportMark, ReportState
from app.theme import MARKER_COLOURS
from app.views.label_layout import place_names
from app.views.marker_painter import HALO_COLOUR, draw_marker

HEIGHT, WIDEST = 1500, 1300  # pixels of the drawn picture
MARK_SCALE, NAME_PIXELS, MANY = 2.2, 12, 30  # of more points than that only the markers are drawn
LINE = QColor("#F2C744")


def draw_picture(report: ReportState) -> QImage:
    """May be called on any thread: it uses no pixmap."""
    film = _image(report.pixels)
    width, height = film.width(), film.height() * report.aspect
    scale = min(HEIGHT / height, WIDEST / width)
    result = QImage(round(width * scale), round(height * scale), QImage.Format.Format_RGB32)
    painter = QPainter(result)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(result.rect()), film)

    def at(x: float, y: float) -> QPointF:
        return QPointF((x + 0.5) * scale, (y + 0.5) * scale * report.aspect)

    for entry in report.lines:
        for ink, thickness in ((QColor(0, 0, 0, 140), 5.0), (LINE, 2.0)):
            painter.setPen(QPen(ink, thickness))
            for start, end in entry.segments:
                painter.drawLine(at(*start), at(*end))
    spots = [at(mark.x, mark.y) for mark in report.marks]
    many = len(spots) > MANY
    for mark, spot in zip(report.marks, spots, strict=True):
        _draw_mark(painter, spot, mark.label, MARK_SCALE * (0.6 if many else 1))
    if not many:
        _draw_names(painter, report.marks, spots)
    painter.end()
    return result


def _draw_mark(painter: QPainter, spot: QPointF, label: str, scale: float) -> None:
    painter.save()
    painter.translate(spot)
    painter.scale(scale, scale)
    draw_marker(painter, QPointF(0, 0), label)
    painter.restore()


def _draw_names(painter: QPainter, marks: Sequence[ReportMark], spots: Sequence[QPointF]) -> None:
    """Numbers and abbreviations beside the markers, moved off one another; laid out in the size of the screen."""
    font = QFont("sans-serif")
    font.setPixelSize(NAME_PIXELS)
    names = [f"{mark.number} {mark.abbreviation}" for mark in marks]
    metrics = QFontMetricsF(font)
    sizes = [(metrics.horizontalAdvance(name) + 6, metrics.height()) for name in names]
    places = place_names([(spot.x() / MARK_SCALE, spot.y() / MARK_SCALE) for spot in spots], sizes, None)
    halo = QPen(HALO_COLOUR, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.save()
    painter.scale(MARK_SCALE, MARK_SCALE)
    for place, (x, y) in places.items():
        path = QPainterPath()
        path.addText(QPointF(x + 3, y + metrics.ascent()), font, names[place])
        painter.strokePath(path, halo)
        painter.fillPath(path, QColor(MARKER_COLOURS[marks[place].label]))
    painter.restore()


def _image(pixels: np.ndarray) -> QImage:
    kept = np.ascontiguousarray(pixels)
    kind = QImage.Format.Format_Grayscale8 if kept.ndim == 2 else QImage.Format.Format_RGB888
    height, width = kept.shape[:2]
    return QImage(kept.data, width, height, kept.strides[0], kind).copy()
