"""Where the other landmarks are, given some: the shape, conditioned on the decided points, and the model's candidates.

Both are one linear Gaussian observation of the shape: decided points with a click's noise, candidates with their own
covariance. A candidate far from where all the others put it counts less, by its distance (methods.md 10.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.shape.model import Floats, ShapeModel, similarity

FEWEST = 2  # decided positions
CLICK = 0.5  # of a shape's unit (mm), standard deviation of a decided point
FLOOR = 0.5  # mm, added to what a candidate's heatmap says of its spread
FAR = 9.21  # chi-square with 2 degrees of freedom, 99 %: candidates further away are taken for less sure
ODD = 13.82  # the same, 99.9 %: a decided point further away does not fit the others
UPRIGHT = 0.35  # radians: a film turned by more is turned back first, because the prior of turning is linear
ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Candidates:
    """Points (K, 2) that a model proposes, NaN where none, with covariances (K, 2, 2); the unit is the shape's."""

    points: Floats
    covariance: Floats


@dataclass(frozen=True, eq=False)
class Completion:
    """`points` (K, 2), decided ones as given, NaN where the shape knows nothing; `covariance` (K, 2, 2) of them.

    `odd` (K,) is the squared Mahalanobis distance of each given or proposed point from where all the others put it.
    """

    points: Floats
    covariance: Floats
    odd: Floats

    @property
    def expected_error(self) -> Floats:
        """(K,) mean distance of the true points: that of a round Gaussian of the same area."""
        determinant = np.clip(np.linalg.det(self.covariance), 0.0, None)
        return np.asarray(np.sqrt(np.pi / 2) * determinant**0.25)


def complete(
    shape: ShapeModel, decided: Floats, candidates: Candidates | None = None, *, free_size: bool = False
) -> Completion:
    """Place every landmark. `decided` (K, 2), NaN where undecided; in the shape's unit, or any with `free_size`.

    Raises ValueError for fewer than two decided points that the shape knows.
    """
    given = np.asarray(np.isfinite(decided).all(axis=1), dtype=np.bool_)
    fitted = given & shape.known
    if fitted.sum() < FEWEST:
        raise ValueError("two decided points are needed")
    frame = _Frame.of(shape, decided, fitted, free_size)
    inside = frame.into(decided)
    proposed = np.full_like(decided, np.nan) if candidates is None else frame.into(candidates.points)
    spread = None if candidates is None else frame.spread_into(candidates.covariance)
    points, covariance, odd = _observe(shape, inside, proposed, spread)
    placed, known = frame.back(points), shape.known[:, None]
    return Completion(
        np.where(given[:, None], decided, np.where(known, placed, np.nan)),
        np.where(known[..., None], frame.spread_back(covariance), np.nan),
        odd,
    )


def best_anchors(shape: ShapeModel, given: Sequence[int], count: int) -> list[int]:
    """Which landmarks to place next so that the others are known best: greedily, `count` of them (methods.md 10.2)."""
    covariance, chosen = shape.covariance, list(given)
    for place in chosen:
        covariance = _given(covariance, place)
    result: list[int] = []
    for _ in range(count):
        gains = {k: _gain(covariance, k) for k in np.flatnonzero(shape.known).tolist() if k not in chosen}
        if not gains:
            break
        best = max(gains, key=lambda k: gains[k])
        result.append(best)
        chosen.append(best)
        covariance = _given(covariance, best)
    return result


@dataclass(frozen=True)
class _Frame:
    """From the film to the mean shape's frame: mirrored if `mirror`, then times `factor` plus `shift`."""

    factor: complex
    shift: complex
    mirror: bool

    @classmethod
    def of(cls, shape: ShapeModel, decided: Floats, fitted: NDArray[np.bool_], free_size: bool) -> _Frame:
        film, mean = _complex(decided[fitted]), _complex(shape.mean[fitted])
        straight, mirrored = _fit(film, mean), _fit(film.conj(), mean)
        mirror = len(film) > FEWEST and mirrored[2] < 0.25 * straight[2]
        factor, film = (mirrored[0], film.conj()) if mirror else (straight[0], film)
        if not free_size:
            factor = 1 + 0j if abs(np.angle(factor)) < UPRIGHT else factor / abs(factor)
        return cls(complex(factor), complex((mean - factor * film).mean()), mirror)

    def into(self, points: Floats) -> Floats:
        """Film to frame."""
        z = _complex(points)
        return _real(self.factor * (z.conj() if self.mirror else z) + self.shift)

    def back(self, points: Floats) -> Floats:
        """Frame to film."""
        z = (_complex(points) - self.shift) / self.factor
        return _real(z.conj() if self.mirror else z)

    def spread_into(self, covariance: Floats) -> Floats:
        """Covariances (K, 2, 2), film to frame."""
        return np.asarray(self._matrix @ covariance @ self._matrix.T)

    def spread_back(self, covariance: Floats) -> Floats:
        """Covariances (K, 2, 2), frame to film."""
        inverse = np.linalg.inv(self._matrix)
        return np.asarray(inverse @ covariance @ inverse.T)

    @property
    def _matrix(self) -> Floats:
        a, b = self.factor.real, self.factor.imag
        return np.array([[a, -b], [b, a]]) @ np.diag([1.0, -1.0 if self.mirror else 1.0])


def _fit(film: NDArray[np.complex128], mean: NDArray[np.complex128]) -> tuple[complex, complex, float]:
    factor, shift = similarity(film, mean)
    return factor, shift, float((abs(factor * film + shift - mean) ** 2).mean())


def _observe(
    shape: ShapeModel, decided: Floats, proposed: Floats, spread: Floats | None
) -> tuple[Floats, Floats, Floats]:
    """Mean (K, 2) and covariance (K, 2, 2) of every landmark, and how odd (K,) each observed one is."""
    given = np.isfinite(decided).all(axis=1) & shape.known
    offered = np.isfinite(proposed).all(axis=1) & shape.known & ~given
    seen = np.flatnonzero(given | offered)
    noise = np.tile(CLICK**2 * np.eye(2), (len(seen), 1, 1))
    if spread is not None:
        noise[offered[seen]] = spread[np.flatnonzero(offered)] + FLOOR**2 * np.eye(2)
    rows = np.stack([2 * seen, 2 * seen + 1], axis=1).ravel()
    prior = shape.covariance
    mean = np.where(shape.known[:, None], shape.mean, 0.0).ravel()
    away = np.where(given[:, None], decided, proposed).ravel()[rows] - mean[rows]
    odd = np.zeros(len(seen))
    inflation = np.ones(len(seen))
    for _ in range(ROUNDS if offered.any() else 1):
        system = prior[np.ix_(rows, rows)] + _block_diagonal(noise * inflation[:, None, None])
        inverse: Floats = np.asarray(np.linalg.inv(system), dtype=np.float64)
        odd = _left_out(inverse, away)
        inflation = np.where(offered[seen], inflation * np.maximum(1.0, odd / FAR), 1.0)
    gain = prior[:, rows] @ inverse
    points = (mean + gain @ away).reshape(-1, 2)
    posterior = prior - gain @ prior[rows]
    all_odd = np.full(len(shape.mean), np.nan)
    all_odd[seen] = odd
    return points, _blocks(posterior), all_odd


def _left_out(inverse: Floats, away: Floats) -> Floats:
    """Squared distance (n,) of each observation from what the others say of it, in closed form."""
    pull = (inverse @ away).reshape(-1, 2)
    own = np.linalg.inv(_blocks(inverse))
    return np.asarray(np.einsum("ni,nij,nj->n", pull, own, pull))


def _given(covariance: Floats, place: int) -> Floats:
    columns = covariance[:, 2 * place : 2 * place + 2]
    own = columns[2 * place : 2 * place + 2] + CLICK**2 * np.eye(2)
    return np.asarray(covariance - columns @ np.linalg.solve(own, columns.T))


def _gain(covariance: Floats, place: int) -> float:
    """How much less the variance of all the other landmarks is once this one is known."""
    columns = covariance[:, 2 * place : 2 * place + 2]
    own = columns[2 * place : 2 * place + 2] + CLICK**2 * np.eye(2)
    others = np.delete(columns, [2 * place, 2 * place + 1], axis=0)
    return float(np.trace(others @ np.linalg.solve(own, others.T)))


def _blocks(matrix: Floats) -> Floats:
    k = len(matrix) // 2
    return np.asarray(np.array([matrix[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] for i in range(k)]).reshape(k, 2, 2))


def _block_diagonal(blocks: Floats) -> Floats:
    result = np.zeros((2 * len(blocks), 2 * len(blocks)))
    for i, block in enumerate(blocks):
        result[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = block
    return result


def _complex(points: Floats) -> NDArray[np.complex128]:
    return np.asarray(points[:, 0] + 1j * points[:, 1])


def _real(points: NDArray[np.complex128]) -> Floats:
    return np.stack([points.real, points.imag], axis=1)
