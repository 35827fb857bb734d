"""How far each landmark usually lies from where the others suggest, learned from reviewed cases (ux.md 6.3, W1).

Shapes are turned, moved and scaled onto their mean; a shrunken Gaussian of what is left says where each landmark is
expected given all the others (the conditional mean, in closed form from the inverse covariance). The limit of a
landmark is the 98 % quantile of its distances on cases that were held out in turn, in the shapes' own unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Floats = NDArray[np.float64]

FEWEST_CASES = 30
QUANTILE = 0.98
FOLDS = 10
SHRINKAGE = 4.0  # examples that a multiple of the identity counts as
NOISE = 0.004  # of the radius, standard deviation of how exactly people place points: keeps the inverse tame
FEWEST_POINTS = 4  # fewer tell nothing of the next
MOST_WARNINGS = 6
ROUNDS = 6


class ShapeLimits(BaseModel):
    """`mean` (K, 2) and `covariance` (2K, 2K) in a frame of radius 1; `limits` (K,) in `unit`, inf where unknown.

    `unit` is "mm", or "radius" (the root mean square distance of a film's own points from their centre) where the
    pixel size of some example was not known. `n_cases` examples; `source` says which.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    landmarks: tuple[str, ...]
    mean: tuple[tuple[float, float], ...]
    covariance: tuple[tuple[float, ...], ...]
    limits: tuple[float | None, ...]
    unit: Literal["mm", "radius"]
    n_cases: Annotated[int, Field(ge=1)]
    source: str

    def model_post_init(self, _context: Any) -> None:
        """Keep the arrays beside their JSON."""
        object.__setattr__(self, "_mean", np.array(self.mean))
        object.__setattr__(self, "_covariance", np.array(self.covariance))

    @property
    def mean_points(self) -> Floats:
        """(K, 2), centred, radius 1."""
        value: Floats = self.__dict__["_mean"]
        return value

    @property
    def covariance_matrix(self) -> Floats:
        """(2K, 2K)."""
        value: Floats = self.__dict__["_covariance"]
        return value


@dataclass(frozen=True)
class Stray:
    """A landmark (by position) that lies `distance` from where `others` other landmarks suggest; `limit` is usual."""

    position: int
    distance: float
    limit: float
    others: int


def fit_limits(shapes: Sequence[Floats], landmarks: Sequence[str], *, in_mm: bool, source: str) -> ShapeLimits | None:
    """Learn from examples (K, 2) each, in mm or in any unit, NaN where a landmark is missing.

    None below 30 examples. Every landmark must occur in some example to get a limit.
    """
    if len(shapes) < FEWEST_CASES:
        return None
    stack = np.array(shapes, dtype=np.float64)
    held_out = np.full(stack.shape[:2], np.nan)
    for fold in range(FOLDS):
        test = np.arange(len(stack)) % FOLDS == fold
        mean, covariance = _learn(stack[~test])
        for place in np.flatnonzero(test):
            held_out[place] = _distances(stack[place], mean, covariance, in_mm=in_mm)
    mean, covariance = _learn(stack)
    return ShapeLimits(
        landmarks=tuple(landmarks),
        mean=_rounded(mean),
        covariance=_rounded(covariance),
        limits=tuple(_quantile(column) for column in held_out.T),
        unit="mm" if in_mm else "radius",
        n_cases=len(stack),
        source=source,
    )


def find_strays(points: Floats, limits: ShapeLimits) -> list[Stray]:
    """Landmarks that lie beyond their limit, the worst first; `points` (K, 2) in mm where the limits are in mm.

    One wrong landmark misleads what is expected of its neighbours. So the worst is set aside and the rest is judged
    again without it, until none is left.
    """
    usual = np.array([np.inf if limit is None else limit for limit in limits.limits])
    rest, found = points.copy(), list[Stray]()
    while len(found) < MOST_WARNINGS:
        distances = _distances(rest, limits.mean_points, limits.covariance_matrix, in_mm=limits.unit == "mm")
        excess = np.nan_to_num(distances / usual, nan=0.0)
        worst = int(excess.argmax())
        if excess[worst] <= 1:
            break
        others = int(np.isfinite(rest).all(axis=1).sum()) - 1
        found.append(Stray(worst, float(distances[worst]), float(usual[worst]), others))
        rest[worst] = np.nan
    return found


def radius_of(points: Floats) -> float:
    """Root mean square distance of the points (K, 2) from their centre, NaN left out."""
    known = points[np.isfinite(points).all(axis=1)]
    return float(np.sqrt(((known - known.mean(axis=0)) ** 2).sum(axis=1).mean())) if len(known) else float("nan")


def fit_onto(points: Floats, mean: Floats) -> tuple[complex, complex]:
    """Turn-and-scale factor and shift that map `points` (K, 2) onto `mean` (K, 2); wrong points count for little.

    Both hold for x + iy. Iterated weights of Geman and McClure about the median distance; 0 for under two points.
    """
    known = np.isfinite(points).all(axis=1) & np.isfinite(mean).all(axis=1)
    if known.sum() < 2:
        return 0j, 0j
    film, goal = (p[known] @ np.array([1, 1j]) for p in (points, mean))
    weight = np.ones(len(film))
    factor = shift = 0j
    for _ in range(ROUNDS):
        share = weight / weight.sum()
        a, b = film - share @ film, goal - share @ goal
        power = share @ abs(a) ** 2
        factor = complex((share @ (a.conj() * b)) / power) if power > 0 else 0j
        shift = complex(share @ goal - factor * (share @ film))
        away = abs(factor * film + shift - goal)
        weight = 1 / (1 + (away / max(float(np.median(away)), 1e-6)) ** 2) ** 2
    return factor, shift


def aligned(points: Floats, mean: Floats) -> tuple[Floats, float]:
    """The points (K, 2) in the mean's frame, and how large one unit of that frame is among the points."""
    factor, shift = fit_onto(points, mean)
    if abs(factor) < 1e-12:
        return np.full_like(points, np.nan), float("nan")
    moved = factor * (points @ np.array([1, 1j])) + shift
    return np.stack([moved.real, moved.imag], axis=1), 1 / abs(factor)


def _learn(stack: Floats) -> tuple[Floats, Floats]:
    """Mean (K, 2) of radius 1 and shrunken covariance (2K, 2K) of examples (n, K, 2); Procrustes."""
    complete = np.isfinite(stack).all(axis=2).sum(axis=1)
    mean = _standard(stack[int(complete.argmax())])
    for _ in range(3):
        moved = np.array([aligned(shape, mean)[0] for shape in stack])
        mean = _standard(_mean_of_known(moved))
    away = np.array([aligned(shape, mean)[0] for shape in stack]) - mean
    flat = np.nan_to_num(away.reshape(len(stack), -1))
    sample = flat.T @ flat / len(flat)
    even = np.eye(len(sample)) * np.trace(sample) / len(sample)
    share = SHRINKAGE / (len(flat) + SHRINKAGE)
    return mean, (1 - share) * sample + share * even + NOISE**2 * np.eye(len(sample))


def _distances(points: Floats, mean: Floats, covariance: Floats, *, in_mm: bool) -> Floats:
    """How far each landmark lies (K,) from where the others put it; NaN for missing ones and where too few are left."""
    result = np.full(len(points), np.nan)
    moved, unit = aligned(points, mean)
    known = np.flatnonzero(np.isfinite(moved - mean).all(axis=1))
    if len(known) < FEWEST_POINTS:
        return result
    rows = np.stack([2 * known, 2 * known + 1], axis=1).ravel()
    inverse = np.linalg.inv(covariance[np.ix_(rows, rows)])
    pull = (inverse @ (moved - mean)[known].ravel()).reshape(-1, 2)
    own = np.array([inverse[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] for i in range(len(known))])
    away = np.linalg.solve(own, pull[..., None])[..., 0]
    result[known] = np.linalg.norm(away, axis=1) * (unit if in_mm else 1.0)
    return result


def _standard(points: Floats) -> Floats:
    centre = np.nanmean(points, axis=0)
    result: Floats = (points - centre) / radius_of(points)
    return result


def _mean_of_known(stack: Floats) -> Floats:
    known = np.isfinite(stack)
    count = known.sum(axis=0)
    total = np.where(known, stack, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _quantile(distances: Floats) -> float | None:
    known = distances[np.isfinite(distances)]
    return float(np.quantile(known, QUANTILE, method="higher")) if len(known) >= FEWEST_CASES else None


def _rounded(values: Floats) -> Any:
    return tuple(tuple(float(f"{value:.9g}") for value in row) for row in values.tolist())
