"""A small plot: points in data units, two axes with round numbers, the colours of the theme."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme

Point = tuple[float, float]
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 24, 22
LABEL = 18  # more room for axis titles
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
FONT = 11


def round_ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """About `wanted` round numbers inside [low, high]."""
    rough = max(high - low, 1e-12) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in STEPS if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(place * step, 12) for place in range(first, math.floor(high / step + 1e-9) + 1)]


class Chart(QWidget):
    """Axes only; children draw in `draw`. `set_range` gives the part of the plane that is shown."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(110, 80)
        self.title = ""
        self.x_label = self.y_label = ""
        self._range = (0.0, 0.0, 1.0, 1.0)

    def sizeHint(self) -> QSize:
        """A plot."""
        return QSize(240, 140)

    def set_range(self, left: float, bottom: float, right: float, top: float) -> None:
        """Show this part; an empty side gets a width."""
        self._range = (left, bottom, right if right > left else left + 1.0, top if top > bottom else bottom + 1.0)
        self.update()

    @property
    def area(self) -> QRectF:
        """Where points are drawn, in pixels."""
        left, bottom = LEFT + (LABEL if self.y_label else 0), BOTTOM + (LABEL if self.x_label else 0)
        return QRectF(left, TOP, max(self.width() - left - RIGHT, 1), max(self.height() - TOP - bottom, 1))

    def to_pixels(self, point: Point) -> QPointF:
        """Map data to pixels."""
        left, bottom, right, top = self._range
        area = self.area
        x = area.left() + (point[0] - left) / (right - left) * area.width()
        return QPointF(x, area.bottom() - (point[1] - bottom) / (top - bottom) * area.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw axes, then the data."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(FONT)
        painter.setFont(font)
        self._draw_axes(painter)
        self._draw_words(painter)
        self.draw(painter)

    def draw(self, painter: QPainter) -> None:
        """Draw the data."""

    def _draw_axes(self, painter: QPainter) -> None:
        area, (left, bottom, right, top) = self.area, self._range
        for tick in round_ticks(bottom, top, max(2, int(area.height() / 40))):
            y = self.to_pixels((left, tick)).y()
            painter.setPen(QPen(theme.colour("border"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("muted"))
            box = QRectF(area.left() - LEFT, y - 8, LEFT - 6, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{tick:g}")
        for tick in round_ticks(left, right, max(2, int(area.width() / 64))):
            x = self.to_pixels((tick, bottom)).x()
            box = QRectF(x - 30, area.bottom() + 4, 60, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, f"{tick:g}")

    def _draw_words(self, painter: QPainter) -> None:
        area, centre = self.area, Qt.AlignmentFlag.AlignCenter
        painter.setPen(theme.colour("muted"))
        title = painter.fontMetrics().elidedText(self.title, Qt.TextElideMode.ElideRight, int(self.width() - RIGHT))
        painter.drawText(QRectF(4, 0, self.width() - RIGHT, TOP - 4), Qt.AlignmentFlag.AlignVCenter, title)
        painter.drawText(QRectF(area.left(), self.height() - LABEL, area.width(), LABEL), centre, self.x_label)
        if self.y_label:
            painter.save()
            painter.translate(LABEL / 2, area.center().y())
            painter.rotate(-90)
            painter.drawText(QRectF(-area.height() / 2, -LABEL / 2, area.height(), LABEL), centre, self.y_label)
            painter.restore()


class LineChart(Chart):
    """One curve; the lowest point may be ringed as the best."""

    def __init__(self, name: str, *, dots: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.points: tuple[Point, ...] = ()
        self.level: tuple[str, float] | None = None
        self._dots = dots

    def set_points(self, points: Sequence[Point], level: tuple[str, float] | None = None) -> None:
        """Show these points, all of them in view, and a named line at a height to compare them with."""
        self.points = tuple(point for point in points if all(map(math.isfinite, point)))
        self.level = level
        if self.points:
            xs, ys = [x for x, _ in self.points], [y for _, y in self.points]
            ys += [level[1]] if level is not None else []
            air = (max(ys) - min(ys)) * 0.08 or abs(max(ys)) * 0.1 or 1.0
            self.set_range(min(xs), min(ys) - air, max(xs), max(ys) + air)
        self.update()

    @property
    def best(self) -> Point | None:
        """The lowest point."""
        return min(self.points, key=lambda point: point[1], default=None)

    def _draw_axes(self, painter: QPainter) -> None:
        if self.points:
            super()._draw_axes(painter)

    def draw(self, painter: QPainter) -> None:
        """Draw the curve."""
        if self.level is not None and self.points:
            self._draw_level(painter, *self.level)
        spots = [self.to_pixels(point) for point in self.points]
        painter.setPen(QPen(theme.colour("link"), 1.6))
        painter.drawPolyline(QPolygonF(spots))
        if self._dots and self.best is not None:
            painter.setBrush(theme.colour("link"))
            for spot in spots:
                painter.drawEllipse(spot, 1.8, 1.8)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("good"), 2))
            painter.drawEllipse(self.to_pixels(self.best), 5, 5)

    def _draw_level(self, painter: QPainter, name: str, height: float) -> None:
        y = self.to_pixels((self.points[0][0], height)).y()
        painter.setPen(QPen(theme.colour("caution"), 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(self.area.left(), y), QPointF(self.area.right(), y))
        box = QRectF(self.area.left(), y - 16, self.area.width() - 2, 14)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignRight), name)
