"""What the fine-tune window shows before the start, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StartCheck:
    """One line of the checklist: `ok`, or what to know about it; `fix` is the word on the button that helps, or ""."""

    name: str
    ok: bool
    text: str
    fix: str = ""


@dataclass(frozen=True)
class StartState:
    """A fine-tune that could be started from the model `base`."""

    base: str
    snapshot_text: str
    checks: tuple[StartCheck, ...]
    devices: tuple[str, ...] = ("auto", "cpu")


@dataclass(frozen=True)
class StartChoice:
    """The options: `minutes` None leaves the time to the program."""

    device: str = "auto"
    minutes: int | None = None
    with_estimated: bool = True
    seed: int = 0
