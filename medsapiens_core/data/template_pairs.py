"""Which names of a list say left and right of the same thing (ux.md 9.1). Offered to a person, never set by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

_AFTER = re.compile(r"(?P<stem>.+?)[\s,_(\-]+(?P<side>image-left|image-right|left|right|l|r)\)?", re.IGNORECASE)
_BEFORE = re.compile(r"(?P<side>image-left|image-right|left|right)[\s,_\-]+(?P<stem>.+)", re.IGNORECASE)


def offered_pairs(names: Sequence[str]) -> list[tuple[int, int]]:
    """Positions (left, right) of names that differ in their side only; a name is in one pair at most.

    "Condyle L" and "Condyle R" are a pair, "Condyle L" and "Condyle right" are not: they are not written alike.
    """
    sides = [_side(name) for name in names]
    right = {(stem, kind): k for k, (stem, kind, side) in enumerate(sides) if side == "r"}
    pairs = []
    for k, (stem, kind, side) in enumerate(sides):
        if side == "l" and (stem, kind) in right:
            pairs.append((k, right.pop((stem, kind))))
    return pairs


def _side(name: str) -> tuple[str, str, str]:
    """What is left of the name, how its side is written, and "l", "r" or "" for no side."""
    text = " ".join(name.split())
    for place, pattern in (("after", _AFTER), ("before", _BEFORE)):
        found = pattern.fullmatch(text)
        if found is not None:
            side = found["side"].lower()
            written = "image" if side.startswith("image") else "word" if len(side) > 1 else "letter"
            return found["stem"].casefold(), f"{place} {written}", "l" if side.endswith(("left", "l")) else "r"
    return text.casefold(), "", ""
