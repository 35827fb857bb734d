"""What a project has for a fine-tune: cases to train on, and locked cases that were read (ux.md 8.1 step 2)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from medsapiens_core.store import tables
from medsapiens_core.store.cases import STATES
from medsapiens_core.store.database import Database

FEWEST_TRAINING = 10


@dataclass(frozen=True)
class Readiness:
    """`training` cases are reviewed, unflagged and not locked; `locked_read` of `locked` are reviewed."""

    training: int
    locked_read: int
    locked: int


def readiness(database: Database) -> Readiness:
    """Count them."""
    count = tables.case_count.c
    query = sa.select(count.state, count.part, count.flagged, count.n)
    training = read = locked = 0
    with database.read() as connection:
        for state, part, flagged, number in connection.execute(query):
            is_read = STATES[state] == "reviewed" and not flagged
            if part == "locked":
                locked += number
                read += number if is_read else 0
            else:
                training += number if is_read else 0
    return Readiness(training, read, locked)
