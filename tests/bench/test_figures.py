from pathlib import Path

import numpy as np
import pytest

from bench.figures import failures, hits, make_row, mean_figure
from bench.films import Film, FilmSet
from medsapiens_core.data.template import Landmark, Template

TEMPLATE = Template("two", 1, "Two", (Landmark("a", "A", "A", "A."), Landmark("b", "B", "B", "B.")))


def film_set(truth, spacing=(0.5, 0.5)):
    films = [Film(Path(f"{k}.png"), (30, 40), spacing, {"labels": xy}) for k, xy in enumerate(truth)]
    return FilmSet("films", TEMPLATE, tuple(films))


def test_whole_images_are_drawn_so_the_interval_does_not_shrink_with_landmarks():
    per_image = np.random.default_rng(0).gamma(2.0, 1.0, (60, 1))
    one, many = mean_figure(per_image), mean_figure(np.repeat(per_image, 50, axis=1))
    assert (one.value, one.low, one.high) == pytest.approx((many.value, many.low, many.high))
    assert one.low < one.value < one.high


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    figures = [mean_figure(rng.normal(5.0, 2.0, (30, 1)), resamples=400) for _ in range(200)]
    assert 0.89 <= np.mean([figure.low <= 5.0 <= figure.high for figure in figures]) <= 0.99


def test_no_image_and_one_image_have_no_interval():
    assert np.isnan(mean_figure(np.full((3, 2), np.nan)).value)
    one = mean_figure(np.array([[1.0, 3.0]]))
    assert one.value == 2.0
    assert np.isnan(one.low)
    assert np.isnan(one.high)


def test_errors_are_in_mm_with_a_spacing_and_in_px_without():
    truth = np.zeros((3, 2, 2))
    points = truth + np.array([3.0, 4.0])
    in_mm, in_px = (
        make_row(film_set(truth), "labels", "m", points),
        make_row(film_set(truth, None), "labels", "m", points),
    )
    assert (in_mm.unit, in_mm.mre.value, in_mm.median, in_mm.sdr[2.5].value, in_mm.sdr[3.0].value) == (
        "mm",
        2.5,
        2.5,
        0,
        1,
    )
    assert (in_px.unit, in_px.mre.value, in_px.sdr, in_px.failed) == ("px", 5.0, None, None)
    assert in_mm.mre_diagonal.value == pytest.approx(0.1)  # 5 px of the 50 px between the corners


def test_a_point_not_found_is_a_miss_and_an_unlabelled_one_is_left_out():
    truth = np.zeros((2, 2, 2))
    truth[1, 1] = np.nan
    points = truth.copy()
    points[0, 0] = np.nan
    row = make_row(film_set(truth), "labels", "m", points)
    assert (row.n_points, row.n_missing) == (3, 1)
    assert row.sdr[2.0].value == pytest.approx(2 / 3)
    assert row.per_landmark["b"].value == 0.0
    np.testing.assert_array_equal(hits(np.array([[np.inf, np.nan, 1.0]]), 2.0), [[0.0, np.nan, 1.0]])


def test_a_film_has_failed_above_ten_mm_or_without_any_point():
    errors = np.array([[1.0, 18.0], [3.0, 18.0], [np.inf, np.inf], [np.nan, np.nan]])
    np.testing.assert_array_equal(failures(errors), [0.0, 1.0, 1.0, np.nan])
