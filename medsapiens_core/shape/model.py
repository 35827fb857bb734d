"""A Gaussian of landmark shapes, learned from a few to a few hundred examples (methods.md 10.2).

Examples are turned, moved and scaled onto their mean; what is left is the covariance of shape, shrunk towards a
multiple of the identity by the number of examples. How a film lies is added as a broad prior of its own, so that a
film that is framed otherwise is no odd shape. One estimator serves every number of examples: measured on the ISBI 2015
skulls it beats, from two examples on, the most similar example moved onto the given points, and from 25 on the
unaligned covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TURN, SIZE = 0.12, 0.08  # radians and share, standard deviations of how films lie
SHIFT = 0.7  # of the shape's radius, standard deviation of where films show it
SHRINKAGE = 4.0  # examples that the identity counts as
LONE = 0.09  # of the radius, standard deviation of a landmark when there is one example to tell
LONE_WEIGHT = 2.0  # examples that this guess counts as
ROUNDS = 5


@dataclass(frozen=True, eq=False)
class ShapeModel:
    """`mean` (K, 2) about its centre and `residual` (2K, 2K), both in one unit of length; NaN and 0 where unknown.

    `count` is the number of examples. The unit is millimetres, or what the examples were given in.
    """

    mean: Floats
    residual: Floats
    count: int

    @property
    def known(self) -> NDArray[np.bool_]:
        """(K,) landmarks that some example had."""
        return np.asarray(np.isfinite(self.mean).all(axis=1), dtype=np.bool_)

    @property
    def radius(self) -> float:
        """Root mean square distance of the landmarks from their centre."""
        return float(np.sqrt((self.mean[self.known] ** 2).sum(axis=1).mean()))

    @cached_property
    def covariance(self) -> Floats:
        """(2K, 2K) of shape and of how films lie together; rows of unknown landmarks are 0."""
        lie = _ways_to_lie(np.where(self.known[:, None], self.mean, 0.0)) * np.repeat(self.known, 2)[:, None]
        spread = np.array([SHIFT * self.radius, SHIFT * self.radius, SIZE, TURN])
        return np.asarray(self.residual + (lie * spread**2) @ lie.T)

    def to_json(self) -> dict[str, Any]:
        """A JSON object; the covariance as its upper triangle, rounded to a thousandth of the unit squared."""
        upper = self.residual[np.triu_indices(len(self.residual))]
        mean = [[None if np.isnan(v) else round(float(v), 3) for v in point] for point in self.mean]
        return {"count": self.count, "mean": mean, "residual": [round(float(v), 3) for v in upper]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ShapeModel:
        """The inverse of `to_json`. Raises ValueError or KeyError when it is no shape."""
        mean = np.array(value["mean"], dtype=np.float64)
        if mean.ndim != 2 or mean.shape[1] != 2:
            raise ValueError("a shape has two numbers for each landmark")
        residual = np.zeros((mean.size, mean.size))
        residual[np.triu_indices(mean.size)] = np.array(value["residual"], dtype=np.float64)
        return cls(mean, residual + np.triu(residual, 1).T, int(value["count"]))


def learn_shape(examples: Sequence[Floats]) -> ShapeModel:
    """Learn from examples (K, 2) each, NaN where a landmark is absent. Raises ValueError when none has two points."""
    usable = [np.asarray(e, dtype=np.float64) for e in examples if np.isfinite(e).all(axis=1).sum() >= 2]
    if not usable:
        raise ValueError("no example has two landmarks")
    stack = np.array(usable)
    there = np.asarray(np.isfinite(stack).all(axis=2), dtype=np.bool_)
    mean, aligned = _align(stack @ np.array([1, 1j]), there)
    known = there.any(axis=0)
    away = np.where(there, aligned - mean, 0.0)
    flat = np.stack([away.real, away.imag], axis=-1).reshape(len(stack), -1)
    points = np.stack([mean.real, mean.imag], axis=1)
    points[~known] = np.nan
    return ShapeModel(points, _shrunk(flat, np.repeat(known, 2), _size(mean[known])), len(stack))


def similarity(source: NDArray[Any], target: NDArray[Any]) -> tuple[complex, complex]:
    """Factor and shift of complex numbers that map `source` onto `target` with the least square error."""
    centre, goal = source.mean(), target.mean()
    a, b = source - centre, target - goal
    power = float((abs(a) ** 2).sum())
    factor = complex((a.conj() @ b) / power) if power > 0 else 1 + 0j
    return factor, complex(goal - factor * centre)


def _align(shapes: NDArray[Any], there: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean (K,) and aligned shapes (n, K), complex; the mean keeps the examples' usual size and direction."""
    centred = np.array([z - z[seen].mean() for z, seen in zip(shapes, there, strict=True)])
    size = float(np.mean([_size(z[seen]) for z, seen in zip(centred, there, strict=True)]))
    mean, aligned = _mean(centred, there), centred
    for _ in range(ROUNDS):
        aligned = centred.copy()
        for row, (z, seen) in enumerate(zip(centred, there, strict=True)):
            factor, shift = similarity(z[seen], mean[seen])
            aligned[row] = factor * z + shift
        mean = _mean(aligned, there)
        known = there.any(axis=0)
        mean = (mean - mean[known].mean()) * size / _size(mean[known])
    return mean, aligned


def _mean(shapes: NDArray[Any], there: NDArray[np.bool_]) -> NDArray[Any]:
    total = np.where(there, shapes, 0).sum(axis=0)
    return np.asarray(total / np.maximum(there.sum(axis=0), 1))


def _size(points: NDArray[Any]) -> float:
    return max(float(np.sqrt((abs(points - points.mean()) ** 2).mean())), 1e-9)


def _shrunk(flat: Floats, known: NDArray[np.bool_], radius: float) -> Floats:
    n = len(flat)
    sample = flat.T @ flat / max(n - 1, 1)
    freedom = max(int(known.sum()) - 4, 1)  # four are how the film lies
    own = float(np.trace(sample)) / freedom
    variance = ((n - 1) * own + LONE_WEIGHT * (LONE * radius) ** 2) / (n - 1 + LONE_WEIGHT)
    share = min(1.0, SHRINKAGE / n)
    return np.asarray((1 - share) * sample + share * variance * np.diag(known.astype(float)))


def _ways_to_lie(mean: Floats) -> Floats:
    """(2K, 4): moved right, moved down, larger, turned."""
    right, down = np.tile([1.0, 0.0], len(mean)), np.tile([0.0, 1.0], len(mean))
    turned = np.stack([-mean[:, 1], mean[:, 0]], axis=1)
    return np.stack([right, down, mean.ravel(), turned.ravel()], axis=1)
