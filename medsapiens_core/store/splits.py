"""Which part a patient's images belong to: training, validation or the locked test set (ux.md 8.3, X1, X2).

The part is drawn once, from a hash of the patient (or of the file where the patient is unknown), when the first image
of the group arrives, and stored. It is never drawn again. The only later change is `top_up`: while a small project
has no reviewed locked (or validation) group, groups that no model has ever been trained on may be moved there.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, cast

import sqlalchemy as sa

from medsapiens_core.data.image import Image
from medsapiens_core.store import audit, tables

Part = Literal["train", "val", "locked"]
LOCKED_SHARE = 0.2
VALIDATION_SHARE = 0.2  # of what is not locked
MOST_LOCKED_GROUPS = 50
FEWEST_GROUPS_TO_SPLIT = 5
_group = tables.patient_group


@dataclass(frozen=True)
class PatientGroup:
    """All images of one patient. `draw` in 0..1 is the hash that decides the part, the same in every project."""

    id: int
    part: Part


def draw_of(key: str, purpose: str) -> float:
    """A number in 0..1 that depends on nothing but its arguments."""
    digest = hashlib.sha256(f"{purpose}\n{key}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2.0**64


def find_or_add_group(connection: sa.Connection, image: Image, salt: str) -> PatientGroup:
    """The stored group of the image's patient; a new one gets its part here, for ever."""
    key = image.patient_key or f"file {image.provenance.sha256}"
    stored_key = hmac.new(salt.encode(), key.encode(), hashlib.sha256).hexdigest()
    row = connection.execute(sa.select(_group.c.id, _group.c.part).where(_group.c.group_key == stored_key)).first()
    if row is not None:
        return PatientGroup(row.id, cast(Part, row.part))
    part, draw = _draw_part(connection, key), draw_of(key, "locked")
    result = connection.execute(sa.insert(_group).values(group_key=stored_key, part=part, draw=draw))
    key_of_row: Any = result.inserted_primary_key
    return PatientGroup(int(key_of_row[0]), part)


def _draw_part(connection: sa.Connection, key: str) -> Part:
    if draw_of(key, "locked") < LOCKED_SHARE:
        query = sa.select(sa.func.count()).select_from(_group).where(_group.c.part == "locked")
        if connection.execute(query).scalar_one() < MOST_LOCKED_GROUPS:
            return "locked"
    return "val" if draw_of(key, "validation") < VALIDATION_SHARE else "train"


def top_up(connection: sa.Connection, usable_groups: Collection[int]) -> None:
    """Fill an empty locked part, then an empty validation part, from reviewed groups that were never trained on."""
    if len(usable_groups) < FEWEST_GROUPS_TO_SPLIT:
        return
    for part, share in (("locked", LOCKED_SHARE), ("val", VALIDATION_SHARE)):
        _fill_if_empty(connection, usable_groups, cast(Part, part), math.ceil(share * len(usable_groups)))


def _fill_if_empty(connection: sa.Connection, usable: Collection[int], part: Part, count: int) -> None:
    mine = _group.c.id.in_(usable)
    if connection.execute(sa.select(_group.c.id).where(mine, _group.c.part == part).limit(1)).first() is not None:
        return
    free = sa.select(_group.c.id).where(mine, _group.c.part == "train", _group.c.trained_utc.is_(None))
    chosen = list(connection.execute(free.order_by(_group.c.draw, _group.c.id).limit(count)).scalars())
    if not chosen:
        return
    connection.execute(sa.update(_group).where(_group.c.id.in_(chosen)).values(part=part))
    connection.execute(sa.update(tables.cases).where(tables.cases.c.group_id.in_(chosen)).values(part=part))
    audit.append(connection, "split.top_up", {"part": part, "groups": chosen})


def mark_trained(connection: sa.Connection, groups: Collection[int], utc: str) -> None:
    """Remember that a model may have seen these groups, so that they can never become test cases."""
    fresh = _group.c.id.in_(groups) & _group.c.trained_utc.is_(None)
    connection.execute(sa.update(_group).where(fresh).values(trained_utc=utc))
