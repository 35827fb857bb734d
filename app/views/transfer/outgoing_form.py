"""What a form must be able to do whose answer says what leaves this computer."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


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
