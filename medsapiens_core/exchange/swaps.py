"""Left and right exchanged: pairs that lie the other way round than in the other cases. Noticed, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.annotation import PointState
from medsapiens_core.data.template import Template

FEWEST_OTHERS = 3
AGREEMENT = 0.8  # length of the mean of the others' unit vectors: they must point the same way to say anything
OPPOSITE = -0.6  # cosine against the others' direction from which a pair counts as turned round
Points = Mapping[str, PointState]


@dataclass(frozen=True)
class Suspicion:
    """`pairs` of reading number `position` lie the other way round; `whole` when all that can be judged do."""

    position: int
    pairs: tuple[tuple[str, str], ...]
    whole: bool


def pairs_of(template: Template) -> tuple[tuple[str, str], ...]:
    """Each pair once, in template order."""
    index = template.index
    return tuple((m.id, m.pair) for m in template.landmarks if m.pair is not None and index[m.id] < index[m.pair])


def find_swaps(readings: Sequence[Points], template: Template, others: Iterable[Points] = ()) -> list[Suspicion]:
    """Judge each reading against all the others, and against `others`, which are not judged themselves."""
    pairs = pairs_of(template)
    if not pairs or not readings:
        return []
    judged = np.array([_directions(points, pairs) for points in readings])
    known = np.array([_directions(points, pairs) for points in others]).reshape(-1, len(pairs), 2)
    everything = np.concatenate([judged, known])
    total, count = np.nansum(everything, axis=0), np.isfinite(everything[..., 0]).sum(axis=0)
    found = []
    for position, own in enumerate(judged):
        present = np.isfinite(own[:, 0])
        opposite, sure = _judge(own, total - np.nan_to_num(own), count - present)
        if opposite.any():
            wrong = tuple(pair for pair, bad in zip(pairs, opposite, strict=True) if bad)
            found.append(Suspicion(position, wrong, bool((opposite == (sure & present)).all())))
    return found


def _directions(points: Points, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
    """(P, 2) unit vectors from the first of each pair to the second; NaN where one has no position."""
    ends = np.array([[_xy(points.get(first)), _xy(points.get(second))] for first, second in pairs])
    vector = ends[:, 1] - ends[:, 0]
    length = np.hypot(vector[:, 0], vector[:, 1])
    result: NDArray[np.float64] = vector / np.where(length > 0, length, np.nan)[:, None]
    return result


def _xy(state: PointState | None) -> tuple[float, float]:
    return (np.nan, np.nan) if state is None or state.x is None or state.y is None else (state.x, state.y)


def _judge(
    own: NDArray[np.float64], sums: NDArray[np.float64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pairs are opposite to the others' mean, and for which the others agree enough to say so."""
    length = np.hypot(sums[:, 0], sums[:, 1])
    sure = (counts >= FEWEST_OTHERS) & (length >= AGREEMENT * counts)
    cosine = (np.nan_to_num(own) * sums).sum(axis=1) / np.where(length > 0, length, 1.0)
    return sure & (cosine < OPPOSITE), sure
