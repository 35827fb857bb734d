"""What the window about people and rules shows, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from medsapiens_core.data.readers import Reader


@dataclass(frozen=True)
class Asked:
    """How many further readings were asked of a reader, and how many of them are read."""

    code: str
    asked: int
    read: int


@dataclass(frozen=True)
class PeopleState:
    """`refusal` says why nothing may be changed, "" if it may. Counts are cases; `blind_percent` 0 is off.

    `pins` are the initials of those who have one. `share` is how many cases a share of the reviewed ones is, `locked`
    how many locked ones are read.
    """

    readers: tuple[Reader, ...]
    me: str
    refusal: str
    share: int
    locked: int
    asked: tuple[Asked, ...]
    blind_percent: int
    pins: frozenset[str] = frozenset()
