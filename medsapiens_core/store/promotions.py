"""Which model is in use for which template: an append-only table, one transaction per change (reliability.md C6).

A promotion pushes a model on the stack of each of its templates, a roll-back pops it; the top is in use, and an empty
stack stands for the embedded default. Rows are only ever added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.store import dialect
from medsapiens_core.store.errors import LibraryError

SCHEMA = 1
_metadata = sa.MetaData()
promotion = sa.Table(
    "promotion",
    _metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("event", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("template_id", sa.Text, nullable=False),
    sa.Column("model", sa.Text),
    sa.Column("model_id", sa.Text),
    sa.Column("previous_id", sa.Text),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("utc", sa.Text, nullable=False),
    sa.CheckConstraint("kind IN ('promote', 'rollback')", name="promotion_kind"),
)
_p = promotion.c


@dataclass(frozen=True)
class Promotion:
    """One row: after it, `model_id` is in use for `template_id`; None means the embedded default.

    Rows of one act share `event`. `model` is the name, `model_id` the name and the fingerprint of its package.
    """

    seq: int
    event: int
    kind: Literal["promote", "rollback"]
    template_id: str
    model: str | None
    model_id: str | None
    previous_id: str | None
    by: str
    reason: str
    utc: str


Pointer = tuple[str, str]  # name, id


class PromotionTable:
    """The table in `library.db`. Several programs may use it at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def history(self) -> list[Promotion]:
        """Every row, oldest first."""
        if not self._path.is_file():
            return []
        with self._open() as engine, engine.begin() as connection:
            return _rows(connection)

    def promote(self, pointer: Pointer, template_ids: Sequence[str], by: str, reason: str) -> None:
        """Put the model in use for these templates."""
        with self._write() as connection:
            rows = _rows(connection)
            targets: dict[str, Pointer | None] = dict.fromkeys(template_ids, pointer)
            _append(connection, rows, "promote", targets, (by, reason))

    def rollback(self, template_id: str | None, by: str, reason: str) -> tuple[str, ...]:
        """Take back the newest promotion in force, of one template if given; returns the templates changed."""
        with self._write() as connection:
            rows = _rows(connection)
            stacks = _stacks(rows)
            events = {template: stack[-1].event for template, stack in stacks.items() if stack}
            newest = max(events.values(), default=None) if template_id is None else events.get(template_id)
            if newest is None:
                raise LibraryError("The model that came with the program is in use; there is nothing to roll back to.")
            chosen = [t for t, event in events.items() if event == newest and template_id in (None, t)]
            below = {t: _pointer(stacks[t][-2]) if len(stacks[t]) > 1 else None for t in chosen}
            _append(connection, rows, "rollback", below, (by, reason))
        return tuple(chosen)

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._open(create=True) as engine, dialect.for_writing(engine).begin() as connection:
            if dialect.schema_version(connection) == 0:
                _metadata.create_all(connection)
                dialect.make_append_only(connection, "promotion")
                dialect.set_schema_version(connection, SCHEMA)
            yield connection

    @contextmanager
    def _open(self, *, create: bool = False) -> Iterator[sa.Engine]:
        engine = dialect.open_engine(self._path, create=create)
        try:
            with engine.begin() as connection:
                if dialect.schema_version(connection) > SCHEMA:
                    raise LibraryError(
                        "The list of models in use was written by a newer version. Update the program to use it."
                    )
            yield engine
        finally:
            engine.dispose()


def in_use(history: Sequence[Promotion]) -> dict[str, Pointer]:
    """Template id -> name and id of the promoted model; templates that use the embedded default are left out."""
    tops = {t: _pointer(stack[-1]) for t, stack in _stacks(history).items() if stack}
    return {template: pointer for template, pointer in tops.items() if pointer is not None}


def reachable(history: Sequence[Promotion]) -> set[str]:
    """Ids of models in use, or that rolling back would put in use again."""
    return {row.model_id for stack in _stacks(history).values() for row in stack if row.model_id}


def _rows(connection: sa.Connection) -> list[Promotion]:
    if dialect.schema_version(connection) == 0:
        return []
    return [Promotion(**row) for row in connection.execute(sa.select(promotion).order_by(_p.seq)).mappings()]


def _stacks(rows: Sequence[Promotion]) -> dict[str, list[Promotion]]:
    stacks: dict[str, list[Promotion]] = {}
    for row in rows:
        stack = stacks.setdefault(row.template_id, [])
        if row.kind == "promote":
            stack.append(row)
        else:
            stack.pop()
    return stacks


def _pointer(row: Promotion) -> Pointer | None:
    return None if row.model is None or row.model_id is None else (row.model, row.model_id)


def _append(
    connection: sa.Connection,
    rows: Sequence[Promotion],
    kind: str,
    targets: dict[str, Pointer | None],
    said: tuple[str, str],
) -> None:
    stacks = _stacks(rows)
    seq, event = (rows[-1].seq, rows[-1].event + 1) if rows else (0, 1)
    for number, (template_id, pointer) in enumerate(targets.items(), start=1):
        stack = stacks.get(template_id)
        row = Promotion(
            seq=seq + number,
            event=event,
            kind=cast(Literal["promote", "rollback"], kind),
            template_id=template_id,
            model=pointer and pointer[0],
            model_id=pointer and pointer[1],
            previous_id=stack[-1].model_id if stack else None,
            by=said[0],
            reason=said[1],
            utc=utc_now(),
        )
        connection.execute(sa.insert(promotion).values(vars(row)))
