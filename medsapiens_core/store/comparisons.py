"""Results of comparing a candidate with the model in use, and how often a locked test set has been looked at (X4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.store import audit, tables
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import UnknownRecordError
from medsapiens_core.store.files import canonical_json

_k, _l = tables.comparison.c, tables.locked_set.c


class Comparisons:
    """The comparisons of one project; a job that compares again adds a further one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job_id: str, comparison: Mapping[str, Any], *, snapshot_id: str | None = None) -> None:
        """Store a result (the object of comparison.json). `snapshot_id` tells which locked set it looked at."""
        with self._database.write() as connection:
            if connection.execute(sa.select(tables.job.c.id).where(tables.job.c.id == job_id)).first() is None:
                raise UnknownRecordError(f"Job {job_id} is not in this project.")
            number = connection.execute(sa.select(sa.func.count()).where(_k.job_id == job_id)).scalar_one() + 1
            values = {"job_id": job_id, "number": number, "snapshot_id": snapshot_id, "created_utc": utc_now()}
            connection.execute(sa.insert(tables.comparison).values(**values, json=canonical_json(comparison)))
            body = {"job_id": job_id, "snapshot_id": snapshot_id, "verdict": comparison.get("verdict")}
            audit.append(connection, "comparison.add", body)

    def get(self, job_id: str) -> dict[str, Any] | None:
        """The newest result of a job, None before there is one."""
        query = sa.select(_k.json).where(_k.job_id == job_id).order_by(_k.number.desc()).limit(1)
        with self._database.read() as connection:
            text = connection.execute(query).scalar()
        return None if text is None else dict(json.loads(text))

    def looks(self, snapshot_id: str) -> int:
        """How many comparisons have used the very locked set of this snapshot, in whichever snapshot it came."""
        mine = sa.select(_l.sha256).where(_l.snapshot_id == snapshot_id).scalar_subquery()
        same_set = sa.select(_l.snapshot_id).where(_l.sha256 == mine)
        query = sa.select(sa.func.count()).select_from(tables.comparison).where(_k.snapshot_id.in_(same_set))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())
