"""How far a whole heatmap spreads about the decoded point (methods.md 11.2).

The peak's own width says nothing of a second peak elsewhere; a network that was trained with a spatial softmax gives
the probability of every cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FINEST = 0.25  # cells: nothing is known more exactly (methods.md 11.2)
REGRESSION_FLOOR = 0.05  # of the peak: below it a map that was trained by squared error is noise, not probability


def map_moments(heatmaps: NDArray[np.floating], xy: Floats, *, floor: float = 0.0) -> tuple[Floats, Floats]:
    """Covariance (K, 2, 2) cells^2 and mean distance (K,) cells of maps (K, h, w) about points (K, 2) cells.

    Cells below `floor` times the peak do not count. NaN where a point is NaN.
    """
    mass = np.maximum(heatmaps, 0.0, dtype=np.float32)
    if floor > 0:
        mass = np.where(mass >= floor * mass.max(axis=(1, 2), keepdims=True), mass, np.float32(0))
    found = np.isfinite(xy.sum(axis=1))
    total = mass.sum(axis=(1, 2), dtype=np.float64)
    centre = np.where(found[:, None], xy, 0.0).astype(np.float32)
    dx = np.arange(mass.shape[2], dtype=np.float32) - centre[:, :1]
    dy = np.arange(mass.shape[1], dtype=np.float32) - centre[:, 1:]
    rows = mass @ np.stack([np.ones_like(dx), dx, dx**2], axis=2)  # (K, h, 3): moments along each row
    xx, xy_, yy = rows[..., 2].sum(1), (rows[..., 1] * dy).sum(1), (rows[..., 0] * dy**2).sum(1)
    away = (mass * np.sqrt(dx[:, None, :] ** 2 + dy[:, :, None] ** 2)).sum(axis=(1, 2))
    share = np.where(found & (total > 0), 1 / np.where(total > 0, total, 1.0), np.nan)
    moments = np.stack([xx, xy_, xy_, yy], axis=1).astype(np.float64).reshape(-1, 2, 2) * share[:, None, None]
    return moments + FINEST**2 * np.eye(2), np.hypot(away * share, FINEST)
