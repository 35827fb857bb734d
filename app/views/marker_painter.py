"""The six landmark states as shapes and colours (ux.md 3.1): on the image, in the loupe and as list icons."""

from __future__ import annotations

import math
from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from app.theme import CHIP, MARKER_COLOURS

RADIUS = 6.5
LINE, HALO = 1.8, 4.0
CROSS_GAP, CROSS_END = 11.0, 22.0
HALO_COLOUR = QColor(0, 0, 0, 215)
DASHES = [2.1, 1.5]
NAME_SIZE = 12
PHASES = 8
ICON_SIZE = (24, 20)  # the chip and some air before the text beside it
NAME_COLOURS = {"predicted": "#8CC8FA"}  # text needs more light than a ring


def marker_colour(label: str) -> QColor:
    """The colour of a state."""
    return QColor(MARKER_COLOURS[label])


def shape(label: str, radius: float = RADIUS) -> QPainterPath:
    """The outline of a state around (0, 0)."""
    path = QPainterPath()
    if label == "corrected":
        r = radius * 1.15
        path.addPolygon(QPolygonF([QPointF(0, -r), QPointF(r, 0), QPointF(0, r), QPointF(-r, 0), QPointF(0, -r)]))
    elif label == "estimated":
        r = radius * 1.2
        dx, dy = r * math.cos(math.pi / 6), r * math.sin(math.pi / 6)
        path.addPolygon(QPolygonF([QPointF(-dx, -dy), QPointF(dx, -dy), QPointF(0, r), QPointF(-dx, -dy)]))
    else:
        path.addEllipse(QPointF(0, 0), radius, radius)
    return path


def draw_marker(painter: QPainter, at: QPointF, label: str, *, halo: bool = True) -> None:
    """Draw a marker that never covers its own point by more than a dot, in logical pixels."""
    painter.save()
    painter.translate(at)
    path, colour = shape(label), marker_colour(label)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if halo:
        painter.setPen(
            QPen(HALO_COLOUR, HALO, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        painter.drawPath(path)
    painter.setPen(_line_pen(label, colour))
    painter.drawPath(path)
    if label != "predicted":
        _draw_dot(painter, colour, halo)
    painter.restore()


def stamp_marker(painter: QPainter, at: QPointF, label: str, ratio: float) -> None:
    """As `draw_marker`, from a picture drawn once for each eighth of a device pixel, so that many markers cost little.

    The place on screen is right to a sixteenth of a device pixel.
    """
    x, y = round(at.x() * ratio * PHASES), round(at.y() * ratio * PHASES)
    picture = _marker_picture(label, ratio, x % PHASES, y % PHASES)
    half = picture.width() // 2
    corner = QPointF((x // PHASES - half) / ratio, (y // PHASES - half) / ratio)
    painter.drawPixmap(corner, picture)


@cache
def _marker_picture(label: str, ratio: float, x_phase: int, y_phase: int) -> QPixmap:
    half = math.ceil((RADIUS * 1.2 + HALO) * ratio) + 1
    picture = QPixmap(2 * half, 2 * half)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(half + x_phase / PHASES, half + y_phase / PHASES)
    painter.scale(ratio, ratio)
    draw_marker(painter, QPointF(0, 0), label)
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def _line_pen(label: str, colour: QColor) -> QPen:
    pen = QPen(colour, LINE)
    if label == "predicted":
        pen.setDashPattern(DASHES)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _draw_dot(painter: QPainter, colour: QColor, halo: bool) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    if halo:
        painter.setBrush(HALO_COLOUR)
        painter.drawEllipse(QPointF(0, 0), 2.2, 2.2)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(0, 0), 1.3, 1.3)


def draw_cross_hair(painter: QPainter, at: QPointF, gap: float = CROSS_GAP, end: float = CROSS_END) -> None:
    """White arms outside the marker; the point itself stays free."""
    for colour, width in ((HALO_COLOUR, HALO - 0.5), (QColor(255, 255, 255), 1.4)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(at + QPointF(dx * gap, dy * gap), at + QPointF(dx * end, dy * end))


def draw_ghost(painter: QPainter, ghost: QPointF, present: QPointF | None) -> None:
    """A dotted ring where the model put the point, and a hairline to where it is now."""
    colour = marker_colour("predicted")
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if present is not None:
        painter.setPen(QPen(colour, 1.0))
        painter.drawLine(ghost, present)
    pen = QPen(colour, 1.4, Qt.PenStyle.DotLine)
    painter.setPen(pen)
    painter.drawEllipse(ghost, RADIUS - 1.5, RADIUS - 1.5)


def draw_suggestion(painter: QPainter, at: QPointF) -> None:
    """A small plus at the upper right: a newer proposal lies elsewhere, R takes it."""
    middle = at + QPointF(RADIUS + 5, -RADIUS - 5)
    for colour, width in ((HALO_COLOUR, HALO), (marker_colour("predicted"), LINE)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(middle - QPointF(3.5, 0), middle + QPointF(3.5, 0))
        painter.drawLine(middle - QPointF(0, 3.5), middle + QPointF(0, 3.5))


@cache
def name_font(size: int = NAME_SIZE) -> QFont:
    """The font of the names on the image."""
    font = QFont()
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.Medium)
    return font


@cache
def name_picture(text: str, label: str, ratio: float, font_size: int = NAME_SIZE) -> QPixmap:
    """A name with its halo, drawn once."""
    path = QPainterPath()
    path.addText(QPointF(3, font_size + 1), name_font(font_size), text)
    size = path.boundingRect().toAlignedRect()
    picture = QPixmap(math.ceil((size.width() + 8) * ratio), math.ceil((font_size + 7) * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(
        path, QPen(HALO_COLOUR, 3.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    )
    painter.fillPath(path, QColor(NAME_COLOURS.get(label, MARKER_COLOURS[label])))
    painter.end()
    return picture


def draw_state_icon(painter: QPainter, box: QRectF, label: str) -> None:
    """The list icon of a state on its dark chip; `absent` is a barred circle, `not placed` a dotted square."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(CHIP))
    painter.drawRoundedRect(box, 4, 4)
    painter.save()
    painter.translate(box.center())
    painter.scale(box.width() / 22, box.height() / 22)
    _draw_icon_shape(painter, label)
    painter.restore()


def _draw_icon_shape(painter: QPainter, label: str) -> None:
    colour = marker_colour(label)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, LINE))
    if label == "absent":
        painter.drawEllipse(QPointF(0, 0), RADIUS, RADIUS)
        painter.drawLine(QPointF(-4.6, 4.6), QPointF(4.6, -4.6))
    elif label == "not placed":
        painter.setPen(QPen(colour, 1.5, Qt.PenStyle.DotLine))
        painter.drawRect(QRectF(-5.5, -5.5, 11, 11))
    elif label == "confirmed":
        painter.drawEllipse(QPointF(0, 0), RADIUS, RADIUS)
        painter.drawPolyline(QPolygonF([QPointF(-3, 0.2), QPointF(-0.8, 2.6), QPointF(3.2, -2.4)]))
    else:
        draw_marker(painter, QPointF(0, 0), label, halo=False)


@cache
def state_icon(label: str) -> QIcon:
    """The icon of a state for buttons and menus."""
    icon = QIcon()
    for ratio in (1, 2, 3):
        picture = QPixmap(ICON_SIZE[0] * ratio, ICON_SIZE[1] * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        draw_state_icon(painter, QRectF(0, 0, 20, 20), label)
        painter.end()
        icon.addPixmap(picture)
    return icon
