import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.geometry import Affine2D
from medsapiens_core.inference.placement import (
    best_pose,
    in_order,
    is_plausible,
    is_usual,
    mean_points,
    measure_pose,
    summarise_placement,
)

SIZE = (512, 640)
BASE = np.array([[100.0, 120], [300, 150], [280, 400], [140, 420], [200, 250]])


def films(count=12):
    rng = np.random.default_rng(0)
    return [
        turned(BASE + rng.normal(0, 6, BASE.shape), rng.uniform(-5, 5), rng.uniform(0.9, 1.1)) for _ in range(count)
    ]


def turned(points, degrees, scale=1.0, shift=(0.0, 0.0)):
    a = np.deg2rad(degrees)
    linear = scale * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return (points - 256) @ linear.T + 256 + np.array(shift)


@given(st.floats(-170, 170), st.floats(0.2, 4), st.floats(-200, 200), st.floats(-200, 200))
def test_the_pose_of_a_moved_mean_shape_is_the_movement(degrees, scale, dx, dy):
    placement = summarise_placement(films(), SIZE)
    mean = mean_points(placement, SIZE)
    pose = measure_pose(turned(mean, degrees, scale, (dx, dy)), np.ones(5), placement, SIZE)
    assert pose.scale == pytest.approx(scale)
    assert pose.rotation_deg == pytest.approx(degrees, abs=1e-6)
    assert pose.residual == pytest.approx(0, abs=1e-9)
    back = pose.to_mean.apply(turned(mean, degrees, scale, (dx, dy)))
    np.testing.assert_allclose(back, mean, atol=1e-6)
    assert isinstance(pose.to_mean, Affine2D)


def test_training_films_are_usual_and_plausible_and_others_are_not():
    placement = summarise_placement(films(), SIZE)
    for film in films():
        pose = measure_pose(film, np.ones(5), placement, SIZE)
        assert is_usual(pose, placement) and is_plausible(pose, placement)
    askew = measure_pose(turned(BASE, 40), np.ones(5), placement, SIZE)
    assert not is_usual(askew, placement) and is_plausible(askew, placement)
    scattered = measure_pose(np.random.default_rng(1).uniform(0, 500, (5, 2)), np.ones(5), placement, SIZE)
    assert not is_plausible(scattered, placement)


def test_missing_points_carry_no_weight():
    placement = summarise_placement(films(), SIZE)
    points = turned(mean_points(placement, SIZE), 10)
    points[2] = np.nan
    points[3] += 300
    pose = measure_pose(points, np.array([1.0, 1, 1, 0, 1]), placement, SIZE)
    assert pose.rotation_deg == pytest.approx(10)
    assert measure_pose(points, np.zeros(5), placement, SIZE) is None


def test_too_few_films_or_a_landmark_without_label_give_no_placement():
    assert summarise_placement(films(2), SIZE) is None
    unlabelled = films()
    for film in unlabelled:
        film[0] = np.nan
    with np.errstate(all="ignore"):
        assert summarise_placement(unlabelled, SIZE) is None


def test_a_mirrored_film_fits_the_mirrored_shape_where_that_may_be():
    flip = (1, 0, 3, 2, 4)
    moved = mean_points(summarise_placement(films(), SIZE), SIZE)[list(flip)]
    moved[:, 0] = SIZE[0] - 1 - moved[:, 0]
    either = summarise_placement(films(), SIZE, either_side=True)
    assert best_pose(moved, np.ones(5), either, flip, SIZE).residual == pytest.approx(0, abs=1e-9)
    one_sided = either.model_copy(update={"either_side": False})
    assert best_pose(moved, np.ones(5), one_sided, flip, SIZE).residual > 0.05


def test_the_order_of_landmarks_may_differ_from_the_stored_one():
    placement = summarise_placement(films(), SIZE)
    order = [4, 2, 0, 1, 3]
    np.testing.assert_allclose(
        mean_points(in_order(placement, order), SIZE), mean_points(placement, SIZE)[order], atol=1e-9
    )
