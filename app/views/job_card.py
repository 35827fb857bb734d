"""One training job: its steps, progress, time left, and the buttons that work in its state."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.session.view_state import JobState
from app.translate import tr
from app.views.step_row import StepRow
from app.views.widgets import GAP, MARGIN, UNIT, button, label

STATE_WORDS = {
    "queued": "Waiting",
    "running": "Running",
    "stopping": "Stopping",
    "done": "Done",
    "failed": "Failed",
    "interrupted": "Interrupted",
    "cancelled": "Cancelled",
}
WITH_STEPS = ("queued", "running", "stopping", "interrupted", "done")
BUTTONS = {
    "stop": ("Stop and keep best", "can_stop"),
    "resume": ("Resume", "can_resume"),
    "compare": ("Compare…", "can_compare"),
    "cancel": ("Cancel and discard", "can_cancel"),
    "log": ("Show log", "can_show_log"),
    "remove": ("Remove", "can_remove"),
}


class JobCard(QFrame):
    """Emits `used(str)` with the name of the button: stop, resume, compare, cancel, log, remove."""

    used = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._title = label("", "section", wrap=True)
        self._text = label("", "caption", wrap=True)
        self._notes = label("", "caption", wrap=True)
        self.steps = StepRow()
        self._bar = QProgressBar(textVisible=False)
        self._buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        for name, (text, _) in BUTTONS.items():
            self._buttons[name] = button(text, primary=name == "compare")
            self._buttons[name].clicked.connect(lambda _=False, name=name: self.used.emit(name))
            row.addWidget(self._buttons[name])
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.setSpacing(UNIT + 2)
        layout.addWidget(self._title)
        layout.addWidget(self.steps)
        layout.addWidget(self._bar)
        layout.addWidget(self._text)
        layout.addWidget(self._notes)
        layout.addLayout(row)

    def set_job(self, job: JobState) -> None:
        """Show a job."""
        made = tr("from {model}", model=job.base) if job.base else ""
        title = (tr("Job {n}", n=job.id), tr(STATE_WORDS[job.state]), made)
        self._title.setText("  ·  ".join(part for part in title if part))
        self.steps.set_steps(job.steps)
        self.steps.setVisible(bool(job.steps) and job.state in WITH_STEPS)
        left = time_left(job.seconds_left) if job.state == "running" else ""
        self._text.setText("  ·  ".join(part for part in (job.text, left) if part))
        self._text.setVisible(bool(self._text.text()))
        self._notes.setText("\n".join(job.notes))
        self._notes.setVisible(bool(job.notes))
        self._bar.setVisible(job.state in ("running", "stopping"))
        self._bar.setRange(0, 0 if job.progress is None else 1000)
        self._bar.setValue(round((job.progress or 0.0) * 1000))
        self._bar.setAccessibleName(tr("Progress of job {n}", n=job.id))
        for name, (_, flag) in BUTTONS.items():
            self._buttons[name].setVisible(getattr(job, flag))


def time_left(seconds: float | None) -> str:
    """Whole minutes, then "less than a minute", then "finishing" (ux.md 8.1)."""
    if seconds is None:
        return ""
    if seconds < 5:
        return tr("finishing")
    return tr("less than a minute left") if seconds < 60 else tr("about {n} min left", n=round(seconds / 60))
