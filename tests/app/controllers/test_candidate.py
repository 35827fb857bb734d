import pytest

from app.controllers.candidate import comparison_state, finish_job, next_name, summary
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


def state(template: Template = BLOBS, *, in_use=False, **changes):
    return comparison_state("blobs-v2", comparison(**changes), template, {7: "film 007.png"}, in_use=in_use)


def test_a_better_candidate_may_be_promoted_without_a_reason():
    shown = state()
    assert shown.can_promote and not shown.needs_reason and shown.refusal == ""
    assert shown.verdict_text == "blobs-v2 is better than default on the locked cases."
    assert (shown.old.model, shown.new.model, shown.new.sdr) == ("default", "blobs-v2", {"2": 0.9})
    assert shown.difference == (-0.11, -0.2, -0.02) and shown.method == "paired bootstrap"
    assert [(mark.name, mark.old, mark.new) for mark in shown.per_landmark] == [("Big", 1.0, 0.9), ("Small", None, 1.2)]
    assert (shown.cases[0].case_id, shown.cases[0].name) == (7, "film 007.png")


def test_few_locked_cases_ask_for_a_reason():
    gate = [{"rule": "G1", "ok": False, "text": "Only 4.", "blocks": True}]
    shown = state(verdict="too_few", gate=gate, difference=None, old=None)
    assert shown.can_promote and shown.needs_reason and shown.difference is None and shown.old is None


def test_a_rule_that_blocks_refuses_and_says_why():
    gate = [{"rule": "G2", "ok": False, "text": "Mean error 1.42 -> 1.51 mm.", "blocks": True}]
    shown = state(verdict="worse", gate=gate)
    assert not shown.can_promote and shown.refusal == "Mean error 1.42 -> 1.51 mm."
    assert shown.can_discard
    assert not state(in_use=True).can_promote
    assert not state(in_use=True).can_discard


@pytest.mark.parametrize("verdict", ["better", "worse", "undecided", "too_few", "first"])
def test_every_verdict_has_words(verdict):
    assert state(verdict=verdict).verdict_text


def test_the_summary_names_the_change():
    assert summary("v2", comparison()) == "v2: mean error 1.42 -> 1.31 mm on 20 locked cases"
    assert summary("v2", comparison(old=None)) == "v2: mean error 1.31 mm on 20 locked cases"
    assert summary("v2", comparison(new=NEW | {"mre": None})) == "v2: no locked case to compare on"


def test_finishing_a_job_twice_comes_to_the_same_end(project, library, tmp_path):
    decide_all(project, add_case(project, 1).id)
    snapshot = project.snapshots.freeze()
    assert next_name(library, project, "blobs") == "blobs-v1"
    job = project.jobs.enqueue("train", {"model": "blobs-v1", "snapshot_id": snapshot.id})
    assert next_name(library, project, "blobs") == "blobs-v2", "a waiting job keeps its name"
    project.jobs.claim(job.id, 1)
    candidate = write_model(tmp_path / "candidate", seed=3)
    library.add(candidate, "blobs-v1")
    assert finish_job(project, library, project.jobs.get(job.id), candidate, comparison()) == "blobs-v1"
    assert project.jobs.get(job.id).outcome["model"] == "blobs-v1"
    assert project.comparisons.get(job.id)["n_cases"] == 20
