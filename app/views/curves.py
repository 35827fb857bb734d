"""Loss and validation error of a training job as two small plots."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from app.session.view_state import JobState
from app.views.chart import LineChart
from app.views.widgets import GAP

SIDE_BY_SIDE = 460


class Curves(QWidget):
    """Error on the validation part per epoch, and training loss per step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.error = LineChart("Validation error per epoch", dots=True)
        self.loss = LineChart("Training loss per step")
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self._layout.addWidget(self.error)
        self._layout.addWidget(self.loss)
        self.set_job(None)

    def set_job(self, job: JobState | None) -> None:
        """Draw the curves of a job, or nothing."""
        self.error.set_points(job.val_errors if job else ())
        self.loss.set_points(job.losses if job else ())
        best, unit = self.error.best, job.val_unit if job else "mm"
        self.error.title = f"Error, {unit}  ·  best {best[1]:.2f}" if best else ""
        self.loss.title = "Training loss" if self.loss.points else ""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room, else one above the other."""
        super().resizeEvent(event)
        wide = event.size().width() >= SIDE_BY_SIDE
        directions = QBoxLayout.Direction
        self._layout.setDirection(directions.LeftToRight if wide else directions.TopToBottom)
