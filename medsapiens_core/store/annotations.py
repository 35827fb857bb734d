"""Annotations and their history: one transaction per edit, nothing ever rewritten (architecture.md, A4-A7, D8).

The edit itself is stored once, in the audit log; `annotation_revision` names the log row and the hash of the state
that the edit led to, and `annotation_point` holds the current values.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from medsapiens_core.data.annotation import (
    BULK,
    NOT_PLACED,
    AbsentReason,
    Annotation,
    Decision,
    Edit,
    Place,
    PointState,
)
from medsapiens_core.data.template import Template
from medsapiens_core.store import audit, stale, tables
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import DamagedCaseError, StaleRevisionError, UnknownRecordError
from medsapiens_core.store.files import canonical_json, sha256_text
from medsapiens_core.store.revisions import carried, every_landmark
from medsapiens_core.store.summary import refresh_case, refresh_reading

OP = "annotation.edit"
_head, _point, _revision = tables.annotation, tables.annotation_point, tables.annotation_revision


def state_hash(annotation: Annotation) -> str:
    """SHA-256 over everything that the annotation says, revision number included."""
    points = [[mark, _hashed(s)] for mark, s in zip(annotation.landmark_ids, annotation.states, strict=True)]
    return sha256_text(
        canonical_json(
            {
                "case_id": annotation.case_id,
                "reader": annotation.reader,
                "template_id": annotation.template_id,
                "revision": annotation.revision,
                "reviewed": annotation.reviewed,
                "prediction_id": annotation.prediction_id,
                "points": points,
            }
        )
    )


class Annotations:
    """The annotations of one project, one per case and reader; the reader "" is the project's common one."""

    def __init__(self, database: Database, template: Template) -> None:
        self._database, self._template = database, template

    def load(self, case_id: int, *, reader: str = "") -> Annotation:
        """The current state. Raises UnknownRecordError, or DamagedCaseError when it does not match its history."""
        with self._database.read() as connection:
            return load_annotation(connection, self._template, case_id, reader)

    def readers(self, case_id: int) -> list[str]:
        """The readers with an annotation of this case, sorted; "" is the project's common one."""
        query = sa.select(_head.c.reader).where(_head.c.case_id == case_id).order_by(_head.c.reader)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def commit(self, edit: Edit, case_id: int, *, expected_revision: int, reader: str = "") -> Annotation:
        """Apply an edit and store all that follows from it in one transaction; on disk when this returns.

        Raises StaleRevisionError when the stored state is not the one that the edit was made against, and
        UnknownRecordError when it shows a prediction that is not stored for the case.
        """
        with self._database.write() as connection:
            before = load_annotation(connection, self._template, case_id, reader)
            after = _next(before, edit, expected_revision)
            _check_prediction(connection, after)
            body = {"case_id": case_id, "reader": reader, "revision": after.revision, "edit": edit.to_json()}
            seq = audit.append(connection, OP, {**body, "state_hash": state_hash(after)})
            self._store(connection, before, after, edit)
            stale.looked_at(connection, case_id, reader, edit)
            connection.execute(
                sa.insert(_revision).values(
                    case_id=case_id,
                    reader=reader,
                    revision=after.revision,
                    edit_id=edit.id,
                    audit_seq=seq,
                    state_hash=state_hash(after),
                )
            )
            if reader:
                refresh_reading(connection, after)
            else:
                refresh_case(connection, after)
            return after

    def history(self, case_id: int, *, reader: str = "") -> list[Edit]:
        """Every edit of the case, oldest first, undone ones and their inverses included."""
        with self._database.read() as connection:
            return stored_edits(connection, case_id, reader)

    def stale(self, case_id: int, *, reader: str = "") -> Mapping[str, int]:
        """Landmark -> revision of the template whose definition it was decided under, where that has changed since."""
        with self._database.read() as connection:
            return stale.stale_of(connection, case_id, reader)

    def stale_cases(self, case_ids: Collection[int]) -> set[int]:
        """Those of the cases that have a point which `stale` tells of."""
        with self._database.read() as connection:
            return stale.stale_cases(connection, case_ids)

    def at_revision(self, case_id: int, revision: int, *, reader: str = "") -> Annotation:
        """The state after that many edits, computed from the history."""
        with self._database.read() as connection:
            edits = stored_edits(connection, case_id, reader)
            return replayed(connection, self._template, case_id, reader, edits[:revision])

    def _store(self, connection: sa.Connection, before: Annotation, after: Annotation, edit: Edit) -> None:
        key = {"case_id": after.case_id, "reader": after.reader}
        head = {
            "template_id": self._template.id,
            "template_version": self._template.version,
            "revision": after.revision,
            "reviewed": after.reviewed,
            "prediction_id": after.prediction_id,
            "state_hash": state_hash(after),
        }
        if before.revision == 0:
            connection.execute(sa.insert(_head).values(**key, **head))
            points = zip(after.landmark_ids, after.states, strict=True)
            first = {"bulk": False, "revision": 0}
            connection.execute(sa.insert(_point), [{**key, **first, **point_columns(mark, s)} for mark, s in points])
        else:
            connection.execute(sa.update(_head).where(*_is(_head, key)).values(head))
        for change in edit.changes:
            values = {
                **point_columns(change.landmark, change.after),
                "revision": after.revision,
                **bulk_mark(edit, change.after),
            }
            row = (*_is(_point, key), _point.c.landmark == change.landmark)
            connection.execute(sa.update(_point).where(*row).values(values))


def load_annotation(connection: sa.Connection, template: Template, case_id: int, reader: str) -> Annotation:
    """The current state inside the caller's transaction; see `Annotations.load`."""
    key = {"case_id": case_id, "reader": reader}
    head = connection.execute(sa.select(_head).where(*_is(_head, key))).first()
    if head is None:
        if connection.execute(sa.select(tables.cases.c.id).where(tables.cases.c.id == case_id)).first() is None:
            raise UnknownRecordError(f"Case {case_id} is not in this project.")
        return Annotation.empty(case_id, template, reader)
    rows = {row.landmark: row for row in connection.execute(sa.select(_point).where(*_is(_point, key)))}
    try:
        states = tuple(point_state(rows.pop(landmark)) for landmark in template.ids)
        annotation = Annotation(
            case_id, template.id, template.ids, states, reader, head.revision, head.reviewed, head.prediction_id
        )
        known = not rows or set(rows) <= set(every_landmark(connection, template))  # removed ones stay, unseen
        hashes = (head.state_hash, recorded_hash(connection, key, head.revision))
        intact = known and hashes == (state_hash(annotation),) * 2
    except (KeyError, ValueError):
        intact = False
    if not intact:
        raise DamagedCaseError(
            f"The stored landmarks of case {case_id} do not match the record of their last change, so the case is not "
            "opened and nothing is overwritten. Its history is kept: restore the last good revision or a backup."
        )
    return annotation


def replayed(
    connection: sa.Connection, template: Template, case_id: int, reader: str, edits: Iterable[Edit]
) -> Annotation:
    """What these edits lead to, shown for the template's landmarks; they may tell of some that were removed since.

    Raises ValueError when the edits do not follow on one another.
    """
    ids = every_landmark(connection, template)
    annotation = Annotation(case_id, template.id, ids, (NOT_PLACED,) * len(ids), reader)
    for edit in edits:
        annotation = annotation.apply(edit)
    return carried(annotation, template)


def stored_edits(connection: sa.Connection, case_id: int, reader: str) -> list[Edit]:
    """The edits of one annotation in order, from the audit log."""
    body = tables.audit.c.body
    joined = sa.select(body).join(_revision, _revision.c.audit_seq == tables.audit.c.seq)
    query = joined.where(*_is(_revision, {"case_id": case_id, "reader": reader})).order_by(_revision.c.revision)
    return [Edit.from_json(json.loads(text)["edit"]) for text in connection.execute(query).scalars()]


def _hashed(state: PointState) -> dict[str, Any]:
    """The state with -0.0 written as 0.0: they are equal, and SQLite does not keep them apart."""
    value = state.to_json()
    return value if state.x is None or state.y is None else {**value, "x": state.x + 0.0, "y": state.y + 0.0}


def _next(before: Annotation, edit: Edit, expected_revision: int) -> Annotation:
    try:
        if before.revision != expected_revision:
            raise ValueError(f"revision {expected_revision} was expected, {before.revision} is stored")
        if edit.reviewed[0] != before.reviewed:
            raise ValueError("its review mark has changed")
        if edit.prediction_id is not None and edit.prediction_id[0] != before.prediction_id:
            raise ValueError("another prediction is shown")
        after = before.apply(edit)
    except ValueError as error:
        raise StaleRevisionError(
            f"Case {before.case_id} was changed elsewhere ({error}). This change was not stored; open the case again."
        ) from error
    if after.reviewed and not after.is_complete:
        raise ValueError("a case with an undecided landmark cannot be reviewed")
    return after


def _check_prediction(connection: sa.Connection, annotation: Annotation) -> None:
    if annotation.prediction_id is None:
        return
    p = tables.prediction.c
    mine = (p.id == annotation.prediction_id) & (p.case_id == annotation.case_id)
    if connection.execute(sa.select(p.id).where(mine)).first() is None:
        raise UnknownRecordError(f"The prediction shown for case {annotation.case_id} is not stored in this project.")


def recorded_hash(connection: sa.Connection, key: dict[str, Any], revision: int) -> str | None:
    """The hash of the state that the log tells of at a revision; `key` holds case_id and reader."""
    row = (*_is(_revision, key), _revision.c.revision == revision)
    return connection.execute(sa.select(_revision.c.state_hash).where(*row)).scalar()


def _is(table: sa.Table, key: dict[str, Any]) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(table.c[name] == value for name, value in key.items())


def point_columns(landmark: str, state: PointState) -> dict[str, Any]:
    """The columns of `annotation_point` that hold a state."""
    return {"landmark": landmark, **state.to_json()}


def point_state(row: sa.Row[Any]) -> PointState:
    """The state in a row of `annotation_point`."""
    reason = AbsentReason(row.absent_reason) if row.absent_reason else None
    return PointState(Place(row.place), Decision(row.decision), row.x, row.y, reason)


def bulk_mark(edit: Edit, after: PointState) -> dict[str, bool]:
    """Whether a confirmation was one of many at once (it weighs half in training); an undo leaves the mark alone."""
    undoing = edit.undoes is not None and edit.kind.startswith("undo ")
    if undoing or after.decision is not Decision.CONFIRMED:
        return {}
    return {"bulk": edit.kind == BULK}
