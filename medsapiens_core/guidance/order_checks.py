"""Landmarks that have changed places: found by the usual shape alone, so that no reviewed case is needed (W2, W3).

Two exchanged landmarks keep their middle and turn round the line between them. So a pair is suspect when, on the film
laid onto the usual shape, the vector between the two is much nearer to the reversed usual vector than to the usual one,
and both would lie well after the exchange.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.guidance.shape_limits import aligned

Floats = NDArray[np.float64]

BETTER = 0.5  # the exchanged vector must be off by less than this share of what the present one is off by
REACH = 3.0  # medians of how far points lie from the usual shape: where a point may lie after the exchange
FEWEST = 4  # points: fewer do not say which of them is wrong
ANOTHER_SHAPE = 0.25  # radii, median: a film that is no such shape, of which nothing is said
LEAST_REACH = 0.03  # of the shape's radius


@dataclass(frozen=True)
class Exchanged:
    """Two landmarks by position, `gain` how many times better the vector between them fits after the exchange."""

    first: int
    second: int
    gain: float


def find_exchanged(points: Floats, mean: Floats) -> list[Exchanged]:
    """Pairs of `points` (K, 2) that fit the usual shape `mean` (K, 2, any unit) clearly better the other way round.

    NaN where there is no point. Each landmark occurs at most once; the clearest pair comes first.
    """
    usual = _standard(mean)
    moved, _ = aligned(points, usual)
    away = np.linalg.norm(moved - usual, axis=1)
    if np.isfinite(away).sum() < FEWEST or np.nanmedian(away) > ANOTHER_SHAPE:
        return []
    return _clearest_first(_gains(moved, usual, max(REACH * float(np.nanmedian(away)), LEAST_REACH)))


def misfit(points: Floats, mean: Floats) -> float:
    """Median distance of the points from the usual shape laid onto themin its radii; inf without points."""
    usual = _standard(mean)
    away = np.linalg.norm(aligned(points, usual)[0] - usual, axis=1)
    return float(np.nanmedian(away)) if np.isfinite(away).any() else np.inf


def _standard(mean: Floats) -> Floats:
    """Centred, with a root mean square distance of 1."""
    centred = mean - np.nanmean(mean, axis=0)
    result: Floats = centred / np.sqrt(np.nanmean((centred**2).sum(axis=1)))
    return result


def _gains(moved: Floats, usual: Floats, reach: float) -> Floats:
    """(K, K) how many times better each pair fits after the exchange, 0 where it does not clearly."""
    between = moved[:, None] - moved[None]
    expected = usual[:, None] - usual[None]
    now = np.linalg.norm(between - expected, axis=2)
    then = np.linalg.norm(-between - expected, axis=2)
    cross = np.linalg.norm(moved[:, None] - usual[None], axis=2)  # [i, j]: point i from the place of landmark j
    lands_well = np.maximum(cross, cross.T) <= reach
    with np.errstate(invalid="ignore", divide="ignore"):
        clearly = lands_well & (then < BETTER * now)
        gain = np.where(clearly, now / np.maximum(then, 1e-9), 0.0)
    result: Floats = np.triu(np.nan_to_num(gain, posinf=1e9), 1)
    return result


def _clearest_first(gains: Floats) -> list[Exchanged]:
    found: list[Exchanged] = []
    taken: set[int] = set()
    for place in np.argsort(gains, axis=None)[::-1]:
        i, j = (int(v) for v in np.unravel_index(place, gains.shape))
        if gains[i, j] <= 0:
            break
        if not {i, j} & taken:
            found.append(Exchanged(i, j, float(gains[i, j])))
            taken |= {i, j}
    return found
