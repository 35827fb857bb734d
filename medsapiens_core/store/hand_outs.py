"""Reader packages of a project: those that it has handed out, and the one that it was made of (formats.md 8.3).

What was handed out stands in the audit log, so that nobody can make a returned file fit by changing a table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from medsapiens_core.store import audit, tables
from medsapiens_core.store.database import Database
from medsapiens_core.store.files import canonical_json

OP = "package.hand_out"
KEY = "package"
_log, _meta = tables.audit.c, tables.meta.c


@dataclass(frozen=True)
class HandOut:
    """One package that was handed out: when, and what was said of it (see `transfer.handing_out`)."""

    utc: str
    body: Mapping[str, Any]


class HandOuts:
    """The packages of one project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, body: Mapping[str, Any]) -> None:
        """Note a package that was written. `body` has `package`, its id, and `reader`."""
        with self._database.write() as connection:
            audit.append(connection, OP, body)

    def find(self, package_id: str) -> HandOut | None:
        """The package of this id, None when it was not handed out here."""
        query = sa.select(_log.utc, _log.body).where(_log.op == OP).order_by(_log.seq)
        with self._database.read() as connection:
            found = (HandOut(row.utc, json.loads(row.body)) for row in connection.execute(query))
            return next((one for one in found if one.body["package"] == package_id), None)

    def origin(self) -> dict[str, Any] | None:
        """What the package said that this project was made of, None for a project of one's own."""
        with self._database.read() as connection:
            text = connection.execute(sa.select(_meta.value).where(_meta.key == KEY)).scalar()
        return None if text is None else dict(json.loads(text))

    def set_origin(self, said: Mapping[str, Any]) -> None:
        """Note which package this project was made of."""
        with self._database.write() as connection:
            connection.execute(sa.insert(tables.meta).values(key=KEY, value=canonical_json(said)))
            audit.append(connection, "package.open", {"package": said["package"], "reader": said["reader"]})
