"""The table of ux.md 3.1 as functions: from a landmark's state and an act of the reader to its next state.

`prediction_xy` is where the shown prediction lies, in image pixels, or None. A function that returns the state it
was given means "no change".
"""

from __future__ import annotations

from collections.abc import Iterable

from medsapiens_core.data.annotation import (
    NOT_PLACED,
    AbsentReason,
    Decision,
    Edit,
    Place,
    PointState,
    absent,
    placed,
    predicted,
)

Point = tuple[float, float]


def confirm(state: PointState) -> PointState:
    """Accept a predicted point where it lies; everything else stays."""
    if state.decision is not Decision.PREDICTED:
        return state
    return PointState(Place.VISIBLE, Decision.CONFIRMED, state.x, state.y)


def move(state: PointState, x: float, y: float, prediction_xy: Point | None, *, armed: bool = False) -> PointState:
    """Place or move; `armed` means that "estimated" was asked for before there was a position."""
    return placed(x, y, prediction_xy, estimated=armed or state.place is Place.ESTIMATED)


def needs_place_to_estimate(state: PointState) -> bool:
    """True where "estimated" has to wait for the reader to show the place."""
    return state.x is None


def set_estimated(state: PointState, wanted: bool, prediction_xy: Point | None) -> PointState:
    """Switch a positioned point between estimated and visible; visible follows the distance rule."""
    if state.x is None or state.y is None or wanted == (state.place is Place.ESTIMATED):
        return state
    return placed(state.x, state.y, prediction_xy, estimated=wanted)


def set_absent(state: PointState, reason: AbsentReason) -> PointState:
    """State that the landmark is not in this image."""
    return state if state.absent_reason is reason else absent(reason)


def take_back_absent(state: PointState, before: PointState | None, prediction_xy: Point | None) -> PointState:
    """The state from before it was called absent; its prediction may have changed since."""
    if state.place is not Place.ABSENT:
        return state
    if before is not None and before.is_decided:
        return before
    if before is not None and before.place is Place.NOT_PLACED:
        return NOT_PLACED
    return _predicted_or_nothing(prediction_xy)


def clear(state: PointState) -> PointState:
    """No position, no decision."""
    return NOT_PLACED if state != NOT_PLACED else state


def revert(state: PointState, prediction_xy: Point | None) -> PointState:
    """Back to the prediction. Without one a position of the reader's stays, and an absence is taken back."""
    if prediction_xy is None:
        return NOT_PLACED if state.place is Place.ABSENT else state
    return predicted(*prediction_xy)


def renew(state: PointState, prediction_xy: Point | None) -> PointState:
    """A state from the past as it would be now: an undecided position follows the prediction shown now."""
    if state.decision is Decision.PREDICTED and prediction_xy is not None:
        return predicted(*prediction_xy)
    return state


def state_before_absent(history: Iterable[Edit], landmark: str) -> PointState | None:
    """The state that the last change to absent replaced, None if history has none."""
    found = None
    for edit in history:
        for change in edit.changes:
            if change.landmark == landmark and Place.ABSENT is change.after.place is not change.before.place:
                found = change.before
    return found


def _predicted_or_nothing(prediction_xy: Point | None) -> PointState:
    return NOT_PLACED if prediction_xy is None else predicted(*prediction_xy)
