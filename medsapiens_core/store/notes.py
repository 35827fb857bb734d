"""What readers write beside a landmark or a case (ux.md 4.2, F2 and Shift+F2). Every change is in the audit log."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.errors import UserError
from medsapiens_core.store import audit, tables
from medsapiens_core.store.database import Database

MAX_TEXT = 4000
_n = tables.note.c


class Notes:
    """Notes of one project, one for each case, reader and landmark; the landmark "" stands for the whole case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, case_id: int, *, reader: str = "") -> Mapping[str, str]:
        """Landmark -> text; "" -> the note on the case. Only what has a note."""
        query = sa.select(_n.landmark, _n.text).where(_n.case_id == case_id, _n.reader == reader)
        with self._database.read() as connection:
            return {row.landmark: row.text for row in connection.execute(query)}

    def noted_cases(self, case_ids: Collection[int], *, reader: str = "") -> set[int]:
        """Those of the cases that have a note, on themselves or on a landmark."""
        query = sa.select(_n.case_id).where(_n.case_id.in_(case_ids), _n.reader == reader).distinct()
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def set(self, case_id: int, landmark: str, text: str, *, reader: str = "") -> None:
        """Write a note, or take it away with an empty text. Raises UserError for a text that is too long."""
        text = text.strip()
        if len(text) > MAX_TEXT:
            raise UserError(f"This note has {len(text)} letters; {MAX_TEXT} fit. Shorten it.")
        key = {"case_id": case_id, "reader": reader, "landmark": landmark}
        mine = [_n[name] == value for name, value in key.items()]
        with self._database.write() as connection:
            before = connection.execute(sa.select(_n.text).where(*mine)).scalar() or ""
            if before == text:
                return
            connection.execute(sa.delete(tables.note).where(*mine))
            if text:
                connection.execute(sa.insert(tables.note).values(**key, text=text, utc=utc_now()))
            audit.append(connection, "note.set", {**key, "before": before, "after": text})
