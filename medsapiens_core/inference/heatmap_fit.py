"""Sub-cell peaks of heatmaps by a weighted quadratic fit of their logarithm (methods.md 1.5).

For a Gaussian the fit is exact, also at the border, and minus the inverse Hessian is its covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RADIUS = 4  # window of 9 x 9 cells
FLOOR = 1e-3  # of the peak: cells below it say nothing of the peak's shape
MAX_OFFSET = 2.0  # cells between the highest cell and an accepted peak
_SIDE = np.arange(-RADIUS, RADIUS + 1, dtype=np.float64)
_X, _Y = (axis.ravel() for axis in np.meshgrid(_SIDE, _SIDE))
_BASIS = np.stack([np.ones_like(_X), _X, _Y, _X**2, _X * _Y, _Y**2], axis=1)  # (81, 6)


@dataclass(frozen=True, eq=False)
class Peaks:
    """`xy` (K, 2) cells, `scores` (K,), `covariance` (K, 2, 2) cells^2, `weak` (K,): centre of mass, or nothing."""

    xy: Floats
    scores: Floats
    covariance: Floats
    weak: NDArray[np.bool_]


def fit_peaks(heatmaps: NDArray[np.floating]) -> Peaks:
    """Find the peak of each map (K, h, w); NaN and score 0 where a map is flat, negative or not finite."""
    count, height, width = heatmaps.shape
    flat = heatmaps.reshape(count, height * width)
    highest, lowest = flat.max(axis=1).astype(np.float64), flat.min(axis=1).astype(np.float64)
    found = np.isfinite(highest) & np.isfinite(lowest) & (highest > 0) & (highest > lowest)
    start = np.stack(np.divmod(flat.argmax(axis=1), width)[::-1], axis=1)
    xy, covariance = np.full((count, 2), np.nan), np.full((count, 2, 2), np.nan)
    weak = np.ones(count, dtype=bool)
    if found.any():
        window = _windows(heatmaps, start)[found] / highest[found, None]
        offset, spread, weak[found] = _fit(window)
        xy[found], covariance[found] = start[found] + offset, spread
    return Peaks(xy, np.where(found, highest, 0.0), covariance, weak)


def _windows(heatmaps: NDArray[np.floating], centre: NDArray[np.intp]) -> Floats:
    """Cells (K, 81) around each centre, row by row; 0 outside the map."""
    count, height, width = heatmaps.shape
    x = centre[:, :1] + _X.astype(np.intp)
    y = centre[:, 1:] + _Y.astype(np.intp)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    cells = heatmaps[np.arange(count)[:, None], y.clip(0, height - 1), x.clip(0, width - 1)]
    result: Floats = np.where(inside, cells, 0.0).astype(np.float64)
    return result


def _fit(window: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Offset (N, 2) from the centre, covariance (N, 2, 2) and weak (N,) of windows (N, 81) with peak 1."""
    weight = np.where(window > FLOOR, window, 0.0) ** 2
    value = np.log(np.maximum(window, FLOOR))
    normal = np.einsum("nc,ci,cj->nij", weight, _BASIS, _BASIS, optimize=True)
    right = (weight * value) @ _BASIS
    # a window with too few cells above the floor is singular; the pseudo-inverse then fails the test of the Hessian
    b, c, d, e, f = np.einsum("nij,nj->in", np.linalg.pinv(normal, rcond=1e-13, hermitian=True), right)[1:]
    determinant = 4 * d * f - e * e
    hill = (d < -1e-6) & (determinant > 1e-9)
    safe = np.where(hill, determinant, 1.0)
    offset = np.stack([(e * c - 2 * f * b) / safe, (e * b - 2 * d * c) / safe], axis=1)
    spread = np.stack([-2 * f, e, e, -2 * d], axis=1).reshape(-1, 2, 2) / safe[:, None, None]
    weak = ~(hill & (np.hypot(*offset.T) <= MAX_OFFSET))
    mass_offset, mass_spread = _centre_of_mass(window)
    return (
        np.where(weak[:, None], mass_offset, offset),
        np.where(weak[:, None, None], mass_spread, spread),
        weak,
    )


def _centre_of_mass(window: Floats) -> tuple[Floats, Floats]:
    """Offset and second moment of what rises above a tenth of the peak."""
    mass = np.maximum(window - 0.1, 0.0)
    mass /= mass.sum(axis=1, keepdims=True)
    offset = mass @ np.stack([_X, _Y], axis=1)
    away = np.stack([_X, _Y], axis=1)[None] - offset[:, None]
    spread = np.einsum("nc,nci,ncj->nij", mass, away, away)
    return offset, spread
