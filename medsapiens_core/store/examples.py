"""The reviewed cases as plain points: what shapes, planning and learning curves are made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template import Template
from medsapiens_core.store import tables
from medsapiens_core.store.cases import STATES
from medsapiens_core.store.database import Database

MOST = 300  # the newest; more teach a shape nothing


@dataclass(frozen=True, eq=False)
class LabelledCase:
    """A reviewed case: `xy_image` (K, 2) image pixels in template order, NaN where absent; `size` (columns, rows)."""

    case_id: int
    patient_group: int
    xy_image: NDArray[np.float64]
    size: tuple[int, int]
    spacing: Spacing | None


class Examples:
    """The reviewed, unflagged, unlocked cases of one project."""

    def __init__(self, database: Database, template: Template) -> None:
        self._database, self._template = database, template

    def labelled(self, limit: int = MOST) -> list[LabelledCase]:
        """The newest `limit` of them, oldest first."""
        c, p = tables.cases.c, tables.annotation_point.c
        newest = sa.select(c.id).where(*_usable()).order_by(c.id.desc()).limit(limit).subquery()
        chosen = sa.select(tables.cases).join(newest, newest.c.id == c.id).order_by(c.id)
        points = sa.select(p.case_id, p.landmark, p.x, p.y).join(newest, newest.c.id == p.case_id)
        with self._database.read() as connection:
            cases = list(connection.execute(chosen))
            xy = {row.id: np.full((len(self._template), 2), np.nan) for row in cases}
            for row in connection.execute(points.where(p.reader == "", p.x.is_not(None))):
                if row.landmark in self._template.index:
                    xy[row.case_id][self._template.index[row.landmark]] = row.x, row.y
        return [_labelled(row, xy[row.id]) for row in cases]

    def count(self) -> int:
        """How many there are."""
        query = sa.select(sa.func.count()).select_from(tables.cases).where(*_usable())
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def mark(self) -> str:
        """A text that changes when another set of cases, or another revision of one of them, is reviewed."""
        c, a = tables.cases.c, tables.annotation.c
        joined = tables.cases.join(tables.annotation, (a.case_id == c.id) & (a.reader == ""))
        numbers = (sa.func.count(), sa.func.sum(c.id), sa.func.sum(a.revision))
        with self._database.read() as connection:
            row = connection.execute(sa.select(*numbers).select_from(joined).where(*_usable())).one()
        return "-".join(str(value or 0) for value in row)


def _usable() -> tuple[sa.ColumnElement[bool], ...]:
    c = tables.cases.c
    return c.state == STATES.index("reviewed"), sa.not_(c.flagged), c.part != "locked"


def _labelled(row: sa.Row[tuple[object, ...]], xy: NDArray[np.float64]) -> LabelledCase:
    spacing = None
    if row.row_mm is not None:
        spacing = Spacing(row.row_mm, row.col_mm, SpacingSource(row.spacing_source))
    return LabelledCase(row.id, row.group_id, xy, (row.width, row.height), spacing)
