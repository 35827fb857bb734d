"""What the planner keeps: cases left out of it with a reason, the goal, and the unlabelled cases to choose from."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.errors import UserError
from medsapiens_core.store import audit, tables
from medsapiens_core.store.cases import STATES, CaseRow, Cases
from medsapiens_core.store.database import Database

GOAL, DEFAULT_GOAL = "planner_goal", 2.0  # mm, or % of the diagonal where spacing is unknown
_e, _m = tables.planner_exclusion.c, tables.meta.c


class Planner:
    """The planner's part of one project. Every change is in the audit log."""

    def __init__(self, database: Database, cases: Cases) -> None:
        self._database, self._cases = database, cases

    def exclude(self, case_id: int, reason: str) -> None:
        """Leave a case out of the planner's lists. Raises UserError without a reason."""
        if not reason.strip():
            raise UserError("A reason is needed to leave a case out, so that others can follow it.")
        with self._database.write() as connection:
            connection.execute(sa.delete(tables.planner_exclusion).where(_e.case_id == case_id))
            values = {"case_id": case_id, "reason": reason.strip(), "utc": utc_now()}
            connection.execute(sa.insert(tables.planner_exclusion).values(values))
            audit.append(connection, "planner.exclude", {"case_id": case_id, "reason": reason.strip()})

    def include(self, case_id: int) -> None:
        """Let the planner propose a case again."""
        with self._database.write() as connection:
            connection.execute(sa.delete(tables.planner_exclusion).where(_e.case_id == case_id))
            audit.append(connection, "planner.include", {"case_id": case_id})

    def exclusions(self) -> Mapping[int, str]:
        """Case -> reason."""
        with self._database.read() as connection:
            return {row.case_id: row.reason for row in connection.execute(sa.select(_e.case_id, _e.reason))}

    def goal(self) -> float:
        """The error to reach."""
        with self._database.read() as connection:
            text = connection.execute(sa.select(_m.value).where(_m.key == GOAL)).scalar()
        return DEFAULT_GOAL if text is None else float(text)

    def set_goal(self, goal: float) -> None:
        """Store the error to reach. Raises UserError unless it is above 0."""
        if not 0 < goal <= 100:
            raise UserError("The goal must be between 0 and 100.")
        with self._database.write() as connection:
            connection.execute(sa.delete(tables.meta).where(_m.key == GOAL))
            connection.execute(sa.insert(tables.meta).values(key=GOAL, value=str(float(goal))))
            audit.append(connection, "planner.goal", {"goal": float(goal)})

    def todo(self, limit: int, *, locked: bool) -> list[CaseRow]:
        """Cases without decisions, neither flagged nor excluded: the worst predicted first, then the oldest."""
        c = tables.cases.c
        excluded = sa.exists().where(_e.case_id == c.id)
        wanted = (c.state.in_((0, 1)), sa.not_(c.flagged), sa.not_(excluded))
        part = c.part == "locked" if locked else c.part != "locked"
        query = sa.select(tables.cases).where(*wanted, part).order_by(c.worst_score, c.id).limit(limit)
        with self._database.read() as connection:
            return [self._cases.row(row) for row in connection.execute(query)]

    def locked(self) -> tuple[int, int]:
        """How many locked cases are read, of how many."""
        c = tables.cases.c
        read = sa.func.sum(sa.case((c.state == STATES.index("reviewed"), 1), else_=0))
        with self._database.read() as connection:
            row = connection.execute(sa.select(sa.func.count(), read).where(c.part == "locked")).one()
        return int(row[1] or 0), int(row[0])
