"""The worst calibrated 95 % radius of a case: kept with the case, sorted and filtered by the store."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from medsapiens_core.data.annotation import absent
from medsapiens_core.data.spacing import from_ruler
from medsapiens_core.store.certainty import SHARE_OF_MM, RegionFactors
from tests.core.store.building import TEMPLATE, add_case, commit, image_of, prediction_for, write_picture

MODEL = "base@000000000000"
FACTORS = {MODEL: RegionFactors(1, dict.fromkeys(TEMPLATE.ids, 2.0))}


def calibrated(case, deviations):
    """A prediction whose heatmaps spread by these px in x and y for each landmark."""
    covariance = np.stack([np.diag([d**2, d**2]) for d in deviations])
    plain = prediction_for(case, model_id=MODEL)
    return replace(plain, covariance=covariance, radial_error=np.array(deviations, dtype=np.float64))


def add_without_size(project, number):
    path = project.folder / "pictures" / f"film {number}.png"
    image = write_picture(path, number)
    return project.cases.add(image_of(path, image.pixels, spacing=False), path=path)


def test_the_widest_region_of_what_is_undecided_is_told_in_mm(project):
    project.predictions.know_factors(FACTORS)
    case = add_case(project, 1)  # pixels of 0.2 x 0.1 mm
    prediction = calibrated(case, (1, 8, 3, 2))
    project.predictions.add(prediction, case.id)
    row = project.cases.get(case.id)
    assert (row.worst_radius, row.worst_score) == (pytest.approx(2.0 * 8 * 0.2), None)
    annotation = project.annotations.load(case.id)
    annotation = commit(project, annotation, annotation.from_prediction(prediction))
    annotation = commit(project, annotation, annotation.change("absent", {TEMPLATE.ids[1]: absent()}))
    assert project.cases.get(case.id).worst_radius == pytest.approx(2.0 * 3 * 0.2)
    rest = dict.fromkeys((TEMPLATE.ids[0], *TEMPLATE.ids[2:]), absent())
    commit(project, annotation, annotation.change("absent", rest))
    assert (project.cases.get(case.id).worst_radius, project.cases.get(case.id).worst_score) == (None, None)


def test_a_point_that_was_not_found_is_the_least_certain(project):
    project.predictions.know_factors(FACTORS)
    case = add_case(project, 1)
    prediction = calibrated(case, (1, 1, 1, 1))
    xy = prediction.xy_image.copy()
    xy[0] = np.nan
    project.predictions.add(replace(prediction, xy_image=xy), case.id)
    assert project.cases.get(case.id).worst_radius == math.inf
    assert [row.id for row in project.cases.page("unsure")] == [case.id]


def test_one_order_for_mm_for_pixels_and_for_scores(project):
    project.predictions.know_factors(FACTORS)
    wide, bare, narrow = add_case(project, 1), add_without_size(project, 2), add_case(project, 3)
    scored = add_case(project, 4)
    diagonal = math.hypot(bare.width, bare.height)
    px = 3.0 * SHARE_OF_MM * diagonal / 2.0  # deviation whose region counts like 3 mm
    for case, deviation in ((wide, 10.0), (bare, px), (narrow, 1.0)):
        project.predictions.add(calibrated(case, (0.1, deviation, 0.1, 0.1)), case.id)
    project.predictions.add(prediction_for(scored, model_id="other@1"), scored.id)
    assert [row.id for row in project.cases.page("all", "worst_first")] == [wide.id, bare.id, narrow.id, scored.id]
    assert project.cases.get(bare.id).worst_radius == pytest.approx(2.0 * px)
    assert [row.id for row in project.cases.page("unsure", "worst_first")] == [wide.id, bare.id]
    assert project.cases.counts()["unsure"] == project.cases.count("unsure") == 2
    assert project.cases.beside(wide.id, "unsure", "worst_first").id == bare.id
    assert project.cases.beside(bare.id, "all", "worst_first").id == narrow.id


def test_another_pixel_size_tells_the_radius_anew(project):
    project.predictions.know_factors(FACTORS)
    case = add_case(project, 1)
    project.predictions.add(calibrated(case, (1, 1, 1, 1)), case.id)
    ruler = from_ruler((0.0, 0.0), (100.0, 0.0), 50.0)
    project.calibrations.choose([case.id], "ruler", ruler, reader="AB")
    assert project.cases.get(case.id).worst_radius == pytest.approx(2.0 * 0.5)
    project.calibrations.choose([case.id], "pixels", None, reader="AB")
    assert project.cases.get(case.id).worst_radius == pytest.approx(2.0)


def test_cases_from_before_the_factors_were_known_are_renewed_a_few_at_a_time(project):
    cases = [add_case(project, number) for number in range(5)]
    for case in cases:
        project.predictions.add(calibrated(case, (1, 2, 1, 1)), case.id)
    assert all(project.cases.get(case.id).worst_radius is None for case in cases)
    assert project.predictions.renew_certainty() == (None, 0), "no model is known to be calibrated"
    project.predictions.know_factors(FACTORS)
    after, counts = 0, []
    while after is not None:
        after, count = project.predictions.renew_certainty(after, limit=2)
        counts.append(count)
    assert counts == [2, 2, 1]
    assert [project.cases.get(case.id).worst_radius for case in cases] == pytest.approx([0.8] * 5)
    assert project.check(files=False) == []


@pytest.mark.parametrize("change", [{"notice": "Not a skull."}, {"radial_error": None}, {"template_version": 1}])
def test_what_the_calibration_does_not_hold_for_keeps_its_score(project, change):
    version = 2 if "template_version" in change else 1
    project.predictions.know_factors({MODEL: replace(FACTORS[MODEL], template_version=version)})
    case = add_case(project, 1)
    prediction = replace(calibrated(case, (1, 2, 1, 1)), **change)
    project.predictions.add(prediction, case.id)
    row = project.cases.get(case.id)
    assert (row.worst_radius, row.worst_score) == (None, pytest.approx(prediction.scores.min()))
