"""Differences of two readers against their means along one axis, with bias and limits of agreement; dots open cases."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app import theme
from app.session.agreement_state import Difference, Limits
from app.translate import tr
from app.views.chart import Chart

DOT, REACH = 4.5, 9.0
AIR = 0.12


class BlandAltmanPlot(Chart):
    """`case_clicked(case id)`. `axis` is 0 for x, 1 for y."""

    case_clicked = Signal(int)

    def __init__(self, axis: int, parent: QWidget | None = None) -> None:
        super().__init__(tr("Differences along {axis}", axis="xy"[axis]), parent)
        self.setMouseTracking(True)
        self.axis = axis
        self.cases: tuple[Difference, ...] = ()
        self.limits: Limits | None = None
        self._hovered: Difference | None = None
        self.setMinimumHeight(150)

    def set_figures(
        self, cases: Sequence[Difference], limits: Limits | None, unit: str, names: tuple[str, str]
    ) -> None:
        """Show these differences; `names` are the readers, second minus first is drawn upwards."""
        self.cases, self.limits, self._hovered = tuple(cases), limits, None
        axis = "xy"[self.axis]
        self.x_label = tr("mean {axis}, {unit}", axis=axis, unit=unit)
        self.y_label = tr("{second} − {first}, {unit}", first=names[0], second=names[1], unit=unit)
        self.title = tr("Along {axis}", axis=axis) if self.cases else tr("No case was read by both")
        spots = [self._spot(case) for case in self.cases]
        ys = [y for _, y in spots] + [0.0]
        if limits is not None:
            ys += [value for value in (limits.low, limits.high, limits.bias) if math.isfinite(value)]
        xs = [x for x, _ in spots] or [0.0, 1.0]
        across, up = (max(xs) - min(xs)) * AIR or 1.0, (max(ys) - min(ys)) * AIR or 1.0
        self.set_range(min(xs) - across, min(ys) - up, max(xs) + across, max(ys) + up)

    def draw(self, painter: QPainter) -> None:
        """Draw zero, bias, limits and the dots."""
        self._line(painter, 0.0, "border", Qt.PenStyle.SolidLine, "")
        if self.limits is not None:
            self._line(painter, self.limits.bias, "link", Qt.PenStyle.SolidLine, tr("bias"))
            for value in (self.limits.low, self.limits.high):
                self._line(painter, value, "caution", Qt.PenStyle.DashLine, f"{value:+.2f}".replace("-", "−"))
        painter.setPen(QPen(theme.colour("raised"), 1))
        for case in self.cases:
            painter.setBrush(theme.colour("text" if case is self._hovered else "link"))
            painter.drawEllipse(self.to_pixels(self._spot(case)), DOT, DOT)

    def case_at(self, at: QPointF) -> Difference | None:
        """The case whose dot lies under a point of the widget."""
        near = [
            (math.hypot(*(self.to_pixels(self._spot(case)) - at).toTuple()), place)
            for place, case in enumerate(self.cases)
        ]
        distance, place = min(near, default=(REACH + 1, 0))
        return self.cases[place] if distance <= REACH else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell which case a dot is."""
        self._hovered = case = self.case_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if case else Qt.CursorShape.ArrowCursor)
        self.setToolTip(f"{case.name}: {case.difference[self.axis]:+.2f}" if case else "")
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the case."""
        case = self.case_at(event.position())
        if case is not None:
            self.case_clicked.emit(case.case_id)

    def _spot(self, case: Difference) -> tuple[float, float]:
        return case.mean[self.axis], case.difference[self.axis]

    def _line(self, painter: QPainter, value: float, role: str, style: Qt.PenStyle, text: str) -> None:
        if not math.isfinite(value):
            return
        area, y = self.area, self.to_pixels((0.0, value)).y()
        painter.setPen(QPen(theme.colour(role), 1.2, style))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        if text:
            box = QRectF(area.right() - 80, y - 15, 78, 14)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
