"""The template of one project and its revisions: draft and publish (ux.md 9.1)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from medsapiens_core.data.annotation import NOT_PLACED, Annotation, Edit
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import template_from_json, template_to_json
from medsapiens_core.errors import UserError
from medsapiens_core.store import audit, stale, tables
from medsapiens_core.store.annotations import OP, load_annotation, point_columns, point_state, state_hash
from medsapiens_core.store.database import Database
from medsapiens_core.store.files import canonical_json
from medsapiens_core.store.revisions import (
    Changes,
    carried,
    changes_between,
    insert_revision,
    next_revision,
    stored_revisions,
)
from medsapiens_core.store.summary import refresh_case

DRAFT = "template_draft"
_a, _p, _m = tables.annotation, tables.annotation_point, tables.meta


class Templates:
    """Revisions of the project's template."""

    def __init__(self, database: Database, template: Template) -> None:
        self._database, self._template = database, template

    def revisions(self) -> list[Template]:
        """Every published revision, oldest first."""
        with self._database.read() as connection:
            return stored_revisions(connection, self._template.id)

    def draft(self) -> Template | None:
        """The draft of the next revision, if one was saved."""
        with self._database.read() as connection:
            text = connection.execute(sa.select(_m.c.value).where(_m.c.key == DRAFT)).scalar()
        return None if text is None else template_from_json(json.loads(text))

    def save_draft(self, template: Template | None) -> None:
        """Keep a draft, or forget it with None. Cases do not see it."""
        with self._database.write() as connection:
            connection.execute(sa.delete(_m).where(_m.c.key == DRAFT))
            if template is not None:
                text = canonical_json(template_to_json(template))
                connection.execute(sa.insert(_m).values(key=DRAFT, value=text))

    def publish(self, wanted: Template) -> Template:
        """Make `wanted` the next revision and bring every case to it, in one transaction. Returns the revision.

        No position and no decision changes. A case that gets a new landmark is in review again. The open `Project`
        still has the old revision: open it again. Raises UserError when nothing differs.
        """
        with self._database.write() as connection:
            old = stored_revisions(connection, self._template.id)[-1]
            new = next_revision(old, wanted, old.version + 1)
            if replace(new, version=old.version) == old:
                raise UserError("This draft does not differ from the published template, so nothing was published.")
            changes = changes_between(old, new)
            sha256 = insert_revision(connection, new)
            connection.execute(sa.update(_m).where(_m.c.key == "template_version").values(value=str(new.version)))
            connection.execute(sa.delete(_m).where(_m.c.key == DRAFT))
            audit.append(connection, "template.publish", _told(new, sha256, changes))
            _bring_cases(connection, old, new, changes)
        return new


def _told(new: Template, sha256: str, changes: Changes) -> dict[str, Any]:
    head = {"template_id": new.id, "version": new.version, "template_sha256": sha256}
    lists = {"added": list(changes.added), "removed": list(changes.removed), "redefined": sorted(changes.redefined)}
    return {**head, **lists}


def _bring_cases(connection: sa.Connection, old: Template, new: Template, changes: Changes) -> None:
    keys = connection.execute(sa.select(_a.c.case_id, _a.c.reader).order_by(_a.c.case_id, _a.c.reader)).all()
    for case_id, reader in keys:
        annotation = load_annotation(connection, old, case_id, reader)
        stale.mark(connection, annotation, changes.redefined)
        if old.ids != new.ids:
            _bring(connection, annotation, new)
    said = sa.select(_a.c.case_id).where(_a.c.reader == "")
    silent = tables.cases.c.id.not_in(said)
    connection.execute(sa.update(tables.cases).where(silent).values(total=len(new)))
    if old.ids != new.ids:
        predicted = sa.select(tables.prediction.c.case_id).distinct()
        waiting = sa.select(tables.cases.c.id).where(silent, tables.cases.c.id.in_(predicted))
        for case_id in connection.execute(waiting).scalars().all():
            refresh_case(connection, Annotation.empty(case_id, new))


def _bring(connection: sa.Connection, before: Annotation, new: Template) -> None:
    """One annotation to the new revision, as a revision of its own that says so."""
    key = {"case_id": before.case_id, "reader": before.reader}
    hidden = _hidden(connection, before, new)
    states = dict(zip(before.landmark_ids, before.states, strict=True)) | hidden
    known = replace(before, landmark_ids=tuple(states), states=tuple(states.values()))
    after = carried(known, new)
    edit = Edit("template", (), (before.reviewed, before.reviewed and after.is_complete), None)
    after = replace(after, revision=before.revision + 1, reviewed=edit.reviewed[1])
    body = {**key, "revision": after.revision, "template_version": new.version, "edit": edit.to_json()}
    seq = audit.append(connection, OP, {**body, "state_hash": state_hash(after)})
    fresh = [id_ for id_ in new.ids if id_ not in states]
    if fresh:
        row = {**key, "bulk": False, "revision": after.revision}
        connection.execute(sa.insert(_p), [{**row, **point_columns(id_, NOT_PLACED)} for id_ in fresh])
    head = {"template_version": new.version, "revision": after.revision, "reviewed": after.reviewed}
    mine = [_a.c[name] == value for name, value in key.items()]
    connection.execute(sa.update(_a).where(*mine).values(**head, state_hash=state_hash(after)))
    revision = {**key, "revision": after.revision, "edit_id": edit.id, "audit_seq": seq}
    connection.execute(sa.insert(tables.annotation_revision).values(**revision, state_hash=state_hash(after)))
    if not before.reader:
        refresh_case(connection, after)


def _hidden(connection: sa.Connection, before: Annotation, new: Template) -> dict[str, Any]:
    """States of landmarks that were removed once and are back now."""
    back = [id_ for id_ in new.ids if id_ not in before.landmark_ids]
    if not back:
        return {}
    mine = (_p.c.case_id == before.case_id, _p.c.reader == before.reader, _p.c.landmark.in_(back))
    return {row.landmark: point_state(row) for row in connection.execute(sa.select(_p).where(*mine))}
