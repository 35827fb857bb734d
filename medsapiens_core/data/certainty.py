"""How far off a predicted point may be: the 95 % radius, from the heatmap's covariance and a model's own factors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.image import Spacing
from medsapiens_core.data.prediction import Prediction

Floats = NDArray[np.float64]


def radii_95(prediction: Prediction, factors: Sequence[float | None], spacing: Spacing | None) -> Floats:
    """Radius (K,) of the circle that holds the region of 95 %, in mm, or in px without a spacing; NaN where unknown.

    `factors` say for each landmark how many standard deviations of the heatmap the region reaches, None where the
    calibration does not know.
    """
    if prediction.covariance is None:
        return np.full(len(factors), np.nan)
    cell = np.ones(2) if spacing is None else np.array([spacing.col_mm, spacing.row_mm])
    found, told = np.isfinite(prediction.xy_image), np.isfinite(prediction.covariance)
    usable = np.asarray(found.all(axis=1) & told.all(axis=(1, 2)), dtype=np.bool_)
    covariance = np.where(usable[:, None, None], prediction.covariance, np.eye(2)) * np.outer(cell, cell)
    longest = np.sqrt(np.linalg.eigvalsh(covariance)[:, 1])
    known = usable & np.array([factor is not None for factor in factors])
    result: Floats = np.where(known, longest * np.array([factor or 0.0 for factor in factors]), np.nan)
    return result
