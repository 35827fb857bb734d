"""Where enhanced multi-frame DICOM keeps what belongs to one frame: per-frame groups before shared ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset


def frame_items(dataset: Dataset, frame: int, macro: str) -> Iterator[Dataset]:
    """Yield the datasets that may hold an attribute of `frame`: its functional group `macro`, then `dataset` itself."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for group in [*per_frame[frame : frame + 1], *shared[:1]]:
        yield from (group.get(macro) or [])[:1]
    yield dataset


def numbers(value: Any) -> list[float]:
    """The finite numbers of an element that may be missing, single, multiple or ill-formed."""
    if value is None or isinstance(value, bytes):
        return []
    found = []
    for part in [value] if isinstance(value, str | float | int) else list(value):
        try:
            number = float(part)
        except (TypeError, ValueError):
            return []
        if not math.isfinite(number):
            return []
        found.append(number)
    return found


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first finite number of an element, None when there is none."""
    found = numbers(dataset.get(keyword))
    return found[0] if found else None
