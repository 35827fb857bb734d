"""How one cell of the measurements looks: triangle for estimated, hatching for filled, a bar for the norm."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app import theme
from app.session.case_list_model import ROW_ROLE
from app.session.measure_list_model import NUMBERS, MeasureColumn
from app.session.measure_state import MeasureRow, NormBar
from app.views.marker_painter import marker_colour, shape

Index = QModelIndex | QPersistentModelIndex
PAD, BAR_WIDTH, REACH = 8, 84, 2.0  # the bar shows the mean +/- REACH times the distance of its limits
WORD_COLOURS = {"within": "good", "uncertain": "caution", "above": "bad", "below": "bad"}
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class MeasureDelegate(QStyledItemDelegate):
    """Draws every cell itself, so that both themes and the two flags look the same on every system."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one cell."""
        row = index.data(ROW_ROLE)
        if row is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ground(painter, option)
        box = option.rect.adjusted(PAD, 0, -PAD, 0)
        column = MeasureColumn(index.column())
        if column is MeasureColumn.VALUE and row.filled:
            _draw_hatching(painter, option.rect)
        if column is MeasureColumn.COMPARED:
            _draw_compared(painter, box, row, option.font)
        else:
            _draw_text(painter, box, row, column, option.font)
        painter.restore()

    def _draw_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, theme.colour("selection"))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.colour("link"), 2))
            painter.drawRect(option.rect.adjusted(1, 1, -1, -1))


def _draw_text(painter: QPainter, box: QRect, row: MeasureRow, column: MeasureColumn, font: QFont) -> None:
    text = (row.name, row.value, row.error, row.norm, row.compared, row.note)[column]
    if column is MeasureColumn.VALUE:
        text = text or "–"
        if row.estimated and row.value:
            box = _draw_triangle(painter, box)
    muted = row.faint or column in (MeasureColumn.ERROR, MeasureColumn.NORM, MeasureColumn.NOTE) or not row.value
    painter.setPen(theme.colour("muted" if muted else "text"))
    bold = QFont(font)
    bold.setBold(column is MeasureColumn.VALUE and bool(row.value) and not row.faint)
    painter.setFont(bold)
    elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, RIGHT if column in NUMBERS else LEFT, elided)


def _draw_triangle(painter: QPainter, box: QRect) -> QRect:
    """The marker of an estimated point, left of the value."""
    painter.save()
    painter.translate(QPointF(box.left() + 6, box.center().y()))
    painter.setPen(QPen(marker_colour("estimated"), 1.6))
    if theme.current().name == "light":
        painter.setPen(QPen(theme.colour("text"), 1.4))
    painter.drawPath(shape("estimated", 4.2))
    painter.restore()
    return box.adjusted(14, 0, 0, 0)


def _draw_hatching(painter: QPainter, box: QRect) -> None:
    painter.fillRect(box, QBrush(theme.colour("disabled"), Qt.BrushStyle.BDiagPattern))


def _draw_compared(painter: QPainter, box: QRect, row: MeasureRow, font: QFont) -> None:
    if row.bar is not None and row.bar.low is not None:
        _draw_bar(painter, QRectF(box.left(), box.center().y() - 6, BAR_WIDTH, 13), row.bar, row.word)
        box = box.adjusted(BAR_WIDTH + PAD, 0, 0, 0)
    painter.setFont(font)
    painter.setPen(theme.colour(WORD_COLOURS.get(row.word, "muted")))
    painter.drawText(
        box, LEFT, painter.fontMetrics().elidedText(row.compared, Qt.TextElideMode.ElideRight, box.width())
    )


def _draw_bar(painter: QPainter, box: QRectF, bar: NormBar, word: str) -> None:
    """The limits as a broad band, the mean as a notch, the value as a dot with its interval."""
    if bar.low is None or bar.high is None:
        return
    span = max(bar.high - bar.mean, bar.mean - bar.low) * REACH

    def at(value: float) -> float:
        share = (value - bar.mean + span) / (2 * span)
        return box.left() + 3 + min(max(share, 0.0), 1.0) * (box.width() - 6)

    middle = box.center().y()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("raised"))
    painter.drawRoundedRect(QRectF(box.left(), middle - 2, box.width(), 4), 2, 2)
    painter.setBrush(theme.colour("border"))
    painter.drawRoundedRect(QRectF(at(bar.low), middle - 5, at(bar.high) - at(bar.low), 10), 2, 2)
    painter.setPen(QPen(theme.colour("muted"), 1))
    painter.drawLine(QPointF(at(bar.mean), middle - 5), QPointF(at(bar.mean), middle + 5))
    colour = theme.colour(WORD_COLOURS.get(word, "muted"))
    if bar.half_width is not None:
        painter.setPen(QPen(colour, 1.6))
        low, high = at(bar.value - bar.half_width), at(bar.value + bar.half_width)
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(at(bar.value), middle), 3.4, 3.4)
