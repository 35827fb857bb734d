"""Examples of one landmark: reviewed cases most like a film, never of the same patient group (ux.md 6.2).

Like means: their landmarks lie to one another as those of the film do, after shift and scale; where too few are known,
the pictures have about the same shape. Locked cases are never shown: their truth must not teach a reader.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from medsapiens_core.store import tables
from medsapiens_core.store.cases import STATES, CaseRow, Cases
from medsapiens_core.store.database import Database

CANDIDATES = 150
ENOUGH = 3  # points that two pictures must share to be compared by them
_c, _p = tables.cases.c, tables.annotation_point.c
Points = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class ExemplarPlace:
    """Where a landmark lies on another film, image pixels; `revision` names the state that says so."""

    case: CaseRow
    x: float
    y: float
    revision: int


class Exemplars:
    """Examples out of one project."""

    def __init__(self, database: Database, cases: Cases) -> None:
        self._database, self._cases = database, cases

    def similar(self, case: CaseRow, landmark: str, points: Points, limit: int = 6) -> list[ExemplarPlace]:
        """The cases most like `case`, of which `points` are known, with a decided `landmark`."""
        with self._database.read() as connection:
            rows = self._candidates(connection, case, landmark)
            shapes = _shapes(connection, list(rows))
        near = sorted(rows, key=lambda id_: (_distance(points, shapes[id_]), _unlike(case, rows[id_][0]), id_))
        return [ExemplarPlace(*rows[id_]) for id_ in near[:limit]]

    def _candidates(
        self, connection: sa.Connection, case: CaseRow, landmark: str
    ) -> dict[int, tuple[CaseRow, float, float, int]]:
        usable = (_c.state == STATES.index("reviewed")) & sa.not_(_c.flagged) & (_c.part != "locked")
        others = usable & (_c.group_id != case.patient_group)
        placed = (_p.reader == "") & (_p.landmark == landmark) & _p.x.is_not(None)
        joined = tables.cases.join(tables.annotation_point, _p.case_id == _c.id)
        columns = (*tables.cases.c, _p.x.label("px"), _p.y.label("py"), _p.revision.label("point_revision"))
        query = (
            sa.select(*columns).select_from(joined).where(others, placed, _p.decision.in_(("confirmed", "corrected")))
        )
        query = query.order_by((_c.modality != case.modality), _c.id.desc()).limit(CANDIDATES)
        found = connection.execute(query).all()
        return {row.id: (self._cases.row(row), row.px, row.py, row.point_revision) for row in found}


def _shapes(connection: sa.Connection, ids: list[int]) -> dict[int, dict[str, tuple[float, float]]]:
    shapes: dict[int, dict[str, tuple[float, float]]] = defaultdict(dict)
    query = sa.select(_p.case_id, _p.landmark, _p.x, _p.y).where(
        _p.case_id.in_(ids), _p.reader == "", _p.x.is_not(None)
    )
    for row in connection.execute(query):
        shapes[row.case_id][row.landmark] = (row.x, row.y)
    return shapes


def _distance(one: Points, other: Points) -> float:
    """Root mean square distance of the shared points after shift and scale; 1 where too few are shared."""
    shared = sorted(one.keys() & other.keys())
    if len(shared) < ENOUGH:
        return 1.0
    shapes = [np.array([points[mark] for mark in shared]) for points in (one, other)]
    centred = [shape - shape.mean(axis=0) for shape in shapes]
    sizes = [float(np.sqrt((shape**2).sum(axis=1).mean())) for shape in centred]
    if min(sizes) <= 0:
        return 1.0
    apart = centred[0] / sizes[0] - centred[1] / sizes[1]
    return float(np.sqrt((apart**2).sum(axis=1).mean()))


def _unlike(case: CaseRow, other: CaseRow) -> float:
    """How far apart the pictures are in shape and, where both are known, in pixel size."""
    shape = abs(np.log(case.width / case.height) - np.log(other.width / other.height))
    if case.spacing is None or other.spacing is None:
        return float(shape)
    return float(shape + abs(np.log(case.spacing.row_mm / other.spacing.row_mm)))
