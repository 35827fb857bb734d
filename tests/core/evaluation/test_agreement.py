"""Against worked examples of the sources and figures done by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.evaluation.agreement import (
    bland_altman,
    dahlberg,
    differ_systematically,
    difference_region,
    icc_2_1,
    landmark_agreement,
    reader_agreement,
)

# Shrout & Fleiss 1979, table 2: six targets, four judges
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Bland & Altman 1986, first readings of peak flow (l/min): Wright meter and mini meter
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_icc_of_shrout_and_fleiss():
    icc = icc_2_1(SHROUT_FLEISS)
    assert icc.value == pytest.approx(0.29, abs=0.005)
    assert (icc.low, icc.high) == pytest.approx((0.019, 0.761), abs=0.001)
    assert icc.n == 6


def test_icc_counts_a_constant_difference_between_readers_as_disagreement():
    one = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert icc_2_1(np.stack([one, one], axis=1)).value == pytest.approx(1.0)
    shifted = icc_2_1(np.stack([one, one + 2.0], axis=1)).value
    # MSB 5, MSE 0, MSJ 10: 5 / (5 + 2 * 10 / 5)
    assert shifted == pytest.approx(5 / 9)


def test_icc_leaves_cases_with_a_missing_rating_out_and_says_nothing_of_one_case():
    assert icc_2_1([*SHROUT_FLEISS, [1, 2, np.nan, 3]]) == icc_2_1(SHROUT_FLEISS)
    assert math.isnan(icc_2_1([[1, 2]]).value) and math.isnan(icc_2_1([[1, 1], [1, 1]]).value)


def test_limits_of_agreement_of_bland_and_altman():
    found = bland_altman(MINI, WRIGHT)
    assert found.n == 17
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.sd == pytest.approx(38.8, abs=0.05)
    assert (found.low, found.high) == pytest.approx((-78.1, 73.9), abs=0.15)  # with 1.96; the paper rounds to 2 sd
    assert found.bias_interval == pytest.approx((-22.0, 17.8), abs=0.1)
    assert found.low_interval[1] - found.low == pytest.approx(34.6, abs=0.2)  # -79.7 +/- 34.6 in the paper
    assert found.high_interval[1] - found.high == pytest.approx(34.6, abs=0.2)


def test_limits_of_nothing_and_of_one_pair():
    assert bland_altman([np.nan, 1.0], [1.0, np.nan]).n == 0
    one = bland_altman([1.0], [3.0])
    assert (one.n, one.bias) == (1, 2.0) and math.isnan(one.sd) and math.isnan(one.low)


def test_dahlberg_by_hand():
    assert dahlberg([1.0, 2.0, 3.0], [2.0, 2.0, 5.0]) == pytest.approx(math.sqrt((1 + 0 + 4) / 6))
    assert dahlberg([1.0, np.nan], [3.0, 5.0]) == pytest.approx(math.sqrt(4 / 2))
    assert math.isnan(dahlberg([np.nan], [1.0]))


def test_the_region_of_differences_holds_about_95_of_100_further_ones():
    rng = np.random.default_rng(3)
    covariance = np.array([[4.0, 1.5], [1.5, 1.0]])
    values = rng.multivariate_normal([0, 0], covariance, 4000)
    ellipse = difference_region(values)
    turn = math.radians(ellipse.angle)
    axes = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    inside = (((axes @ (values - values.mean(axis=0)).T).T / [ellipse.long, ellipse.short]) ** 2).sum(axis=1) <= 1
    assert inside.mean() == pytest.approx(0.95, abs=0.01)
    assert ellipse.long > ellipse.short and 0 <= ellipse.angle < 180
    assert difference_region(values[:3]) is None
    assert difference_region([[k, 2 * k] for k in range(6)]) is None


def test_two_definitions_need_a_bias_above_half_the_spread_that_is_not_chance():
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 1, (40, 2))
    noise -= noise.mean(axis=0)
    spread = math.sqrt(np.trace(np.cov(noise.T)))
    assert not differ_systematically(noise + np.array([spread * 0.49, 0]))
    assert differ_systematically(noise + np.array([spread * 0.51, 0]))
    assert not differ_systematically(noise[:4] + np.array([5, 0])), "four cases tell nothing"
    assert differ_systematically(np.tile([1.0, 0.0], (5, 1)))
    assert not differ_systematically(np.zeros((8, 2)))
    alarms = sum(differ_systematically(rng.normal(0, 1, (6, 2))) for _ in range(400))
    assert alarms <= 32, "6 cases without any bias give an alarm about once in 20"


def test_a_landmark_by_hand_with_missing_points():
    first = np.array([[0, 0], [10, 0], [20, 5], [np.nan, np.nan], [1, 1]], dtype=float)
    second = np.array([[3, 4], [10, 0], [20, 6], [1, 1], [np.nan, np.nan]], dtype=float)
    found = landmark_agreement("sella", first, second, unit="mm", tolerance=2.0)
    assert (found.n, found.missing) == (3, 2)
    assert found.distance == pytest.approx((5 + 0 + 1) / 3)
    assert found.within == pytest.approx(2 / 3)
    assert found.bias == pytest.approx((1.0, 5 / 3))
    assert found.dahlberg == pytest.approx((math.sqrt(9 / 6), math.sqrt(17 / 6)))
    assert found.repeatability == pytest.approx(math.sqrt((9 / 6 + 17 / 6) / 2))
    assert found.worst == (0, 2, 1), "places of the cases, the worst first"
    assert found.ellipse is None and not found.two_definitions


def test_a_landmark_that_nobody_placed_twice_has_no_figures():
    nothing = np.full((2, 2), np.nan)
    found = landmark_agreement("sella", nothing, [[1, 1], [2, 2]], unit="px", tolerance=2.0)
    assert (found.n, found.missing, found.worst) == (0, 2, ())
    assert math.isnan(found.distance) and math.isnan(found.within) and math.isnan(found.icc[0].value)


@given(st.floats(0.01, 100), st.integers(2, 30), st.integers(0, 2**16))
def test_figures_scale_with_the_pixel_size_and_the_icc_does_not(size, n, seed):
    rng = np.random.default_rng(seed)
    first = rng.uniform(0, 1000, (n, 2, 2))
    second = first + rng.normal(0, 2, first.shape)
    in_px = reader_agreement(["a", "b"], first, second, unit="px", tolerances=[2.0, 2.0])
    in_mm = reader_agreement(["a", "b"], first * size, second * size, unit="mm", tolerances=[2.0 * size] * 2)
    for px, mm in zip(in_px, in_mm, strict=True):
        assert mm.distance == pytest.approx(px.distance * size, rel=1e-9)
        assert mm.dahlberg == pytest.approx([value * size for value in px.dahlberg], rel=1e-9)
        assert mm.icc[0].value == pytest.approx(px.icc[0].value, rel=1e-6)
        assert mm.worst == px.worst
