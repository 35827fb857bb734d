import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medsapiens_core.geometry import mirror_x
from medsapiens_core.inference.heatmap_codec import HeatmapCodec, merge_flipped
from tests.core.parity_files import parity_arrays

OURS = HeatmapCodec((768, 1024), (192, 256), 3.0)
REFERENCE = HeatmapCodec((768, 1024), (192, 256), 3.0, reference=True)
SMALL = HeatmapCodec((96, 128), (24, 32), 2.0)
SMALL_REFERENCE = HeatmapCodec((96, 128), (24, 32), 3, reference=True)


def cells_apart(codec, xy_input, truth):
    return np.hypot(*(codec.to_heatmap.apply(xy_input) - codec.to_heatmap.apply(truth)).T)


def gaussian(x, y, sigma, shape=(32, 24)):
    row, column = np.mgrid[: shape[0], : shape[1]]
    return (np.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * sigma**2))).astype(np.float32)


# --- the original code -------------------------------------------------------------------------------------------


def test_reference_encode_agrees_with_the_original():
    case = parity_arrays("udp_case.npz")
    maps, weights = SMALL_REFERENCE.encode(case["keypoints"][0], case["visible"][0])
    np.testing.assert_allclose(maps, case["heatmaps"], atol=1e-6)
    np.testing.assert_array_equal(weights, case["weights"][0])


@pytest.mark.parametrize("prefix", ["", "raw_"])
def test_reference_decode_agrees_with_the_original(prefix):
    case = parity_arrays("udp_case.npz")
    xy, scores = SMALL_REFERENCE.decode(case[f"{prefix}heatmaps"])
    np.testing.assert_allclose(xy, case[f"{prefix}decoded"][0], atol=1e-3)
    np.testing.assert_array_equal(scores, case[f"{prefix}scores"][0])


def test_sizes_may_be_arrays():
    codec = HeatmapCodec(np.array([96, 128]), np.array([24, 32]), np.array(3), reference=True)
    maps, _ = codec.encode([(40, 50)], [1])
    np.testing.assert_array_equal(maps, SMALL_REFERENCE.encode([(40, 50)], [1])[0])
    np.testing.assert_array_equal(codec.decode(maps)[0], SMALL_REFERENCE.decode(maps)[0])


def test_reference_target_is_cut_to_a_square_of_three_sigma():
    maps, weights = REFERENCE.encode([(400.3, 500.7)], [1])
    x, y = REFERENCE.to_heatmap.apply((400.3, 500.7))
    rows, columns = np.nonzero(maps[0])
    assert (columns.min(), columns.max()) == (np.floor(x + 0.5) - 9, np.floor(x + 0.5) + 9)
    assert (rows.min(), rows.max()) == (np.floor(y + 0.5) - 9, np.floor(y + 0.5) + 9)
    inside = maps[0] > 0
    np.testing.assert_allclose(maps[0][inside], gaussian(x, y, 3, (256, 192))[inside], atol=1e-6)
    assert weights[0] == 1


def test_reference_weighs_nothing_that_is_unlabelled_or_far_outside():
    maps, weights = REFERENCE.encode([(400, 500), (-60, 500), (np.nan, 0), (400, 500)], [0, 1, 1, 2])
    assert weights.tolist() == [0, 0, 0, 1]
    assert not maps[:3].any()


def test_reference_decode_scales_by_the_input_size_not_its_last_pixel():
    """Its input space is off by up to one pixel at the far edge (methods.md 1.4)."""
    maps, _ = REFERENCE.encode([(600.0, 800.0)], [1])
    xy, _ = REFERENCE.decode(maps)
    assert xy[0] == pytest.approx((600 * 768 / 767, 800 * 1024 / 1023), abs=0.01)


def test_reference_decode_survives_maps_without_a_peak():
    maps = np.stack([np.zeros((32, 24)), np.full((32, 24), -1.0), np.full((32, 24), 0.5)]).astype(np.float32)
    xy, scores = SMALL_REFERENCE.decode(maps)
    assert np.isnan(xy[:2]).all()
    assert scores[:2].tolist() == [0, 0]
    assert np.isfinite(xy[2]).all()


# --- ours --------------------------------------------------------------------------------------------------------

far_inside = st.tuples(st.floats(40, 727), st.floats(40, 983))


@settings(max_examples=50, deadline=None)
@given(st.lists(far_inside, min_size=1, max_size=5))
def test_round_trip_far_inside(points):
    maps, weights = OURS.encode(points, np.ones(len(points)))
    xy, scores = OURS.decode(maps)
    assert weights.tolist() == [1.0] * len(points)
    assert cells_apart(OURS, xy, np.array(points)).max() < 1e-3
    assert (scores > 0.95).all()
    assert (scores <= 1).all()


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 95), st.floats(0, 127), st.floats(0.8, 4))
def test_round_trip_has_no_border_bias_at_any_sigma(x, y, sigma):
    codec = HeatmapCodec((96, 128), (24, 32), sigma)
    xy, _ = codec.decode(codec.encode([(x, y)], [1])[0])
    assert cells_apart(codec, xy, np.array([(x, y)])).max() < 1e-3


@pytest.mark.parametrize("from_border", [0.2, 1.2, 2.4, 4.0])
def test_the_originals_border_bias_is_gone(from_border):
    """Table of methods.md 1.5: -0.70 / +0.82 / +0.34 / +0.06 cells in the original, 0 here."""
    truth = OURS.to_heatmap.inverse().apply([(from_border, 100)])
    maps, weights = OURS.encode(truth, [1])
    assert weights[0] == 1
    assert cells_apart(OURS, OURS.decode(maps)[0], truth)[0] < 1e-3
    in_reference_scale = REFERENCE.decode(maps)[0] / (768, 1024) * (191, 255)
    assert abs(in_reference_scale[0, 0] - from_border) > 0.05


def test_covariance_is_that_of_the_gaussian():
    maps, _ = OURS.encode([(300, 400)], [1])
    _, _, covariance, weak = OURS.decode_full(maps)
    cell = np.array([767 / 191, 1023 / 255])
    np.testing.assert_allclose(covariance[0], np.diag(9 * cell**2), rtol=1e-3, atol=1e-2)
    assert not weak[0]


@pytest.mark.parametrize("peak", [0.02, 0.3, 5.0])
def test_the_height_of_the_peak_does_not_move_it(peak):
    maps = peak * gaussian(11.3, 17.6, 2.0)[None]
    xy, scores = SMALL.decode(maps)
    assert SMALL.to_heatmap.apply(xy[0]) == pytest.approx((11.3, 17.6), abs=1e-3)
    assert scores[0] == maps.max()


def test_noise_is_averaged_over_the_window():
    rng = np.random.default_rng(7)
    truth = rng.uniform(60, 700, (200, 2))
    maps, _ = OURS.encode(truth, np.ones(200))
    noisy = maps + rng.normal(0, 0.02, maps.shape).astype(np.float32)
    assert cells_apart(OURS, OURS.decode(noisy)[0], truth).mean() < 0.026  # methods.md 1.5 reports 0.022


def test_encode_fills_the_whole_map():
    maps, _ = SMALL.encode([(48, 64)], [1])
    np.testing.assert_allclose(maps[0], gaussian(*SMALL.to_heatmap.apply((48, 64)), 2.0), atol=1e-6)
    assert maps.dtype == np.float32


def test_encode_weighs_nothing_that_is_unlabelled_or_outside():
    points = [(48, 64), (-0.4, 127.4), (-0.6, 64), (48, 127.6), (np.nan, np.nan), (48, 64)]
    maps, weights = SMALL.encode(points, [2, 1, 1, 1, 1, 0])
    assert weights.tolist() == [1, 1, 0, 0, 0, 0]
    assert np.isfinite(maps).all()
    assert not maps[2:].any()


@pytest.mark.parametrize("value", [0.0, -1.0, 0.7, np.nan, np.inf])
def test_a_flat_or_broken_map_finds_nothing(value):
    maps = np.stack([np.full((32, 24), value, dtype=np.float32), gaussian(10, 10, 2)])
    xy, scores, covariance, weak = SMALL.decode_full(maps)
    assert np.isnan(xy[0]).all()
    assert np.isnan(covariance[0]).all()
    assert scores[0] == 0
    assert weak.tolist() == [True, False]
    assert np.isfinite(xy[1]).all()


def test_a_map_with_one_broken_cell_finds_nothing():
    maps = gaussian(10, 10, 2)[None]
    maps[0, 30, 20] = np.nan
    assert np.isnan(SMALL.decode(maps)[0]).all()


def test_a_peak_that_is_no_hill_falls_back_to_the_centre_of_mass():
    single = np.zeros((32, 24), dtype=np.float32)
    single[12, 7] = 0.9
    ridge = np.zeros((32, 24), dtype=np.float32)
    ridge[5, 4:20] = 0.5
    xy, scores, covariance, weak = SMALL.decode_full(np.stack([single, ridge]))
    assert SMALL.to_heatmap.apply(xy[0]) == pytest.approx((7, 12), abs=1e-9)
    assert SMALL.to_heatmap.apply(xy[1])[1] == pytest.approx(5, abs=1e-9)
    assert scores == pytest.approx([0.9, 0.5])
    assert weak.all()
    assert np.isfinite(covariance).all()


def test_no_landmarks_at_all():
    maps, weights = SMALL.encode(np.empty((0, 2)), [])
    assert maps.shape == (0, 32, 24)
    assert weights.shape == (0,)
    assert SMALL.decode(maps)[0].shape == (0, 2)


# --- flip test ---------------------------------------------------------------------------------------------------


def test_flip_test_of_a_perfect_network_changes_nothing():
    truth = np.array([(20.0, 30.0), (70.0, 33.0), (50.0, 90.0)])
    flip_index = (1, 0, 2)
    maps, _ = SMALL.encode(truth, np.ones(3))
    mirrored, _ = SMALL.encode(mirror_x(truth, 96)[list(flip_index)], np.ones(3))
    merged = merge_flipped(maps, mirrored, flip_index)
    np.testing.assert_allclose(merged, maps, atol=1e-6)
    assert cells_apart(SMALL, SMALL.decode(merged)[0], truth).max() < 1e-3


def test_flip_test_keeps_left_and_right_apart():
    left = gaussian(5, 8, 2)
    right = gaussian(18, 8, 2)
    merged = merge_flipped(np.stack([left, right]), np.stack([right, left])[:, :, ::-1], (1, 0))
    np.testing.assert_allclose(merged, [left, right], atol=1e-6)
