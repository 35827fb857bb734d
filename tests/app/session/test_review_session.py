import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.session.review_order import TEMPLATE_ORDER
from medsapiens_core.data.annotation import Decision

from .helpers import SHA, TEMPLATE, Case, Harness, prediction


def complete(session):
    for landmark in TEMPLATE.ids:
        session.confirm(landmark)


def test_confirm_goes_on_to_the_least_certain_undecided_landmark(qtbot):
    session = Harness().session
    assert session.order == ("b", "c", "a") and session.current == "b"
    session.confirm()
    assert session.current == "c"
    session.confirm()
    assert session.current == "a"
    session.confirm()
    assert session.current == "a" and session.annotation.is_complete


def test_a_drag_is_one_step_and_stops_at_the_border(qtbot):
    harness = Harness()
    harness.session.move("a", -40.0, 500.0)
    state = harness.session.annotation["a"]
    assert (state.x, state.y) == (-0.5, 79.5)
    harness.session.undo()
    assert harness.session.annotation.states == harness.start.states
    assert len(harness.edits) == 2 and harness.edits[1][0].undoes == harness.edits[0][0].id


def test_a_position_that_is_no_number_changes_nothing(qtbot):
    harness = Harness()
    harness.session.move("a", float("nan"), 1.0)
    assert harness.edits == []


def test_nudges_with_short_pauses_are_one_step_and_each_is_handed_over_at_once(qtbot):
    harness = Harness()
    session = harness.session
    session.set_current("a")
    for _ in range(5):
        harness.clock.now += 0.79
        session.nudge(1, 0)
    assert len(harness.edits) == 5
    assert session.annotation["a"].x == 15.0
    session.undo()
    assert session.annotation["a"] == harness.start["a"] and not session.can_undo
    session.redo()
    assert session.annotation["a"].x == 15.0
    assert harness.replayed() == session.annotation


def test_a_pause_another_landmark_or_another_act_begins_a_new_step(qtbot):
    harness = Harness()
    session = harness.session
    session.set_current("a")
    session.nudge(1, 0)
    harness.clock.now += 0.81
    session.nudge(1, 0)
    session.set_current("b")
    session.nudge(1, 0)
    session.move("b", 40.0, 40.0)
    steps = 0
    while session.can_undo:
        session.undo()
        steps += 1
    assert steps == 4


def test_nudging_what_has_no_position_does_nothing(qtbot):
    harness = Harness(with_prediction=False)
    harness.session.nudge(1, 0)
    assert harness.edits == []


def test_review_needs_every_decision_and_names_what_is_missing(qtbot):
    harness = Harness()
    session = harness.session
    session.confirm("a")
    assert not session.mark_reviewed()
    assert harness.undecided == ["2 landmarks have no decision: B, C."]
    session.confirm("b")
    session.confirm("c")
    assert session.mark_reviewed() and session.annotation.reviewed
    assert session.mark_reviewed(), "asking again is no error"
    session.undo()
    assert not session.annotation.reviewed


def test_changing_a_reviewed_case_reopens_it_and_undo_brings_the_review_back(qtbot):
    harness = Harness()
    session = harness.session
    complete(session)
    session.mark_reviewed()
    session.move("a", 50.0, 50.0)
    assert not session.annotation.reviewed
    assert harness.reopened[0] == next(edit.utc for edit, _ in harness.edits if edit.kind == "review")
    session.undo()
    assert session.annotation.reviewed and session.annotation["a"].decision is Decision.CONFIRMED
    session.reopen()
    assert not session.annotation.reviewed


def test_undo_stacks_are_kept_per_case(qtbot):
    harness = Harness()
    session = harness.session
    session.confirm("a")
    first = session.annotation
    session.open_case(Case(2), harness.empty, None)
    assert not session.can_undo
    session.open_case(Case(1), first, prediction())
    assert session.can_undo
    session.undo()
    assert session.annotation["a"].label == "predicted"


def test_predictions_never_touch_decided_points_and_cannot_be_undone(qtbot):
    harness = Harness()
    session = harness.session
    session.move("a", 50.0, 50.0)
    session.receive_prediction(prediction("p2", [[1, 1], [2, 2], [3, 3]]))
    assert (session.annotation["a"].x, session.annotation["b"].x) == (50.0, 2.0)
    assert session.annotation.prediction_id == "p2"
    session.undo()
    assert session.annotation["a"].x == 1.0, "an undecided point follows the prediction shown now"
    assert not session.can_undo
    session.redo()
    assert session.annotation["a"].x == 50.0
    assert harness.replayed() == session.annotation


@pytest.mark.parametrize("change", [{"image_sha256": "cd" * 32}, {"template_id": "other"}])
def test_a_prediction_of_something_else_is_dropped(qtbot, change):
    harness = Harness(with_prediction=False)
    wrong = prediction().to_json() | change
    harness.session.receive_prediction(type(prediction()).from_json(wrong))
    assert harness.edits == []


def test_the_same_prediction_twice_is_one_edit(qtbot):
    harness = Harness()
    harness.session.receive_prediction(prediction())
    assert harness.edits == []


def test_a_prediction_arriving_with_no_case_open_is_dropped(qtbot):
    harness = Harness()
    harness.session.close_case()
    harness.session.receive_prediction(prediction())
    assert harness.edits == [] and not harness.session.is_open


def test_read_only_changes_nothing_and_says_so(qtbot):
    harness = Harness()
    harness.session.read_only = True
    harness.session.confirm("a")
    harness.session.undo()
    assert harness.edits == [] and "read only" in harness.messages[0]


def test_undo_goes_to_the_landmark_it_changed(qtbot):
    session = Harness().session
    session.move("a", 50.0, 50.0)
    session.set_current("c")
    session.undo()
    assert session.current == "a"


def test_walking_through_landmarks(qtbot):
    session = Harness().session
    session.go(1)
    assert session.current == "c"
    session.go(1, template_order=True)
    assert session.current == "a"
    session.set_order_mode(TEMPLATE_ORDER)
    session.go(-1)
    assert session.current == "c"
    session.go_to_undecided(0)
    assert session.current == "a"
    session.go_to_undecided(-1)
    assert session.current == "c"


def test_going_to_the_next_unplaced(qtbot):
    session = Harness(with_prediction=False).session
    assert session.go_to_unplaced() and session.current == "a"
    session.move("a", 1, 1)
    assert session.go_to_unplaced() and session.current == "b"
    session.move("b", 1, 1)
    session.toggle_absent("c")
    assert not session.go_to_unplaced()


def test_a_case_of_another_template_is_refused(qtbot):
    harness = Harness()
    wrong = harness.empty.__class__(1, "other", ("x",), (harness.empty.states[0],))
    with pytest.raises(ValueError, match="another template"):
        harness.session.open_case(Case(1, SHA), wrong, None)


ACTS = st.sampled_from(["confirm", "estimated", "absent", "clear", "revert", "review", "undo", "redo", "predict"])
STEPS = st.lists(
    st.tuples(ACTS | st.just("move"), st.sampled_from(TEMPLATE.ids), st.floats(-5, 120), st.floats(-5, 120)),
    max_size=40,
)


def play(harness, steps):
    session = harness.session
    for number, (act, landmark, x, y) in enumerate(steps):
        if act == "move":
            session.move(landmark, x, y)
        elif act == "review":
            session.mark_reviewed()
        elif act == "predict":
            session.receive_prediction(prediction(f"n{number}", np.array([[x, y]] * 3)))
        elif act in ("undo", "redo"):
            getattr(session, act)()
        else:
            name = {"estimated": "toggle_estimated", "absent": "toggle_absent"}.get(act, act)
            getattr(session, name)(landmark)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_what_is_handed_over_always_replays_to_what_is_shown(qapp, steps):
    harness = Harness()
    play(harness, steps)
    assert harness.replayed() == harness.session.annotation


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS.map(lambda steps: [s for s in steps if s[0] not in ("undo", "redo", "predict")]), max_size=2))
def test_undoing_all_and_redoing_all_comes_back(qapp, parts):
    harness = Harness()
    session = harness.session
    for part in parts:
        play(harness, part)
    end = session.annotation
    while session.can_undo:
        session.undo()
    assert session.annotation.states == harness.start.states
    while session.can_redo:
        session.redo()
    assert (session.annotation.states, session.annotation.reviewed) == (end.states, end.reviewed)
    assert harness.replayed() == session.annotation
