"""How the error falls with the number of labelled cases, from the project's own (ux.md 9.4, methods.md 9.9).

What is measured is the shape: other cases are completed from the three best anchors with a shape learned from n of the
reviewed ones. It is the error of Fill the rest, not that of a fine-tuned model, and is called so wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medsapiens_core.shape.completion import FEWEST, best_anchors, complete
from medsapiens_core.shape.model import Floats, ShapeModel, learn_shape
from medsapiens_core.shape.source import NOMINAL, Labelled, share_scale

FEWEST_CASES = 5  # below, there is only a count
MOST_CASES = 60  # taken, for the sake of time
REPEATS, HELD_OUT, DRAWS = 8, 12, 300
ANCHORS = 3
AHEAD = (0, 10, 25)
BAND = (5.0, 95.0)


@dataclass(frozen=True)
class Figure:
    """Expected error with so many `cases`, and its band (5 to 95 %)."""

    cases: int
    error: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """`points` are (n, mean error) as measured, `figures` for now, 10 and 25 more cases; `unit` is "mm" or "%" of the
    film's diagonal.
    """

    points: tuple[tuple[int, float], ...]
    figures: tuple[Figure, ...]
    unit: str


def learning_curve(cases: Sequence[Labelled], *, seed: int = 0) -> Curve | None:
    """Measure and fit; None for fewer than five cases or too few landmarks to leave some out."""
    count = len(cases)
    if count < FEWEST_CASES:
        return None
    points, unit = _shapes(cases[-MOST_CASES:])
    anchors = best_anchors(learn_shape(points), [], max(FEWEST, min(ANCHORS, len(points[0]) - 1)))
    rng = np.random.default_rng(seed)
    measured = [(n, e) for n in _sizes(len(points)) for e in _hold_out(points, anchors, n, rng)]
    if len({n for n, _ in measured}) < 2:
        return None
    n, error = np.array(measured).T
    fits = [_fit(n[draw], error[draw]) for draw in rng.integers(0, len(n), (DRAWS, len(n)))]
    figures = tuple(_figure(count + more, _fit(n, error), fits) for more in AHEAD)
    means = tuple((int(size), float(error[n == size].mean())) for size in np.unique(n))
    return Curve(means, figures, unit)


def _shapes(cases: Sequence[Labelled]) -> tuple[list[Floats], str]:
    if all(case.spacing is not None for case in cases):
        pixels = [case.spacing for case in cases]
        factors = [np.array([p.col_mm, p.row_mm]) for p in pixels if p is not None]
        return [case.xy_image * factor for case, factor in zip(cases, factors, strict=True)], "mm"
    per_cent = 100.0 / NOMINAL
    return [case.xy_image * share_scale(case.spacing, case.size) * per_cent for case in cases], "%"


def _sizes(count: int) -> list[int]:
    """About five numbers of examples, evenly on a log scale, that leave at least one case out."""
    return sorted({round(float(n)) for n in np.geomspace(2, max(count - max(1, count // 5), 2), 5)})


def _hold_out(points: Sequence[Floats], anchors: Sequence[int], n: int, rng: np.random.Generator) -> list[float]:
    errors = []
    for _ in range(REPEATS):
        order = rng.permutation(len(points))
        shape = learn_shape([points[k] for k in order[:n]])
        held = [_error(shape, points[k], anchors) for k in order[n : n + HELD_OUT]]
        known = [e for e in held if np.isfinite(e)]
        if known:
            errors.append(float(np.mean(known)))
    return errors


def _error(shape: ShapeModel, points: Floats, anchors: Sequence[int]) -> float:
    decided = np.full_like(points, np.nan)
    decided[list(anchors)] = points[list(anchors)]
    if (np.isfinite(decided).all(axis=1) & shape.known).sum() < FEWEST:
        return float("nan")
    away = np.linalg.norm(complete(shape, decided).points - points, axis=1)
    rest = np.delete(away, anchors)
    return float(np.nanmean(rest)) if np.isfinite(rest).any() else float("nan")


def _fit(n: Floats, error: Floats) -> tuple[float, float]:
    """Level a and slope b of a - b log n; more cases never make it worse."""
    x = np.log(n)
    spread = float(((x - x.mean()) ** 2).sum())
    slope = 0.0 if spread < 1e-12 else min(float(((x - x.mean()) * (error - error.mean())).sum()) / spread, 0.0)
    return float(error.mean() - slope * x.mean()), -slope


def _figure(cases: int, fit: tuple[float, float], fits: Sequence[tuple[float, float]]) -> Figure:
    values = [max(a - b * np.log(cases), 0.0) for a, b in fits]
    low, high = np.percentile(values, BAND)
    middle = max(fit[0] - fit[1] * np.log(cases), 0.0)
    return Figure(cases, float(middle), float(min(low, middle)), float(max(high, middle)))
