"""Loss and validation error of a training job as two small plots."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from app import theme
from app.session.view_state import JobState
from app.views.widgets import GAP

SIDE_BY_SIDE = 460
Points = Sequence[tuple[float, float]]


class Curves(QWidget):
    """Error on the validation part per epoch, and training loss per step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._error, self._loss = _plot("epoch"), _plot("step")
        self._error_curve = self._error.plot([], [], symbol="o", symbolSize=5)
        self._loss_curve = self._loss.plot([], [])
        self._best = pg.ScatterPlotItem(size=11, symbol="o")
        self._error.addItem(self._best)
        layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self._error)
        layout.addWidget(self._loss)
        self.set_job(None)

    def set_job(self, job: JobState | None) -> None:
        """Draw the curves of a job, or nothing."""
        self._job = job
        errors, losses = (job.val_errors, job.losses) if job else ((), ())
        unit = job.val_unit if job else "mm"
        _show(self._error_curve, errors)
        _show(self._loss_curve, losses)
        best = min(errors, key=lambda point: point[1], default=None)
        self._best.setData([best[0]] if best else [], [best[1]] if best else [])
        title = f"Validation error, {unit}" if best is None else f"Error, {unit}  ·  best {best[1]:.2f}"
        self._error.setTitle(title, color=theme.current().muted, size="9pt")
        self._loss.setTitle("Training loss", color=theme.current().muted, size="9pt")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room, else one above the other."""
        super().resizeEvent(event)
        wide = event.size().width() >= SIDE_BY_SIDE
        directions = QBoxLayout.Direction
        self.layout().setDirection(directions.LeftToRight if wide else directions.TopToBottom)

    def refresh(self) -> None:
        """Take over the colours of the theme."""
        now = theme.current()
        for plot in (self._error, self._loss):
            plot.setBackground(now.panel)
            for name in ("left", "bottom"):
                plot.getAxis(name).setPen(now.border)
                plot.getAxis(name).setTextPen(now.muted)
        self._loss_curve.setPen(pg.mkPen(now.link, width=1.6))
        self._error_curve.setPen(pg.mkPen(now.link, width=1.6))
        self._error_curve.setSymbolBrush(now.link)
        self._error_curve.setSymbolPen(None)
        self._best.setPen(pg.mkPen(now.good, width=2))
        self._best.setBrush(None)
        self.set_job(self._job)


def _plot(axis: str) -> pg.PlotWidget:
    plot = pg.PlotWidget(enableMenu=False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.setMinimumSize(164, 100)
    plot.setFocusPolicy(plot.focusPolicy().NoFocus)
    plot.setAccessibleName(f"Curve over {axis}")
    return plot


def _show(curve: pg.PlotDataItem, points: Points) -> None:
    curve.setData([x for x, _ in points], [y for _, y in points])
