"""Calibration on errors of known law: coverage of new images, ranks, and what must not change it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.evaluation.calibration import (
    Calibration,
    conformal_quantile,
    fit_calibration,
    mahalanobis,
    pooled_quantile,
)

COUNT = 6
TEMPLATE = Template("t", 2, "T", tuple(Landmark(f"m{k}", f"m{k}", f"m{k}", "A point.") for k in range(COUNT)))
TEMPERATURE = np.array([1.0, 1.2, 0.8, 1.5, 1.0, 0.7])


def draw(rng, images, temperature=TEMPERATURE):
    """Points, truth, claimed covariance and claimed error, where the true spread is `temperature` times the claim."""
    angle = rng.uniform(0, np.pi, (images, COUNT))
    axes = np.stack([rng.uniform(1, 6, (images, COUNT)), rng.uniform(0.5, 3, (images, COUNT))], -1)
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1).reshape(images, COUNT, 2, 2)
    covariance = np.einsum("nkij,nkj,nklj->nkil", turn, axes**2, turn)
    error = np.einsum("nkij,nkj->nki", turn, axes * rng.normal(size=(images, COUNT, 2))) * temperature[:, None]
    truth = rng.uniform(50, 500, (images, COUNT, 2))
    return truth + error, truth, covariance, np.sqrt(np.trace(covariance, axis1=2, axis2=3)) * 0.9


def share_inside(calibration, sample, coverage):
    xy, truth, covariance, _ = sample
    radii = np.array([calibration.radius(name, coverage) for name in TEMPLATE.ids])
    return (mahalanobis(xy, truth, covariance) <= radii).mean()


@pytest.mark.parametrize("images", [12, 18, 32, 150])
@pytest.mark.parametrize("coverage", [0.68, 0.95])
def test_the_region_holds_its_share_of_new_points(images, coverage):
    rng = np.random.default_rng(images)
    shares = [
        share_inside(fit_calibration(TEMPLATE, *draw(rng, images)), draw(rng, 100), coverage)
        for _ in range(600 // images + 4)
    ]
    assert np.mean(shares) == pytest.approx(coverage, abs=0.02)


@pytest.mark.parametrize("images", [18, 150])
def test_with_two_readers_the_region_holds_its_share_of_whoever_reads(images):
    """The second differs from the first by a law of its own: one reader alone would give regions that are too small."""
    rng = np.random.default_rng(images)

    def read_twice(count):
        xy, truth, covariance, claimed = draw(rng, count)
        other = truth + rng.normal(0, 4, truth.shape)
        return xy, np.stack([truth, other], axis=1), covariance, claimed

    shares, alone = [], []
    for _ in range(600 // images + 4):
        xy, both, covariance, claimed = read_twice(images)
        calibration = fit_calibration(TEMPLATE, xy, both, covariance, claimed)
        first = fit_calibration(TEMPLATE, xy, both[:, 0], covariance, claimed)
        new_xy, new, new_covariance, _ = read_twice(100)
        for found, one in ((shares, calibration), (alone, first)):
            found.append(np.mean([share_inside(one, (new_xy, new[:, r], new_covariance, 0), 0.95) for r in (0, 1)]))
        assert calibration.n_images == calibration.landmarks["m0"].n == images
    assert np.mean(shares) == pytest.approx(0.95, abs=0.02)
    assert np.mean(alone) < 0.9


def test_landmarks_with_clearly_other_spread_get_scales_of_their_own():
    calibration = fit_calibration(TEMPLATE, *draw(np.random.default_rng(0), 90))
    scales = [calibration.landmarks[name].scale for name in TEMPLATE.ids]
    assert scales == pytest.approx(TEMPERATURE, rel=0.2)
    same = fit_calibration(TEMPLATE, *draw(np.random.default_rng(0), 90, np.ones(COUNT)))
    assert np.std([mark.scale for mark in same.landmarks.values()]) < 0.04


def test_expected_errors_are_right_on_average():
    rng = np.random.default_rng(3)
    calibration = fit_calibration(TEMPLATE, *draw(rng, 60))
    xy, truth, _, claimed = draw(rng, 2000)
    factors = np.array([calibration.landmarks[name].error_factor for name in TEMPLATE.ids])
    assert (claimed * factors).mean() == pytest.approx(np.linalg.norm(xy - truth, axis=-1).mean(), rel=0.06)


@pytest.mark.parametrize(("n", "coverage", "rank"), [(19, 0.95, 19), (18, 0.95, None), (9, 0.9, 9), (20, 0.95, 20)])
def test_the_rank_of_the_quantile_is_exact_at_the_edges(n, coverage, rank):
    scores = np.arange(1, n + 1, dtype=float)[::-1]
    assert conformal_quantile(scores, coverage) == rank


@given(st.integers(1, 300), st.floats(0.05, 0.99))
def test_the_quantile_is_the_smallest_with_the_conformal_rank(n, coverage):
    found = conformal_quantile(np.arange(1, n + 1, dtype=float), coverage)
    if found is None:
        assert (n + 1) * coverage > n - 1e-6
    else:
        assert found >= (n + 1) * coverage - 1e-6
        assert found - 1 < (n + 1) * coverage


def test_few_images_give_the_pooled_region_and_no_landmarks_own():
    calibration = fit_calibration(TEMPLATE, *draw(np.random.default_rng(1), 18))
    assert [mark.quantiles[1] for mark in calibration.landmarks.values()] == [None] * COUNT
    assert all(mark.quantiles[0] is not None for mark in calibration.landmarks.values())
    assert all(calibration.radius(name, 0.95) > calibration.radius(name, 0.68) for name in TEMPLATE.ids)
    assert 18 <= calibration.effective_n <= 18 * COUNT


def test_very_few_images_give_no_region_but_an_expected_error():
    calibration = fit_calibration(TEMPLATE, *draw(np.random.default_rng(1), 4))
    assert calibration.pooled == (None, None)
    assert calibration.radius("m0", 0.95) is None
    assert calibration.landmarks["m0"].error_factor > 0


def test_many_images_give_each_landmark_its_own_quantile():
    calibration = fit_calibration(TEMPLATE, *draw(np.random.default_rng(1), 120))
    assert calibration.radius("m3", 0.95) == calibration.landmarks["m3"].quantiles[1]


def test_points_of_one_image_that_go_wrong_together_count_as_one():
    rng = np.random.default_rng(2)
    xy, truth, covariance, claimed = draw(rng, 30)
    together = truth + (xy - truth) * np.exp(rng.normal(0, 2, (30, 1, 1)))
    apart = fit_calibration(TEMPLATE, xy, truth, covariance, claimed).effective_n
    assert fit_calibration(TEMPLATE, together, truth, covariance, claimed).effective_n < apart / 2
    assert pooled_quantile(np.abs(rng.normal(size=(12, COUNT))), 0.95, effective=12.0) is None


@settings(max_examples=15, deadline=None)
@given(st.floats(0.1, 20), st.floats(-np.pi, np.pi))
def test_the_size_of_the_pixels_and_the_turn_of_the_film_change_nothing(scale, angle):
    xy, truth, covariance, claimed = draw(np.random.default_rng(5), 14)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    other = fit_calibration(TEMPLATE, xy @ linear.T, truth @ linear.T, linear @ covariance @ linear.T, claimed * scale)
    first = fit_calibration(TEMPLATE, xy, truth, covariance, claimed)
    assert other.pooled == pytest.approx(first.pooled, rel=1e-6)
    assert [m.scale for m in other.landmarks.values()] == pytest.approx([m.scale for m in first.landmarks.values()])


def test_missing_labels_and_points_are_left_out():
    xy, truth, covariance, claimed = draw(np.random.default_rng(6), 20)
    truth[:, 2] = np.nan
    xy[3, 0] = np.nan
    calibration = fit_calibration(TEMPLATE, xy, truth, covariance, claimed)
    assert [mark.n for mark in calibration.landmarks.values()] == [19, 20, 0, 20, 20, 20]
    assert calibration.radius("m2", 0.95) > 0  # the common scale
    with pytest.raises(ValueError, match="no labelled point"):
        fit_calibration(TEMPLATE, xy, np.full_like(truth, np.nan), covariance, claimed)


def test_perfect_points_give_a_tiny_region_and_no_failure():
    _, truth, covariance, claimed = draw(np.random.default_rng(7), 25)
    calibration = fit_calibration(TEMPLATE, truth, truth, covariance, claimed)
    assert 0 < calibration.radius("m0", 0.95) < 1e-3


def test_it_survives_its_file_and_knows_only_its_own_coverages_and_landmarks():
    calibration = fit_calibration(TEMPLATE, *draw(np.random.default_rng(8), 20), data_sha256="ab")
    assert Calibration.model_validate_json(calibration.model_dump_json()) == calibration
    assert calibration.radius("m0", 0.9) is None
    assert calibration.radius("nobody", 0.95) is None
