"""Optional PINs of the readers: salted scrypt hashes, never the PINs themselves (ux.md 10.1).

They keep others at the same computer from looking or deciding in somebody's name by mistake. Whoever can write to the
project folder can change anything, and the window says so.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

import sqlalchemy as sa

from medsapiens_core.errors import UserError
from medsapiens_core.store import audit, tables
from medsapiens_core.store.database import Database

KEY = "pin "
FEWEST, MOST = 4, 64  # characters
COST, BLOCK, PARALLEL, SALT_BYTES, HASH_BYTES = 2**14, 8, 1, 16, 32  # of what is set from now on; 16 MB, some 40 ms
NAME = "scrypt"
_meta = tables.meta.c


class Pins:
    """The PINs of one project. `holders` are the initials of those who have one, kept in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.holders: frozenset[str] = frozenset()
        self.refresh()

    def refresh(self) -> frozenset[str]:
        """Read again who has a PIN."""
        query = sa.select(_meta.key).where(_meta.key.startswith(KEY, autoescape=True))
        with self._database.read() as connection:
            self.holders = frozenset(key.removeprefix(KEY) for key in connection.execute(query).scalars())
        return self.holders

    def fits(self, code: str, pin: str) -> bool:
        """True when this is the reader's PIN; False too for a reader without one."""
        with self._database.read() as connection:
            stored = connection.execute(sa.select(_meta.value).where(_meta.key == KEY + code)).scalar()
        try:
            name, cost, block, parallel, salt, wanted = str(stored or "").split("$")
            if name != NAME:
                return False
            numbers = (int(cost), int(block), int(parallel))
            found = _hash(pin, bytes.fromhex(salt), *numbers)
        except (ValueError, MemoryError):
            return False
        return hmac.compare_digest(found.hex(), wanted)

    def set(self, code: str, pin: str, *, by: str) -> None:
        """Give a reader a PIN, in place of the one before. Raises UserError for one that is too short or too long."""
        if not FEWEST <= len(pin) <= MOST:
            raise UserError(f"A PIN has {FEWEST} to {MOST} letters or digits.")
        salt = secrets.token_bytes(SALT_BYTES)
        digest = _hash(pin, salt, COST, BLOCK, PARALLEL)
        self._put(code, "$".join((NAME, str(COST), str(BLOCK), str(PARALLEL), salt.hex(), digest.hex())), by)

    def remove(self, code: str, *, by: str) -> None:
        """Take a reader's PIN away: they forgot it, or want none."""
        self._put(code, None, by)

    def _put(self, code: str, value: str | None, by: str) -> None:
        with self._database.write() as connection:
            connection.execute(sa.delete(tables.meta).where(_meta.key == KEY + code))
            if value is not None:
                connection.execute(sa.insert(tables.meta).values(key=KEY + code, value=value))
            audit.append(connection, "reader.pin", {"code": code, "set": value is not None, "by": by})
        self.refresh()


def _hash(pin: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    memory = 256 * cost * block * parallel  # twice what is needed; a stored cost that asks for more is refused
    if memory > 256_000_000:
        raise ValueError("this hash asks for too much memory")
    return hashlib.scrypt(pin.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=memory, dklen=HASH_BYTES)
