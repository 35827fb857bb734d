"""The two pictures of a comparison: bars per landmark and dots per case."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.session.comparison_state import CaseFigures, LandmarkFigures
from app.theme import px
from app.translate import tr
from app.views.chart import Chart

ROW, HEADER = 30, 26
DOT, DOT_REACH = 5.0, 9.0
NAME_WIDTH, FIGURE, CHANGE_WIDTH = 190, 52, 64


class LandmarkBars(QWidget):
    """For each landmark the error of both models, the largest change first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[LandmarkFigures] = []
        self._unit = "mm"
        self.setAccessibleName(tr("Error per landmark"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_figures(self, rows: Sequence[LandmarkFigures], unit: str) -> None:
        """Show these errors in `unit`."""
        self._rows = sorted(rows, key=lambda row: -abs(change(row) or 0.0))
        self._unit = unit
        self.setFixedHeight(px(HEADER) + px(ROW) * max(len(self._rows), 1))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """All rows."""
        return QSize(480, px(HEADER) + px(ROW) * max(len(self._rows), 1))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw legend and rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_legend(painter)
        largest = max((value for row in self._rows for value in (row.old, row.new) if value is not None), default=1.0)
        for place, row in enumerate(self._rows):
            self._draw_row(
                painter, QRect(0, px(HEADER) + place * px(ROW), self.width(), px(ROW)), row, max(largest, 1e-9)
            )

    def _draw_legend(self, painter: QPainter) -> None:
        x = px(NAME_WIDTH)
        for role, text in (("muted", tr("in use")), ("link", tr("candidate"))):
            painter.fillRect(x, px(9), 12, px(6), theme.colour(role))
            painter.setPen(theme.colour("muted"))
            painter.drawText(x + 18, 0, px(90), px(HEADER), int(Qt.AlignmentFlag.AlignVCenter), text)
            x += px(100)

    def _draw_row(self, painter: QPainter, box: QRect, row: LandmarkFigures, largest: float) -> None:
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.colour("text"))
        name = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, px(NAME_WIDTH) - 12)
        painter.drawText(box.adjusted(0, 0, 0, 0), int(centre), name)
        room = box.width() - px(NAME_WIDTH) - px(CHANGE_WIDTH) - px(FIGURE)
        for offset, value, role in ((px(7), row.old, "muted"), (px(16), row.new, "link")):
            if value is not None:
                bar = QRectF(px(NAME_WIDTH), box.y() + offset, max(room * value / largest, 2.0), px(6))
                painter.fillRect(bar, theme.colour(role))
        if row.new is not None:
            value_box = QRect(box.right() - px(CHANGE_WIDTH) - px(FIGURE), box.y(), px(FIGURE) - 4, box.height())
            painter.setPen(theme.colour("muted"))
            painter.drawText(value_box, int(Qt.AlignmentFlag.AlignRight | centre), f"{row.new:.2f}")
        self._draw_change(
            painter, QRect(box.right() - px(CHANGE_WIDTH), box.y(), px(CHANGE_WIDTH) - 4, box.height()), row
        )

    def _draw_change(self, painter: QPainter, box: QRect, row: LandmarkFigures) -> None:
        difference = change(row)
        if difference is not None:
            painter.setPen(theme.colour("good" if difference < 0 else "bad" if difference > 0 else "muted"))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, int(flags), f"{difference:+.2f}".replace("-", "−"))


def change(row: LandmarkFigures | CaseFigures) -> float | None:
    """New minus old; negative is better."""
    return None if row.old is None or row.new is None else row.new - row.old


class CaseDots(Chart):
    """One dot per locked case: x the model in use, y the candidate; below the dashed line the candidate is better."""

    case_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Error per case"), parent)
        self.setMouseTracking(True)
        self.cases: tuple[CaseFigures, ...] = ()
        self._hovered: CaseFigures | None = None

    def set_figures(self, cases: Sequence[CaseFigures], unit: str) -> None:
        """Show the cases that have both figures."""
        self.cases = tuple(case for case in cases if change(case) is not None)
        self._hovered = None
        top = max((max(_xy(case)) for case in self.cases), default=1.0) * 1.08
        self.x_label, self.y_label = tr("in use, {unit}", unit=unit), tr("candidate, {unit}", unit=unit)
        self.set_range(0.0, 0.0, top, top)

    def draw(self, painter: QPainter) -> None:
        """Draw the line of no change and the dots."""
        painter.setPen(QPen(theme.colour("muted"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(self.area.bottomLeft(), self.area.topRight())
        painter.setPen(QPen(theme.colour("raised"), 1))
        for case in self.cases:
            painter.setBrush(theme.colour("text" if case is self._hovered else "link"))
            painter.drawEllipse(self.to_pixels(_xy(case)), DOT, DOT)

    def case_at(self, at: QPointF) -> CaseFigures | None:
        """The case whose dot lies under a point of the widget."""
        near = [(_distance(self.to_pixels(_xy(case)), at), place) for place, case in enumerate(self.cases)]
        distance, place = min(near, default=(DOT_REACH + 1, 0))
        return self.cases[place] if distance <= DOT_REACH else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell which case a dot is."""
        self._hovered = case = self.case_at(event.position())
        shape = Qt.CursorShape.PointingHandCursor if case else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        self.setToolTip(f"{case.name}: {case.old:.2f} → {case.new:.2f}" if case else "")
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the case."""
        case = self.case_at(event.position())
        if case is not None:
            self.case_clicked.emit(case.case_id)


def _xy(case: CaseFigures) -> tuple[float, float]:
    return case.old or 0.0, case.new or 0.0


def _distance(a: QPointF, b: QPointF) -> float:
    return math.hypot(a.x() - b.x(), a.y() - b.y())
