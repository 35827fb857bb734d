"""What a model's own figures are worth: fitted on labelled images that took no part in its training.

A heatmap gives a covariance and an expected radial error; both are only proportional to the truth. A `Calibration`
holds, for one template, the factors that make regions of stated coverage and errors in pixels of them. All of it is
free of scale: it holds for images of any size. Source: methods.md 11.3 (split conformal prediction: Vovk et al. 2005;
elliptic regions for landmarks: Jonkers et al., arXiv 2503.14106).
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.shrinkage import effective_count, shrunk_means

Floats = NDArray[np.float64]
Positive = Annotated[float, Field(gt=0)]

COVERAGES = (0.68, 0.95)
RAYLEIGH_LOG_MEAN = 0.0579658  # mean of log m where m is the distance of a true covariance: (log 2 - Euler's gamma) / 2
SMALLEST = 1e-9  # errors of exactly 0 must not give factors of 0
NEAREST = 0.05  # of the median: smaller distances are not told apart, because logarithms are taken
MIN_IMAGES = 10  # for a region at all: points of one image are alike, so that few images say little of the next
OWN_FROM = 100  # images from which a landmark's own quantile varies by no more than 0.02 in coverage (methods.md 11.3)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LandmarkCalibration(_Frozen):
    """One landmark. `scale` turns the heatmap's standard deviations into those of the errors (a temperature).

    `error_factor` times the heatmap's expected radial error is the expected true error. `quantiles` has the conformal
    quantile of this landmark's distances for each of the coverages, null where `n` labelled points are too few for it
    (n < 19 at 95 %).
    """

    n: int = Field(ge=0)
    scale: Positive
    error_factor: Positive
    quantiles: tuple[Positive | None, ...]


class Calibration(_Frozen):
    """One template. `pooled` has the quantiles of all landmarks' distances over their scales, null where too few.

    `data_sha256` identifies the images that were used; `effective_n` is the number of independent points that the
    pooled points are worth.
    """

    template_version: int = Field(ge=1)
    n_images: int = Field(ge=1)
    effective_n: Positive
    data_sha256: str
    coverages: tuple[Annotated[float, Field(gt=0, lt=1)], ...]
    pooled: tuple[Positive | None, ...]
    landmarks: dict[str, LandmarkCalibration]

    def radius(self, landmark: str, coverage: float) -> float | None:
        """Size of the region in standard deviations of the heatmap; None where there is none.

        The landmark's own quantile if it rests on 100 images, else the pooled one times the landmark's scale: that
        holds over the template's landmarks together, not for each of them.
        """
        mark = self.landmarks.get(landmark)
        if mark is None or coverage not in self.coverages:
            return None
        position = self.coverages.index(coverage)
        if mark.n >= OWN_FROM:
            return mark.quantiles[position]
        pooled = self.pooled[position]
        return None if pooled is None else pooled * mark.scale


def fit_calibration(
    template: Template,
    xy: ArrayLike,
    truth: ArrayLike,
    covariance: ArrayLike,
    radial_error: ArrayLike,
    *,
    data_sha256: str = "",
) -> Calibration:
    """Fit on n images, K landmarks: points and truth (n, K, 2), covariance (n, K, 2, 2), radial error (n, K), in px.

    Truth by R readers is (n, R, K, 2): regions then hold for whichever of them reads, while the expected error stays
    that against the first, whom the model has learned from. NaN where there is no point or label. Raises ValueError
    when nothing is labelled.
    """
    readings = np.asarray(truth, dtype=np.float64)
    readings = readings[:, None] if readings.ndim == 3 else readings
    distance = mahalanobis(np.asarray(xy)[:, None], readings, np.asarray(covariance)[:, None])
    known = np.isfinite(distance)
    if not known.any():
        raise ValueError("no labelled point to calibrate on")
    error = np.linalg.norm(np.asarray(xy) - readings[:, 0], axis=-1)
    factors = _error_factors(error / np.asarray(radial_error, dtype=np.float64))
    scales = _scales(distance)
    scaled = _scaled_without_itself(distance)
    used = scaled[known.any(axis=(1, 2))].reshape(-1, distance.shape[1] * distance.shape[2])
    effective = effective_count(_logs(used))
    marks = {
        name: LandmarkCalibration(
            n=int(known[:, :, k].any(axis=1).sum()),
            scale=float(scales[k]),
            error_factor=float(factors[k]),
            quantiles=tuple(conformal_quantile(distance[:, :, k], coverage) for coverage in COVERAGES),
        )
        for k, name in enumerate(template.ids)
    }
    return Calibration(
        template_version=template.version,
        n_images=len(used),
        effective_n=effective,
        data_sha256=data_sha256,
        coverages=COVERAGES,
        pooled=tuple(pooled_quantile(used, coverage, effective) for coverage in COVERAGES),
        landmarks=marks,
    )


def mahalanobis(xy: ArrayLike, truth: ArrayLike, covariance: ArrayLike) -> Floats:
    """Distances (...,) between points and truth (..., 2) in standard deviations of `covariance` (..., 2, 2).

    NaN where a point, a label or a usable covariance is missing.
    """
    offset = np.subtract(truth, xy, dtype=np.float64)
    shape = np.asarray(covariance, dtype=np.float64)
    determinant = np.linalg.det(np.nan_to_num(shape))
    usable = np.isfinite(offset).all(-1) & np.isfinite(shape).all((-2, -1)) & (determinant > 0)
    inverse = np.linalg.inv(np.where(usable[..., None, None], shape, np.eye(2)))
    squared = np.einsum("...i,...ij,...j->...", np.nan_to_num(offset), inverse, np.nan_to_num(offset))
    result: Floats = np.where(usable, np.sqrt(np.maximum(squared, 0)), np.nan)
    return result


def conformal_quantile(scores: ArrayLike, coverage: float) -> float | None:
    """The ceil((n+1) coverage)-th smallest of n scores, NaN left out; None where that is more than n.

    Of several scores of one image, (n, R), each image has equal weight: the rank is that of n images.
    """
    values = np.asarray(scores, dtype=np.float64)
    values = values.reshape(len(values), -1)
    values = values[np.isfinite(values).any(axis=1)]
    share = _ceil((len(values) + 1) * coverage) / max(1, len(values))
    return None if share > 1 or not len(values) else _weighted_quantile(values, share)


def pooled_quantile(scores: Floats, coverage: float, effective: float) -> float | None:
    """The same over all points of images (n, K), each image with equal weight; None for fewer than 10 images.

    The rank is that of `effective` independent points: a share (effective + 1) / effective of `coverage`.
    """
    share = coverage * (effective + 1) / effective
    return None if len(scores) < MIN_IMAGES or share > 1 else _weighted_quantile(scores, share)


def _weighted_quantile(scores: Floats, share: float) -> float:
    """The smallest of the scores of images (n, R), each image with equal weight, that `share` of them do not exceed."""
    known = np.isfinite(scores)
    weight = np.broadcast_to(1 / np.maximum(known.sum(axis=1, keepdims=True), 1), scores.shape)[known]
    order = np.argsort(scores[known])
    reached = np.cumsum(weight[order]) / weight.sum()
    position = min(int(np.searchsorted(reached, share - 1e-9)), len(order) - 1)
    return max(float(scores[known][order][position]), SMALLEST)


def _rows(values: Floats) -> Floats:
    """(n, R, K) as (n R, K)."""
    return values.reshape(-1, values.shape[-1])


def _scales(distance: Floats) -> Floats:
    """Scale of each landmark (K,), shrunk towards the common one as far as (n, R, K) data do not tell them apart."""
    result: Floats = np.exp(shrunk_means(_logs(_rows(distance))) - RAYLEIGH_LOG_MEAN)
    return result


def _scaled_without_itself(distance: Floats) -> Floats:
    """Each image's distances (n, R, K) over scales fitted without it, or the quantiles would be too small."""
    images = np.arange(len(distance))
    if np.isfinite(distance).any(axis=(1, 2)).sum() < 2:
        return distance / _scales(distance)
    return np.stack([distance[i] / _scales(distance[images != i]) for i in images])


def _error_factors(ratio: Floats) -> Floats:
    """Factors (K,) from true over expected errors (n, K), such that the mean ratio becomes 1."""
    factors = np.exp(shrunk_means(_logs(ratio)))
    result: Floats = np.maximum(factors * _finite(ratio / factors).mean(), SMALLEST)
    return result


def _logs(values: Floats) -> Floats:
    floor = max(NEAREST * float(np.median(_finite(values))), SMALLEST)
    result: Floats = np.log(np.maximum(values, floor))
    return result


def _finite(values: ArrayLike) -> Floats:
    flat = np.asarray(values, dtype=np.float64).ravel()
    result: Floats = flat[np.isfinite(flat)]
    return result


def _ceil(value: float) -> int:
    """Rounded up, but not because of the last bit: 10 x 0.9 is 9."""
    return math.ceil(value - 1e-9)
