"""Radial errors and what is reported of them.

An error table is (n images, K landmarks) in one unit: NaN where the truth has no point (left out everywhere),
infinite where the model gave none (a miss in every success rate, left out of means and counted by itself).
Source: methods.md 12.1-12.3; success is a radial error strictly below the radius, as MedSapiens counts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medsapiens_core.geometry import radial_error

Array = NDArray[np.float64]
RADII_MM = (2.0, 2.5, 3.0, 4.0)


def error_table(xy: ArrayLike, truth: ArrayLike, spacing: ArrayLike | None = None) -> Array:
    """Errors (n, K) of points (n, K, 2) in image pixels; in mm with `spacing` (n, 2) as (row, column) mm.

    A missing truth (NaN) gives NaN, a missing prediction (NaN or infinite) gives infinity.
    """
    points, labels = np.asarray(xy, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    size = np.ones((len(points), 2)) if spacing is None else np.asarray(spacing, dtype=np.float64)
    found = np.isfinite(points).all(axis=-1)
    errors = np.stack([radial_error(p, t, row, col) for p, t, (row, col) in zip(points, labels, size, strict=True)])
    errors[~found] = np.inf
    errors[~np.isfinite(labels).all(axis=-1)] = np.nan
    return errors


def success_rate(errors: ArrayLike, radius: float, *, strict: bool = True) -> float:
    """Share (0..1) of labelled points nearer than `radius`; `strict=False` counts an error of exactly `radius`."""
    values = labelled(errors)
    hits = values < radius if strict else values <= radius
    return float(hits.mean()) if values.size else float("nan")


def labelled(errors: ArrayLike) -> Array:
    """The errors of labelled points as one flat array, misses as infinity."""
    table = np.asarray(errors, dtype=np.float64)
    flat: Array = table[~np.isnan(table)]
    return flat


def image_errors(errors: ArrayLike) -> Array:
    """Mean error (n,) of the points found in each image (IPE); NaN for an image without any."""
    table = np.asarray(errors, dtype=np.float64)
    found = np.isfinite(table)
    with np.errstate(invalid="ignore"):
        means: Array = np.where(found, table, 0.0).sum(axis=-1) / found.sum(axis=-1)
    return means


@dataclass(frozen=True)
class Summary:
    """What is said of an error table; lengths in its unit, `sdr` maps a radius to a share 0..1.

    `sd_points` is over points, `sd_images` over image means: the literature mixes the two. Figures that have no
    point to rest on are NaN.
    """

    n_images: int
    n_points: int
    n_missing: int
    mre: float
    median: float
    sd_points: float
    sd_images: float
    p95: float
    sdr: dict[float, float]


def summarise(errors: ArrayLike, radii: Sequence[float] = RADII_MM, *, strict: bool = True) -> Summary:
    """Summarise an error table (n, K), or one landmark's column of it (n,)."""
    table = np.asarray(errors, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    values = labelled(table)
    found = values[np.isfinite(values)]
    means = image_errors(table)
    means = means[np.isfinite(means)]
    return Summary(
        n_images=len(table),
        n_points=int(values.size),
        n_missing=int(values.size - found.size),
        mre=float(np.mean(found)) if found.size else float("nan"),
        median=float(np.median(found)) if found.size else float("nan"),
        sd_points=float(np.std(found, ddof=1)) if found.size > 1 else float("nan"),
        sd_images=float(np.std(means, ddof=1)) if means.size > 1 else float("nan"),
        p95=float(np.percentile(found, 95)) if found.size else float("nan"),
        sdr={float(radius): success_rate(table, radius, strict=strict) for radius in radii},
    )


def agreement(xy: ArrayLike, other: ArrayLike, spacing: ArrayLike) -> tuple[float, float]:
    """Dahlberg's error sqrt(sum d^2 / 2n) along x and y in mm between two readers' points (n, K, 2)."""
    size = np.asarray(spacing, dtype=np.float64)
    difference = np.asarray(xy, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    in_mm = difference * size[:, None, ::-1]
    dx, dy = np.sqrt(np.nanmean(in_mm**2, axis=(0, 1)) / 2)
    return float(dx), float(dy)
