"""How well two readings agree: distances, Bland-Altman, ICC(2,1), Dahlberg's error, and what they say of a landmark.

Differences are always second minus first, per axis, in mm where the pixel size of every case is known, else in px.
Missing points (NaN) are left out pairwise, landmark by landmark. Sources stand with each figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]
LEVEL = 0.95
NORMAL = 1.96  # standard deviations that hold 95 % of a normal distribution
FEWEST_FOR_DEFINITIONS = 5  # cases, below which a systematic difference cannot be told from chance
NAN = float("nan")


@dataclass(frozen=True)
class BlandAltman:
    """Bias and limits of agreement of paired values, each with its 95 % interval; NaN where too few pairs tell it.

    `bias` is the mean of second minus first, `sd` the standard deviation of these differences, `low` and `high` are
    bias -/+ 1.96 sd. Intervals by Student's t with standard errors sd / sqrt(n) and sqrt(3 sd^2 / n).
    Source: Bland JM, Altman DG. Statistical methods for assessing agreement between two methods of clinical
    measurement. Lancet 1986; 327: 307-310.
    """

    n: int
    bias: float
    sd: float
    low: float
    high: float
    bias_interval: tuple[float, float]
    low_interval: tuple[float, float]
    high_interval: tuple[float, float]


@dataclass(frozen=True)
class Icc:
    """ICC(2,1) with its 95 % interval, of `n` cases; NaN below two cases or without any spread."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Ellipse:
    """The region that holds 95 % of further differences: semi-axes in the unit, angle in degrees from +x towards +y."""

    long: float
    short: float
    angle: float


@dataclass(frozen=True, eq=False)
class LandmarkAgreement:
    """Agreement of two readers on one landmark over `n` cases; lengths in `unit`.

    `bias` and `sd` are (x, y), second minus first; `distance` is the mean distance, `within` the share 0..1 within the
    tolerance. `spread` is the standard deviation of the differences about their mean, over both axes. `missing` counts
    cases in which only one of the two placed it. `worst` has the places of the cases, largest distance first.
    """

    landmark: str
    n: int
    missing: int
    unit: str
    distance: float
    within: float
    bias: tuple[float, float]
    sd: tuple[float, float]
    spread: float
    dahlberg: tuple[float, float]
    icc: tuple[Icc, Icc]
    ellipse: Ellipse | None
    two_definitions: bool
    worst: tuple[int, ...]

    @property
    def bias_length(self) -> float:
        """How far the second reader lies from the first on average, as one length."""
        return math.hypot(*self.bias)

    @property
    def repeatability(self) -> float:
        """Standard deviation of one reading along one axis: Dahlberg's error, both axes together."""
        return math.sqrt((self.dahlberg[0] ** 2 + self.dahlberg[1] ** 2) / 2)


def bland_altman(first: ArrayLike, second: ArrayLike) -> BlandAltman:
    """Agreement of paired values (n,) in any unit; pairs with a missing value (NaN) are left out."""
    one, two = _paired(first, second)
    difference = two - one
    n = len(difference)
    if n == 0:
        nothing = (NAN, NAN)
        return BlandAltman(0, NAN, NAN, NAN, NAN, nothing, nothing, nothing)
    bias = float(difference.mean())
    sd = float(difference.std(ddof=1)) if n > 1 else NAN
    low, high = bias - NORMAL * sd, bias + NORMAL * sd
    t = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) if n > 1 else NAN
    of_bias, of_limit = t * sd / math.sqrt(n), t * math.sqrt(3 * sd**2 / n)
    return BlandAltman(n, bias, sd, low, high, _around(bias, of_bias), _around(low, of_limit), _around(high, of_limit))


def icc_2_1(ratings: ArrayLike) -> Icc:
    """ICC(2,1) of ratings (n cases, k readers): two-way random effects, absolute agreement, a single reader.

    (MSB - MSE) / (MSB + (k - 1) MSE + k (MSJ - MSE) / n). Cases with a missing rating (NaN) are left out.
    Sources: Shrout PE, Fleiss JL. Intraclass correlations: uses in assessing rater reliability. Psychol Bull 1979; 86:
    420-428; the interval by McGraw KO, Wong SP. Psychol Methods 1996; 1: 30-46, table 7.
    """
    table = np.asarray(ratings, dtype=np.float64)
    table = table[np.isfinite(table).all(axis=1)]
    n, k = table.shape
    if n < 2 or k < 2:
        return Icc(NAN, NAN, NAN, n)
    mean, rows, columns = table.mean(), table.mean(axis=1), table.mean(axis=0)
    between = k * float(((rows - mean) ** 2).sum()) / (n - 1)
    readers = n * float(((columns - mean) ** 2).sum()) / (k - 1)
    left = table - rows[:, None] - columns + mean
    error = float((left**2).sum()) / ((n - 1) * (k - 1))
    whole = between + (k - 1) * error + k * (readers - error) / n
    if whole <= 0:
        return Icc(NAN, NAN, NAN, n)
    value = (between - error) / whole
    return Icc(value, *_icc_interval(value, (between, readers, error), n, k), n)


def _icc_interval(icc: float, mean_squares: tuple[float, float, float], n: int, k: int) -> tuple[float, float]:
    between, readers, error = mean_squares
    if error <= 0 or icc >= 1:
        return (icc, icc) if readers <= 0 else (NAN, NAN)
    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    parts = (a * readers) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    freedom = (a * readers + b * error) ** 2 / parts
    rest = k * readers + (k * n - k - n) * error
    below = float(stats.f.ppf((1 + LEVEL) / 2, n - 1, freedom))
    above = float(stats.f.ppf((1 + LEVEL) / 2, freedom, n - 1))
    low = n * (between - below * error) / (below * rest + n * between)
    high = n * (above * between - error) / (rest + n * above * between)
    return low, high


def dahlberg(first: ArrayLike, second: ArrayLike) -> float:
    """Dahlberg's error sqrt(sum d^2 / 2n) of paired values (n,), in their unit: the error of a single reading.

    A systematic difference counts as error, too. NaN without a pair. Source: Dahlberg G. Statistical methods for
    medical and biological students. London: Allen & Unwin 1940; Houston WJB. Am J Orthod 1983; 83: 382-390.
    """
    one, two = _paired(first, second)
    return math.sqrt(float(((two - one) ** 2).mean()) / 2) if len(one) else NAN


def difference_region(differences: ArrayLike) -> Ellipse | None:
    """The 95 % prediction ellipse of differences (n, 2) about their mean; None below four of them, or in a line.

    Hotelling's T^2: radius^2 = 2 (n^2 - 1) / (n (n - 2)) F(2, n - 2). Source: Johnson RA, Wichern DW. Applied
    multivariate statistical analysis, 6th edition, 5.4.
    """
    values = np.asarray(differences, dtype=np.float64)
    n = len(values)
    if n < 4:
        return None
    variances, axes = np.linalg.eigh(np.cov(values.T))
    if variances[0] <= 0:
        return None
    radius = math.sqrt(2 * (n**2 - 1) / (n * (n - 2)) * float(stats.f.ppf(LEVEL, 2, n - 2)))
    angle = math.degrees(math.atan2(axes[1, 1], axes[0, 1])) % 180.0
    return Ellipse(radius * math.sqrt(variances[1]), radius * math.sqrt(variances[0]), angle)


def differ_systematically(differences: ArrayLike) -> bool:
    """Whether differences (n, 2) look like two definitions: the bias exceeds half the spread, and is not chance.

    Half the spread is ux.md 10.4; beside it Hotelling's T^2 test must say at 5 % that the mean is not 0, since the bias
    of a few cases is large by chance alone.
    """
    values = np.asarray(differences, dtype=np.float64)
    n = len(values)
    if n < FEWEST_FOR_DEFINITIONS:
        return False
    bias, scatter = values.mean(axis=0), np.cov(values.T)
    length, spread = float(np.hypot(*bias)), math.sqrt(float(np.trace(scatter)))
    if length <= spread / 2 or length == 0:
        return False
    if np.linalg.matrix_rank(scatter) < 2:  # no scatter across: the bias stands out by itself
        return True
    t2 = n * float(bias @ np.linalg.solve(scatter, bias))
    return bool(float(stats.f.sf((n - 2) / (2 * (n - 1)) * t2, 2, n - 2)) < 1 - LEVEL)


def landmark_agreement(
    landmark: str, first: ArrayLike, second: ArrayLike, *, unit: str, tolerance: float
) -> LandmarkAgreement:
    """Agreement on one landmark of points (n, 2) in `unit`, NaN where not placed; `tolerance` in the same unit."""
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    has_one, has_two = np.isfinite(one).all(axis=1), np.isfinite(two).all(axis=1)
    both = has_one & has_two
    difference = (two - one)[both]
    distance = np.hypot(difference[:, 0], difference[:, 1])
    places = np.flatnonzero(both)[np.argsort(-distance, kind="stable")]
    n = len(difference)
    axes = [bland_altman(one[both, axis], two[both, axis]) for axis in (0, 1)]
    return LandmarkAgreement(
        landmark=landmark,
        n=n,
        missing=int((has_one ^ has_two).sum()),
        unit=unit,
        distance=float(distance.mean()) if n else NAN,
        within=float((distance <= tolerance).mean()) if n else NAN,
        bias=(axes[0].bias, axes[1].bias),
        sd=(axes[0].sd, axes[1].sd),
        spread=math.hypot(axes[0].sd, axes[1].sd),
        dahlberg=(dahlberg(one[both, 0], two[both, 0]), dahlberg(one[both, 1], two[both, 1])),
        icc=(
            icc_2_1(np.stack([one[both, 0], two[both, 0]], axis=1)),
            icc_2_1(np.stack([one[both, 1], two[both, 1]], axis=1)),
        ),
        ellipse=difference_region(difference),
        two_definitions=differ_systematically(difference),
        worst=tuple(int(place) for place in places),
    )


def reader_agreement(
    landmarks: Sequence[str], first: ArrayLike, second: ArrayLike, *, unit: str, tolerances: Sequence[float]
) -> tuple[LandmarkAgreement, ...]:
    """Agreement on every landmark of points (n, K, 2) in `unit`; `tolerances` (K,) in the same unit."""
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    return tuple(
        landmark_agreement(mark, one[:, k], two[:, k], unit=unit, tolerance=tolerances[k])
        for k, mark in enumerate(landmarks)
    )


def _paired(first: ArrayLike, second: ArrayLike) -> tuple[Array, Array]:
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    both = np.isfinite(one) & np.isfinite(two)
    return one[both], two[both]


def _around(middle: float, half: float) -> tuple[float, float]:
    return middle - half, middle + half
