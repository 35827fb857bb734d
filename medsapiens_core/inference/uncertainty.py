"""From a prediction and its model's calibration to what is shown: a region for each landmark and its expected error.

Without a calibration that fits there is no region and no error, never a guess. Needs no torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.certainty import radii_95
from medsapiens_core.data.image import Spacing
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.calibration import Calibration

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Region:
    """An ellipse about the point that holds the landmark with probability `coverage`, over the template's landmarks.

    `semi_axes_px` are the long and the short one in image pixels; `angle_deg` turns the long one from +x towards +y
    (clockwise on screen), above -90 up to 90.
    """

    semi_axes_px: tuple[float, float]
    angle_deg: float
    coverage: float

    def area(self, spacing: Spacing | None = None) -> float:
        """Area in mm^2, or in px^2 without a spacing."""
        cell = 1.0 if spacing is None else spacing.row_mm * spacing.col_mm
        return math.pi * self.semi_axes_px[0] * self.semi_axes_px[1] * cell


def regions(
    prediction: Prediction, template: Template, calibration: Calibration | None, coverage: float = 0.95
) -> list[Region | None]:
    """The region of each landmark in template order; None where calibration, point or covariance is missing."""
    if calibration is None or prediction.covariance is None or not _fits(prediction, template, calibration):
        return [None] * len(template)
    usable = np.isfinite(prediction.xy_image.sum(axis=1))
    return [
        _ellipse(shape, calibration.radius(name, coverage), coverage) if known else None
        for name, shape, known in zip(template.ids, prediction.covariance, usable, strict=True)
    ]


def radius_95(
    prediction: Prediction, template: Template, calibration: Calibration | None, spacing: Spacing | None
) -> Floats:
    """Radius (K,) of the circle that holds the region of 95 %, in mm, or in px without a spacing; NaN where unknown."""
    if calibration is None or prediction.covariance is None or not _fits(prediction, template, calibration):
        return np.full(len(template), np.nan)
    return radii_95(prediction, [calibration.radius(name, 0.95) for name in template.ids], spacing)


def expected_error_px(prediction: Prediction, template: Template, calibration: Calibration | None) -> Floats:
    """Expected radial error (K,) in image pixels; NaN where it is not known."""
    if calibration is None or prediction.radial_error is None or not _fits(prediction, template, calibration):
        return np.full(len(template), np.nan)
    marks = [calibration.landmarks.get(name) for name in template.ids]
    factors = np.array([np.nan if mark is None else mark.error_factor for mark in marks])
    known = np.isfinite(prediction.xy_image.sum(axis=1))
    result: Floats = np.where(known, prediction.radial_error * factors, np.nan)
    return result


def expected_error_mm(error_px: Floats, prediction: Prediction, spacing: Spacing | None) -> Floats:
    """Errors (K,) in px as mm; where rows and columns differ, each direction counts by its share of the covariance."""
    if spacing is None:
        return np.full(len(error_px), np.nan)
    col, row = spacing.col_mm, spacing.row_mm
    if prediction.covariance is None:
        return error_px * math.sqrt((col**2 + row**2) / 2)
    xx, yy = prediction.covariance[:, 0, 0], prediction.covariance[:, 1, 1]
    result: Floats = error_px * np.sqrt((xx * col**2 + yy * row**2) / (xx + yy))
    return result


def _fits(prediction: Prediction, template: Template, calibration: Calibration) -> bool:
    """False for a doubtful prediction, another version of the template, and one stored with the peak's spread alone."""
    return (
        prediction.notice is None
        and prediction.radial_error is not None
        and (prediction.template_id, prediction.template_version) == (template.id, template.version)
        and calibration.template_version == template.version
    )


def _ellipse(covariance: Floats, radius: float | None, coverage: float) -> Region | None:
    if radius is None or not np.isfinite(covariance).all():
        return None
    variances, directions = np.linalg.eigh(covariance)
    if variances[0] <= 0:
        return None
    short, long = (radius * math.sqrt(float(v)) for v in variances)
    x, y = directions[:, 1]
    angle = math.degrees(math.atan2(y, x))
    return Region((long, short), _half_turn(angle), coverage)


def _half_turn(angle: float) -> float:
    """The same direction above -90 up to 90 degrees."""
    return angle - 180 * math.ceil((angle - 90) / 180)
