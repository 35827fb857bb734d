"""Every cell of the table in ux.md 3.1, driven through the session."""

import pytest

from app.session.review_session import ReviewSession
from medsapiens_core.data.annotation import NOT_PLACED, AbsentReason, Decision, Place, PointState, absent, predicted

from .helpers import Harness, prediction

AT_PREDICTION, ELSEWHERE = (10.0, 10.0), (50.0, 40.0)
PREDICTED = predicted(*AT_PREDICTION)
CONFIRMED = PointState(Place.VISIBLE, Decision.CONFIRMED, *AT_PREDICTION)
CORRECTED = PointState(Place.VISIBLE, Decision.CORRECTED, 12.0, 13.0)
ESTIMATED = PointState(Place.ESTIMATED, Decision.CORRECTED, 12.0, 13.0)
ESTIMATED_AT_PREDICTION = PointState(Place.ESTIMATED, Decision.CORRECTED, *AT_PREDICTION)
ABSENT = absent()
MOVED = PointState(Place.VISIBLE, Decision.CORRECTED, *ELSEWHERE)
MOVED_ESTIMATE = PointState(Place.ESTIMATED, Decision.CORRECTED, *ELSEWHERE)


def put(harness: Harness, state: PointState) -> None:
    session = harness.session
    if state is NOT_PLACED:
        session.clear("a")
    elif state is CONFIRMED:
        session.confirm("a")
    elif state is CORRECTED:
        session.move("a", 12.0, 13.0)
    elif state is ESTIMATED:
        session.move("a", 12.0, 13.0)
        session.set_estimated("a", True)
    elif state is ESTIMATED_AT_PREDICTION:
        session.set_estimated("a", True)
    elif state is ABSENT:
        session.set_absent("a", AbsentReason.NOT_ASSESSABLE)
    assert session.annotation["a"] == state


def do(session: ReviewSession, act: str) -> None:
    acts = {
        "confirm": lambda: session.confirm("a"),
        "move": lambda: session.move("a", *ELSEWHERE),
        "move to prediction": lambda: session.move("a", 10.02, 10.0),
        "estimated": lambda: session.toggle_estimated("a"),
        "absent": lambda: session.toggle_absent("a"),
        "clear": lambda: session.clear("a"),
        "revert": lambda: session.revert("a"),
        "new prediction": lambda: session.receive_prediction(prediction("p2", [[11, 11], [21, 21], [31, 31]])),
    }
    acts[act]()


NEW = predicted(11.0, 11.0)
NEAR = PointState(Place.VISIBLE, Decision.CONFIRMED, 10.02, 10.0)
TABLE = [
    (NOT_PLACED, "confirm", NOT_PLACED),
    (NOT_PLACED, "move", MOVED),
    (NOT_PLACED, "estimated", NOT_PLACED),
    (NOT_PLACED, "absent", ABSENT),
    (NOT_PLACED, "clear", NOT_PLACED),
    (NOT_PLACED, "revert", PREDICTED),
    (NOT_PLACED, "new prediction", NEW),
    (PREDICTED, "confirm", CONFIRMED),
    (PREDICTED, "move", MOVED),
    (PREDICTED, "move to prediction", NEAR),
    (PREDICTED, "estimated", ESTIMATED_AT_PREDICTION),
    (PREDICTED, "absent", ABSENT),
    (PREDICTED, "clear", NOT_PLACED),
    (PREDICTED, "revert", PREDICTED),
    (PREDICTED, "new prediction", NEW),
    (CONFIRMED, "confirm", CONFIRMED),
    (CONFIRMED, "move", MOVED),
    (CONFIRMED, "estimated", ESTIMATED_AT_PREDICTION),
    (CONFIRMED, "absent", ABSENT),
    (CONFIRMED, "clear", NOT_PLACED),
    (CONFIRMED, "revert", PREDICTED),
    (CONFIRMED, "new prediction", CONFIRMED),
    (CORRECTED, "confirm", CORRECTED),
    (CORRECTED, "move", MOVED),
    (CORRECTED, "move to prediction", NEAR),
    (CORRECTED, "estimated", ESTIMATED),
    (CORRECTED, "absent", ABSENT),
    (CORRECTED, "clear", NOT_PLACED),
    (CORRECTED, "revert", PREDICTED),
    (CORRECTED, "new prediction", CORRECTED),
    (ESTIMATED, "confirm", ESTIMATED),
    (ESTIMATED, "move", MOVED_ESTIMATE),
    (ESTIMATED, "estimated", CORRECTED),
    (ESTIMATED_AT_PREDICTION, "estimated", CONFIRMED),
    (ESTIMATED, "absent", ABSENT),
    (ESTIMATED, "clear", NOT_PLACED),
    (ESTIMATED, "revert", PREDICTED),
    (ESTIMATED, "new prediction", ESTIMATED),
    (ABSENT, "confirm", ABSENT),
    (ABSENT, "move", MOVED),
    (ABSENT, "estimated", ABSENT),
    (ABSENT, "absent", PREDICTED),
    (ABSENT, "clear", NOT_PLACED),
    (ABSENT, "revert", PREDICTED),
    (ABSENT, "new prediction", ABSENT),
]


@pytest.mark.parametrize(("start", "act", "end"), TABLE, ids=lambda value: getattr(value, "label", value))
def test_cell(qtbot, start, act, end):
    harness = Harness()
    put(harness, start)
    do(harness.session, act)
    assert harness.session.annotation["a"] == end
    assert harness.replayed() == harness.session.annotation


def test_the_table_is_complete():
    acts = {"confirm", "move", "estimated", "absent", "clear", "revert", "new prediction"}
    labels = {"not placed", "predicted", "confirmed", "corrected", "estimated", "absent"}
    assert {(start.label, act) for start, act, _ in TABLE} >= {(label, act) for label in labels for act in acts}


@pytest.mark.parametrize("start", [NOT_PLACED, ABSENT], ids=["not placed", "absent"])
def test_estimated_without_a_position_arms_placing_and_the_drop_is_an_estimate(qtbot, start):
    harness = Harness()
    put(harness, start)
    harness.session.toggle_estimated("a")
    assert harness.session.armed == "a" and harness.messages[-1].startswith("Click where you estimate A")
    harness.session.move("a", *ELSEWHERE)
    assert harness.session.annotation["a"] == MOVED_ESTIMATE
    assert harness.session.armed == ""


@pytest.mark.parametrize("start", [CONFIRMED, CORRECTED, ESTIMATED, NOT_PLACED], ids=lambda state: state.label)
def test_absent_taken_back_gives_the_state_before(qtbot, start):
    harness = Harness()
    put(harness, start)
    harness.session.toggle_absent("a")
    harness.session.toggle_absent("a")
    assert harness.session.annotation["a"] == start


def test_absent_taken_back_after_the_case_was_opened_again_uses_the_history(qtbot):
    harness = Harness()
    put(harness, CORRECTED)
    harness.session.toggle_absent("a")
    again = Harness()
    history = [edit for edit, _ in harness.edits]
    again.session.open_case(harness.session.case, harness.session.annotation, prediction(), history)
    again.session.toggle_absent("a")
    assert again.session.annotation["a"] == CORRECTED


def test_without_a_prediction_positions_are_corrected_and_revert_keeps_them(qtbot):
    harness = Harness(with_prediction=False)
    session = harness.session
    session.move("a", 10.0, 10.0)
    assert session.annotation["a"].decision is Decision.CORRECTED
    session.revert("a")
    assert session.annotation["a"].decision is Decision.CORRECTED
    assert harness.messages == ["There is no prediction of A to go back to."]
    session.toggle_absent("b")
    session.revert("b")
    assert session.annotation["b"] == NOT_PLACED
