"""Regions and expected errors from a prediction and a calibration."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.evaluation.calibration import Calibration, LandmarkCalibration, mahalanobis
from medsapiens_core.inference.uncertainty import expected_error_mm, expected_error_px, regions

TEMPLATE = Template("t", 1, "T", tuple(Landmark(i, i, i, "A point.") for i in ("a", "b")))
CALIBRATION = Calibration(
    template_version=1,
    n_images=18,
    effective_n=30,
    data_sha256="",
    coverages=(0.68, 0.95),
    pooled=(1.5, 2.5),
    landmarks={
        "a": LandmarkCalibration(n=18, scale=1.0, error_factor=0.5, quantiles=(1.4, None)),
        "b": LandmarkCalibration(n=18, scale=2.0, error_factor=1.5, quantiles=(1.6, None)),
    },
)
WIDE = np.array([[9.0, 0.0], [0.0, 4.0]])


def prediction(covariance=WIDE, **changes):
    values = {
        "id": "p",
        "image_sha256": "0" * 64,
        "template_id": "t",
        "template_version": 1,
        "model_id": "m@0",
        "xy_image": np.array([[10.0, 20.0], [30.0, 40.0]]),
        "scores": np.array([0.9, 0.8]),
        "covariance": np.stack([covariance, covariance]),
        "created_utc": "2026-01-01T00:00:00Z",
        "seconds": 0.1,
        "radial_error": np.array([4.0, 6.0]),
    }
    return Prediction(**(values | changes))


def test_the_axes_are_the_standard_deviations_times_radius_and_scale():
    first, second = regions(prediction(), TEMPLATE, CALIBRATION)
    assert first.semi_axes_px == pytest.approx((7.5, 5.0))
    assert second.semi_axes_px == pytest.approx((15.0, 10.0))
    assert (first.coverage, first.angle_deg) == (0.95, pytest.approx(0))
    assert regions(prediction(), TEMPLATE, CALIBRATION, 0.68)[0].semi_axes_px == pytest.approx((4.5, 3.0))
    assert first.area() == pytest.approx(math.pi * 37.5)
    assert first.area(Spacing(0.1, 0.2, SpacingSource.USER)) == pytest.approx(math.pi * 37.5 * 0.02)


@given(st.floats(-89.5, 90))
def test_turning_the_covariance_turns_the_region(angle):
    turn = _turn(angle)
    region = regions(prediction(turn @ WIDE @ turn.T), TEMPLATE, CALIBRATION)[0]
    assert region.semi_axes_px == pytest.approx((7.5, 5.0))
    difference = (region.angle_deg - angle + 90) % 180 - 90
    assert difference == pytest.approx(0, abs=1e-6)
    assert -90 < region.angle_deg <= 90


@given(st.floats(-90, 90), st.floats(0, 2 * math.pi))
def test_the_border_of_the_ellipse_is_where_the_distance_is_the_radius(angle, around):
    shape = _turn(angle) @ WIDE @ _turn(angle).T
    given_ = prediction(shape)
    region = regions(given_, TEMPLATE, CALIBRATION)[0]
    long, short = region.semi_axes_px
    border = given_.xy_image[0] + _turn(region.angle_deg) @ [long * math.cos(around), short * math.sin(around)]
    assert float(mahalanobis(given_.xy_image[0], border, shape)) == pytest.approx(2.5)


def test_expected_errors_follow_the_landmark_and_the_spacing():
    error = expected_error_px(prediction(), TEMPLATE, CALIBRATION)
    assert error == pytest.approx([2.0, 9.0])
    assert expected_error_mm(error, prediction(), Spacing(0.1, 0.1, SpacingSource.USER)) == pytest.approx([0.2, 0.9])
    assert np.isnan(expected_error_mm(error, prediction(), None)).all()


def test_an_error_along_the_rows_only_counts_by_the_size_of_the_columns():
    flat = prediction(np.diag([9.0, 1e-9]))
    error = expected_error_px(flat, TEMPLATE, CALIBRATION)
    across = expected_error_mm(error, flat, Spacing(row_mm=1.0, col_mm=0.1, source=SpacingSource.USER))
    assert across == pytest.approx(error * 0.1, rel=1e-4)


@pytest.mark.parametrize(
    ("given_", "calibration"),
    [
        (prediction(), None),
        (prediction(), CALIBRATION.model_copy(update={"template_version": 2})),
        (prediction(radial_error=None), CALIBRATION),
        (prediction(notice="No skull."), CALIBRATION),
        (prediction(template_version=2), CALIBRATION),
    ],
    ids=["no calibration", "of another version", "of the peak alone", "doubtful", "another template"],
)
def test_nothing_is_invented(given_, calibration):
    assert regions(given_, TEMPLATE, calibration) == [None, None]
    assert np.isnan(expected_error_px(given_, TEMPLATE, calibration)).all()


def test_a_missing_point_or_too_few_images_give_no_region():
    lost = prediction(xy_image=np.array([[np.nan, np.nan], [1.0, 1.0]]))
    assert regions(lost, TEMPLATE, CALIBRATION)[0] is None
    assert np.isnan(expected_error_px(lost, TEMPLATE, CALIBRATION)[0])
    few = CALIBRATION.model_copy(update={"pooled": (None, None)})
    assert regions(prediction(), TEMPLATE, few) == [None, None]
    assert expected_error_px(prediction(), TEMPLATE, few) == pytest.approx([2.0, 9.0])
    broken = prediction(np.full((2, 2), np.nan))
    assert regions(broken, TEMPLATE, CALIBRATION) == [None, None]


def test_predictions_stored_before_there_were_radial_errors_are_still_read():
    value = json.loads(json.dumps(prediction().to_json()))
    assert Prediction.from_json(value).radial_error == pytest.approx([4.0, 6.0])
    old = {key: item for key, item in value.items() if key not in ("radial_error", "notice")}
    read = Prediction.from_json(old)
    assert read.radial_error is None
    assert np.array_equal(read.covariance, prediction().covariance)
    assert regions(read, TEMPLATE, CALIBRATION) == [None, None]
    assert Prediction.from_json(replace(prediction(), radial_error=None).to_json()).radial_error is None


def _turn(degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s], [s, c]])
