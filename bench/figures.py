"""From errors to the figures of a table, each with a 95 % interval over images (evaluation/resampling.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.films import FilmSet
from medsapiens_core.evaluation.metrics import RADII_MM, error_table, image_errors, summarise
from medsapiens_core.evaluation.resampling import RESAMPLES, bootstrap_means, by_patient, quantile

Array = NDArray[np.float64]
FAILED_MM = 10.0  # a film whose mean error is above this is wholly wrong
LANDMARK_RESAMPLES = 2000
NAN = float("nan")


@dataclass(frozen=True)
class Figure:
    """A figure and its 95 % interval, NaN where there is nothing to rest on."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Figure:
        """The same in another unit."""
        return Figure(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Row:
    """What is said of one set, change of its films, reader and whoever placed the points.

    Lengths are in `unit` ("mm", or "px" where a spacing is unknown); shares are 0..1. `sdr` and `failed` (films with a
    mean error above 10 mm) are None without mm. `flagged` is the share of films whose whole set the model doubts.
    """

    set: str
    variant: str
    template: str
    reference: str
    placed_by: str
    n_images: int
    n_points: int
    n_missing: int
    unit: str
    mre: Figure
    median: float
    p95: float
    sdr: Mapping[float, Figure] | None
    failed: Figure | None
    mre_diagonal: Figure
    flagged: float | None
    per_landmark: Mapping[str, Figure]


def mean_figure(values: Array, resamples: int = RESAMPLES) -> Figure:
    """Mean over all finite entries of (n images, ...); images are drawn, with everything that belongs to them."""
    table = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    flat = np.where(np.isfinite(table), table, np.nan).ravel()
    sums = by_patient(flat, np.repeat(np.arange(len(table)), table.shape[1]).tolist())
    if not sums.count.size:
        return Figure(NAN, NAN, NAN)
    if sums.count.size == 1:
        return Figure(sums.mean, NAN, NAN)
    means = bootstrap_means(sums, resamples=resamples)
    return Figure(sums.mean, quantile(sums, means, 0.025), quantile(sums, means, 0.975))


def make_row(
    films: FilmSet,
    reference: str,
    placed_by: str,
    points: Array,
    *,
    variant: str = "as it is",
    flagged: NDArray[np.bool_] | None = None,
) -> Row:
    """Measure points (n, K, 2) in px of the unchanged films against one reader."""
    truth = films.truth(reference)
    px = error_table(points, truth)
    spacings = films.spacings
    errors = px if spacings is None else error_table(points, truth, spacings)
    summary = summarise(errors)
    return Row(
        set=films.name,
        variant=variant,
        template=films.template.id,
        reference=reference,
        placed_by=placed_by,
        n_images=summary.n_images,
        n_points=summary.n_points,
        n_missing=summary.n_missing,
        unit="px" if spacings is None else "mm",
        mre=mean_figure(errors),
        median=summary.median,
        p95=summary.p95,
        sdr=None if spacings is None else {radius: mean_figure(hits(errors, radius)) for radius in RADII_MM},
        failed=None if spacings is None else mean_figure(failures(errors)),
        mre_diagonal=mean_figure(px / films.diagonals[:, None]),
        flagged=None if flagged is None else float(np.mean(flagged)),
        per_landmark={name: mean_figure(errors[:, k], LANDMARK_RESAMPLES) for k, name in enumerate(films.template.ids)},
    )


def hits(errors: Array, radius: float) -> Array:
    """1 where an error is strictly below the radius, 0 where not or not found, NaN where unlabelled."""
    return np.where(np.isnan(errors), np.nan, errors < radius)


def failures(errors: Array) -> Array:
    """(n,) 1 for a film that is wholly wrong or without any point, NaN for one without labels."""
    means = image_errors(errors)
    return np.where(np.isnan(errors).all(axis=1), np.nan, ~(means <= FAILED_MM))


def length(figure: Figure, unit: str) -> str:
    """A length with its interval."""
    return f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}] {unit}"
