"""QActions made from the actions table, switched on and off by conditions that say why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence

from app.actions import ACTIONS, CONDITIONS, Action
from app.key_map import KeyMap
from app.translate import tr

WINDOW_PREFIXES = ("view.", "pane.", "help.")  # carried out by the window itself
WINDOW_ACTIONS = ("landmark.grab", "app.quit", "app.settings", "worklist.search")


@dataclass
class _Condition:
    met: bool
    reason: str


class ActionRegistry(QObject):
    """The QActions of the table. `triggered(str)` names each one that was used; conditions switch them on and off.

    `keys` is the key map in use; `keys_changed()` tells those who show or bind keys.
    """

    triggered = Signal(str)
    keys_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.keys = KeyMap()
        self._conditions = {name: _Condition(False, tr(reason)) for name, reason in CONDITIONS.items()}
        self._actions = {row.id: self._make(row) for row in ACTIONS if not row.keys_only}
        self._refresh()

    def action(self, action_id: str) -> QAction:
        """The QAction of a row."""
        return self._actions[action_id]

    def rows(self) -> Iterator[Action]:
        """The whole table."""
        yield from ACTIONS

    def set_keys(self, keys: KeyMap) -> None:
        """Put a key map in use."""
        self.keys = keys
        for row in ACTIONS:
            if row.scope == "G" and row.id in self._actions:
                self._bind(self._actions[row.id], row)
        self._refresh()
        self.keys_changed.emit()

    def key_text(self, row: Action) -> str:
        """The keys of a row now, as the system writes them."""
        return self.keys.text(row)

    def set_condition(self, name: str, met: bool, reason: str = "") -> None:
        """Say whether a condition holds; `reason` replaces the sentence that tells why the actions are off."""
        self._conditions[name] = _Condition(met, reason or tr(CONDITIONS[name]))
        self._refresh()

    def reason(self, action_id: str) -> str:
        """Why an action is off, "" if it is on."""
        row = next(row for row in ACTIONS if row.id == action_id)
        missing = (self._conditions[name] for name in row.enabled_when if not self._conditions[name].met)
        return next((condition.reason for condition in missing), "")

    def _make(self, row: Action) -> QAction:
        action = QAction(tr(row.text), self, checkable=row.checkable)
        action.setObjectName(row.id)
        action.setAutoRepeat(row.repeats)
        action.setIconText(tr(row.short) or plain(tr(row.text)))
        if row.scope == "G":
            self._bind(action, row)
        action.triggered.connect(lambda: self.triggered.emit(row.id))
        return action

    def _bind(self, action: QAction, row: Action) -> None:
        action.setShortcuts([QKeySequence(key) for key in self.keys.keys(row)])

    def _refresh(self) -> None:
        for row in ACTIONS:
            if row.id in self._actions:
                action, reason = self._actions[row.id], self.reason(row.id)
                action.setEnabled(not reason)
                keys = f"  ({self.key_text(row)})" if self.keys.keys(row) else ""
                action.setToolTip(f"{tr(row.tooltip) or plain(tr(row.text))}{keys}" + (f"\n{reason}" if reason else ""))
                action.setStatusTip(reason)


def plain(text: str) -> str:
    """A menu text without its mnemonic and dots."""
    return text.replace("&", "").removesuffix("…")


def is_for_window(action_id: str) -> bool:
    """True for actions that only change what is seen; the window does them, no controller hears of them."""
    return action_id.startswith(WINDOW_PREFIXES) or action_id in WINDOW_ACTIONS
