"""How far a mean paired difference can be trusted: bootstrap over patients and an exact sign-flip test.

Images of one patient are not independent, so patients are drawn, not images. Source: methods.md 12.6; BCa after
Efron & Tibshirani, An Introduction to the Bootstrap, chapter 14.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]
RESAMPLES = 10_000
BCA_BELOW = 50  # patients; above, the plain percentile interval is as good
EXACT_BELOW = 20  # patients; 2^19 sign patterns are still enumerated at once


@dataclass(frozen=True)
class PatientSums:
    """Sums of the differences and their number per patient, (P,) each."""

    total: Array
    count: Array

    @property
    def mean(self) -> float:
        """Mean difference over all images."""
        return float(self.total.sum() / self.count.sum())


def by_patient(differences: ArrayLike, groups: Sequence[Hashable]) -> PatientSums:
    """Collect differences (n,) by patient; NaN (not measured by both models) is left out."""
    values = np.asarray(differences, dtype=np.float64)
    names = {name: position for position, name in enumerate(dict.fromkeys(groups))}
    index = np.array([names[name] for name in groups], dtype=np.intp)
    known = np.isfinite(values)
    total = np.bincount(index[known], values[known], minlength=len(names)).astype(np.float64)
    count = np.bincount(index[known], minlength=len(names)).astype(np.float64)
    used = count > 0
    return PatientSums(total[used], count[used])


def bootstrap_means(sums: PatientSums, *, seed: int = 0, resamples: int = RESAMPLES) -> Array:
    """Means (resamples,) of patients drawn with replacement, sorted."""
    patients = len(sums.total)
    rng = np.random.default_rng(seed)
    means = [
        sums.total[draw].sum(axis=1) / sums.count[draw].sum(axis=1)
        for draw in np.array_split(rng.integers(0, patients, (resamples, patients)), max(1, resamples // 1000))
    ]
    return np.sort(np.concatenate(means))


def quantile(sums: PatientSums, means: Array, level: float) -> float:
    """The `level` quantile of the bootstrap: bias corrected and accelerated below 50 patients, else percentile."""
    if len(sums.total) < BCA_BELOW:
        level = _bca_level(sums, means, level)
    return float(np.quantile(means, level))


def method_name(sums: PatientSums) -> str:
    """Which interval `quantile` gives."""
    return "paired bootstrap, BCa" if len(sums.total) < BCA_BELOW else "paired bootstrap, percentile"


def _bca_level(sums: PatientSums, means: Array, level: float) -> float:
    below = (np.count_nonzero(means < sums.mean) + 0.5 * np.count_nonzero(means == sums.mean)) / len(means)
    if not 0 < below < 1:
        return level
    left_out = (sums.total.sum() - sums.total) / (sums.count.sum() - sums.count)
    spread = left_out.mean() - left_out
    scale = float((spread**2).sum()) ** 1.5
    acceleration = float((spread**3).sum()) / (6 * scale) if scale > 0 else 0.0
    bias = float(ndtri(below))
    shifted = bias + float(ndtri(level))
    return float(ndtr(bias + shifted / (1 - acceleration * shifted)))


def sign_flip_p(sums: PatientSums) -> float:
    """Exact two-sided p value of the mean being 0, over all sign patterns of the patients (fewer than 20)."""
    if len(sums.total) >= EXACT_BELOW:
        raise ValueError("the exact test is for fewer than 20 patients")
    patterns = np.zeros(1)
    for value in sums.total:
        patterns = np.concatenate([patterns + value, patterns - value])
    observed = abs(sums.total.sum())
    tolerance = 1e-9 * max(1.0, np.abs(sums.total).sum())
    return float(np.mean(np.abs(patterns) >= observed - tolerance))
