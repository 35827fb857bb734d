"""Where the shown proposals of a case come from, and which of them wait to be taken."""

from __future__ import annotations

from app.session.review_session import ReviewSession
from medsapiens_core.data.annotation import Decision


def origin(session: ReviewSession, landmark: str) -> str:
    """Where the shown prediction of a landmark comes from: model, fill, one-shot; "" without a prediction."""
    if session.prediction is None or session.prediction_xy(landmark) is None:
        return ""
    return session.prediction.origin(session.template.index[landmark])


def has_suggestion(session: ReviewSession, landmark: str) -> bool:
    """True for an undecided point that stayed where it was although the shown prediction lies elsewhere."""
    state, shown = session.annotation[landmark], session.prediction_xy(landmark)
    return state.decision is Decision.PREDICTED and shown is not None and (state.x, state.y) != shown
