"""A Qt table of a few rows that are always in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.session.headed_model import ROOT, HeadedModel, Index


class RowsModel(HeadedModel):
    """Replacing rows touches only what changed, so that selection and scroll stay. A row is a value with an `id`."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Any, ...] = ()

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def _replace(self, rows: Sequence[Any]) -> None:
        fresh = tuple(rows)
        if [row.id for row in fresh] != [row.id for row in self._rows]:
            self.beginResetModel()
            self._rows = fresh
            self.endResetModel()
            return
        old, self._rows = self._rows, fresh
        for position, (before, after) in enumerate(zip(old, fresh, strict=True)):
            if before != after:
                self.dataChanged.emit(self.index(position, 0), self.index(position, self.columnCount() - 1))
