"""Which landmarks may be confirmed at once: what the model surely knows and the reader has seen (6.5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from app.session.review_session import ReviewSession
from app.translate import tr
from medsapiens_core.data.annotation import Decision
from medsapiens_core.data.prediction import MODEL

SEEN_S = 0.5


def bulk_landmarks(session: ReviewSession, limit: float, seen: Mapping[str, float]) -> tuple[str, ...]:
    """Undecided landmarks with a calibrated 95 % radius of at most `limit`, no warning, and seen for half a second."""
    warned, radii, prediction = session.guide.by_landmark, session.guide.radii, session.prediction
    return tuple(
        mark
        for position, (mark, state) in enumerate(zip(session.template.ids, session.annotation.states, strict=True))
        if prediction is not None
        and prediction.origin(position) == MODEL
        and state.decision is Decision.PREDICTED
        and mark not in warned
        and radii.get(mark, float("inf")) <= limit
        and seen.get(mark, 0.0) >= SEEN_S
    )


def preview_text(chosen: Collection[str], limit: float, unit: str) -> str:
    """What the first press says."""
    return tr("Confirm {n} below {limit} {unit}? Shift+Space again", n=len(chosen), limit=f"{limit:.1f}", unit=unit)
