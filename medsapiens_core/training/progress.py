"""The lines that a training process prints: one JSON object each, at most 64 kB. Torch-free, shared with the window.

The same records serve the sender (`to_line`) and the receiver (`parse_line`); a line that is none of them gives None,
because a native library may write anything to a standard stream (reliability.md G14).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError

MAX_LINE = 64 * 1024
NO_GPU_ROOM = "Even one image at a time does not fit in the GPU"  # how a failure of that kind begins


@dataclass(frozen=True)
class Heartbeat:
    """The process is alive; sent every two seconds by a thread of its own (reliability.md G6)."""

    event: ClassVar[str] = "heartbeat"


@dataclass(frozen=True)
class PhaseStarted:
    """A new phase (prepare, train, evaluate or write), or news of it. `text` is for people."""

    event: ClassVar[str] = "phase"
    phase: str
    text: str


@dataclass(frozen=True)
class StepDone:
    """One optimiser step of `steps`, in epoch `epoch` of `epochs`, both counted from 1.

    `steps` and `epochs` are estimates where the time limit will end the training before the plan does.
    """

    event: ClassVar[str] = "progress"
    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float | None
    seconds_left: float | None


@dataclass(frozen=True)
class EpochDone:
    """Mean training loss of an epoch and, where there is a validation part, its mean radial error."""

    event: ClassVar[str] = "epoch"
    epoch: int
    train_loss: float | None
    val_mre_px: float | None = None
    val_mre_mm: float | None = None


@dataclass(frozen=True)
class StopHeard:
    """The process has read that it shall stop, and will: sent by the thread that listens, whatever is computed."""

    event: ClassVar[str] = "stopping"


@dataclass(frozen=True)
class DeviceChosen:
    """A training that may use a GPU goes on without one. `problem` says why in a few words, `details` in full."""

    event: ClassVar[str] = "device"
    device: str
    problem: str
    details: str


@dataclass(frozen=True)
class LogLine:
    """Something worth telling, in a sentence."""

    event: ClassVar[str] = "log"
    text: str


@dataclass(frozen=True)
class Finished:
    """The candidate's package folder and the comparison with the base model."""

    event: ClassVar[str] = "done"
    candidate: str
    comparison: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """The run ended without a candidate. `kind` is `user` (can be put right by the user) or `ours`."""

    event: ClassVar[str] = "error"
    kind: str
    message: str


Message = Heartbeat | PhaseStarted | StepDone | EpochDone | StopHeard | DeviceChosen | LogLine | Finished | Failed
Reporter = Callable[[Message], None]
_ADAPTERS: dict[str, TypeAdapter[Message]] = {
    record.event: TypeAdapter(record)
    for record in (Heartbeat, PhaseStarted, StepDone, EpochDone, StopHeard, DeviceChosen, LogLine, Finished, Failed)
}


def to_line(message: Message) -> str:
    """The message as one line of JSON, without the line end. Raises ValueError for a number JSON does not know."""
    return json.dumps({"event": message.event, **asdict(message)}, allow_nan=False)


def parse_line(line: str | bytes) -> Message | None:
    """The message that a line carries, or None for anything else."""
    if len(line) > MAX_LINE:
        return None
    try:
        value = json.loads(line)
        return _ADAPTERS[value.pop("event")].validate_python(value)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError, ValidationError):
        return None
