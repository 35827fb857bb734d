"""The worklist: one row per picture, with everything a list shows kept beside it (ux.md 2.1, 3.2; L1)."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.image import Image, Spacing
from medsapiens_core.store import audit, tables
from medsapiens_core.store.certainty import radius_of
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import ProjectError, UnknownRecordError
from medsapiens_core.store.files import canonical_json, sha256_file
from medsapiens_core.store.splits import Part, find_or_add_group
from medsapiens_core.store.stale import count_stale, has_stale

CaseState = Literal["new", "predicted", "in_review", "reviewed"]
Filter = Literal["all", "todo", "in_review", "reviewed", "flagged", "locked", "stale", "unsure"]
Sort = Literal["name", "added", "worst_first", "state"]
STATES: tuple[CaseState, ...] = ("new", "predicted", "in_review", "reviewed")
AUDITED = (  # what may never change unseen, though no edit tells it: the picture, its scale, its patient's part
    *("group_id", "part", "image_sha256", "frame", "axis", "width", "height"),
    *("row_mm", "col_mm", "spacing_source"),
)
UNSURE_MM = 2.0  # a 95 % radius above this deserves a look: bulk confirm does not take it either
Columns = Any  # the columns of `cases`, or of an alias of it
_c = tables.cases.c


def _filters(c: Columns, state: sa.ColumnElement[Any]) -> dict[str, sa.ColumnElement[bool]]:
    return {
        "all": sa.true(),
        "todo": state.in_((0, 1)) & sa.not_(c.flagged),
        "in_review": state == STATES.index("in_review"),
        "reviewed": state == STATES.index("reviewed"),
        "flagged": c.flagged,
        "locked": c.part == "locked",
        "stale": has_stale(c.id),
        "unsure": _is_unsure(c),
    }


def _is_unsure(c: Columns) -> sa.ColumnElement[bool]:
    """Found by the index of the radii; `+ 0` keeps the walk along the index of the sort."""
    inner = tables.cases.alias().c
    wide: sa.ColumnElement[bool] = (c.id + 0).in_(
        sa.select(inner.id).where(inner.worst_score < -UNSURE_MM, sa.not_(inner.flagged))
    )
    return wide


def _walked(c: Columns) -> dict[str, sa.ColumnElement[bool]]:
    """Filters for a walk along the index of a sort; `+ 0` keeps the database from picking by state and sorting then."""
    return _filters(c, c.state + 0)


def _order(c: Columns) -> dict[str, tuple[sa.ColumnElement[Any], ...]]:
    return {
        "name": (c.sort_name, c.id),
        "added": (c.id,),
        "worst_first": (c.worst_score, c.id),
        "state": (c.state, c.sort_name, c.id),
    }


_FILTERS = _filters(_c, _c.state)
_SORTS = _order(_c)


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


class Cases:
    """The cases of one project."""

    def __init__(self, database: Database, folder: Path, salt: str, landmark_count: int) -> None:
        self._database, self._folder = database, folder
        self._salt, self._landmark_count = salt, landmark_count

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
            return self.fetch(connection, case_id)

    def page(
        self, filter: Filter = "all", sort: Sort = "name", search: str = "", offset: int = 0, limit: int = 100
    ) -> list[CaseRow]:
        """A stretch of the filtered and sorted list."""
        c = tables.cases.alias().c  # found by an index alone, then read: skipping 90,000 rows reads none of them
        inner = sa.select(c.id).where(_walked(c)[filter], *_search(search, c))
        inner = inner.order_by(*_order(c)[sort]).offset(offset).limit(limit)
        query = sa.select(tables.cases).where(_c.id.in_(inner)).order_by(*_SORTS[sort])
        with self._database.read() as connection:
            return [self.row(row) for row in connection.execute(query)]

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
        keys = _SORTS[sort]
        with self._database.read() as connection:
            here = self._fetch(connection, case_id)
            place = sa.tuple_(*(sa.literal(here._mapping[key.name]) for key in keys))
            beyond = sa.tuple_(*keys) > place if by > 0 else sa.tuple_(*keys) < place
            order = keys if by > 0 else tuple(key.desc() for key in keys)
            also = sa.true() if kind is None else _walked(_c)[kind]
            query = sa.select(tables.cases).where(_walked(_c)[filter], also, beyond, *_search(search))
            row = connection.execute(query.order_by(*order).limit(1)).first()
        return None if row is None else self.row(row)

    def count(self, filter: Filter = "all", search: str = "") -> int:
        """How many cases the filtered list has."""
        if not search:
            return self.counts()[filter]
        query = sa.select(sa.func.count()).select_from(tables.cases).where(_FILTERS[filter], *_search(search))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def counts(self) -> dict[str, int]:
        """Number of cases by state ("new", "predicted", ...) and by filter ("all", "todo", ...)."""
        query = sa.select(*(tables.case_count.c[name] for name in ("state", "part", "flagged", "n")))
        counts = dict.fromkeys((*STATES, *_FILTERS), 0)
        with self._database.read() as connection:
            for state, part, flagged, number in connection.execute(query):
                todo = STATES[state] in ("new", "predicted") and not flagged
                hits = {"all": True, "todo": todo, "flagged": flagged, "locked": part == "locked", STATES[state]: True}
                for name, hit in hits.items():
                    counts[name] += number if hit else 0
            counts["stale"] = count_stale(connection)
            wide = (_c.worst_score < -UNSURE_MM, sa.not_(_c.flagged))
            unsure = sa.select(sa.func.count()).select_from(tables.cases).where(*wide)
            counts["unsure"] = int(connection.execute(unsure).scalar_one())
        return counts

    def set_flag(self, case_id: int, reason: str | None) -> CaseRow:
        """Flag a case with a reason, or take the flag away with None; flagged cases are never trained on."""
        with self._database.write() as connection:
            before = self._fetch(connection, case_id).flag_reason
            change = sa.update(tables.cases).where(_c.id == case_id)
            connection.execute(change.values(flag_reason=reason, flagged=reason is not None))
            audit.append(connection, "case.flag", {"case_id": case_id, "before": before, "after": reason})
            return self.fetch(connection, case_id)

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
            connection.execute(change.values(**_location(path.absolute(), self._folder)))
            audit.append(connection, "case.relocate", {"case_id": case_id})
            return self.fetch(connection, case_id)

    def fetch(self, connection: sa.Connection, case_id: int) -> CaseRow:
        """As `get`, inside the caller's transaction."""
        return self.row(self._fetch(connection, case_id))

    def _insert(self, connection: sa.Connection, image: Image, path: Path) -> CaseRow:
        group = find_or_add_group(connection, image, self._salt)
        values = {**_describe(image, path), **_location(path, self._folder)}
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


def _file_spacing(row: sa.Row[Any]) -> Spacing | None:
    if row.row_mm is None:
        return None
    areas = json.loads(row.spacing_areas or "[]")
    said = {"row_mm": row.row_mm, "col_mm": row.col_mm, "source": row.spacing_source, "areas": areas}
    return Spacing.from_json(said)


def _search(text: str, c: Columns = _c) -> tuple[sa.ColumnElement[bool], ...]:
    wanted = _folded(text.strip())
    if not wanted:
        return ()
    inner = tables.cases.alias()  # found first, by an index of its own: walking the sorted list for a rare name is slow
    found = sa.select(inner.c.id).where(inner.c.search_text.contains(wanted, autoescape=True))
    return (c.id.in_(found),)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _sort_name(name: str) -> str:
    return re.sub(r"\d+", lambda digits: digits.group().zfill(12), _folded(name))


def _describe(image: Image, path: Path) -> dict[str, Any]:
    source, spacing = image.provenance, image.spacing
    name = unicodedata.normalize("NFC", path.name)
    if source.frame_count > 1:
        name = f"{name} [{source.frame + 1}/{source.frame_count}]"
    return {
        "name": name,
        "sort_name": _sort_name(name),
        "search_text": _folded(name),
        "file_bytes": path.stat().st_size,
        "image_sha256": source.sha256,
        "frame": source.frame,
        "axis": tables.NO_AXIS if source.axis is None else source.axis,
        "width": image.width,
        "height": image.height,
        "row_mm": spacing and spacing.row_mm,
        "col_mm": spacing and spacing.col_mm,
        "spacing_source": spacing and spacing.source.value,
        "spacing_areas": canonical_json(spacing.areas) if spacing and spacing.areas else None,
        "device": image.device or None,
        "modality": image.modality,
        "sop_instance_uid": source.sop_instance_uid,
        "added_utc": utc_now(),
        "state": 0,
        "flagged": False,
        "decided": 0,
        "worst_score": tables.NO_SCORE,
    }


def _location(path: Path, folder: Path) -> dict[str, str | None]:
    """Paths with `/`; the relative one only for a file inside the project, which may move with it."""
    root = Path(os.path.realpath(folder))
    real = Path(os.path.realpath(path))
    inside = real.is_relative_to(root)
    return {"absolute_path": path.as_posix(), "relative_path": real.relative_to(root).as_posix() if inside else None}
