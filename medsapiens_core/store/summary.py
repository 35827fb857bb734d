"""Keep a case's row in the worklist in step with its annotation and its predictions, in the same transaction."""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa

from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.store import tables
from medsapiens_core.store.cases import STATES, CaseState, spacing_in_use
from medsapiens_core.store.certainty import known_factors, worst_key
from medsapiens_core.store.revisions import stored_prediction

_p = tables.prediction.c


def case_state(annotation: Annotation, has_prediction: bool) -> CaseState:
    """State by ux.md 3.2; it follows from what is stored, so undoing everything leads back to the start."""
    if annotation.reviewed:
        return "reviewed"
    if annotation.decided_count:
        return "in_review"
    return "predicted" if has_prediction else "new"


def worst_open_score(annotation: Annotation, prediction: Prediction | None) -> float:
    """Lowest score among landmarks without a decision; one that the model did not find counts as 0."""
    if prediction is None:
        return tables.NO_SCORE
    found = np.isfinite(prediction.xy_image).all(axis=1) & np.isfinite(prediction.scores)
    scores = np.where(found, prediction.scores, 0.0)
    still_open = [s for s, state in zip(scores, annotation.states, strict=True) if not state.is_decided]
    return float(min(still_open, default=tables.NO_SCORE))


def refresh_case(connection: sa.Connection, annotation: Annotation) -> None:
    """Write state, counts and scores of one case."""
    shown = latest_prediction(connection, annotation.case_id, annotation.prediction_id)
    this = tables.cases.c.id == annotation.case_id
    stored = connection.execute(sa.select(tables.cases).where(this)).one()
    factors = None if shown is None else known_factors(connection).get(shown.model_id)
    key = worst_key(annotation, shown, factors, spacing_in_use(stored), (stored.width, stored.height))
    values: dict[str, Any] = {
        "decided": annotation.decided_count,
        "total": len(annotation.states),
        "state": STATES.index(case_state(annotation, shown is not None)),
        "worst_score": worst_open_score(annotation, shown) if key is None else key,
        "prediction_model": None if shown is None else shown.model_id,
    }
    changed = {name: value for name, value in values.items() if stored._mapping[name] != value}
    if changed:  # a column that is written again costs its indexes' pages, even with the same value
        connection.execute(sa.update(tables.cases).where(this).values(changed))


def refresh_reading(connection: sa.Connection, annotation: Annotation) -> None:
    """Write state and count of a further reading; nothing for one that was never asked for, e.g. an imported one."""
    r = tables.reading.c
    values = {"state": STATES.index(case_state(annotation, False)), "decided": annotation.decided_count}
    mine = (r.case_id == annotation.case_id, r.reader == annotation.reader)
    connection.execute(sa.update(tables.reading).where(*mine).values(values))


def latest_prediction(connection: sa.Connection, case_id: int, prediction_id: str | None = None) -> Prediction | None:
    """The prediction with this id, or the newest of the case."""
    query = sa.select(_p.json).where(_p.case_id == case_id).order_by(_p.number.desc()).limit(1)
    if prediction_id is not None:
        query = query.where(_p.id == prediction_id)
    text = connection.execute(query).scalar()
    return None if text is None else stored_prediction(connection, text)
