from dataclasses import replace

import numpy as np
import pytest

from app.controllers.figures_work import figures_state
from medsapiens_core.data.annotation import BLIND, Edit, placed
from medsapiens_core.data.readers import Reader
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.double_readings import pairs, read_cases
from medsapiens_core.transfer.my_figures import my_figures, reading_seconds

from ..store.building import TEMPLATE, add_case, prediction_for
from .test_double_readings import read


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "p.mss", name="P", template=TEMPLATE) as made:
        made.readers.add(Reader("AB"))
        yield made


def review_off(project, case, px, *, blind):
    """Review a case `px` pixels to the right of its prediction."""
    prediction = prediction_for(case)
    project.predictions.add(prediction, case.id)
    commit = project.annotations.commit
    annotation = project.annotations.load(case.id)
    if not blind:
        annotation = commit(annotation.from_prediction(prediction), case.id, expected_revision=0)
    points = prediction.xy_image + np.array([px, 0])
    states = {mark: placed(*xy, None) for mark, xy in zip(TEMPLATE.ids, points.tolist(), strict=True)}
    edit = replace(annotation.change("place", states), reader="AB")
    annotation = commit(edit, case.id, expected_revision=annotation.revision)
    edit = replace(annotation.mark_reviewed(), reader="AB", context=BLIND if blind else "")
    commit(edit, case.id, expected_revision=annotation.revision)


def test_blind_and_assisted_cases_are_told_apart_and_measured(project):
    for number in range(3):
        review_off(project, add_case(project, number), 10.0 + number, blind=True)
    for number in range(3, 5):
        review_off(project, add_case(project, number), 2.0, blind=False)
    found = my_figures(project, "AB")
    assert (found.blind, found.assisted, found.by_hand, found.unit) == (3, 2, 0, "mm")
    assert found.pull_blind.value == pytest.approx(11 * 0.2)  # the pictures have pixels of 0.2 mm across
    assert found.pull_assisted.value == pytest.approx(2 * 0.2)
    assert found.pull_blind.n == 3 and found.pull_blind.low < 2.2 < found.pull_blind.high
    assert np.isnan(found.pull.value) and found.pull.n == 3, "nothing is said below 20 blind cases"
    assert my_figures(project, "CD").blind == 0, "the figures are those of one reader"


def test_from_20_blind_cases_on_the_pull_has_an_interval(project):
    for number in range(20):
        review_off(project, add_case(project, number), 9.0 + number % 3, blind=True)
    for number in range(20, 24):
        review_off(project, add_case(project, number), 1.0 + number % 2, blind=False)
    pull = my_figures(project, "AB").pull
    assert pull.low < pull.value < pull.high and pull.low > 0


def test_readings_done_twice_give_the_own_repeatability(project):
    case = add_case(project, 1)
    project.readings.assign([case.id], "AB", by="AB")
    points = {mark: (5.0, 5.0 + k) for k, mark in enumerate(TEMPLATE.ids)}
    read(project, case, "", points)
    read(project, case, "AB", {mark: (x + 10, y) for mark, (x, y) in points.items()})
    found = my_figures(project, "AB", pairs(read_cases(project), TEMPLATE))
    assert found.repeated == 1 and found.by_hand == 1
    assert found.repeat == pytest.approx(np.sqrt(((10 * 0.2) ** 2 / 2 + 0) / 2))


def test_time_of_a_case_leaves_pauses_out_and_names_what_was_hurried(project):
    def edit(second, kind="place"):
        return Edit(kind, utc=f"2026-11-12T08:{second // 60:02d}:{second % 60:02d}.000000+00:00")

    assert reading_seconds([edit(0, "predict"), edit(100), edit(110), edit(130), edit(560, "review")]) == 30.0
    assert np.isnan(reading_seconds([edit(0)]))
    review_off(project, add_case(project, 1), 1.0, blind=False)
    found = my_figures(project, "AB")
    assert found.seconds < 1 and found.hurried == 1
    told = {line.name: line.value for line in figures_state(found).lines}
    assert (told["Time for a case"], told["Cases read in a hurry"]) == ("0 s", "1")
    nothing = my_figures(project, "CD")
    assert np.isnan(nothing.seconds) and nothing.hurried == 0
