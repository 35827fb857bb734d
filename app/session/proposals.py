"""Where the shown proposals of a case come from, and which of them wait to be taken."""

from __future__ import annotations

import math

import numpy as np

from app.session.review_session import ReviewSession
from app.translate import tr
from medsapiens_core.data.annotation import Decision
from medsapiens_core.data.prediction import FILL, ONE_SHOT, OTHER_FRAME


def origin(session: ReviewSession, landmark: str) -> str:
    """Where the shown prediction of a landmark comes from: model, fill, one-shot; "" without a prediction."""
    if session.prediction is None or session.prediction_xy(landmark) is None:
        return ""
    return session.prediction.origin(session.template.index[landmark])


def has_suggestion(session: ReviewSession, landmark: str) -> bool:
    """True for an undecided point that stayed where it was although the shown prediction lies elsewhere."""
    state, shown = session.annotation[landmark], session.prediction_xy(landmark)
    return state.decision is Decision.PREDICTED and shown is not None and (state.x, state.y) != shown


def spread_text(session: ReviewSession, landmark: str) -> str:
    """What the list says instead of a score: how far a filled point is off, "1-shot", a try-out; "" else."""
    where = origin(session, landmark)
    if where == ONE_SHOT:
        return tr("1-shot")
    if where == OTHER_FRAME:
        return tr("other frame")
    prediction = session.prediction
    if where != FILL or prediction is None or prediction.covariance is None:
        return ""
    covariance = prediction.covariance[session.template.index[landmark]]
    spacing = getattr(session.case, "spacing", None)
    pixel = np.ones(2) if spacing is None else np.array([spacing.col_mm, spacing.row_mm])
    area = float(np.linalg.det(covariance * pixel[:, None] * pixel))
    if not (math.isfinite(area) and area >= 0):
        return ""
    size = f"{math.sqrt(math.pi / 2) * area**0.25:.{1 if spacing else 0}f} {'mm' if spacing else 'px'}"
    return tr("fill ± {size}", size=size)
