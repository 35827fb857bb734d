"""Points that were decided under a definition which has been changed since (ux.md 9.1).

They stay where they are and stay decided; they are only marked, until a reader looks at them again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import sqlalchemy as sa

from medsapiens_core.data.annotation import Annotation, Edit
from medsapiens_core.store import tables

_s = tables.stale_point.c


def stale_of(connection: sa.Connection, case_id: int, reader: str = "") -> Mapping[str, int]:
    """Landmark -> revision of the template whose definition it was placed under."""
    query = sa.select(_s.landmark, _s.placed_under).where(_s.case_id == case_id, _s.reader == reader)
    return {row.landmark: row.placed_under for row in connection.execute(query)}


def stale_cases(connection: sa.Connection, case_ids: Collection[int]) -> set[int]:
    """Those of the cases that have such a point, of the project's common annotation."""
    query = sa.select(_s.case_id).where(_s.case_id.in_(case_ids), _s.reader == "").distinct()
    return set(connection.execute(query).scalars())


def has_stale(case_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """SQL: the case has such a point."""
    return sa.exists().where(_s.case_id == case_id, _s.reader == "")


def count_stale(connection: sa.Connection) -> int:
    """How many cases have such a point; reads the points, of which there are few, and not the cases."""
    query = sa.select(sa.func.count(sa.distinct(_s.case_id))).where(_s.reader == "")
    return int(connection.execute(query).scalar_one())


def mark(connection: sa.Connection, annotation: Annotation, redefined: Mapping[str, int]) -> None:
    """Mark the decided ones among `redefined` (landmark -> revision of its old definition); older marks stay."""
    known = stale_of(connection, annotation.case_id, annotation.reader)
    rows = [
        {"case_id": annotation.case_id, "reader": annotation.reader, "landmark": landmark, "placed_under": under}
        for landmark, under in redefined.items()
        if landmark not in known and landmark in annotation.landmark_ids and annotation[landmark].is_decided
    ]
    if rows:
        connection.execute(sa.insert(tables.stale_point), rows)


def looked_at(connection: sa.Connection, case_id: int, reader: str, edit: Edit) -> None:
    """Take the marks away from what an edit of a person has touched."""
    _forget(connection, case_id, reader, (change.landmark for change in edit.changes))


def _forget(connection: sa.Connection, case_id: int, reader: str, landmarks: Iterable[str]) -> None:
    touched = list(landmarks)
    if touched:
        mine = (_s.case_id == case_id, _s.reader == reader, _s.landmark.in_(touched))
        connection.execute(sa.delete(tables.stale_point).where(*mine))
