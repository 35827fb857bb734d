"""Predictions: kept for ever beside one another, each with the id of the model that made it."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from medsapiens_core.data.prediction import IMPORTED, Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.store import tables
from medsapiens_core.store.annotations import load_annotation
from medsapiens_core.store.cases import STATES
from medsapiens_core.store.certainty import RegionFactors, known_factors, write_factors
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import ProjectError, UnknownRecordError
from medsapiens_core.store.files import canonical_json
from medsapiens_core.store.revisions import stored_prediction
from medsapiens_core.store.summary import latest_prediction, refresh_case

_p, _c = tables.prediction.c, tables.cases.c
FRAME = "frame "  # a "model id" of points that were taken over from another frame of the file


def frame_model_id(frame: int) -> str:
    """Who is said to propose points that were taken over from frame `frame`, counted from 0."""
    return f"{FRAME}{frame + 1}"


class Predictions:
    """The predictions of one project."""

    def __init__(self, database: Database, template: Template) -> None:
        self._database, self._template = database, template

    def add(self, prediction: Prediction, case_id: int) -> None:
        """Store a prediction. Refused when it was made on other bytes than the case's or for another template."""
        with self._database.write() as connection:
            annotation = load_annotation(connection, self._template, case_id, "")
            self._check(connection, prediction, case_id)
            newest = sa.select(sa.func.coalesce(sa.func.max(_p.number), 0)).where(_p.case_id == case_id)
            connection.execute(
                sa.insert(tables.prediction).values(
                    id=prediction.id,
                    case_id=case_id,
                    number=connection.execute(newest).scalar_one() + 1,
                    model_id=prediction.model_id,
                    created_utc=prediction.created_utc,
                    json=canonical_json(prediction.to_json()),
                )
            )
            refresh_case(connection, annotation)

    def get(self, prediction_id: str) -> Prediction:
        """One prediction. Raises UnknownRecordError."""
        with self._database.read() as connection:
            text = connection.execute(sa.select(_p.json).where(_p.id == prediction_id)).scalar()
            if text is None:
                raise UnknownRecordError(f"Prediction {prediction_id} is not in this project.")
            return stored_prediction(connection, text)

    def latest(self, case_id: int, model_id: str | None = None) -> Prediction | None:
        """The newest prediction of a case, of one model if given."""
        with self._database.read() as connection:
            if model_id is None:
                return latest_prediction(connection, case_id)
            mine = (_p.case_id == case_id) & (_p.model_id == model_id)
            text = connection.execute(sa.select(_p.json).where(mine).order_by(_p.number.desc()).limit(1)).scalar()
            return None if text is None else stored_prediction(connection, text)

    def count(self) -> int:
        """Number of stored predictions."""
        with self._database.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(tables.prediction)).scalar_one())

    def pending(self, model_id: str, limit: int = 10, around_case: int | None = None) -> list[int]:
        """Ids of cases with an open landmark and no prediction by this model: from `around_case` on, then earlier.

        Cases whose points a person has taken over from another frame, or imported, are left out: they are predicted
        when asked for.
        """
        query = sa.select(_c.id).where(*_is_wanted(model_id))
        with self._database.read() as connection:
            later = query if around_case is None else query.where(_c.id >= around_case)
            ids = list(connection.execute(later.order_by(_c.id).limit(limit)).scalars())
            if around_case is not None and len(ids) < limit:
                earlier = query.where(_c.id < around_case).order_by(_c.id).limit(limit - len(ids))
                ids += connection.execute(earlier).scalars()
        return ids

    def is_pending(self, model_id: str, case_id: int) -> bool:
        """Whether one case is among the pending ones; `pending` goes through all cases where none is."""
        query = sa.select(_c.id).where(_c.id == case_id, *_is_wanted(model_id))
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def know_factors(self, factors: Mapping[str, RegionFactors]) -> None:
        """Learn what the regions of these models are worth; models that were known before stay known."""
        with self._database.read() as connection:
            known = known_factors(connection)
        if any(known.get(model) != one for model, one in factors.items()):
            with self._database.write() as connection:
                write_factors(connection, {**known, **factors})

    def renew_certainty(self, after: int = 0, limit: int = 50) -> tuple[int | None, int]:
        """Tell how sure predictions are that were stored before their model's factors were known.

        Takes the next `limit` cases after the case id `after`; returns where to go on, None at the end, and how many
        cases were renewed.
        """
        with self._database.read() as connection:
            models = list(known_factors(connection))
            scored = (_c.worst_score >= 0, _c.worst_score < tables.NO_SCORE, _c.prediction_model.in_(models))
            query = sa.select(_c.id).where(*scored, _c.id > after).order_by(_c.id).limit(limit)
            ids = list(connection.execute(query).scalars()) if models else []
        if ids:
            with self._database.write() as connection:
                for case_id in ids:
                    refresh_case(connection, load_annotation(connection, self._template, case_id, ""))
        return ids[-1] if len(ids) == limit else None, len(ids)

    def _check(self, connection: sa.Connection, prediction: Prediction, case_id: int) -> None:
        if (prediction.template_id, prediction.template_version) != (self._template.id, self._template.version):
            raise ProjectError("This prediction was made for another landmark template than the project's.")
        if len(prediction.xy_image) != len(self._template):
            raise ValueError(f"{len(prediction.xy_image)} points for a template of {len(self._template)} landmarks")
        sha256 = connection.execute(sa.select(_c.image_sha256).where(_c.id == case_id)).scalar()
        if prediction.image_sha256 != sha256:
            raise ProjectError(
                f"The picture of case {case_id} has changed since import. The landmarks belong to the old one. "
                "Find the old file, or import the new one as a new case."
            )


def _is_wanted(model_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    has_one = sa.exists().where(_p.case_id == _c.id, _p.model_id == model_id)
    shown = sa.func.coalesce(_c.prediction_model, "")
    taken = shown.startswith(FRAME) | shown.startswith(IMPORTED)
    return _c.decided < _c.total, _c.state != STATES.index("reviewed"), sa.not_(has_one), sa.not_(taken)
