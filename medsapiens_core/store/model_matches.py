"""Which of a model's landmarks stand for which of the project's, where the model was trained on others (M20)."""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa

from medsapiens_core.data.template import Template
from medsapiens_core.store import audit, tables
from medsapiens_core.store.database import Database
from medsapiens_core.store.files import canonical_json

KEY = "model_matches"
_meta = tables.meta


class ModelMatches:
    """What a person has said, for the present revision of the template."""

    def __init__(self, database: Database, template: Template) -> None:
        self._database, self._template = database, template

    def get(self, model_id: str) -> dict[str, str] | None:
        """Landmark of the template -> landmark of the model; None when nobody has said."""
        with self._database.read() as connection:
            return self._all(connection).get(self._key(model_id))

    def put(self, model_id: str, match: Mapping[str, str]) -> None:
        """Keep what was said; what was said for earlier revisions stays."""
        with self._database.write() as connection:
            known = self._all(connection) | {self._key(model_id): dict(match)}
            connection.execute(sa.delete(_meta).where(_meta.c.key == KEY))
            connection.execute(sa.insert(_meta).values(key=KEY, value=canonical_json(known)))
            body = {"model_id": model_id, "template_version": self._template.version, "match": dict(match)}
            audit.append(connection, "model.match", body)

    def _key(self, model_id: str) -> str:
        return f"{model_id} r{self._template.version}"

    def _all(self, connection: sa.Connection) -> dict[str, dict[str, str]]:
        text = connection.execute(sa.select(_meta.c.value).where(_meta.c.key == KEY)).scalar()
        known: dict[str, dict[str, str]] = json.loads(text) if text else {}
        return known
