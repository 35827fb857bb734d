"""What My figures shows, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FigureLine:
    """One figure: what it is, its value as text, and what it means."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class FiguresState:
    """The figures of a reader; `warning` "" when there is none."""

    reader: str
    lines: tuple[FigureLine, ...]
    warning: str = ""
