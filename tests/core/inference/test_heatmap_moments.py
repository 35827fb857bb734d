"""The spread of whole heatmaps of known shape."""

import numpy as np
import pytest

from medsapiens_core.inference.heatmap_moments import FINEST, map_moments

SIZE = (60, 80)  # width, height
X, Y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))


def gaussian(x, y, sx, sy, height=1.0):
    return (height * np.exp(-((X - x) ** 2) / (2 * sx**2) - (Y - y) ** 2 / (2 * sy**2))).astype(np.float32)


def test_a_gaussian_has_its_own_covariance_and_mean_distance():
    covariance, distance = map_moments(gaussian(30.3, 40.6, 3, 3)[None], np.array([[30.3, 40.6]]))
    assert covariance[0] == pytest.approx((9 + FINEST**2) * np.eye(2), abs=1e-3)
    assert distance[0] == pytest.approx(3 * np.sqrt(np.pi / 2), rel=0.01)


def test_an_oblong_peak_keeps_its_direction():
    oblong = np.exp(-((X - 30 + Y - 40) ** 2) / 50 - (X - 30 - Y + 40) ** 2 / 8).astype(np.float32)
    covariance, _ = map_moments(oblong[None], np.array([[30.0, 40.0]]))
    assert covariance[0, 0, 1] > 1  # long from the upper left to the lower right
    assert covariance[0] == pytest.approx(covariance[0].T)


def test_a_second_peak_far_away_is_seen_although_the_first_is_sharp():
    one, two = gaussian(20, 20, 1.5, 1.5), gaussian(20, 20, 1.5, 1.5) + gaussian(45, 60, 1.5, 1.5, 0.3)
    spread, distance = map_moments(np.stack([one, two]), np.array([[20.0, 20.0]] * 2))
    assert np.trace(spread[1]) > 50 * np.trace(spread[0])
    assert distance[1] > 4 * distance[0]


def test_noise_below_the_floor_does_not_count():
    noisy = gaussian(30, 40, 2, 2) + 0.01
    loose, _ = map_moments(noisy[None], np.array([[30.0, 40.0]]))
    tight, _ = map_moments(noisy[None], np.array([[30.0, 40.0]]), floor=0.05)
    assert np.trace(loose[0]) > 10 * np.trace(tight[0])
    assert tight[0, 0, 0] == pytest.approx(4, rel=0.2)


def test_a_missing_point_or_an_empty_map_has_no_spread_and_one_cell_the_finest():
    one = np.zeros((3, *SIZE[::-1]), dtype=np.float32)
    one[0, 5, 7] = 1.0
    one[1, 5, 7] = 1.0
    covariance, distance = map_moments(one, np.array([[7.0, 5.0], [np.nan, np.nan], [7.0, 5.0]]))
    assert covariance[0] == pytest.approx(FINEST**2 * np.eye(2))
    assert distance[0] == FINEST
    assert np.isnan(covariance[1:]).all()
    assert np.isnan(distance[1:]).all()
