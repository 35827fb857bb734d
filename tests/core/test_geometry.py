import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.geometry import (
    Affine2D,
    image_to_mm,
    input_to_heatmap,
    mirror_x,
    radial_error,
    scaling,
    udp_affine,
)
from tests.core.parity_files import parity_arrays

coordinate = st.floats(-1e4, 1e4)
size = st.tuples(st.integers(2, 9000), st.integers(2, 9000))
input_size = st.tuples(st.integers(16, 1536), st.integers(16, 1536))
warp = st.fixed_dictionaries(
    {
        "padding": st.floats(0.5, 2),
        "rotation": st.floats(-math.pi, math.pi),
        "scale": st.floats(0.5, 2),
        "shift": st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)),
        "reference": st.booleans(),
    }
)


@pytest.mark.parametrize(
    ("padding", "degrees", "xy_input", "xy_heatmap"),
    [
        (1.25, 0, (393.96991, 448.18402), (98.10724, 111.71743)),
        (1.25, 30, (424.21488, 461.90342), (105.63891, 115.13721)),
        (1.00, 0, (396.58738, 432.35503), (98.75905, 107.77178)),
        (1.00, 30, (434.39360, 449.50427), (108.17363, 112.04652)),
    ],
)
def test_check_vectors(padding, degrees, xy_input, xy_heatmap):
    """The table of methods.md 1.2: point (1000, 1000) of a 1935 x 2400 image in a 768 x 1024 input."""
    to_input = udp_affine((1935, 2400), (768, 1024), padding=padding, rotation=math.radians(degrees), reference=True)
    to_heatmap = input_to_heatmap((768, 1024), (192, 256))
    assert to_input.apply((1000, 1000)) == pytest.approx(xy_input, abs=6e-6)
    assert (to_heatmap @ to_input).apply((1000, 1000)) == pytest.approx(xy_heatmap, abs=6e-6)


@pytest.mark.parametrize("padding", [1.0, 1.25])
def test_points_land_where_the_original_code_puts_them(padding):
    case = parity_arrays(f"affine_case_pad{padding}.npz")
    height, width = case["image"].shape[:2]
    box = tuple(float(v) for v in case["bbox"])
    to_input = udp_affine((width, height), (96, 128), box=box, padding=padding, reference=True)
    np.testing.assert_allclose(to_input.apply(case["keypoints"]), case["transformed_keypoints"][0], atol=1e-3)


@given(size, input_size, warp, coordinate, coordinate)
def test_image_to_heatmap_and_back(image_size, in_size, options, x, y):
    to_input = udp_affine(image_size, in_size, **options)
    to_heatmap = input_to_heatmap(in_size, (max(2, in_size[0] // 4), max(2, in_size[1] // 4))) @ to_input
    back = to_heatmap.inverse().apply(to_heatmap.apply((x, y)))
    assert np.abs(back - (x, y)).max() < 1e-9 * max(1.0, abs(x), abs(y), *image_size)


@given(size, input_size, st.floats(-math.pi, math.pi))
def test_strict_warp_is_exactly_isotropic(image_size, in_size, rotation):
    linear = udp_affine(image_size, in_size, rotation=rotation).matrix[:, :2]
    first, second = np.hypot(*linear)
    assert first == pytest.approx(second, rel=1e-12)
    assert linear[:, 0] @ linear[:, 1] == pytest.approx(0, abs=1e-12 * first * second + 1e-15)


def test_reference_warp_keeps_the_anisotropy_of_the_original():
    linear = udp_affine((1935, 2400), (768, 1024), reference=True).matrix
    assert linear[0, 0] / linear[1, 1] == pytest.approx(0.99967, abs=5e-6)


@given(size, input_size)
def test_the_centre_of_the_image_is_the_centre_of_the_input(image_size, in_size):
    centre = (np.array(image_size) - 1) / 2
    assert udp_affine(image_size, in_size).apply(centre) == pytest.approx((np.array(in_size) - 1) / 2)


@given(size, input_size)
def test_the_whole_image_is_inside_the_input(image_size, in_size):
    corners = udp_affine(image_size, in_size).apply([(0, 0), (image_size[0] - 1, image_size[1] - 1)])
    assert (corners > -1e-6).all()
    assert (corners < np.array(in_size) - 1 + 1e-6).all()


def test_positive_rotation_turns_the_content_clockwise_on_screen():
    turned = udp_affine((101, 101), (101, 101), rotation=math.radians(90))
    assert turned.apply((100, 50)) == pytest.approx((50, 100))  # from the right edge to the bottom


@given(st.lists(st.floats(-10, 10), min_size=6, max_size=6), st.lists(st.floats(-10, 10), min_size=6, max_size=6))
def test_composition_applies_the_right_one_first(first, second):
    a, b = Affine2D(np.array(first)), Affine2D(np.array(second))
    assert (a @ b).apply((3, -7)) == pytest.approx(a.apply(b.apply((3, -7))), rel=1e-9, abs=1e-6)


def test_covariance_follows_the_linear_part():
    stretched = scaling(2, 3).apply_covariance(np.array([[[1, 0.5], [0.5, 1]]]))
    np.testing.assert_allclose(stretched, [[[4, 3], [3, 9]]])


def test_missing_points_stay_missing():
    mapped = scaling(2, 3).apply([(np.nan, np.nan), (1, 1)])
    assert np.isnan(mapped[0]).all()
    assert tuple(mapped[1]) == (2, 3)


def test_a_map_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        scaling(1, 1).matrix[0, 0] = 2


@given(st.floats(0, 5000), st.integers(1, 5000))
def test_mirroring_twice_changes_nothing(x, width):
    assert mirror_x(mirror_x((x, 3), width), width) == pytest.approx((x, 3))


def test_mirroring_keeps_the_edge_centres():
    assert tuple(mirror_x([0, 2], 10)) == (9, 2)


def test_millimetres_take_columns_for_x_and_rows_for_y():
    assert tuple(image_to_mm((10, 10), row_mm=0.1, col_mm=0.2)) == pytest.approx((2.0, 1.0))
    assert radial_error((3, 0), (0, 4)) == 5
    assert radial_error((3, 0), (0, 4), row_mm=0.5, col_mm=1) == pytest.approx(math.hypot(3, 2))
    assert np.isnan(radial_error((np.nan, 0), (0, 4)))
