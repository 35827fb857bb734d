"""What the planner's window shows, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlannerRow:
    """One case to label; `state` in words."""

    case_id: int
    name: str
    why: str
    state: str
    is_locked: bool


@dataclass(frozen=True)
class PlannerState:
    """The whole window. `goal` is in `unit`; `figures` are sentences on the learning curve, empty below five cases.

    `reviewed` counts the cases that can be learned from; `locked_read` of `locked_total` locked cases are read.
    """

    template: str
    goal: float
    unit: str
    reviewed: int
    locked_read: int
    locked_total: int
    left_out: int
    rows: tuple[PlannerRow, ...]
    now: str
    figures: tuple[str, ...]
    what: str
    can_finetune: bool
    can_write: bool
