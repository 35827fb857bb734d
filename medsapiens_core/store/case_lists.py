"""Which cases a list shows and in which order, as SQL (ux.md 2.1): filters, sorts, search, and who looks.

A page far down a list of 100,000 cases is found by walking an index that holds all that is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from medsapiens_core.store import dialect, tables
from medsapiens_core.store.case_facts import folded
from medsapiens_core.store.stale import has_stale

CaseState = Literal["new", "predicted", "in_review", "reviewed"]
Filter = Literal["all", "todo", "in_review", "reviewed", "flagged", "locked", "stale", "unsure"]
Sort = Literal["name", "added", "worst_first", "state"]
STATES: tuple[CaseState, ...] = ("new", "predicted", "in_review", "reviewed")
UNSURE_MM = 2.0  # a 95 % radius above this deserves a look: bulk confirm does not take it either
Columns = Any  # the columns of `cases`, or of an alias of it
Column = sa.ColumnElement[Any]
_r = tables.reading.c


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
    found: sa.ColumnElement[bool] = (c.id + 0).in_(sa.select(inner.id).where(is_wide(inner)))
    return found


def is_wide(c: Columns) -> sa.ColumnElement[bool]:
    """SQL of whether a point of a case may lie further off than 2 mm."""
    wide: sa.ColumnElement[bool] = (c.worst_score < -UNSURE_MM) & sa.not_(c.flagged)
    return wide


@dataclass(frozen=True)
class Sight:
    """What a person sees of the state of cases: of those that were asked of them, that of their own reading."""

    person: str

    def ids(self, filter: Filter, sort: Sort, search: str, offset: int, limit: int) -> sa.Select[tuple[int]]:
        """A stretch of the filtered and sorted list, as case ids."""
        if self.person and sort in ("worst_first", "state"):
            return self._merged(filter, sort, search, offset, limit)
        c = tables.cases.alias().c
        found = sa.select(c.id).where(self.walked(c, sort)[filter], *searched(search, c))
        return found.order_by(*self.order(c)[sort]).offset(offset).limit(limit)

    def _merged(self, filter: Filter, sort: Sort, search: str, offset: int, limit: int) -> sa.Select[tuple[int]]:
        """Two lists, each in order: cases as an index gives them, and those of whoever reads anew.

        Sorting by what a person sees of each case would go through all of them.
        """
        cases, own, reading = tables.cases.alias(), tables.cases.alias(), tables.reading.alias()
        c, d, r = cases.c, own.c, reading.c
        plain, mine = Sight(""), sa.select(_r.case_id).where(_r.reader == self.person)
        common = sa.select(c.id.label("case_id"), *_keys(plain.order(c)[sort])).where(
            plain.walked(c, sort)[filter], c.id.not_in(mine), *searched(search, c)
        )
        unscored = _order(d, r.state, sa.literal(tables.NO_SCORE))[sort]
        wanted = {**_filters(d, r.state), "unsure": sa.false()}[filter]
        anew = sa.select(d.id.label("case_id"), *_keys(unscored)).select_from(own.join(reading, r.case_id == d.id))
        anew = anew.where(r.reader == self.person, wanted, *searched(search, d))
        both = sa.union_all(common, anew)
        keys = [column for column in both.selected_columns if column.key != "case_id"]
        stretch = both.order_by(*keys).offset(offset).limit(limit).subquery()
        return sa.select(stretch.c.case_id)

    def state(self, c: Columns) -> Column:
        """SQL of the state that the person sees."""
        return c.state if not self.person else sa.func.coalesce(self._own(_r.state, c), c.state)

    def filters(self, c: Columns) -> dict[str, sa.ColumnElement[bool]]:
        """Filter -> SQL of whether a case is in it."""
        return self._without_own(_filters(c, self.state(c)), c)

    def walked(self, c: Columns, sort: Sort) -> dict[str, sa.ColumnElement[bool]]:
        """For a walk along the index of a sort; `+ 0` keeps the database from picking by state and sorting then."""
        filters = _filters(c, self.state(c) + 0)
        if sort == "worst_first":  # the index holds what is asked: nothing has to be looked up
            filters["unsure"] = is_wide(c)
        return self._without_own(filters, c)

    def order(self, c: Columns) -> dict[str, tuple[Column, ...]]:
        """Sort -> SQL of what is sorted by."""
        if not self.person:
            return _order(c, c.state, c.worst_score)
        unscored = sa.case((self._own(_r.case_id, c).is_not(None), sa.literal(tables.NO_SCORE)), else_=c.worst_score)
        return _order(c, self.state(c), unscored)

    def _without_own(self, filters: dict[str, sa.ColumnElement[bool]], c: Columns) -> dict[str, sa.ColumnElement[bool]]:
        """What a model thinks of a case does not bring it into a list of whoever reads it anew."""
        if not self.person:
            return filters
        return {**filters, "unsure": filters["unsure"] & self._own(_r.case_id, c).is_(None)}

    def _own(self, column: Column, c: Columns) -> sa.ScalarSelect[Any]:
        mine = (_r.case_id == c.id, _r.reader == self.person)
        return sa.select(column).where(*mine).correlate(c.id.table).scalar_subquery()


def _order(c: Columns, state: Column, score: Column) -> dict[str, tuple[Column, ...]]:
    return {
        "name": (c.sort_name, c.id),
        "added": (c.id,),
        "worst_first": (score, c.id),
        "state": (state, c.sort_name, c.id),
    }


def _keys(columns: Sequence[Column]) -> list[sa.Label[Any]]:
    return [column.label(f"key_{place}") for place, column in enumerate(columns)]


FILTERS = tuple(_filters(tables.cases.c, tables.cases.c.state))


def searched(text: str, c: Columns = tables.cases.c) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL of whether a case's name holds the text; nothing for an empty one."""
    wanted = folded(text.strip())
    if not wanted:
        return ()
    inner = tables.cases.alias()  # found first, by an index of its own: walking the sorted list for a rare name is slow
    found = sa.select(inner.c.id).where(dialect.contains(inner.c.search_text, wanted))
    return (c.id.in_(found),)
