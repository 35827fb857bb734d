"""Imports of landmarks: each is one entry of the audit log, and the edits that it made carry its id in theirs."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from medsapiens_core.data.annotation import Edit
from medsapiens_core.store import audit, tables
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import UnknownRecordError

OP = "import.batch"
_revision, _log = tables.annotation_revision, tables.audit
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class ImportRecord:
    """One import: its id, when it began, and what was said of it (format, hash of the file, options, counts)."""

    id: str
    utc: str
    body: Mapping[str, Any]


class Imports:
    """The imports of one project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, body: Mapping[str, Any]) -> str:
        """Note that an import begins, and give the id that its edits must carry (`edit_id`)."""
        batch = uuid.uuid4().hex
        with self._database.write() as connection:
            audit.append(connection, OP, {**body, "batch": batch})
        return batch

    @staticmethod
    def edit_id(batch: str, number: int) -> str:
        """The id of the edit `number` of an import."""
        return f"{batch}-{number}"

    def records(self) -> list[ImportRecord]:
        """All imports, oldest first."""
        query = sa.select(_log.c.utc, _log.c.body).where(_log.c.op == OP).order_by(_log.c.seq)
        with self._database.read() as connection:
            rows = [(row.utc, json.loads(row.body)) for row in connection.execute(query)]
        return [ImportRecord(body["batch"], utc, body) for utc, body in rows]

    def edits(self, batch: str) -> list[tuple[int, str, Edit]]:
        """(case, reader, edit) of an import, in the order in which they were stored. Raises UnknownRecordError."""
        if not _ID.fullmatch(batch) or batch not in {record.id for record in self.records()}:
            raise UnknownRecordError(f"There is no import {batch!r} in this project.")
        joined = sa.select(_revision.c.case_id, _revision.c.reader, _log.c.body).join(
            _log, _revision.c.audit_seq == _log.c.seq
        )
        query = joined.where(_revision.c.edit_id.startswith(f"{batch}-")).order_by(_log.c.seq)
        with self._database.read() as connection:
            return [
                (r.case_id, r.reader, Edit.from_json(json.loads(r.body)["edit"])) for r in connection.execute(query)
            ]
