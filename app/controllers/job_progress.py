"""What is known of a training job while it runs and after: messages of the child in, a frozen `JobState` out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.controllers.job_steps import job_steps
from app.session.view_state import JobState
from app.translate import tr
from medsapiens_core.training.progress import (
    DeviceChosen,
    EpochDone,
    LogLine,
    Message,
    PhaseStarted,
    StepDone,
    StopHeard,
)

NOTES = 3  # sentences of the process that its card shows
POINTS = 400  # a curve longer than this is thinned
PHASES = {"prepare": "Prepare", "train": "Train", "evaluate": "Evaluate", "write": "Write"}
STATE_TEXT = {
    "queued": "waits for its turn",
    "running": "starting",
    "stopping": "stopping and keeping the best so far",
    "done": "done",
    "failed": "failed",
    "interrupted": "interrupted: it can be resumed where it was",
    "cancelled": "cancelled",
}
Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class JobProgress:
    """What the child has told so far."""

    phase: str = ""
    text: str = ""
    fraction: float | None = None
    seconds_left: float | None = None
    losses: Curve = ()
    val_errors: Curve = ()
    val_unit: str = "mm"
    val_base: float | None = None
    epoch: int = 0
    epochs: int = 0
    notes: tuple[str, ...] = ()
    device: str = ""
    device_problem: str = ""
    device_details: str = ""

    def after(self, message: Message) -> JobProgress:
        """What is known after a further message of the child."""
        if isinstance(message, PhaseStarted):
            phase = PHASES.get(message.phase, message.phase)
            return replace(self, phase=phase, text=message.text, fraction=None, seconds_left=None)
        if isinstance(message, StopHeard):
            return replace(self, text=tr(STATE_TEXT["stopping"]), seconds_left=None)
        if isinstance(message, StepDone):
            return self._after_step(message)
        if isinstance(message, DeviceChosen):
            told = replace(self, device=message.device, device_problem=message.problem)
            return replace(told, device_details=message.details)
        if isinstance(message, LogLine):
            return replace(self, notes=(*self.notes, message.text)[-NOTES:])
        return self._after_epoch(message) if isinstance(message, EpochDone) else self

    def _after_step(self, done: StepDone) -> JobProgress:
        losses = self.losses if done.loss is None else thinned((*self.losses, (float(done.step), done.loss)))
        fraction = min(1.0, done.step / done.steps) if done.steps > 0 else None
        text = tr("epoch {done} of {of}", done=done.epoch, of=done.epochs)
        known = replace(self, epoch=done.epoch, epochs=done.epochs, losses=losses)
        return replace(known, text=text, fraction=fraction, seconds_left=done.seconds_left)

    def _after_epoch(self, done: EpochDone) -> JobProgress:
        error, unit = (done.val_mre_mm, "mm") if done.val_mre_mm is not None else (done.val_mre_px, "px")
        if error is None:
            return self
        if done.epoch == 0:  # nothing was trained yet: the base's own error
            return replace(self, val_base=error, val_unit=unit)
        return replace(self, val_errors=thinned((*self.val_errors, (float(done.epoch), error))), val_unit=unit)

    def to_json(self) -> dict[str, Any]:
        """For the job's row in the store."""
        return vars(self) | {
            "losses": list(self.losses),
            "val_errors": list(self.val_errors),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> JobProgress:
        """What was stored; unknown or missing fields are left at their defaults."""
        known = {key: item for key, item in (value or {}).items() if key in cls.__dataclass_fields__}
        for key in ("losses", "val_errors"):
            known[key] = tuple((float(x), float(y)) for x, y in known.get(key, ()))
        return cls(**{**known, "notes": tuple(known.get("notes", ()))})


def thinned(curve: Curve) -> Curve:
    """Every second point once there are too many; the newest stays."""
    return curve if len(curve) <= POINTS else (*curve[:-1:2], curve[-1])


def job_state(
    number: int,
    state: str,
    progress: JobProgress,
    candidate: str | None,
    outcome: Mapping[str, Any] | None,
    *,
    payload: Mapping[str, Any] | None = None,
) -> JobState:
    """A job as the models panel shows it; `payload` is what it was made from."""
    made_from = payload or {}
    is_active = state in ("running", "stopping")
    text = progress.text if is_active and progress.text else tr(STATE_TEXT[state])
    if state == "failed" and outcome:
        text = tr("failed: {reason}", reason=outcome.get("message", tr("no reason given")))
    if state == "done" and outcome:
        text = str(outcome.get("summary") or tr("done"))
    return JobState(
        number,
        state,
        progress.phase if is_active else "",
        progress.fraction if is_active else (1.0 if state == "done" else None),
        text,
        progress.seconds_left if is_active else None,
        progress.losses,
        progress.val_errors,
        progress.val_unit,
        can_stop=state == "running",
        can_cancel=state in ("running", "stopping", "queued"),
        can_resume=state in ("interrupted", "failed"),
        can_remove=state in ("done", "failed", "interrupted", "cancelled"),
        can_show_log=bool(outcome and outcome.get("log")),
        can_compare=state == "done" and candidate is not None,
        candidate=candidate if state == "done" else None,
        steps=job_steps(state, progress.phase, (progress.epoch, progress.epochs), made_from, outcome),
        base=str(made_from.get("base", "")),
        val_base=progress.val_base,
        notes=progress.notes if is_active else (),
        cpu_note=cpu_text(progress) if state == "running" else "",
        cpu_details=progress.device_details,
    )


def cpu_text(progress: JobProgress) -> str:
    """M31, "" before its time is known or for a job that was not moved to the CPU."""
    if progress.device != "cpu" or progress.seconds_left is None:
        return ""
    minutes = max(1, round(progress.seconds_left / 60))
    if progress.device_problem:
        return tr(
            "No usable GPU ({problem}). Training will use the CPU: about {minutes} min.",
            problem=progress.device_problem,
            minutes=minutes,
        )
    return tr("No usable GPU. Training will use the CPU: about {minutes} min.", minutes=minutes)
