"""The figures of regions and expected errors, on errors of known law."""

import numpy as np
import pytest

from bench.uncertainty import measure, ordering, sparsification, text
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.evaluation.calibration import fit_calibration

TEMPLATE = Template("t", 1, "T", tuple(Landmark(i, i, i, "A point.") for i in "abcd"))
SPACING = Spacing(0.1, 0.1, SpacingSource.USER)


def films(rng, count):
    """Predictions whose errors have half the claimed standard deviation, and the truth (n, 4, 2)."""
    truth = rng.uniform(50, 90, (count, 4, 2))
    spread = np.exp(rng.normal(1, 0.8, (count, 4)))
    xy = truth + 0.5 * spread[..., None] * rng.normal(size=truth.shape)
    covariance = spread[..., None, None] ** 2 * np.eye(2)
    return [
        Prediction("p", "0" * 64, "t", 1, "m@0", xy[i], np.ones(4), covariance[i], "", 0.0, None, 1.2533 * spread[i])
        for i in range(count)
    ], truth


def calibrated(rng, count=200):
    predictions, truth = films(rng, count)
    columns = ([getattr(p, key) for p in predictions] for key in ("xy_image", "covariance", "radial_error"))
    xy, covariance, claimed = map(np.array, columns)
    return fit_calibration(TEMPLATE, xy, truth, covariance, claimed)


def test_the_order_of_the_errors_themselves_is_the_best():
    error = np.random.default_rng(0).uniform(0, 5, 400)
    best, worst = ordering(error, error), ordering(error, -error)
    assert (best["spearman"], best["ause"]) == (pytest.approx(1), 0)
    assert worst["spearman"] == pytest.approx(-1)
    assert best["aurc"] < error.mean() < worst["aurc"]
    assert sparsification(np.full(50, 2.0), np.arange(50.0)) == pytest.approx(2.0)


def test_coverage_area_and_expected_error_are_in_mm_where_every_film_has_a_spacing():
    rng = np.random.default_rng(1)
    calibration = calibrated(rng)
    predictions, truth = films(rng, 300)
    value = measure(predictions, truth, [SPACING] * 300, TEMPLATE, calibration)
    assert value["unit"] == "mm"
    assert [one["claimed"] for one in value["regions"]] == [0.68, 0.95]
    assert [one["coverage"] for one in value["regions"]] == pytest.approx([0.68, 0.95], abs=0.04)
    assert value["calibrated"]["mean_expected"] == pytest.approx(value["mre"], rel=0.1)
    assert value["calibrated"]["spearman"] > 0.5

    in_px = measure(predictions, truth, [SPACING] * 299 + [None], TEMPLATE, calibration)
    assert in_px["unit"] == "px"
    assert in_px["regions"][1]["area_mean"] == pytest.approx(100 * value["regions"][1]["area_mean"])
    assert "95%" in text(value)


def test_a_model_without_calibration_is_measured_by_its_heatmaps_alone():
    predictions, truth = films(np.random.default_rng(2), 20)
    value = measure(predictions, truth, [None] * 20, TEMPLATE, None)
    assert (value["calibrated"], value["regions"]) == (None, [])
    assert value["heatmap"]["spearman"] > 0.3
    few = measure(predictions, truth, [None] * 20, TEMPLATE, calibrated(np.random.default_rng(3), 5))
    assert few["regions"][1]["coverage"] is None
    assert "no region" in text(few)
