"""What is known of a training job while it runs and after: messages of the child in, a frozen `JobState` out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.session.view_state import JobState
from medsapiens_core.training.progress import EpochDone, Message, PhaseStarted, StepDone

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

    def after(self, message: Message) -> JobProgress:
        """What is known after a further message of the child."""
        if isinstance(message, PhaseStarted):
            phase = PHASES.get(message.phase, message.phase)
            return replace(self, phase=phase, text=message.text, fraction=None, seconds_left=None)
        if isinstance(message, StepDone):
            return self._after_step(message)
        return self._after_epoch(message) if isinstance(message, EpochDone) else self

    def _after_step(self, done: StepDone) -> JobProgress:
        losses = self.losses if done.loss is None else thinned((*self.losses, (float(done.step), done.loss)))
        fraction = min(1.0, done.step / done.steps) if done.steps > 0 else None
        text = f"epoch {done.epoch} of {done.epochs}"
        return replace(self, text=text, fraction=fraction, seconds_left=done.seconds_left, losses=losses)

    def _after_epoch(self, done: EpochDone) -> JobProgress:
        error, unit = (done.val_mre_mm, "mm") if done.val_mre_mm is not None else (done.val_mre_px, "px")
        if error is None:
            return self
        return replace(self, val_errors=thinned((*self.val_errors, (float(done.epoch), error))), val_unit=unit)

    def to_json(self) -> dict[str, Any]:
        """For the job's row in the store."""
        return vars(self) | {"losses": list(self.losses), "val_errors": list(self.val_errors)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> JobProgress:
        """What was stored; unknown or missing fields are left at their defaults."""
        known = {key: item for key, item in (value or {}).items() if key in cls.__dataclass_fields__}
        for key in ("losses", "val_errors"):
            known[key] = tuple((float(x), float(y)) for x, y in known.get(key, ()))
        return cls(**known)


def thinned(curve: Curve) -> Curve:
    """Every second point once there are too many; the newest stays."""
    return curve if len(curve) <= POINTS else (*curve[:-1:2], curve[-1])


def job_state(
    number: int, state: str, progress: JobProgress, candidate: str | None, outcome: Mapping[str, Any] | None
) -> JobState:
    """A job as the models panel shows it."""
    is_active = state in ("running", "stopping")
    text = progress.text if is_active and progress.text else STATE_TEXT[state]
    if state == "failed" and outcome:
        text = f"failed: {outcome.get('message', 'no reason given')}"
    if state == "done" and outcome:
        text = str(outcome.get("summary") or "done")
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
        can_compare=state == "done" and candidate is not None,
        candidate=candidate if state == "done" else None,
    )
