"""What the windows about reader packages show and answer, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from medsapiens_core.data.readers import Reader

CaseScope = Literal["asked", "listed", "share", "locked", "open"]
What = Literal["new", "again", "same", "refused"]


@dataclass(frozen=True)
class HandOutState:
    """What can be handed out, to whom. Counts are cases; `asked` by initials: asked of a reader and not yet read.

    `folder` is where packages go unless another place is chosen, `stem` begins their names: it names no patient.
    """

    readers: tuple[Reader, ...]
    me: str
    asked: Mapping[str, int]
    listed: int
    share: int
    locked: int
    open_case: str
    template: str
    folder: str
    stem: str

    def count(self, scope: CaseScope, reader: str) -> int:
        """How many cases a scope has."""
        counts = {"asked": self.asked.get(reader, 0), "listed": self.listed, "share": self.share}
        return {**counts, "locked": self.locked, "open": int(bool(self.open_case))}[scope]


@dataclass(frozen=True)
class HandOutAnswer:
    """Whom to hand out what, and where to write it."""

    reader: str
    scope: CaseScope
    target: str
    deidentify: bool = True
    predictions: bool = False


@dataclass(frozen=True)
class PackageFacts:
    """What a package says before it is opened. `folder` is where its project would be made."""

    reader: str
    template: str
    cases: int
    is_blind: bool
    deidentified: str
    made: str
    folder: str


@dataclass(frozen=True)
class IncomingRow:
    """One case that came back: what happens to it, in words."""

    name: str
    what: What
    landmarks: str
    words: str


@dataclass(frozen=True)
class TakeInState:
    """What a file of readings would bring: a summary, its rows, and what stays out. `wanted` cases would be stored."""

    title: str
    summary: str
    rows: tuple[IncomingRow, ...]
    problems: tuple[str, ...]
    wanted: int
