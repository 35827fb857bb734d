import numpy as np
import pytest

from app.controllers.candidate import comparison_state, finish_job, next_name, summary
from app.controllers.verdict import how_often
from medsapiens_core.data.template import Template

from ..building import BLOBS, add_case, decide_all, write_model

NEW = {"model": "cand", "mre": 1.31, "sdr": {"2": 0.9, "4": None}, "per_landmark": {}}
OLD = {"model": "default@0123456789ab", "mre": 1.42, "sdr": {"2": 0.85}, "per_landmark": {}}


def comparison(**changes):
    value = {
        "n_cases": 20,
        "unit": "mm",
        "old": OLD,
        "new": NEW,
        "difference": {"mean": -0.11, "low": -0.2, "high": -0.02, "method": "paired bootstrap"},
        "per_landmark": {"big": {"old": 1.0, "new": 0.9}, "small": {"old": None, "new": 1.2}},
        "cases": [{"case_id": "7", "old": 1.5, "new": 1.2}],
        "verdict": "better",
        "gate": [{"rule": "G1", "ok": True, "text": "20 cases.", "blocks": False}],
    }
    return value | changes


def state(template: Template = BLOBS, *, in_use=False, uses=1, is_try_out=False, **changes):
    names = {7: "film 007.png"}
    return comparison_state(
        "blobs-v2", comparison(**changes), template, names, in_use=in_use, uses=uses, is_try_out=is_try_out
    )


def blocked(*rules, **more):
    return [{"rule": rule, "ok": False, "text": f"{rule} says no.", "blocks": True, **more} for rule in rules]


def test_a_better_candidate_may_be_promoted_without_a_reason():
    shown = state()
    assert shown.can_promote and shown.reason_text == "" and shown.refusal == ""
    assert shown.verdict_text == (
        "blobs-v2 is better than default on the locked set: mean error 1.42 -> 1.31 mm. It may be promoted."
    )
    assert (shown.old.model, shown.new.model, shown.new.sdr) == ("default", "blobs-v2", {"2": 0.9})
    assert shown.difference == (-0.11, -0.2, -0.02) and shown.method == "paired bootstrap"
    assert [(mark.name, mark.old, mark.new) for mark in shown.per_landmark] == [("Big", 1.0, 0.9), ("Small", None, 1.2)]
    assert (shown.cases[0].case_id, shown.cases[0].name) == (7, "film 007.png")
    assert shown.wear_text == "locked set, 20 cases, use 1 of this set" and not shown.is_worn


def test_fewer_than_ten_locked_cases_make_a_try_out_only():  # M22
    shown = state(verdict="too_few", gate=blocked("G1"), n_cases=6)
    text = "The locked set has 6 read cases, 10 are needed to tell whether a new model is better."
    assert not shown.can_promote and shown.verdict_text == shown.refusal == text


def test_a_first_model_takes_nothings_place_and_needs_a_reason_only():
    gate = [{"rule": "G1", "ok": False, "text": "Only 4.", "blocks": False}]
    shown = state(verdict="too_few", gate=gate, difference=None, old=None, n_cases=4)
    assert shown.can_promote and shown.reason_text.endswith("Write why you promote anyway.")
    assert shown.difference is None and shown.old is None


def test_ten_to_nineteen_locked_cases_ask_for_a_reason_and_say_how_often_a_gain_is_missed():  # M23
    change = np.linspace(-1, 1, 12)
    old = np.full(12, 1.24)
    new = old - 0.1 + change / change.std(ddof=1) * 0.275
    cases = [{"case_id": str(n), "old": a, "new": b} for n, (a, b) in enumerate(zip(old, new, strict=True))]
    shown = state(n_cases=12, cases=cases)
    assert shown.can_promote
    assert shown.reason_text == (
        "Only 12 locked cases: a real 10 % gain would be missed about 1 time in 4. Write why you promote anyway."
    )
    assert state(n_cases=20, cases=cases).reason_text == ""


def test_a_worse_mean_refuses_in_the_words_of_the_design():  # M24
    shown = state(verdict="worse", gate=blocked("G2", "G3"), new=NEW | {"mre": 1.51})
    text = "blobs-v2 is not better than default on the locked set: mean error 1.42 -> 1.51 mm. default stays in use."
    assert not shown.can_promote and shown.verdict_text == shown.refusal == text
    assert shown.can_discard
    assert not state(in_use=True).can_promote
    assert not state(in_use=True).can_discard


@pytest.mark.parametrize(("rule", "key"), [("G3", "difference"), ("G7", "against_best")])
def test_no_clear_gain_refuses_in_the_words_of_the_design(rule, key):  # M25
    numbers = {"mean": -0.03, "low": -0.2, "high": 0.2, "upper": 0.09, "method": ""}
    shown = state(verdict="undecided", gate=blocked(rule), **{key: numbers})
    assert (
        shown.refusal
        == shown.verdict_text
        == (
            "No clear gain: change -0.03 mm, could be up to +0.09 mm worse. default stays in use. "
            "More corrected or locked cases would settle it."
        )
    )


def test_a_landmark_that_got_worse_must_be_opened():  # M26
    gate = [{"rule": "G5", "ok": False, "text": "Big is worse.", "blocks": False, "landmark": "big", "case_ids": []}]
    shown = state(gate=gate, per_landmark={"big": {"old": 2.1, "new": 2.9}})
    assert shown.can_promote and shown.gate[0].landmark == "big"
    assert shown.verdict_text == (
        "blobs-v2 is better on average but worse at Big (2.1 -> 2.9 mm). Open the Big cases before deciding."
    )


def test_cases_and_landmarks_have_their_names_and_no_numbers_of_the_store():
    line = {"rule": "G4", "ok": False, "text": "Gross errors (> 10 mm) 1 -> 2. New in: 7.", "blocks": True}
    shown = state(gate=[{**line, "case_ids": ["7"]}])
    assert shown.gate[0].text == "Gross errors (> 10 mm) 1 -> 2. New in: film 007.png."
    assert [mark.name for mark in shown.per_landmark] == ["Big", "Small"]


def test_a_gross_error_too_many_refuses_with_its_rule():
    shown = state(gate=blocked("G4", case_ids=["7"]))
    assert shown.refusal == "G4 says no." and shown.gate[0].case_ids == (7,)


def test_a_worn_set_warns_from_five_uses_and_promotes_nothing_from_ten():
    assert state(uses=4).can_promote and not state(uses=4).is_worn
    worn, out = state(uses=5), state(uses=10)
    assert worn.can_promote and worn.is_worn and "use 5 of this set" in worn.wear_text
    assert not out.can_promote and "read 10 fresh locked cases before the next promotion" in out.refusal


def test_a_try_out_is_never_put_in_use():
    assert "try-out" in state(is_try_out=True).refusal


@pytest.mark.parametrize("verdict", ["better", "worse", "undecided", "too_few", "first"])
def test_every_verdict_has_words(verdict):
    assert state(verdict=verdict).verdict_text


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "most of the time"),
        (0.8, "most of the time"),
        (0.3, "about 1 time in 3"),
        (0.004, "less than 1 time in 100"),
    ],
)
def test_how_often_in_words(share, words):
    assert how_often(share) == words


def test_the_summary_names_the_change():
    assert summary("v2", comparison()) == "v2: mean error 1.42 -> 1.31 mm on 20 locked cases"
    assert summary("v2", comparison(old=None)) == "v2: mean error 1.31 mm on 20 locked cases"
    assert summary("v2", comparison(new=NEW | {"mre": None})) == "v2: no locked case to compare on"


def test_the_points_of_each_case_come_along():
    case = {"case_id": "7", "old": 1.5, "new": 1.2, "truth": [[1, 2], None], "xy_old": None, "xy_new": [[3, 4], [5, 6]]}
    (shown,) = state(cases=[case]).cases
    assert (shown.truth, shown.xy_old, shown.xy_new) == (((1, 2), None), (), ((3, 4), (5, 6)))
    assert shown.change == pytest.approx(-0.3)


def test_finishing_a_job_twice_comes_to_the_same_end(project, library, tmp_path):
    decide_all(project, add_case(project, 1).id)
    snapshot = project.snapshots.freeze()
    assert next_name(library, project, "blobs") == "blobs-v1"
    assert next_name(library, project, "blobs", "t") == "blobs-t1"
    job = project.jobs.enqueue("train", {"model": "blobs-v1", "snapshot_id": snapshot.id})
    assert next_name(library, project, "blobs") == "blobs-v2", "a waiting job keeps its name"
    project.jobs.claim(job.id, 1)
    candidate = write_model(tmp_path / "candidate", seed=3)
    library.add(candidate, "blobs-v1")
    assert finish_job(project, library, project.jobs.get(job.id), candidate, comparison()) == "blobs-v1"
    assert project.jobs.get(job.id).outcome["model"] == "blobs-v1"
    assert project.comparisons.get(job.id)["n_cases"] == 20
