"""The append-only audit log: every row carries the hash of all rows before it (reliability.md 8, A1).

`body_hash = SHA-256(canonical row)` over every column that says something, and `hash = SHA-256(prev_hash body_hash)`
over the two hex texts joined. Triggers forbid UPDATE and DELETE; `first_bad_row` names the first row that does not
fit. What the chain alone cannot see: rows cut off at the end, and a chain that was recomputed as a whole.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.store import tables
from medsapiens_core.store.database import Database
from medsapiens_core.store.files import canonical_json, sha256_text
from medsapiens_core.store.lock import user_name

GENESIS = "0" * 64
TAIL = 200  # rows that opening a project checks; `check` checks all
_audit = tables.audit


@dataclass(frozen=True)
class AuditRow:
    """One entry. `mono` is a clock in seconds that never goes back within one run of the program."""

    seq: int
    utc: str
    mono: float
    actor: str
    op: str
    body: Mapping[str, Any]
    hash: str


def append(connection: sa.Connection, op: str, body: Mapping[str, Any]) -> int:
    """Add a row inside the caller's transaction and return its number."""
    last = connection.execute(sa.select(_audit.c.seq, _audit.c.hash).order_by(_audit.c.seq.desc()).limit(1)).first()
    row: dict[str, Any] = {
        "seq": 1 if last is None else last.seq + 1,
        "utc": utc_now(),
        "mono": time.monotonic(),
        "actor": user_name(),
        "op": op,
        "body": canonical_json(body),
    }
    row["body_hash"] = sha256_text(canonical_json(row))
    row["prev_hash"] = GENESIS if last is None else last.hash
    row["hash"] = sha256_text(row["prev_hash"] + row["body_hash"])
    connection.execute(sa.insert(_audit).values(row))
    return int(row["seq"])


def first_bad_row(connection: sa.Connection, *, after: int = 0) -> int | None:
    """Number of the first row above `after` that is altered, missing or out of place; None when all fit."""
    previous, expected = GENESIS, after + 1
    if after:
        stored = connection.execute(sa.select(_audit.c.hash).where(_audit.c.seq == after)).scalar()
        if stored is None:
            return after
        previous = stored
    rows = connection.execution_options(yield_per=1000).execute(
        sa.select(_audit).where(_audit.c.seq > after).order_by(_audit.c.seq)
    )
    for row in rows:
        if row.seq != expected or not _fits(row, previous):
            return expected
        previous, expected = row.hash, expected + 1
    return None


def _fits(row: sa.Row[Any], previous: str) -> bool:
    said = {name: getattr(row, name) for name in ("seq", "utc", "mono", "actor", "op", "body")}
    return (
        row.prev_hash == previous
        and row.body_hash == sha256_text(canonical_json(said))
        and hmac.compare_digest(row.hash, sha256_text(previous + row.body_hash))
    )


class AuditLog:
    """Reading and verifying the log of one project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, op: str, body: Mapping[str, Any]) -> None:
        """Add a row about something that was done outside the project's database, such as a promotion."""
        with self._database.write() as connection:
            append(connection, op, body)

    def verify(self) -> int | None:
        """Number of the first row that does not fit, None when the whole chain holds."""
        with self._database.read() as connection:
            return first_bad_row(connection)

    def verify_tail(self) -> int | None:
        """As `verify`, for the newest rows only: what opening a project has time for."""
        with self._database.read() as connection:
            newest = connection.execute(sa.select(sa.func.max(_audit.c.seq))).scalar() or 0
            return first_bad_row(connection, after=max(0, newest - TAIL))

    def last_utc(self) -> str:
        """When the newest row was written, "" in an empty log."""
        query = sa.select(_audit.c.utc).order_by(_audit.c.seq.desc()).limit(1)
        with self._database.read() as connection:
            return str(connection.execute(query).scalar() or "")

    def count(self) -> int:
        """Number of rows."""
        with self._database.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(_audit)).scalar_one())

    def rows(self, *, after: int = 0, limit: int = 1000) -> list[AuditRow]:
        """Rows in order, from number `after` + 1 on."""
        query = sa.select(_audit).where(_audit.c.seq > after).order_by(_audit.c.seq).limit(limit)
        with self._database.read() as connection:
            return [
                AuditRow(r.seq, r.utc, r.mono, r.actor, r.op, json.loads(r.body), r.hash)
                for r in connection.execute(query)
            ]
