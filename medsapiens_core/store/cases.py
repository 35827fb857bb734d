"""The worklist: one row per picture, with everything a list shows kept beside it (ux.md 2.1, 3.2; L1)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from medsapiens_core.data.image import Image, Spacing
from medsapiens_core.store import audit, tables
from medsapiens_core.store.case_facts import describe, location
from medsapiens_core.store.case_lists import FILTERS, STATES, CaseState, Filter, Sight, Sort, is_wide, searched
from medsapiens_core.store.certainty import radius_of
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import ProjectError, UnknownRecordError
from medsapiens_core.store.files import sha256_file
from medsapiens_core.store.splits import Part, find_or_add_group
from medsapiens_core.store.stale import count_stale

__all__ = ["AUDITED", "STATES", "CaseRow", "CaseState", "Cases", "Filter", "Sort", "spacing_in_use"]

AUDITED = (  # what may never change unseen, though no edit tells it: the picture, its scale, its patient's part
    *("group_id", "part", "image_sha256", "frame", "axis", "width", "height"),
    *("row_mm", "col_mm", "spacing_source"),
)
_c, _r = tables.cases.c, tables.reading.c


@dataclass(frozen=True)
class CaseRow:
    """One case as the worklist shows it.

    `path` is where the image file is expected; `axis` is the array axis that `frame` counts along, None for a plain
    image. `spacing` is what a person has set (`is_spacing_set`; None then means pixels), else `file_spacing`, that of
    the file. `device` names what took the picture, "" when unknown. `worst_radius` is the largest calibrated 95 %
    radius among landmarks without a decision, in mm, or in px without a pixel size, infinite for one that was not
    found; `worst_score` the lowest score where the model is not calibrated. Both are None when nothing is open.
    """

    id: int
    name: str
    path: Path
    image_sha256: str
    frame: int
    axis: int | None
    width: int
    height: int
    spacing: Spacing | None
    modality: str
    patient_group: int
    part: Part
    state: CaseState
    flagged: bool
    flag_reason: str | None
    decided: int
    total: int
    added_utc: str
    worst_score: float | None
    prediction_model: str | None
    sop_instance_uid: str | None = None
    file_spacing: Spacing | None = None
    is_spacing_set: bool = False
    device: str = ""
    worst_radius: float | None = None
    is_second_reading: bool = False


class Cases:
    """The cases of one project."""

    def __init__(self, database: Database, folder: Path, salt: str, landmark_count: int) -> None:
        self._database, self._folder = database, folder
        self._salt, self._landmark_count = salt, landmark_count
        self.person = ""  # whose readings the lists show, where they were asked for one

    def add(self, image: Image, *, path: Path | None = None) -> CaseRow:
        """Add a picture, or return the case that already holds the same bytes, frame and axis."""
        with self._database.write() as connection:
            known = self._find(connection, image.provenance.sha256, image.provenance.frame, image.provenance.axis)
            return known or self._insert(connection, image, (path or image.provenance.path).absolute())

    def find(self, sha256: str, frame: int = 0, axis: int | None = None) -> CaseRow | None:
        """The case of these bytes, or None."""
        with self._database.read() as connection:
            return self._find(connection, sha256, frame, axis)

    def get(self, case_id: int) -> CaseRow:
        """One case. Raises UnknownRecordError."""
        with self._database.read() as connection:
            return self._seen(connection, [self._fetch(connection, case_id)])[0]

    def page(
        self, filter: Filter = "all", sort: Sort = "name", search: str = "", offset: int = 0, limit: int = 100
    ) -> list[CaseRow]:
        """A stretch of the filtered and sorted list."""
        with self._database.read() as connection:
            sight = self._sight(connection)
            inner = sight.ids(filter, sort, search, offset, limit)  # by an index alone: 90,000 rows are skipped unread
            query = sa.select(tables.cases).where(_c.id.in_(inner)).order_by(*sight.order(_c)[sort])
            return self._seen(connection, connection.execute(query).all())

    def beside(
        self,
        case_id: int,
        filter: Filter = "all",
        sort: Sort = "name",
        search: str = "",
        *,
        by: int = 1,
        kind: Filter | None = None,
    ) -> CaseRow | None:
        """The nearest case after (`by` 1) or before (-1) a case in the filtered and sorted list, None at its end.

        `kind` asks for a filter more. The case itself need not be in the list. Found by the sort keys, not by
        counting rows, so it takes as long at 100,000 cases as at ten. Raises UnknownRecordError.
        """
        with self._database.read() as connection:
            sight = self._sight(connection)
            keys, walked = sight.order(_c)[sort], sight.walked(_c, sort)
            self._fetch(connection, case_id)
            here = connection.execute(sa.select(*keys).where(_c.id == case_id)).one()
            place = sa.tuple_(*(sa.literal(value) for value in here))
            beyond = sa.tuple_(*keys) > place if by > 0 else sa.tuple_(*keys) < place
            order = keys if by > 0 else tuple(key.desc() for key in keys)
            also = sa.true() if kind is None else walked[kind]
            query = sa.select(tables.cases).where(walked[filter], also, beyond, *searched(search))
            row = connection.execute(query.order_by(*order).limit(1)).first()
            return None if row is None else self._seen(connection, [row])[0]

    def count(self, filter: Filter = "all", search: str = "") -> int:
        """How many cases the filtered list has."""
        if not search:
            return self.counts()[filter]
        with self._database.read() as connection:
            wanted = self._sight(connection).filters(_c)[filter]
            query = sa.select(sa.func.count()).select_from(tables.cases).where(wanted, *searched(search))
            return int(connection.execute(query).scalar_one())

    def counts(self) -> dict[str, int]:
        """Number of cases by state ("new", "predicted", ...) and by filter ("all", "todo", ...)."""
        query = sa.select(*(tables.case_count.c[name] for name in ("state", "part", "flagged", "n")))
        counts = dict.fromkeys((*STATES, *FILTERS), 0)
        unsure = sa.select(sa.func.count()).select_from(tables.cases).where(is_wide(_c))
        with self._database.read() as connection:
            for state, part, flagged, number in connection.execute(query):
                _count(counts, state, part, flagged, number)
            counts["stale"] = count_stale(connection)
            counts["unsure"] = int(connection.execute(unsure).scalar_one())
            if self._sight(connection).person:
                self._count_own(connection, counts)
        return counts

    def _count_own(self, connection: sa.Connection, counts: dict[str, int]) -> None:
        """Count what the person was asked for as their own readings are, not as the common ones."""
        own = sa.select(_c.state, _r.state, _c.part, _c.flagged, is_wide(_c)).where(_r.reader == self.person)
        joined = own.join(tables.reading, _r.case_id == _c.id)
        for common, mine, part, flagged, wide in connection.execute(joined):
            _count(counts, common, part, flagged, -1)
            _count(counts, mine, part, flagged, 1)
            counts["unsure"] -= int(wide)

    def set_flag(self, case_id: int, reason: str | None) -> CaseRow:
        """Flag a case with a reason, or take the flag away with None; flagged cases are never trained on."""
        with self._database.write() as connection:
            before = self._fetch(connection, case_id).flag_reason
            change = sa.update(tables.cases).where(_c.id == case_id)
            connection.execute(change.values(flag_reason=reason, flagged=reason is not None))
            audit.append(connection, "case.flag", {"case_id": case_id, "before": before, "after": reason})
            return self.fetch(connection, case_id)

    def of_patient(self, group_id: int) -> list[int]:
        """The ids of the cases of one patient group."""
        query = sa.select(_c.id).where(_c.group_id == group_id).order_by(_c.id)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def elsewhere(self) -> list[CaseRow]:
        """The cases whose picture is not at its place; asks the disk for each of them."""
        with self._database.read() as connection:
            rows = [self.row(row) for row in connection.execute(sa.select(tables.cases).order_by(_c.id))]
        return [row for row in rows if not row.path.exists()]

    def relocate(self, case_id: int, path: Path) -> CaseRow:
        """Tell where the image file has moved to. Refused unless the bytes are the same."""
        sha256 = sha256_file(path)
        with self._database.write() as connection:
            if sha256 != self._fetch(connection, case_id).image_sha256:
                raise ProjectError(
                    "This file is not the picture that was imported: its bytes differ. The landmarks belong to the "
                    "old one. Choose the unchanged file, or import this one as a new case."
                )
            change = sa.update(tables.cases).where(_c.id == case_id)
            connection.execute(change.values(**location(path.absolute(), self._folder)))
            audit.append(connection, "case.relocate", {"case_id": case_id})
            return self.fetch(connection, case_id)

    def _sight(self, connection: sa.Connection) -> Sight:
        """Plain, and as quick as ever, for a person who was asked for nothing."""
        asked = (
            self.person and connection.execute(sa.select(_r.case_id).where(_r.reader == self.person).limit(1)).first()
        )
        return Sight(self.person if asked else "")

    def _seen(self, connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> list[CaseRow]:
        found = [self.row(row) for row in rows]
        if not self.person:
            return found
        mine = (_r.reader == self.person, _r.case_id.in_([row.id for row in found]))
        own = {row.case_id: row for row in connection.execute(sa.select(tables.reading).where(*mine))}
        return [_as_own(row, own[row.id]) if row.id in own else row for row in found]

    def fetch(self, connection: sa.Connection, case_id: int) -> CaseRow:
        """The case with the state of its common reading, inside the caller's transaction."""
        return self.row(self._fetch(connection, case_id))

    def _insert(self, connection: sa.Connection, image: Image, path: Path) -> CaseRow:
        group = find_or_add_group(connection, image, self._salt)
        values = {**describe(image, path), **location(path, self._folder)}
        values.update(group_id=group.id, part=group.part, total=self._landmark_count)
        key: Any = connection.execute(sa.insert(tables.cases).values(values)).inserted_primary_key
        body = {"case_id": key[0], **{name: values[name] for name in AUDITED}}
        audit.append(connection, "case.add", body)
        return self.fetch(connection, key[0])

    def _find(self, connection: sa.Connection, sha256: str, frame: int, axis: int | None) -> CaseRow | None:
        slice_axis = tables.NO_AXIS if axis is None else axis
        same = (_c.image_sha256 == sha256) & (_c.frame == frame) & (_c.axis == slice_axis)
        row = connection.execute(sa.select(tables.cases).where(same)).first()
        return None if row is None else self.row(row)

    def _fetch(self, connection: sa.Connection, case_id: int) -> sa.Row[Any]:
        row = connection.execute(sa.select(tables.cases).where(_c.id == case_id)).first()
        if row is None:
            raise UnknownRecordError(f"Case {case_id} is not in this project.")
        return row

    def row(self, row: sa.Row[Any]) -> CaseRow:
        """Turn a row of the table into what the rest of the program sees."""
        inside = row.relative_path is not None
        own, spacing = _file_spacing(row), spacing_in_use(row)
        return CaseRow(
            id=row.id,
            name=row.name,
            path=self._folder / row.relative_path if inside else Path(row.absolute_path),
            image_sha256=row.image_sha256,
            frame=row.frame,
            axis=None if row.axis == tables.NO_AXIS else row.axis,
            width=row.width,
            height=row.height,
            spacing=spacing,
            modality=row.modality,
            patient_group=row.group_id,
            part=cast(Part, row.part),
            state=STATES[row.state],
            flagged=row.flagged,
            flag_reason=row.flag_reason,
            decided=row.decided,
            total=row.total,
            added_utc=row.added_utc,
            worst_score=row.worst_score if 0 <= row.worst_score < tables.NO_SCORE else None,
            prediction_model=row.prediction_model,
            sop_instance_uid=row.sop_instance_uid,
            file_spacing=own,
            is_spacing_set=row.spacing_set is not None,
            device=row.device or "",
            worst_radius=radius_of(row.worst_score, spacing, (row.width, row.height)),
        )


def spacing_in_use(row: sa.Row[Any]) -> Spacing | None:
    """The pixel size of a row of the table: what a person has set, else that of the file."""
    if row.spacing_set is None:
        return _file_spacing(row)
    chosen = json.loads(row.spacing_set)
    return Spacing.from_json(chosen) if chosen else None


def _as_own(row: CaseRow, own: sa.Row[Any]) -> CaseRow:
    """The case as whoever was asked for an own reading sees it: nothing of what others, or a model, said."""
    state = STATES[own.state]
    return replace(
        row,
        state=state,
        decided=own.decided,
        worst_score=None,
        worst_radius=None,
        prediction_model=None,
        is_second_reading=True,
    )


def _count(counts: dict[str, int], state: int, part: str, flagged: bool, number: int) -> None:
    todo = STATES[state] in ("new", "predicted") and not flagged
    hits = {"all": True, "todo": todo, "flagged": flagged, "locked": part == "locked", STATES[state]: True}
    for name, hit in hits.items():
        counts[name] += number if hit else 0


def _file_spacing(row: sa.Row[Any]) -> Spacing | None:
    if row.row_mm is None:
        return None
    areas = json.loads(row.spacing_areas or "[]")
    said = {"row_mm": row.row_mm, "col_mm": row.col_mm, "source": row.spacing_source, "areas": areas}
    return Spacing.from_json(said)
