"""How one case and one landmark look in their lists: state by icon and words, never by colour alone."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app import theme
from app.session.case_list_model import ROW_ROLE, STATE_TEXT, radius_text
from app.session.landmark_list_model import certainty_text
from app.session.view_state import CaseListRow, LandmarkRow
from app.translate import tr
from app.views import icons
from app.views.marker_painter import draw_state_icon

Index = QModelIndex | QPersistentModelIndex
CASE_HEIGHT, LANDMARK_HEIGHT = 46, 28
THUMBNAIL = 40
PAD = 10
VCENTRE = Qt.AlignmentFlag.AlignVCenter
LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft | VCENTRE, Qt.AlignmentFlag.AlignRight | VCENTRE
CASE_COLOURS = {"new": "muted", "predicted": "link", "in_review": "caution", "reviewed": "good"}


class RowDelegate(QStyledItemDelegate):
    """Draws ground, hover, selection and focus ring; children draw the rest."""

    height = LANDMARK_HEIGHT

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """All rows have one height."""
        return QSize(120, theme.px(self.height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ground(painter, option)
        row = index.data(ROW_ROLE)
        if row is not None:
            self.draw(painter, self.body(painter, option.rect.adjusted(PAD, 0, -PAD, 0), index), row, option.font)
        painter.restore()

    def body(self, _painter: QPainter, box: QRect, _index: Index) -> QRect:
        """Draw what stands before the row's words, and give back the box that is left."""
        return box

    def draw(self, painter: QPainter, box: QRect, row: object, font: QFont) -> None:
        """Draw what the row says."""
        raise NotImplementedError

    def _draw_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        box = QRectF(option.rect).adjusted(3, 1, -3, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(theme.colour("selection"))
            painter.drawRoundedRect(box, 4, 4)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.colour("raised"))
            painter.drawRoundedRect(box, 4, 4)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("link"), 2))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)


class CaseDelegate(RowDelegate):
    """State icon, name, state in words; decided n/K with a bar; flag and padlock."""

    height = CASE_HEIGHT

    def body(self, painter: QPainter, box: QRect, index: Index) -> QRect:
        """Draw the small picture of the film, or the dark ground it will stand on."""
        side = THUMBNAIL
        frame = QRectF(box.x() - 4, box.center().y() + 0.5 - side / 2, side, side)
        painter.fillRect(frame, QColor(theme.SURROUND))
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(picture, QImage):
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            scale = side / max(picture.width(), picture.height())
            size = QSizeF(picture.width() * scale, picture.height() * scale)
            corner = frame.center() - QPointF(size.width() / 2, size.height() / 2)
            painter.drawImage(QRectF(corner, size), picture)
        return box.adjusted(side + 2, 0, 0, 0)

    def draw(self, painter: QPainter, box: QRect, row: object, font: QFont) -> None:
        """Draw a `CaseListRow`."""
        assert isinstance(row, CaseListRow)
        ratio = painter.device().devicePixelRatioF()
        role = CASE_COLOURS[row.state]
        line = theme.px(18)
        top = QRect(box.x() + 30, box.center().y() + 1 - line, box.width() - 30, line)
        bottom = top.translated(0, line)
        painter.drawPixmap(
            box.x(), box.center().y() - 9, icons.picture(f"case-{row.state}", theme.colour(role).name(), ratio)
        )
        right = self._draw_badges(painter, top, row, ratio)
        _text(painter, top.adjusted(0, 0, -right, 0), row.name, "text", font, elide=Qt.TextElideMode.ElideMiddle)
        small = _sized(font, 12)
        state = tr(STATE_TEXT[row.state]) + (f"  ·  {row.badge}" if row.badge else "")
        _text(painter, bottom, state, "muted", small)
        metrics = QFontMetrics(small)
        sure = radius_text(row)
        end = bottom.right() - theme.px(44)
        if sure:
            width = metrics.horizontalAdvance(sure) + 2
            _text(painter, QRect(end - width, bottom.y(), width, bottom.height()), sure, "muted", small, align=RIGHT)
            end -= width + 8
        _text(painter, bottom, f"{row.decided}/{row.total}", "muted", small, align=RIGHT)
        start = max(end - theme.px(50), bottom.x() + metrics.horizontalAdvance(state) + 8)
        if row.decided > 0 and row.total and end - start >= 16:
            _draw_bar(painter, QRectF(start, bottom.center().y() - 1, end - start, 3), row.decided / row.total)

    def _draw_badges(self, painter: QPainter, top: QRect, row: CaseListRow, ratio: float) -> int:
        x = top.right() - 15
        for shown, name, role in (
            (row.flagged, "flag", "bad"),
            (row.part == "locked", "lock", "muted"),
            (row.stale, "history", "caution"),
            (row.noted, "note", "muted"),
        ):
            if shown:
                painter.drawPixmap(x, top.y() + 1, icons.picture(name, theme.colour(role).name(), ratio, 16))
                x -= 20
        return top.right() - 15 - x


class LandmarkDelegate(RowDelegate):
    """Number, name, warning, "+", 95 % radius or score, state. Absent is struck through, not placed is italic."""

    def draw(self, painter: QPainter, box: QRect, row: object, font: QFont) -> None:
        """Draw a `LandmarkRow`."""
        assert isinstance(row, LandmarkRow)
        ratio = painter.device().devicePixelRatioF()
        _text(
            painter,
            QRect(box.x(), box.y(), theme.px(20), box.height()),
            str(row.number),
            "muted",
            _sized(font, 12),
            align=RIGHT,
        )
        right = box.right() - 22
        draw_state_icon(painter, QRectF(right + 1, box.center().y() - 10, 21, 21), row.label)
        score = row.impact or certainty_text(row)
        width = 0 if not score else max(36, QFontMetrics(_sized(font, 12)).horizontalAdvance(score) + 2)
        _text(
            painter,
            QRect(right - 8 - width, box.y(), width, box.height()),
            score,
            "muted",
            _sized(font, 12),
            align=RIGHT,
        )
        end = right - 8 - width
        if row.is_anchor:
            sign = icons.picture("anchor", theme.colour("link").name(), ratio, 16)
            painter.drawPixmap(end - 16, box.center().y() - 8, sign)
            end -= 20
        if row.has_suggestion:
            _text(painter, QRect(end - 14, box.y(), 14, box.height()), "+", "link", _bold(font), align=RIGHT)
            end -= 18
        if row.warning:
            sign = icons.picture("warning", theme.colour("caution").name(), ratio, 16)
            painter.drawPixmap(end - 16, box.center().y() - 8, sign)
            end -= 20
        for shown, icon, role in ((row.stale, "history", "caution"), (row.noted, "note", "muted")):
            if shown:
                mark = icons.picture(icon, theme.colour(role).name(), ratio, 14)
                painter.drawPixmap(end - 15, box.center().y() - 7, mark)
                end -= 18
        name = QRect(box.x() + theme.px(30), box.y(), end - box.x() - theme.px(34), box.height())
        role = "muted" if row.label in ("absent", "not placed") else "text"
        middle = Qt.TextElideMode.ElideMiddle  # names of pairs differ at their end
        _text(painter, name, row.name, role, _name_font(font, row.label), elide=middle)


def _name_font(font: QFont, label: str) -> QFont:
    result = QFont(font)
    result.setStrikeOut(label == "absent")
    result.setItalic(label == "not placed")
    return result


def _bold(font: QFont) -> QFont:
    result = QFont(font)
    result.setBold(True)
    return result


def _sized(font: QFont, pixels: int) -> QFont:
    result = QFont(font)
    result.setPixelSize(theme.px(pixels))
    return result


def _text(
    painter: QPainter,
    box: QRect,
    text: str,
    role: str,
    font: QFont,
    *,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    align: Qt.AlignmentFlag = LEFT,
) -> None:
    painter.setFont(font)
    painter.setPen(theme.colour(role))
    painter.drawText(box, int(align), QFontMetrics(font).elidedText(text, elide, box.width()))


def _draw_bar(painter: QPainter, box: QRectF, share: float) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("border"))
    painter.drawRoundedRect(box, 1.5, 1.5)
    painter.setBrush(theme.colour("good") if share >= 1 else theme.colour("link"))
    painter.drawRoundedRect(QRectF(box.x(), box.y(), box.width() * min(share, 1.0), box.height()), 1.5, 1.5)
