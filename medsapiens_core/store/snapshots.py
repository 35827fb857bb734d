"""Freezing reviewed cases for training: which revisions, which pictures, which part (ux.md 8.1-8.3, X1-X5)."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from medsapiens_core.data.annotation import Annotation, Decision, Place, utc_now
from medsapiens_core.data.readers import CONSENSUS
from medsapiens_core.data.snapshot import SkippedCase, SnapshotItem, SnapshotLandmark, TrainingSnapshot
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.store import audit, splits, tables
from medsapiens_core.store.annotations import load_annotation, state_hash
from medsapiens_core.store.cases import STATES, CaseRow, Cases
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import DamagedCaseError, UnknownRecordError
from medsapiens_core.store.files import ObjectStore, canonical_json, sha256_file

WEIGHT_ESTIMATED = 0.5
WEIGHT_BULK = 0.5
_s = tables.snapshot.c


class Snapshots:
    """The training snapshots of one project."""

    def __init__(self, database: Database, cases: Cases, objects: ObjectStore, template: Template) -> None:
        self._database, self._cases, self._objects, self._template = database, cases, objects, template

    def freeze(self, template: Template | None = None, *, with_estimated: bool = True) -> TrainingSnapshot:
        """Freeze every reviewed, unflagged case; pictures that are missing or changed are skipped and listed.

        Without `with_estimated` nothing is learned from landmarks that were marked estimated.
        Raises UserError when no case can be used, or when `template` is not the project's.
        """
        if template is not None and (template.id, template.version) != (self._template.id, self._template.version):
            raise UserError(f"This project is annotated with template {self._template.id}, not {template.id}.")
        reviewed = self._reviewed()
        skipped = tuple(case for case in map(_problem, reviewed) if case is not None)
        left_out = {case.case_id for case in skipped}
        with self._database.write() as connection:
            usable = {c.id: c.patient_group for c in self._still_reviewed(connection) if c.id not in left_out}
            splits.top_up(connection, set(usable.values()))
            weight = WEIGHT_ESTIMATED if with_estimated else 0.0
            items = tuple(self._item(connection, case_id, weight) for case_id in sorted(usable))
            if not items:
                raise UserError("No reviewed case can be used for training yet. Review at least one case first.")
            snapshot = TrainingSnapshot.of(
                uuid.uuid4().hex[:12],
                self._template.id,
                self._template.version,
                utc_now(),
                items=items,
                skipped=skipped,
            )
            self._store(connection, snapshot)
        return snapshot

    def preview(self) -> TrainingSnapshot:
        """The reviewed, unflagged, unlocked cases whose pictures are sound, all as examples; nothing is stored.

        For proposals that are never compared with anything: no patient counts as trained on because of them.
        """
        usable = [case for case in self._reviewed() if case.part != "locked" and _problem(case) is None]
        with self._database.read() as connection:
            items = tuple(replace(self._item(connection, case.id), part="train") for case in usable)
        return TrainingSnapshot.of(
            uuid.uuid4().hex[:12], self._template.id, self._template.version, utc_now(), items=items
        )

    def get(self, snapshot_id: str) -> TrainingSnapshot:
        """A stored snapshot, its hash checked. Raises UnknownRecordError."""
        with self._database.read() as connection:
            sha256 = connection.execute(sa.select(_s.object_sha256).where(_s.id == snapshot_id)).scalar()
        if sha256 is None:
            raise UnknownRecordError(f"Snapshot {snapshot_id} is not in this project.")
        return TrainingSnapshot.from_json(json.loads(self._objects.get(sha256)))

    def new_corrections(self) -> int:
        """Reviewed, unflagged, unlocked cases with a corrected landmark whose revision no snapshot holds."""
        p, i, c = tables.annotation_point.c, tables.snapshot_item.c, tables.cases.c
        a = tables.annotation.c
        truth = _truth()
        corrected = sa.exists().where(p.case_id == c.id, p.reader == truth, p.decision == Decision.CORRECTED.value)
        frozen = sa.tuple_(c.id, a.state_hash).in_(sa.select(i.case_id, i.state_hash))  # read once, not for each case
        joined = sa.select(sa.func.count()).select_from(tables.cases.join(tables.annotation, a.case_id == c.id))
        query = joined.where(*_usable(), a.reader == truth, c.part != "locked", corrected, sa.not_(frozen))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def _reviewed(self) -> list[CaseRow]:
        with self._database.read() as connection:
            return self._still_reviewed(connection)

    def _still_reviewed(self, connection: sa.Connection) -> list[CaseRow]:
        query = sa.select(tables.cases).where(*_usable()).order_by(tables.cases.c.id)
        return [self._cases.row(row) for row in connection.execute(query)]

    def _item(self, connection: sa.Connection, case_id: int, estimated: float = WEIGHT_ESTIMATED) -> SnapshotItem:
        case = self._cases.fetch(connection, case_id)
        reader = truth_reader(connection, case_id)
        annotation = load_annotation(connection, self._template, case_id, reader)
        if not annotation.reviewed:
            raise DamagedCaseError(
                f"Case {case_id} is listed as reviewed, but its landmarks are not. Nothing was frozen. Open the case "
                "and review it again."
            )
        return SnapshotItem(
            case_id=case.id,
            path=case.path,
            image_sha256=case.image_sha256,
            frame=case.frame,
            axis=case.axis,
            width=case.width,
            height=case.height,
            spacing=case.spacing,
            patient_group=case.patient_group,
            part=case.part,
            landmarks=_landmarks(annotation, _bulk_landmarks(connection, case_id, reader), estimated),
            revision=annotation.revision,
            state_hash=state_hash(annotation),
        )

    def _store(self, connection: sa.Connection, snapshot: TrainingSnapshot) -> None:
        object_sha256 = self._objects.put(canonical_json(snapshot.to_json()).encode())
        head: dict[str, Any] = {"id": snapshot.id, "sha256": snapshot.sha256, "object_sha256": object_sha256}
        head.update(template_id=snapshot.template_id, template_version=snapshot.template_version)
        connection.execute(sa.insert(tables.snapshot).values(**head, created_utc=snapshot.utc))
        rows = [
            {
                "snapshot_id": snapshot.id,
                "case_id": item.case_id,
                "part": item.part,
                "revision": item.revision,
                "state_hash": item.state_hash,
            }
            for item in snapshot.items
        ]
        connection.execute(sa.insert(tables.snapshot_item), rows)
        locked = {"snapshot_id": snapshot.id, "sha256": snapshot.locked_sha256}
        connection.execute(sa.insert(tables.locked_set).values(locked))
        seen = {item.patient_group for item in snapshot.items if item.part != "locked"}
        splits.mark_trained(connection, seen, snapshot.utc)
        audit.append(connection, "snapshot.freeze", {**head, "cases": len(rows)})


def _usable() -> tuple[sa.ColumnElement[bool], ...]:
    c = tables.cases.c
    return c.state == STATES.index("reviewed"), sa.not_(c.flagged)


def _problem(case: CaseRow) -> SkippedCase | None:
    try:
        return None if sha256_file(case.path) == case.image_sha256 else SkippedCase(case.id, "changed")
    except OSError:
        return SkippedCase(case.id, "missing")


def truth_reader(connection: sa.Connection, case_id: int) -> str:
    """The reading that a case is learned from: its consensus once that is reviewed, else the common one."""
    query = sa.select(_truth()).select_from(tables.cases).where(tables.cases.c.id == case_id)
    return str(connection.execute(query).scalar_one())


def _truth() -> sa.ColumnElement[str]:
    settled = tables.annotation.alias().c
    agreed = sa.exists().where(settled.case_id == tables.cases.c.id, settled.reader == CONSENSUS, settled.reviewed)
    return sa.case((agreed, CONSENSUS), else_="")


def _bulk_landmarks(connection: sa.Connection, case_id: int, reader: str) -> set[str]:
    p = tables.annotation_point.c
    mine = (p.case_id == case_id, p.reader == reader, p.bulk)
    return set(connection.execute(sa.select(p.landmark).where(*mine)).scalars())


def _landmarks(annotation: Annotation, bulk: set[str], estimated: float) -> tuple[SnapshotLandmark, ...]:
    def weight(landmark: str, place: Place, decision: Decision) -> float:
        if place is Place.VISIBLE:
            return WEIGHT_BULK if decision is Decision.CONFIRMED and landmark in bulk else 1.0
        return estimated if place is Place.ESTIMATED else 0.0

    return tuple(
        SnapshotLandmark(mark, state.place, state.x, state.y, weight(mark, state.place, state.decision))
        for mark, state in zip(annotation.landmark_ids, annotation.states, strict=True)
    )
