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

FRESH_CASES = 10  # ux.md 8.3
_k, _i = tables.comparison.c, tables.snapshot_item.c


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
        """How many comparisons have used the locked set of this snapshot.

        A set is another one only with 10 cases that a comparison has not seen: neither a few further cases nor
        another reading of the same films takes back what was chosen by them.
        """
        with self._database.read() as connection:
            mine = _locked_cases(connection, snapshot_id)
            used = connection.execute(sa.select(_k.snapshot_id)).scalars().all()
            theirs = {other: _locked_cases(connection, other) for other in set(used) if other is not None}
        worn = {other for other, cases in theirs.items() if cases & mine and len(mine - cases) < FRESH_CASES}
        return sum(other in worn for other in used)

    def mean_errors(self) -> dict[str, float]:
        """The newest mean error on locked cases of each model that took part in a comparison, by model id or name."""
        found: dict[str, float] = {}
        with self._database.read() as connection:
            texts = connection.execute(sa.select(_k.json).order_by(_k.created_utc, _k.number)).scalars().all()
        for comparison in map(json.loads, texts):
            for part in (comparison.get("old"), comparison.get("new")):
                if part and part.get("mre") is not None:
                    found[str(part["model"])] = float(part["mre"])
        return found

    def snapshot_of(self, job_id: str) -> str | None:
        """The snapshot that the newest comparison of a job looked at."""
        query = sa.select(_k.snapshot_id).where(_k.job_id == job_id).order_by(_k.number.desc()).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).scalar()


def _locked_cases(connection: sa.Connection, snapshot_id: str) -> set[int]:
    return set(
        connection.execute(sa.select(_i.case_id).where(_i.snapshot_id == snapshot_id, _i.part == "locked")).scalars()
    )
