"""What the window of an export shows and answers, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from app.session.import_state import FormatChoice

Scope = Literal["all", "listed", "open"]
Points = Literal["decided", "undecided", "predictions"]
AS_IT_IS = ("dicom-sr", "dicom-gsps", "json")  # usually for one's own archive, where names belong


@dataclass(frozen=True)
class ExportState:
    """What can be chosen. `listed` cases are in the worklist as it is filtered; `open_case` "" while none is open.

    `slots` are the readers that have an annotation of their own; "" is the common one. `target` is a path to begin
    with, without a suffix.
    """

    formats: tuple[FormatChoice, ...]
    template: str
    all_cases: int
    listed: int
    open_case: str
    slots: tuple[str, ...]
    target: str
    format: str = "csv"


@dataclass(frozen=True)
class ExportAnswer:
    """What to write, and where. `slot` None means every reader."""

    format: str
    target: str
    options: Mapping[str, str] = field(default_factory=dict)
    scope: Scope = "all"
    points: Points = "decided"
    slot: str | None = None
    deidentify: bool = True


@dataclass(frozen=True, eq=False)
class LookState:
    """A picture that somebody must look at before it leaves: number `place` of `count`; `warning` says why.

    `grey` (h, w) uint8, None with `problem` where it cannot be shown. A file of several frames goes as a whole, so
    every one of its `frames` can be looked at.
    """

    place: int
    count: int
    name: str
    warning: str
    grey: NDArray[Any] | None = None
    problem: str = ""
    frame: int = 0
    frames: int = 1


@dataclass(frozen=True)
class ExportOutcome:
    """What came of an export. `told` are sentences about losses and what was left out; `path` is what was written."""

    path: str
    readings: int
    images: int
    told: tuple[str, ...] = ()
    deidentified: str = ""
