import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.controllers.job_progress import POINTS, JobProgress, job_state
from medsapiens_core.training.progress import EpochDone, LogLine, PhaseStarted, StepDone, StopHeard


def after(*messages):
    progress = JobProgress()
    for message in messages:
        progress = progress.after(message)
    return progress


def test_messages_become_what_is_shown():
    progress = after(
        PhaseStarted("train", "Training on 62 cases"),
        StepDone(5, 10, 1, 2, 0.5, 90.0),
        EpochDone(1, 0.5, 9.0, 1.42),
        LogLine("worth reading"),
    )
    assert progress.notes == ("worth reading",)
    shown = job_state(3, "running", progress, None, None)
    assert (shown.phase, shown.progress, shown.seconds_left, shown.text) == ("Train", 0.5, 90.0, "epoch 1 of 2")
    assert (shown.losses, shown.val_errors, shown.val_unit) == (((5.0, 0.5),), ((1.0, 1.42),), "mm")
    assert after(EpochDone(1, 0.5, 9.0)).val_unit == "px"
    base = after(EpochDone(0, None, 9.0, 1.5), EpochDone(1, 0.4, 8.0, 1.3))
    assert (base.val_base, base.val_errors) == (1.5, ((1.0, 1.3),)), "epoch 0 is the model that training starts from"
    assert after(EpochDone(1, None)).val_errors == () == after(StepDone(1, 0, 1, 1, None, None)).losses


@given(st.integers(0, 3000))
def test_a_long_curve_is_thinned_and_keeps_its_newest_point(steps):
    progress = after(*(StepDone(n, steps, 1, 1, float(n), None) for n in range(steps)))
    assert len(progress.losses) <= POINTS
    if steps:
        assert progress.losses[-1] == (steps - 1.0, steps - 1.0)
        assert list(progress.losses) == sorted(progress.losses)


def test_what_is_stored_comes_back():
    progress = after(PhaseStarted("train", "x"), StepDone(5, 10, 1, 2, 0.5, 90.0), EpochDone(1, 0.5, 9.0, 1.42))
    assert JobProgress.from_json(json.loads(json.dumps(progress.to_json()))) == progress
    assert JobProgress.from_json(None) == JobProgress() == JobProgress.from_json({"unknown": 1})


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        ("queued", {"can_cancel"}),
        ("running", {"can_stop", "can_cancel"}),
        ("stopping", {"can_cancel"}),
        ("done", {"can_remove", "can_compare"}),
        ("failed", {"can_resume", "can_remove"}),
        ("interrupted", {"can_resume", "can_remove"}),
        ("cancelled", {"can_remove"}),
    ],
)
def test_each_state_has_the_buttons_that_work(state, buttons):
    shown = job_state(1, state, JobProgress(), "v1", {"message": "out of memory", "summary": "v1: better"})
    assert {name for name in vars(shown) if name.startswith("can_") and getattr(shown, name)} == buttons
    assert shown.text


PAYLOAD = {
    "model": "v4",
    "base": "v3",
    "counts": {"train": 50, "val": 12, "locked": 18, "locked_total": 20, "free_bytes": 41e9},
}


def test_the_seven_steps_say_what_they_measure():
    progress = after(PhaseStarted("train", "x"), StepDone(5, 10, 31, 60, 0.5, 90.0))
    steps = job_state(7, "running", progress, None, None, payload=PAYLOAD).steps
    assert [step.name for step in steps] == ["Freeze", "Check", "Prepare", "Train", "Evaluate", "Gate", "You decide"]
    assert [step.state for step in steps] == ["done"] * 3 + ["current"] + ["waiting"] * 3
    assert [step.measured for step in steps[:5]] == [
        "62 training cases, 18 locked",
        "18 of 20 locked cases read, 41 GB free",
        "62 pictures read and resized",
        "epoch 31 of 60",
        "v4 and v3 on the same 18 locked cases",
    ]
    for phase, at in (("prepare", 2), ("evaluate", 4), ("write", 5)):
        shown = job_state(7, "running", after(PhaseStarted(phase, "x")), None, None, payload=PAYLOAD).steps
        assert [step.state for step in shown].index("current") == at
    done = job_state(7, "done", progress, "v4", {"summary": "v4: better"}, payload=PAYLOAD).steps
    assert (done[6].state, done[6].measured) == ("current", "v4: better")


def test_a_stop_that_was_heard_is_told():
    assert after(StepDone(5, 10, 1, 2, 0.5, 90.0), StopHeard()).text == "stopping and keeping the best so far"


def test_a_failed_job_says_why():
    assert (
        job_state(1, "failed", JobProgress(), None, {"message": "the disk is full"}).text == "failed: the disk is full"
    )
