"""Loss and validation error of a training job as two small plots."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from app.session.view_state import JobState
from app.translate import tr
from app.views.chart import LineChart
from app.views.widgets import GAP

SIDE_BY_SIDE = 460


class Curves(QWidget):
    """Error on the validation part per epoch, and training loss per step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.error = LineChart(tr("Validation error per epoch"), dots=True)
        self.loss = LineChart(tr("Training loss per step"))
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self._layout.addWidget(self.error)
        self._layout.addWidget(self.loss)
        self.set_job(None)

    def set_job(self, job: JobState | None) -> None:
        """Draw the curves of a job, or nothing."""
        level = None
        if job is not None and job.val_base is not None:
            level = (tr("{model} {error}", model=job.base, error=f"{job.val_base:.2f}"), job.val_base)
        self.error.set_points(job.val_errors if job else (), level)
        self.loss.set_points(job.losses if job else ())
        best, unit = self.error.best, job.val_unit if job else "mm"
        told = _best(best, unit)
        self.error.title = tr("Error, {unit}  ·  best {error}", **told) if best else ""
        self.error.setToolTip(tr("Best: {error} {unit}, in epoch {epoch}", **told) if best else "")
        self.loss.title = tr("Training loss") if self.loss.points else ""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room, else one above the other."""
        super().resizeEvent(event)
        wide = event.size().width() >= SIDE_BY_SIDE
        directions = QBoxLayout.Direction
        self._layout.setDirection(directions.LeftToRight if wide else directions.TopToBottom)


def _best(best: tuple[float, float] | None, unit: str) -> dict[str, object]:
    epoch, error = best or (0, 0.0)
    return {"unit": unit, "error": f"{error:.2f}", "epoch": round(epoch)}
