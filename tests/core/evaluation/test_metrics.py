"""Metrics against hand-made tables and the public reader files of ISBI 2015 (methods.md 12.8)."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.evaluation.metrics import agreement, error_table, image_errors, success_rate, summarise

CEPH = Path(__file__).parents[4] / "shared" / "data" / "ceph"
POGONION = 15


def read(name: str) -> tuple[np.ndarray, np.ndarray]:
    file = CEPH / name
    if not file.is_file():
        pytest.skip(f"{file} is not on this computer")
    document = json.loads(file.read_text(encoding="utf-8"))
    images = {image["id"]: image for image in document["images"]}
    annotations = sorted(document["annotations"], key=lambda a: images[a["image_id"]]["file_name"])
    points = np.array([a["keypoints"] for a in annotations]).reshape(len(annotations), -1, 3)[..., :2]
    spacing = np.array([images[a["image_id"]]["pixel_spacing_mm"] for a in annotations])
    return points, spacing


@pytest.mark.parametrize(
    ("part", "figures", "shares", "dahlberg", "landmark_figures"),
    [
        ("train", (2.353, 2.596, 1.414), (60.4, 67.9, 73.5, 82.1), (1.403, 2.042), (9.195, 1.973)),
        ("test1", (2.363, 2.161, 1.712), (55.3, 63.7, 71.1, 81.5), (1.381, 1.796), (6.506, 2.133)),
    ],
)
def test_the_two_readers_of_isbi_2015_differ_by_the_published_figures(
    part, figures, shares, dahlberg, landmark_figures
):
    (junior, spacing), (senior, _) = read(f"{part}_junior.json"), read(f"{part}_senior.json")
    errors = error_table(junior, senior, spacing)
    summary = summarise(errors)

    assert (summary.n_images, summary.n_points, summary.n_missing) == (150, 2850, 0)
    assert (summary.mre, summary.sd_points, summary.median) == pytest.approx(figures, abs=0.003)
    # the half-size copies round coordinates to 0.01 px, which moves points that lie exactly on a radius
    assert [100 * rate for rate in summary.sdr.values()] == pytest.approx(shares, abs=0.35)
    assert agreement(junior, senior, spacing) == pytest.approx(dahlberg, abs=0.002)
    alone, without = summarise(errors[:, POGONION]), summarise(np.delete(errors, POGONION, axis=1))
    assert (alone.mre, without.mre) == pytest.approx(landmark_figures, abs=0.002)


def test_one_reader_against_the_mean_of_both():
    (junior, spacing), (senior, _) = read("test1_junior.json"), read("test1_senior.json")
    summary = summarise(error_table(senior, (junior + senior) / 2, spacing))
    assert summary.mre == pytest.approx(1.182, abs=0.002)
    assert 100 * summary.sdr[2.0] == pytest.approx(81.4, abs=0.35)


def test_success_is_strictly_below_the_radius_unless_told_otherwise():
    assert success_rate([1.0, 2.0, 3.0], 2.0) == pytest.approx(1 / 3)
    assert success_rate([1.0, 2.0, 3.0], 2.0, strict=False) == pytest.approx(2 / 3)


def test_rows_of_a_spacing_go_with_y():
    errors = error_table([[[3.0, 0.0], [0.0, 3.0]]], [[[0.0, 0.0], [0.0, 0.0]]], [[0.5, 2.0]])
    assert errors.tolist() == [[6.0, 1.5]]


def test_a_missing_prediction_is_a_miss_and_an_unlabelled_point_is_left_out():
    truth = np.zeros((2, 2, 2))
    truth[1, 1] = np.nan
    points = np.full((2, 2, 2), np.nan)
    points[0, 0] = (3.0, 4.0)
    points[1, 1] = (9.0, 9.0)
    errors = error_table(points, truth)
    summary = summarise(errors, radii=(10.0,))

    assert (summary.n_points, summary.n_missing) == (3, 2)
    assert summary.mre == 5.0
    assert summary.sdr[10.0] == pytest.approx(1 / 3)
    assert np.isnan(image_errors(errors)[1])


def test_nothing_labelled_gives_no_figures():
    summary = summarise(np.full((2, 3), np.nan))
    assert summary.n_points == 0
    assert np.isnan([summary.mre, summary.median, summary.p95, summary.sdr[2.0]]).all()


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.floats(0.1, 50), st.floats(0.1, 50))
def test_success_grows_with_the_radius(errors, a, b):
    assert success_rate(errors, min(a, b)) <= success_rate(errors, max(a, b))
