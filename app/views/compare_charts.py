"""The two pictures of a comparison: bars per landmark and dots per case."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.session.view_state import CaseFigures, LandmarkFigures

ROW, HEADER = 30, 26
NAME_WIDTH, CHANGE_WIDTH = 190, 64


class LandmarkBars(QWidget):
    """For each landmark the error of both models, the largest change first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[LandmarkFigures] = []
        self._unit = "mm"
        self.setAccessibleName("Error per landmark")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_figures(self, rows: Sequence[LandmarkFigures], unit: str) -> None:
        """Show these errors in `unit`."""
        self._rows = sorted(rows, key=lambda row: -abs(change(row) or 0.0))
        self._unit = unit
        self.setFixedHeight(HEADER + ROW * max(len(self._rows), 1))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """All rows."""
        return QSize(480, HEADER + ROW * max(len(self._rows), 1))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw legend and rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_legend(painter)
        largest = max((value for row in self._rows for value in (row.old, row.new) if value is not None), default=1.0)
        for place, row in enumerate(self._rows):
            self._draw_row(painter, QRect(0, HEADER + place * ROW, self.width(), ROW), row, max(largest, 1e-9))

    def _draw_legend(self, painter: QPainter) -> None:
        x = NAME_WIDTH
        for role, text in (("muted", "in use"), ("link", "candidate")):
            painter.fillRect(x, 9, 12, 6, theme.colour(role))
            painter.setPen(theme.colour("muted"))
            painter.drawText(x + 18, 0, 90, HEADER, int(Qt.AlignmentFlag.AlignVCenter), text)
            x += 100

    def _draw_row(self, painter: QPainter, box: QRect, row: LandmarkFigures, largest: float) -> None:
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.colour("text"))
        name = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, NAME_WIDTH - 12)
        painter.drawText(box.adjusted(0, 0, 0, 0), int(centre), name)
        room = box.width() - NAME_WIDTH - CHANGE_WIDTH - 52
        for offset, value, role in ((7, row.old, "muted"), (16, row.new, "link")):
            if value is not None:
                bar = QRectF(NAME_WIDTH, box.y() + offset, max(room * value / largest, 2.0), 6)
                painter.fillRect(bar, theme.colour(role))
        if row.new is not None:
            value_box = QRect(box.right() - CHANGE_WIDTH - 52, box.y(), 48, box.height())
            painter.setPen(theme.colour("muted"))
            painter.drawText(value_box, int(Qt.AlignmentFlag.AlignRight | centre), f"{row.new:.2f}")
        self._draw_change(painter, QRect(box.right() - CHANGE_WIDTH, box.y(), CHANGE_WIDTH - 4, box.height()), row)

    def _draw_change(self, painter: QPainter, box: QRect, row: LandmarkFigures) -> None:
        difference = change(row)
        if difference is not None:
            painter.setPen(theme.colour("good" if difference < 0 else "bad" if difference > 0 else "muted"))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, int(flags), f"{difference:+.2f}".replace("-", "−"))


def change(row: LandmarkFigures | CaseFigures) -> float | None:
    """New minus old; negative is better."""
    return None if row.old is None or row.new is None else row.new - row.old


class CaseDots(pg.PlotWidget):
    """One dot per locked case: x the model in use, y the candidate; a click opens the case."""

    case_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.setAccessibleName("Error per case")
        self._dots = pg.ScatterPlotItem(size=11, hoverable=True, hoverSize=15, tip=_tip)
        self._dots.sigClicked.connect(lambda _item, points, _event: self._clicked(points))
        self._diagonal = pg.PlotDataItem([], [])
        self.addItem(self._diagonal)
        self.addItem(self._dots)

    def set_figures(self, cases: Sequence[CaseFigures], unit: str) -> None:
        """Show these cases."""
        known = [case for case in cases if case.old is not None and case.new is not None]
        self._dots.setData([{"pos": (case.old, case.new), "data": case} for case in known])
        top = max((max(case.old, case.new) for case in known), default=1.0) * 1.08
        self._diagonal.setData([0, top], [0, top])
        self.setXRange(0, top, padding=0)
        self.setYRange(0, top, padding=0)
        self.getAxis("bottom").setLabel(f"in use, {unit}")
        self.getAxis("left").setLabel(f"candidate, {unit}")
        self.refresh()

    def refresh(self) -> None:
        """Take over the colours of the theme."""
        now = theme.current()
        self.setBackground(now.raised)
        for name in ("left", "bottom"):
            self.getAxis(name).setPen(now.border)
            self.getAxis(name).setTextPen(now.muted)
        self._dots.setBrush(now.link)
        self._dots.setPen(pg.mkPen(now.panel, width=1))
        self._diagonal.setPen(pg.mkPen(now.muted, width=1, style=Qt.PenStyle.DashLine))

    def position_of(self, case: CaseFigures) -> QPointF:
        """Where the dot of a case is, in logical pixels of the widget."""
        return QPointF(self.mapFromScene(self.plotItem.vb.mapViewToScene(QPointF(case.old or 0, case.new or 0))))

    def _clicked(self, points: Sequence[pg.SpotItem]) -> None:
        self.case_clicked.emit(points[0].data().case_id)


def _tip(x: float, y: float, data: CaseFigures) -> str:
    return f"{data.name}: {x:.2f} → {y:.2f}"
