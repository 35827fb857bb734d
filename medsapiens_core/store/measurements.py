"""What a project says about measurements: its own sets, which set and norms are in use, and held end vertebrae."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from medsapiens_core.store import audit, tables
from medsapiens_core.store.database import Database
from medsapiens_core.store.files import canonical_json

_t = tables.measurement
SET, LOCKS, LIMITS, CHOICE = "set ", "locks ", "limits ", "choice"


class Measurements:
    """JSON objects by name; what they mean is known to `medsapiens_core.measurements`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sets(self) -> list[dict[str, Any]]:
        """The measurement sets of this project (`msmeasures/1`), by id."""
        with self._database.read() as connection:
            query = sa.select(_t.c.json).where(_t.c.key.startswith(SET, autoescape=True)).order_by(_t.c.key)
            return [dict(json.loads(text)) for text in connection.execute(query).scalars()]

    def save_set(self, value: Mapping[str, Any]) -> None:
        """Store a set; one with the same id is replaced."""
        self._put(f"{SET}{value['id']}", value)

    def remove_set(self, set_id: str) -> None:
        """Take a set out of the project; a shipped set with its id shows again."""
        self._put(f"{SET}{set_id}", None)

    def choice(self) -> dict[str, Any]:
        """Which set and norms are in use: {"set": id, "norms": id}; empty before anybody has chosen."""
        return self._get(CHOICE) or {}

    def choose(self, *, set_id: str, norms_id: str) -> None:
        """Put a set and norms ("" for none) in use."""
        self._put(CHOICE, {"set": set_id, "norms": norms_id})

    def locks(self, case_id: int) -> dict[str, tuple[int, int]]:
        """The end vertebrae that are held in a case, by the role of the curve; empty: they are searched."""
        return _ends(self._get(f"{LOCKS}{case_id}") or {})

    def all_locks(self) -> dict[int, dict[str, tuple[int, int]]]:
        """Case id -> held end vertebrae, of every case that has any."""
        query = sa.select(_t.c.key, _t.c.json).where(_t.c.key.startswith(LOCKS, autoescape=True))
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return {int(row.key.removeprefix(LOCKS)): _ends(json.loads(row.json)) for row in rows}

    def set_locks(self, case_id: int, locks: Mapping[str, tuple[int, int]]) -> None:
        """Hold end vertebrae, or with an empty mapping search them again."""
        self._put(f"{LOCKS}{case_id}", {role: list(ends) for role, ends in locks.items()} or None)

    def limits(self, set_id: str) -> dict[str, float]:
        """Measure id -> how far two readings may differ in it before they are settled, where an Owner has said."""
        return {key: float(limit) for key, limit in (self._get(f"{LIMITS}{set_id}") or {}).items()}

    def set_limit(self, set_id: str, measure_id: str, limit: float | None) -> None:
        """Set one of these limits, or with None take it away."""
        others = {key: value for key, value in self.limits(set_id).items() if key != measure_id}
        self._put(f"{LIMITS}{set_id}", {**others, **({} if limit is None else {measure_id: limit})} or None)

    def _get(self, key: str) -> dict[str, Any] | None:
        with self._database.read() as connection:
            text = connection.execute(sa.select(_t.c.json).where(_t.c.key == key)).scalar()
        return None if text is None else dict(json.loads(text))

    def _put(self, key: str, value: Mapping[str, Any] | None) -> None:
        with self._database.write() as connection:
            connection.execute(sa.delete(_t).where(_t.c.key == key))
            if value is not None:
                connection.execute(sa.insert(_t).values(key=key, json=canonical_json(value)))
            audit.append(connection, "measurement.set", {"key": key, "value": value})


def _ends(value: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    return {role: (first, last) for role, (first, last) in value.items()}
