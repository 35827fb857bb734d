"""Cobb angles from the corners of vertebral bodies: the largest tilt between two end-plates, and the curves beside.

Cobb 1948 as ux.md 11.1 states it: the maximum over i < j of the angle between the upper end-plate of vertebra i and
the lower end-plate of vertebra j; the curve above is searched from the top to i, the one below from j to the bottom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.measurements.vectors import Floats, dot, turn

SMALL_DEG = 10.0  # below it a curve is shown grey: it does not count as one (ux.md 11.1)
Ends = tuple[int, int]


@dataclass(frozen=True)
class Curves:
    """Angles in degrees (...,) of the three curves, NaN where there is none, and their end vertebrae (..., 2)."""

    major: Floats
    above: Floats
    below: Floats
    ends: dict[str, NDArray[np.int64]]

    def angle(self, role: str) -> Floats:
        """The angle of `major`, `above` or `below`."""
        result: Floats = getattr(self, role)
        return result


def plates(corners: Floats) -> tuple[Floats, Floats]:
    """Upper and lower end-plates (..., V, 2), from left to right, of corners (..., V, 4, 2)."""
    return corners[..., 1, :] - corners[..., 0, :], corners[..., 3, :] - corners[..., 2, :]


def find_curves(corners: Floats, locked: dict[str, Ends] | None = None) -> Curves:
    """The curves of corners (..., V, 4, 2) in mm (or px of one size); `locked` fixes end vertebrae by their number."""
    locked = locked or {}
    tilt = _tilts(corners)
    stack = tilt.shape[:-2]
    major = _ends(tilt, locked.get("major"), np.zeros(stack, int), np.full(stack, tilt.shape[-1] - 1))
    above = _ends(tilt, locked.get("above"), np.zeros(stack, int), major[..., 0])
    below = _ends(tilt, locked.get("below"), major[..., 1], np.full(stack, tilt.shape[-1] - 1))
    found = {"major": major, "above": above, "below": below}
    return Curves(**{role: _at(tilt, ends) for role, ends in found.items()}, ends=found)


def swapped(corners: Floats) -> list[int]:
    """Vertebrae of one spine (V, 4, 2) whose corners are out of order: an end-plate against all others, or crossed.

    A plate that points against the middle of all plates has its left and right corners exchanged; a body whose lower
    plate lies above its upper one, as seen along the spine, has top and bottom exchanged.
    """
    upper, lower = plates(corners)
    across = np.nanmedian(np.concatenate([upper, lower]), axis=0)
    down = np.array([-across[1], across[0]])
    centres = corners.mean(axis=1)
    if dot(centres[-1] - centres[0], down) < 0:
        down = -down
    height = corners[:, 2:].mean(axis=1) - corners[:, :2].mean(axis=1)
    wrong = (dot(upper, across) <= 0) | (dot(lower, across) <= 0) | (dot(height, down) <= 0)
    return [int(k) for k in np.flatnonzero(wrong)]


def name_of(ends: Sequence[int], labels: Sequence[str]) -> str:
    """`T5-T12`."""
    return f"{labels[ends[0]]}–{labels[ends[1]]}"


def _tilts(corners: Floats) -> Floats:
    """Angle (..., V, V) between the upper plate of vertebra i and the lower plate of j; NaN unless i < j."""
    upper, lower = plates(corners)
    base = upper[..., :1, :]
    first = turn(np.broadcast_to(base, upper.shape), upper)[..., :, None]
    second = turn(np.broadcast_to(base, lower.shape), lower)[..., None, :]
    difference = np.abs(second - first)
    folded: Floats = np.minimum(difference, 360 - difference)
    folded[..., np.tri(folded.shape[-1], dtype=bool)] = np.nan
    return folded


def _ends(tilt: Floats, locked: Ends | None, low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """The end vertebrae (..., 2) of the largest tilt between two vertebrae from `low` to `high`; (-1, -1): none."""
    stack, count = tilt.shape[:-2], tilt.shape[-1]
    if locked is not None:
        return np.broadcast_to(np.array(locked), (*stack, 2)).copy()
    number = np.arange(count)
    first, last = number >= low[..., None], number <= high[..., None]  # of i < j only i can be too low, j too high
    allowed = np.where(first[..., :, None] & last[..., None, :] & (tilt >= 0), tilt, -1.0)
    flat = allowed.reshape(*stack, count * count)
    best = flat.argmax(-1)
    found = np.stack(np.divmod(best, count), -1)
    return np.where(np.take_along_axis(flat, best[..., None], -1) < 0, -1, found)


def _at(tilt: Floats, ends: NDArray[np.int64]) -> Floats:
    count = tilt.shape[-1]
    flat = tilt.reshape(*tilt.shape[:-2], count * count)
    place = np.maximum(ends[..., 0] * count + ends[..., 1], 0)
    value = np.take_along_axis(flat, place[..., None], -1)[..., 0]
    result: Floats = np.where(ends[..., 0] < 0, np.nan, value)
    return result
