"""Which keys work which action: the table's defaults with the user's own over them (ux.md 4.1, 4.2).

Two rows clash when they share a key and can both hear it: rows of one scope, or one of them of the whole window.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from app.actions import ACTIONS, RESERVED_KEYS, Action
from app.translate import tr

Keys = tuple[str, ...]
PORTABLE, NATIVE = QKeySequence.SequenceFormat.PortableText, QKeySequence.SequenceFormat.NativeText
WINDOW, IMAGE = "G", "I"
COMBINED = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


@dataclass(frozen=True)
class KeyMap:
    """`own` holds the keys of the rows that the user has changed; `letters` False turns single characters off."""

    own: Mapping[str, Keys] = field(default_factory=dict)
    letters: bool = True

    def chosen(self, row: Action) -> Keys:
        """The keys of a row, whether or not single letters are on."""
        return self.own.get(row.id, row.shortcuts) if row.is_editable else row.shortcuts

    def keys(self, row: Action) -> Keys:
        """The keys that work a row now."""
        chosen = self.chosen(row)
        return chosen if self.letters or row.scope != IMAGE else tuple(key for key in chosen if not is_character(key))

    def text(self, row: Action) -> str:
        """The keys of a row as the system writes them."""
        return ", ".join(native(key) for key in self.keys(row))

    def with_keys(self, row: Action, keys: Iterable[str]) -> KeyMap:
        """The map with other keys for a row; the table's own keys are not remembered as the user's."""
        own = {name: kept for name, kept in self.own.items() if name != row.id}
        wanted = tuple(dict.fromkeys(portable(key) for key in keys if portable(key)))
        if set(wanted) != {portable(key) for key in row.shortcuts}:
            own[row.id] = wanted
        return KeyMap(own, self.letters)


def portable(key: str) -> str:
    """A key in the one spelling that is stored and compared; "" if Qt cannot read it."""
    return QKeySequence.fromString(key, PORTABLE).toString(PORTABLE)


def native(key: str) -> str:
    """A key as the system writes it."""
    return QKeySequence.fromString(key, PORTABLE).toString(NATIVE)


def is_character(key: str) -> bool:
    """True for a letter, digit or sign alone or with Shift (WCAG 2.1.4)."""
    sequence = QKeySequence.fromString(key, PORTABLE)
    if sequence.isEmpty():
        return False
    pressed = sequence[0]
    return not pressed.keyboardModifiers() & COMBINED and Qt.Key.Key_Space < pressed.key() < Qt.Key.Key_Escape


def can_both_hear(one: Action, other: Action) -> bool:
    """True when a key may belong to only one of the two rows."""
    return one.scope == other.scope or WINDOW in (one.scope, other.scope)


def clashes(keys: KeyMap, rows: Iterable[Action] = ACTIONS) -> list[tuple[str, Action, Action]]:
    """Every (key, row, other row) where two rows share a key and can both hear it."""
    owners: dict[str, list[Action]] = defaultdict(list)
    for row in rows:
        for key in keys.chosen(row):
            owners[portable(key)].append(row)
    return [
        (key, one, other)
        for key, found in owners.items()
        for place, one in enumerate(found)
        for other in found[place + 1 :]
        if one is not other and can_both_hear(one, other)
    ]


def why_not(row: Action, key: str) -> str:
    """Why a key may not be given to a row, "" if it may."""
    wanted = portable(key)
    if not wanted:
        return tr("This key cannot be read.")
    if wanted in RESERVED_KEYS:
        return tr("{key} belongs to the system on some computers. Choose another key.", key=native(wanted))
    pressed = QKeySequence.fromString(wanted, PORTABLE)[0]
    if row.is_held and pressed.keyboardModifiers() != Qt.KeyboardModifier.NoModifier:
        return tr("A key that is held is one key alone, without Ctrl, Alt or Shift.")
    if row.scope == WINDOW and not _is_chord(wanted):
        return tr(
            "This works in the whole window, so its key needs Ctrl or Alt, or is a function key: a plain key would "
            "act while you type in a field."
        )
    return ""


def _is_chord(key: str) -> bool:
    pressed = QKeySequence.fromString(key, PORTABLE)[0]
    function = Qt.Key.Key_F1 <= pressed.key() <= Qt.Key.Key_F35
    return function or bool(pressed.keyboardModifiers() & COMBINED)


def to_text(keys: KeyMap) -> str:
    """The user's own keys for the settings file."""
    return json.dumps({name: list(own) for name, own in sorted(keys.own.items())})


def from_text(text: str, letters: bool = True) -> KeyMap:
    """Keys from the settings file. What is unknown, unreadable or in the way of another row falls back to the table."""
    try:
        stored = json.loads(text)
    except ValueError:
        stored = {}
    rows = {row.id: row for row in ACTIONS if row.is_editable}
    keys = KeyMap({}, letters)
    for name, own in stored.items() if isinstance(stored, dict) else ():
        if name in rows and isinstance(own, list) and not any(why_not(rows[name], str(key)) for key in own):
            keys = keys.with_keys(rows[name], map(str, own))
    while found := clashes(keys):
        bad = {row.id for _, one, two in found for row in (one, two)}
        keys = KeyMap({name: own for name, own in keys.own.items() if name not in bad}, letters)
    return keys
