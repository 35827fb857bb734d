"""Bring a case's landmarks back to what the record of their changes says, after the stored values were damaged.

The record is the audit log, which is chained by hashes; the values beside it are only what it leads to. So nothing is
invented: either the edits lead to the state whose hash was recorded with the last of them, or nothing is restored.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.template import Template
from medsapiens_core.store import audit, tables
from medsapiens_core.store.annotations import (
    bulk_mark,
    point_columns,
    recorded_hash,
    replayed,
    state_hash,
    stored_edits,
)
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import DamagedCaseError
from medsapiens_core.store.summary import refresh_case, refresh_reading

OP = "annotation.restore"
_head, _point = tables.annotation, tables.annotation_point


def last_good(database: Database, template: Template, case_id: int, *, reader: str = "") -> str:
    """When the last recorded change was made (UTC, ISO 8601) whose state can be restored; "" when none can be."""
    with database.read() as connection:
        return _recorded(connection, template, case_id, reader)[1]


def restore(database: Database, template: Template, case_id: int, *, reader: str = "") -> Annotation:
    """Write the values anew from the record. Raises DamagedCaseError when the record does not lead to them either."""
    with database.write() as connection:
        annotation, utc = _recorded(connection, template, case_id, reader)
        if annotation is None:
            raise DamagedCaseError(
                f"The record of case {case_id} does not lead to its landmarks either. Restore the project from the "
                "newest file of its `backups` folder."
            )
        _write(connection, annotation, case_id, reader)
        audit.append(connection, OP, {"case_id": case_id, "reader": reader, "revision": annotation.revision, "of": utc})
        if reader:
            refresh_reading(connection, annotation)
        else:
            refresh_case(connection, annotation)
        return annotation


def _recorded(
    connection: sa.Connection, template: Template, case_id: int, reader: str
) -> tuple[Annotation | None, str]:
    try:
        edits = stored_edits(connection, case_id, reader)
        annotation = replayed(connection, template, case_id, reader, edits)
    except (ValueError, KeyError):
        return None, ""
    key = {"case_id": case_id, "reader": reader}
    if not edits or recorded_hash(connection, key, annotation.revision) != state_hash(annotation):
        return None, ""
    return annotation, edits[-1].utc


def _write(connection: sa.Connection, annotation: Annotation, case_id: int, reader: str) -> None:
    values: dict[str, dict[str, Any]] = {
        mark: {"bulk": False, "revision": 0, **point_columns(mark, state)}
        for mark, state in zip(annotation.landmark_ids, annotation.states, strict=True)
    }
    for revision, edit in enumerate(stored_edits(connection, case_id, reader), start=1):
        for change in edit.changes:
            if change.landmark in values:
                values[change.landmark] |= {"revision": revision, **bulk_mark(edit, change.after)}
    mine = (_point.c.case_id == case_id) & (_point.c.reader == reader)
    known = set(connection.execute(sa.select(_point.c.landmark).where(mine)).scalars())
    for mark, columns in values.items():
        if mark in known:
            connection.execute(sa.update(_point).where(mine, _point.c.landmark == mark).values(columns))
        else:
            connection.execute(sa.insert(_point).values(case_id=case_id, reader=reader, **columns))
    connection.execute(
        sa.update(_head)
        .where(_head.c.case_id == case_id, _head.c.reader == reader)
        .values(
            revision=annotation.revision,
            reviewed=annotation.reviewed,
            prediction_id=annotation.prediction_id,
            state_hash=state_hash(annotation),
        )
    )
