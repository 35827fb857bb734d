"""The project's rule of bulk confirm as the settings show it (ux.md 6.5)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BulkRuleState:
    """`most_mm` and `most_percent` (of the diagonal) are the widest 95 % radius.

    `refusal` says why nothing may be changed, "" when it may.
    """

    is_allowed: bool = True
    most_mm: float = 2.0
    most_percent: float = 0.65
    unlock_after: int = 20
    refusal: str = ""
