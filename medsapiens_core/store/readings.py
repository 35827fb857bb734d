"""Which readings of a case there are, who reads what, and what is read blind (ux.md 6.5, 10.3).

The common reading has the reader ""; a further one is asked of a person and has their code; adjudication makes one
called `consensus`. None of them is ever written over by another.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from medsapiens_core.data.annotation import Annotation, Edit, utc_now
from medsapiens_core.data.readers import CONSENSUS
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.store import audit, tables
from medsapiens_core.store.annotations import load_annotation, stored_edits
from medsapiens_core.store.cases import STATES, CaseRow, CaseState
from medsapiens_core.store.database import Database
from medsapiens_core.store.files import canonical_json
from medsapiens_core.store.splits import draw_of
from medsapiens_core.store.summary import case_state

KEY = "reading"
LEAST_SHARE, MOST_SHARE = 0.05, 0.30  # of blind cases, as an Owner may set them
SECOND_SHARE = 0.2
_r, _a, _c, _meta = tables.reading.c, tables.annotation.c, tables.cases.c, tables.meta.c


@dataclass(frozen=True)
class ReadingRule:
    """`blind_share` of the cases, 0..1, and with `locked_blind` the locked ones are read without predictions."""

    blind_share: float = 0.0
    locked_blind: bool = True


@dataclass(frozen=True)
class Reading:
    """A further reading that a person was asked for; `blind` False when they had seen another reading before."""

    case_id: int
    reader: str
    blind: bool
    state: CaseState
    decided: int


class Readings:
    """The readings of one project."""

    def __init__(self, database: Database, template: Template, uid: str) -> None:
        self._database, self._template, self._uid = database, template, uid

    # --- the rule

    def rule(self) -> ReadingRule:
        """What is read blind."""
        with self._database.read() as connection:
            return _rule(connection)

    def set_rule(self, rule: ReadingRule, *, by: str = "") -> None:
        """Change it; the change is logged. Raises UserError for a share outside 0..1."""
        if not 0.0 <= rule.blind_share <= 1.0:
            raise UserError("The share of blind cases lies between 0 and 100 %.")
        with self._database.write() as connection:
            before = _rule(connection)
            connection.execute(sa.delete(tables.meta).where(_meta.key == KEY))
            connection.execute(sa.insert(tables.meta).values(key=KEY, value=canonical_json(asdict(rule))))
            audit.append(connection, "reading.rule", {"before": asdict(before), "after": asdict(rule), "by": by})

    # --- what a person reads

    def key(self, case_id: int, person: str) -> str:
        """Which reading this person works on in a case: their own one where it was asked for, else the common one."""
        query = sa.select(_r.reader).where(_r.case_id == case_id, _r.reader == person)
        with self._database.read() as connection:
            return str(connection.execute(query).scalar() or "")

    def hides_predictions(self, case: CaseRow, annotation: Annotation, history: Sequence[Edit]) -> bool:
        """True while this reading is made without predictions: a further reading for ever, others until the review."""
        if annotation.reader:
            return True
        if annotation.prediction_id is not None or any(edit.kind == "review" for edit in history):
            return False
        rule = self.rule()
        return (case.part == "locked" and rule.locked_blind) or is_drawn(case, rule)

    def hides_from_common(self, case: CaseRow) -> bool:
        """As `hides_predictions`, for the common reading as it is stored."""
        with self._database.read() as connection:
            annotation = load_annotation(connection, self._template, case.id, "")
            history = stored_edits(connection, case.id, "")
        return self.hides_predictions(case, annotation, history)

    # --- further readings

    def assign(self, case_ids: Collection[int], reader: str, *, by: str, blind: bool = True) -> int:
        """Ask a person for a reading of their own of these cases; how many were not asked for before."""
        with self._database.write() as connection:
            known = sa.select(_r.case_id).where(_r.reader == reader, _r.case_id.in_(case_ids))
            fresh = sorted(set(case_ids) - set(connection.execute(known).scalars()))
            values = {"reader": reader, "blind": blind, "assigned_by": by, "assigned_utc": utc_now()}
            for case_id in fresh:
                begun = load_annotation(connection, self._template, case_id, reader)
                state = {"state": STATES.index(case_state(begun, False)), "decided": begun.decided_count}
                connection.execute(sa.insert(tables.reading).values(case_id=case_id, **values, **state))
            if fresh:
                audit.append(connection, "reading.assign", {**values, "cases": fresh})
        return len(fresh)

    def withdraw(self, case_ids: Collection[int], reader: str, *, by: str) -> int:
        """Ask no longer for readings that nobody has begun; what was read stays. How many were taken back."""
        new = (_r.reader == reader, _r.case_id.in_(case_ids), _r.state == 0)
        with self._database.write() as connection:
            free = sorted(connection.execute(sa.select(_r.case_id).where(*new)).scalars())
            connection.execute(sa.delete(tables.reading).where(_r.reader == reader, _r.case_id.in_(free)))
            if free:
                audit.append(connection, "reading.withdraw", {"reader": reader, "by": by, "cases": free})
        return len(free)

    def of(self, reader: str) -> list[Reading]:
        """What was asked of a person, by case id."""
        query = sa.select(tables.reading).where(_r.reader == reader).order_by(_r.case_id)
        with self._database.read() as connection:
            return [
                Reading(row.case_id, row.reader, row.blind, STATES[row.state], row.decided)
                for row in connection.execute(query)
            ]

    def proposal(self, share: float = SECOND_SHARE, *, locked: bool = False) -> list[int]:
        """Reviewed cases for second readings: all locked ones, or a share drawn by id. The same until more are read."""
        usable = (_c.state == STATES.index("reviewed"), sa.not_(_c.flagged))
        part = (_c.part == "locked",) if locked else ()
        with self._database.read() as connection:
            ids = list(connection.execute(sa.select(_c.id).where(*usable, *part).order_by(_c.id)).scalars())
        if locked:
            return ids
        drawn = sorted(ids, key=lambda case_id: draw_of(f"{self._uid} {case_id}", "second reading"))
        return sorted(drawn[: math.ceil(share * len(ids))])

    def double_read(self) -> list[int]:
        """Cases with two or more readings in which something is decided, the consensus not counted."""
        decided = sa.exists().where(
            tables.annotation_point.c.case_id == _a.case_id,
            tables.annotation_point.c.reader == _a.reader,
            tables.annotation_point.c.decision.in_(("confirmed", "corrected")),
        )
        query = sa.select(_a.case_id).where(_a.reader != CONSENSUS, decided).group_by(_a.case_id)
        with self._database.read() as connection:
            found = connection.execute(query.having(sa.func.count() > 1).order_by(_a.case_id))
            return list(found.scalars())

    def asked(self) -> dict[tuple[int, str], bool]:
        """(case, reader) of every further reading that was asked for -> whether it is made blind."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(_r.case_id, _r.reader, _r.blind))
            return {(row.case_id, row.reader): row.blind for row in rows}


def reviewed_by(history: Sequence[Edit]) -> str:
    """Who reviewed a reading last, "" if nobody did or it was not recorded."""
    review = next((edit for edit in reversed(history) if edit.kind == "review" or edit.reviewed == (False, True)), None)
    return "" if review is None else review.reader


def author(annotation: Annotation, history: Sequence[Edit]) -> str:
    """Whose reading this is: whoever it belongs to, else who reviewed it, else who decided last; "" if unrecorded."""
    if annotation.reader:
        return annotation.reader
    named = (edit.reader for edit in reversed(history) if edit.reader)
    return reviewed_by(history) or next(named, "")


def is_drawn(case: CaseRow, rule: ReadingRule) -> bool:
    """Whether a case is one of the blind ones: by its picture alone, so that nothing in a worklist tells them apart."""
    return draw_of(f"{case.image_sha256} {case.frame} {case.axis}", "blind") < rule.blind_share


def _rule(connection: sa.Connection) -> ReadingRule:
    text = connection.execute(sa.select(_meta.value).where(_meta.key == KEY)).scalar()
    return ReadingRule(**json.loads(text)) if text else ReadingRule()
