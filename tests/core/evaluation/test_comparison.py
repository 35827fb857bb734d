"""The paired comparison and the gate on planted differences."""

import itertools
import json

import numpy as np
import pytest

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.evaluation import resampling
from medsapiens_core.evaluation.comparison import LockedCase, ModelPoints
from medsapiens_core.evaluation.gate import GateLine, compare, may_promote

TEMPLATE = Template("t", 1, "T", tuple(Landmark(i, i.title(), i, "") for i in ("alpha", "beta", "gamma")))
RNG = np.random.default_rng(5)


def make_cases(count: int, spacing: tuple[float, float] | None = (0.1, 0.1)) -> list[LockedCase]:
    truth = RNG.uniform(100, 900, (count, 3, 2))
    return [LockedCase(str(i), f"patient {i // 2}", truth[i], 1000, 1000, spacing) for i in range(count)]


def points(cases: list[LockedCase], error_px: float, model: str, noise: float = 1.0) -> ModelPoints:
    angle = RNG.uniform(0, 2 * np.pi, (len(cases), 3))
    length = np.abs(error_px + noise * RNG.standard_normal((len(cases), 3)))
    offset = np.stack([length * np.cos(angle), length * np.sin(angle)], axis=-1)
    return ModelPoints(model, np.array([case.truth for case in cases]).reshape(-1, 3, 2) + offset)


def lines(result: dict) -> list[GateLine]:
    return [GateLine(**line) for line in result["gate"]]


def rules(result: dict) -> dict[str, bool]:
    return {line["rule"]: line["ok"] for line in result["gate"]}


def test_a_clearly_better_candidate_is_better_and_may_be_promoted():
    cases = make_cases(40)
    result = compare(cases, TEMPLATE, points(cases, 15, "old"), points(cases, 10, "new"))
    assert result["verdict"] == "better"
    assert result["unit"] == "mm"
    assert result["difference"]["mean"] == pytest.approx(-0.5, abs=0.06)
    assert result["difference"]["low"] < result["difference"]["mean"] < result["difference"]["high"] < 0
    assert rules(result) == {"G1": True, "G2": True, "G3": True, "G4": True, "G5": True}
    assert may_promote(lines(result))
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_a_worse_candidate_is_blocked_by_mean_and_bound():
    cases = make_cases(40)
    result = compare(cases, TEMPLATE, points(cases, 10, "old"), points(cases, 15, "new"))
    assert result["verdict"] == "worse"
    assert {"G2", "G3"} <= {line.rule for line in lines(result) if line.blocks}
    assert not may_promote(lines(result))


def test_a_model_against_itself_is_undecided():
    cases = make_cases(30)
    same = points(cases, 10, "same")
    result = compare(cases, TEMPLATE, same, same)
    assert result["verdict"] == "undecided"
    assert result["difference"]["mean"] == 0.0
    assert may_promote(lines(result))


def test_one_landmark_that_gets_worse_blocks_although_the_mean_improves():
    cases = make_cases(40)
    old, new = points(cases, 20, "old"), points(cases, 5, "new")
    worse = new.xy_image.copy()
    worse[:, 1] += (20.0, 20.0)
    result = compare(cases, TEMPLATE, old, ModelPoints("new", worse))
    assert result["verdict"] == "better"
    blocked = [line for line in lines(result) if line.blocks]
    assert [line.rule for line in blocked] == ["G5"]
    assert "Beta" in blocked[0].text


def test_more_lost_points_count_as_gross_errors_and_block():
    cases = make_cases(20)
    old, new = points(cases, 10, "old"), points(cases, 9, "new", noise=0.1)
    lost = new.xy_image.copy()
    lost[3, 2] = np.nan
    result = compare(cases, TEMPLATE, old, ModelPoints("new", lost))
    assert result["new"]["n_missing"] == 1
    assert [line.rule for line in lines(result) if line.blocks] == ["G4"]


def test_few_cases_are_too_few_and_one_without_spacing_makes_it_pixels():
    cases = [*make_cases(5), *make_cases(1, spacing=None)]
    result = compare(cases, TEMPLATE, points(cases, 10, "old"), points(cases, 9, "new"))
    assert (result["verdict"], result["unit"]) == ("too_few", "px")
    assert result["difference"]["p_value"] is not None
    assert "indicative" in result["difference"]["method"]


def test_no_locked_case_at_all():
    result = compare([], TEMPLATE, ModelPoints("old", np.zeros((0, 3, 2))), ModelPoints("new", np.zeros((0, 3, 2))))
    assert (result["verdict"], result["difference"], result["new"]["mre"]) == ("too_few", None, None)
    assert not may_promote(lines(result))


def test_the_first_model_of_a_template_has_nothing_to_beat():
    cases = make_cases(12)
    result = compare(cases, TEMPLATE, None, points(cases, 10, "new"))
    assert (result["verdict"], result["old"], result["difference"]) == ("first", None, None)
    assert may_promote(lines(result))


def test_the_hash_of_the_locked_set_sees_a_hundredth_of_a_pixel():
    cases = make_cases(3)
    moved = LockedCase("0", "patient 0", cases[0].truth + 0.01, 1000, 1000, (0.1, 0.1))
    hashes = [
        compare(chosen, TEMPLATE, None, points(chosen, 1, "m"))["test_set_sha256"]
        for chosen in (cases, cases[::-1], [moved, *cases[1:]])
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_sign_flip_equals_full_enumeration():
    values = RNG.standard_normal(7)
    sums = resampling.by_patient(values, list(range(7)))
    totals = [abs(np.dot(signs, values)) for signs in itertools.product((-1, 1), repeat=7)]
    assert resampling.sign_flip_p(sums) == pytest.approx(np.mean(np.array(totals) >= abs(values.sum()) - 1e-9))
    with pytest.raises(ValueError, match="fewer than 20"):
        resampling.sign_flip_p(resampling.by_patient(np.ones(20), list(range(20))))


def test_the_bootstrap_draws_patients_and_is_seeded():
    values, patients = np.repeat(RNG.standard_normal(30), 4), np.repeat(np.arange(30), 4).tolist()
    sums = resampling.by_patient(values, patients)
    alone = resampling.by_patient(values, list(range(120)))
    means = resampling.bootstrap_means(sums, seed=3)
    assert np.array_equal(means, resampling.bootstrap_means(sums, seed=3))
    # four copies of each patient tell nothing new, so the spread must be that of 30 patients, not of 120 images
    assert means.std() == pytest.approx(2 * resampling.bootstrap_means(alone, seed=3).std(), rel=0.1)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        sums = resampling.by_patient(rng.standard_normal(30), list(range(30)))
        means = resampling.bootstrap_means(sums, seed=trial, resamples=1000)
        covered += resampling.quantile(sums, means, 0.025) <= 0 <= resampling.quantile(sums, means, 0.975)
    assert 0.89 <= covered / 200 <= 0.99
