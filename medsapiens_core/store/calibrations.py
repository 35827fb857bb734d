"""Pixel sizes that a person has set: by ruler, by hand, by magnification, or by choosing among those of the file.

The file and its own pixel size never change. Every choice is kept with who made it and when; choosing again takes it
back. Source: ux.md 5.4, formats.md 1.5.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.spacing import Spacing, SpacingChoice, Way
from medsapiens_core.data.template import Template
from medsapiens_core.store import audit, tables
from medsapiens_core.store.annotations import load_annotation
from medsapiens_core.store.cases import CaseRow, Cases
from medsapiens_core.store.database import Database
from medsapiens_core.store.files import canonical_json
from medsapiens_core.store.summary import refresh_case

_c, _k = tables.cases.c, tables.calibration.c


class Calibrations:
    """The choices of one project."""

    def __init__(self, database: Database, cases: Cases, template: Template) -> None:
        self._database, self._cases, self._template = database, cases, template

    def choose(
        self,
        case_ids: Sequence[int],
        way: Way,
        spacing: Spacing | None,
        *,
        reader: str,
        detail: Mapping[str, Any] | None = None,
    ) -> list[CaseRow]:
        """Set the pixel size of these cases in one step; with `file` they go back to their files' own.

        Raises UnknownRecordError when a case is not there; then none is changed.
        """
        said = None if spacing is None else canonical_json(spacing.to_json())
        stored = None if way == "file" else said or "{}"
        with self._database.write() as connection:
            before = [self._cases.fetch(connection, case_id) for case_id in case_ids]
            for row in before:
                connection.execute(sa.update(tables.cases).where(_c.id == row.id).values(spacing_set=stored))
            values: dict[str, Any] = {"way": way, "spacing": said, "reader": reader, "utc": utc_now()}
            values |= {"detail": canonical_json(detail or {}), "cases_at_once": len(before)}
            connection.execute(sa.insert(tables.calibration), [{**values, "case_id": row.id} for row in before])
            body = {"cases": list(case_ids), "way": way, "set": stored, "reader": reader, "detail": detail or {}}
            audit.append(connection, "case.spacing", body)
            for row in before:
                if row.worst_radius is not None:  # it is told in the pixel size in use
                    refresh_case(connection, load_annotation(connection, self._template, row.id, ""))
            return [self._cases.fetch(connection, case_id) for case_id in case_ids]

    def history(self, case_id: int) -> list[SpacingChoice]:
        """Every choice for a case, oldest first."""
        query = sa.select(tables.calibration).where(_k.case_id == case_id).order_by(_k.id)
        with self._database.read() as connection:
            return [_choice(row) for row in connection.execute(query)]

    def same_device(self, case_id: int) -> list[int]:
        """The case and those that were taken alike, in the order of the list.

        Alike means: the same device, or where it is unknown the same size and modality; and in both cases the same
        pixel size in the file, so that a choice means the same for all of them.
        """
        with self._database.read() as connection:
            case = self._cases.fetch(connection, case_id)
            alike = _c.device == case.device if case.device else _of_unknown_device(case)
            query = sa.select(_c.id).where(alike, *_same_file_spacing(case)).order_by(_c.sort_name, _c.id)
            return list(connection.execute(query).scalars())


def _of_unknown_device(case: CaseRow) -> sa.ColumnElement[bool]:
    size = (_c.width == case.width) & (_c.height == case.height)
    return _c.device.is_(None) & size & (_c.modality == case.modality)


def _same_file_spacing(case: CaseRow) -> tuple[sa.ColumnElement[bool], ...]:
    own = case.file_spacing
    if own is None:
        return (_c.row_mm.is_(None),)
    pairs = ((_c.row_mm, own.row_mm), (_c.col_mm, own.col_mm))
    close = [sa.func.abs(column - value) <= 1e-6 * value for column, value in pairs]
    return (*close, _c.spacing_source == own.source.value)


def _choice(row: sa.Row[Any]) -> SpacingChoice:
    spacing = None if row.spacing is None else Spacing.from_json(json.loads(row.spacing))
    way = cast(Way, row.way)
    return SpacingChoice(way, spacing, row.reader, row.utc, json.loads(row.detail), row.cases_at_once)
