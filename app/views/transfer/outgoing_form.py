"""What a form must be able to do whose answer says what leaves this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.translate import tr


class OutgoingForm(QWidget):
    """`changed()`: look at `missing` again."""

    changed = Signal()

    def show_state(self, state: Any) -> None:
        """Show what can be chosen."""
        raise NotImplementedError

    def answer(self) -> Any:
        """What was chosen."""
        raise NotImplementedError

    @property
    def missing(self) -> str:
        """What has to be chosen first, "" when all is there."""
        raise NotImplementedError


def missing_place(target: str) -> str:
    """Why nothing can be written to a path, "" when it can."""
    path = target.strip()
    if not path or not Path(path).is_absolute():
        return tr("Choose where to write.")
    return "" if Path(path).parent.is_dir() else tr("There is no folder {name}.", name=str(Path(path).parent))
