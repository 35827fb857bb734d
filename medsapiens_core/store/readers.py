"""The readers of one project (ux.md 10.1). Every change is in the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.readers import ALL_ROLES, NEEDS, Reader, Right, Role
from medsapiens_core.errors import UserError
from medsapiens_core.store import audit, tables
from medsapiens_core.store.database import Database

_r = tables.reader.c
WORDS: dict[Right, str] = {
    "edit_others": "change what another reader has reviewed",
    "adjudicate": "settle differences between readers",
    "publish": "publish a template",
    "models": "promote, roll back, import or delete models",
    "rules": "change the rules of reading",
    "people": "change the people of a project",
    "assign": "ask for second readings",
}


class Readers:
    """Who reads here. `known` is kept in memory, oldest first, so that the window may ask at any time.

    A project without anybody registered belongs to whoever opens it: everything is allowed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.known: tuple[Reader, ...] = ()
        self.refresh()

    def refresh(self) -> tuple[Reader, ...]:
        """Read them again."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(tables.reader).order_by(_r.added_utc, _r.code)).all()
        self.known = tuple(Reader(row.code, row.name, _roles(row.roles)) for row in rows)
        return self.known

    def find(self, code: str) -> Reader | None:
        """The reader of these initials, however they are written; None if nobody has them."""
        return next((reader for reader in self.known if reader.code.casefold() == code.casefold()), None)

    def add(self, reader: Reader, *, by: str = "") -> Reader:
        """Register somebody; who comes first has every role. Raises UserError when the initials are taken."""
        with self._database.write() as connection:
            if self.find(reader.code) is not None:
                raise UserError(f"{reader.code} is a reader of this project already. Choose other initials.")
            first = connection.execute(sa.select(sa.func.count()).select_from(tables.reader)).scalar_one() == 0
            added = Reader(reader.code, reader.name, ALL_ROLES) if first else reader
            values = {"code": added.code, "name": added.name, "roles": ",".join(added.roles)}
            connection.execute(sa.insert(tables.reader).values(**values, added_utc=utc_now()))
            audit.append(connection, "reader.add", {**values, "by": by or added.code})
        self.refresh()
        return added

    def change(self, code: str, *, name: str, roles: Iterable[Role], by: str) -> Reader:
        """Give a reader another name or other roles. Raises UserError when no Owner would be left."""
        after = Reader(code, name, tuple(roles))
        others = (reader for reader in self.known if reader.code != code)
        if "owner" not in after.roles and not any("owner" in other.roles for other in others):
            raise UserError("A project needs an Owner. Make somebody else Owner first.")
        with self._database.write() as connection:
            values = {"name": after.name, "roles": ",".join(after.roles)}
            connection.execute(sa.update(tables.reader).where(_r.code == code).values(values))
            audit.append(connection, "reader.change", {"code": code, **values, "by": by})
        self.refresh()
        return after

    def refusal(self, code: str, right: Right) -> str:
        """Why this person may not do something, "" if they may."""
        if not self.known:
            return ""
        me = self.find(code) if code else None
        if me is None:
            return "Say first who you are: click the reader in the status bar."
        if me.may(right):
            return ""
        holders = ", ".join(reader.code for reader in self.known if reader.may(right)) or "nobody yet"
        role = NEEDS[right].capitalize()
        return f"Only an {role} may {WORDS[right]}. Here that is {holders}; Project > People changes roles."


def _roles(text: str) -> tuple[Role, ...]:
    return cast(tuple[Role, ...], tuple(text.split(",")))
