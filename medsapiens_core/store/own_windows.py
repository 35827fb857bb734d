"""A project's own grey windows: three for each modality, kept among the facts of the project."""

from __future__ import annotations

import json
import math

import sqlalchemy as sa

from medsapiens_core.store import tables
from medsapiens_core.store.database import Database

KEY = "own_windows"
SLOTS = (1, 2, 3)
Windows = dict[str, dict[int, tuple[float, float]]]  # modality -> slot -> low, high
_meta = tables.meta


class OwnWindows:
    """Reads and writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> Windows:
        """Every one that was kept; unreadable entries are left out."""
        with self._database.read() as connection:
            text = connection.execute(sa.select(_meta.c.value).where(_meta.c.key == KEY)).scalar()
        stored = {} if text is None else json.loads(text)
        return {
            modality: {int(slot): (float(low), float(high)) for slot, (low, high) in slots.items()}
            for modality, slots in stored.items()
        }

    def keep(self, modality: str, slot: int, low: float, high: float) -> Windows:
        """Make a window own preset 1, 2 or 3 of a modality; returns all of them."""
        if slot not in SLOTS or not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"no window: slot {slot}, {low} to {high}")
        windows = self.all()
        windows.setdefault(modality, {})[slot] = (low, high)
        with self._database.write() as connection:
            connection.execute(sa.delete(_meta).where(_meta.c.key == KEY))
            connection.execute(sa.insert(_meta).values(key=KEY, value=json.dumps(windows, sort_keys=True)))
        return windows
