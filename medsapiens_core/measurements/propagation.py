"""From the errors of points to the error of a value (ux.md 11.4).

Distances, angles and ratios: first order, variance = sum over points of J C J^T. Maxima (Cobb) and folded values (leg
angle): simulation, because a search over noise is biased upward and a folded value has no slope at its fold.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from medsapiens_core.measurements.definitions import FOLDED, Kind, Measure, MeasureSet
from medsapiens_core.measurements.formulas import Locks, compute
from medsapiens_core.measurements.vectors import Floats

Z95 = 1.959963984540054
DRAWS, SEED = 2000, 20_260_311
STEP = 1e-4  # of the unit (mm or px): central differences are exact to about 1e-8 of the value there
Gradient = Mapping[str, tuple[float, float]]


def is_folded(measure: Measure, measures: MeasureSet) -> bool:
    """True for a value that must be simulated: a maximum, a fold, or a sum that has one."""
    if measure.kind is Kind.COMBINE:
        return any(is_folded(measures.by_id[term], measures) for term, _weight in measure.terms)
    return measure.kind in FOLDED


def gradient(measure: Measure, measures: MeasureSet, xy: Mapping[str, Floats], locks: Locks | None = None) -> Gradient:
    """Change of the value for one unit (mm, or px) of each landmark it rests on, along x and y.

    `xy` are points (2,) in the scale's unit. NaN where the value does not exist nearby.
    """
    marks = measures.landmarks(measure)
    stack = {mark: np.tile(np.asarray(xy[mark], float), (len(marks), 2, 2, 1)) for mark in marks}
    for position, mark in enumerate(marks):
        for axis in (0, 1):
            stack[mark][position, axis, :, axis] += (STEP, -STEP)
    value = compute(measure, measures, stack, locks)
    slope = (value[..., 0] - value[..., 1]) / (2 * STEP)
    return {mark: (float(slope[k, 0]), float(slope[k, 1])) for k, mark in enumerate(marks)}


def first_order_sd(slopes: Gradient, covariance: Mapping[str, Floats]) -> float:
    """Standard deviation of the value; `covariance` (2, 2) by landmark in the square of the same unit."""
    variance = 0.0
    for mark, slope in slopes.items():
        row = np.asarray(slope)
        variance += float(row @ covariance[mark] @ row)
    return float(np.sqrt(variance))


def draw_points(
    marks: tuple[str, ...], xy: Mapping[str, Floats], covariance: Mapping[str, Floats], draws: int = DRAWS
) -> dict[str, Floats]:
    """Points (draws, 2) by landmark, moved at random by their covariances; the same points get the same draws."""
    rng = np.random.default_rng(SEED)
    return {
        mark: np.asarray(xy[mark], float) + rng.standard_normal((draws, 2)) @ _root(covariance[mark]).T
        for mark in marks
    }


def half_width_of(draws: Floats, value: float) -> float:
    """The distance from the value that holds 95 % of the draws: a bias of the search widens it."""
    known = draws[np.isfinite(draws)]
    return float(np.quantile(np.abs(known - value), 0.95)) if len(known) else float("nan")


def scaled_covariance(covariance: Mapping[str, Floats], x: float, y: float) -> dict[str, Floats]:
    """Covariances in px^2 as those in the scale's unit squared."""
    size = np.outer((x, y), (x, y))
    return {mark: np.asarray(shape) * size for mark, shape in covariance.items()}


def _root(covariance: Floats) -> Floats:
    """A matrix whose square is the covariance; also for one without spread along an axis."""
    variances, directions = np.linalg.eigh(covariance)
    result: Floats = directions @ np.diag(np.sqrt(np.maximum(variances, 0)))
    return result
