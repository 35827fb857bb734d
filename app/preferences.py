"""The user's preferences as data: pages, rows, defaults; kept in the settings file, the same for every project.

A feature adds rows to `PREFERENCES`, reads them with `Preferences.value`, and listens to `changed`; the settings window
makes their controls from the table, so nothing else is needed to put a row on screen. Only rows that have an effect
belong here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal

PAGES = ("General", "Reader", "Keys", "View", "Review", "Measurements", "Fine-tune", "Files")
Value = bool | int | str


@dataclass(frozen=True)
class Preference:
    """One row of the settings window.

    The default tells the kind: bool a check box, int a number from `least` to `most`, str one line of text, or one of
    `choices` as (value, words). `note` says what it does where the text alone does not.
    """

    key: str
    page: str
    text: str
    default: Value
    note: str = ""
    choices: tuple[tuple[Value, str], ...] = ()
    least: int = 0
    most: int = 100
    step: int = 1
    unit: str = ""

    def read(self, stored: Any) -> Value:
        """A stored value if it is one that this row allows, else the default."""
        if self.choices:
            return next((value for value, _ in self.choices if str(value) == str(stored)), self.default)
        if isinstance(self.default, bool):
            return {"1": True, "0": False}.get(str(int(stored) if isinstance(stored, bool) else stored), self.default)
        if isinstance(self.default, int):
            text = str(stored)
            return min(max(int(text), self.least), self.most) if text.lstrip("-").isdecimal() else self.default
        return str(stored)


THEME = Preference(
    "theme",
    "General",
    "Theme",
    "dark",
    "The ground around a film is the same dark grey in every theme.",
    (("dark", "Dark"), ("light", "Light"), ("contrast", "High contrast"), ("system", "As the system")),
)
FONT = Preference(
    "font", "General", "Text size", 100, "The image and its markers keep their size.", least=100, most=200, step=10,
    unit=" %",
)  # fmt: skip
START = Preference(
    "start",
    "General",
    "At the start, show",
    "project",
    "",
    (("project", "The last project"), ("welcome", "The list of projects")),
)
INITIALS = Preference(
    "initials",
    "Reader",
    "Initials",
    "",
    "They stand with every decision, 1 to 8 letters or digits. Empty: from the name below, else from your account.",
)
FULL_NAME = Preference(
    "full_name", "Reader", "Name", "", "Shown beside the initials to the other readers of a project."
)
LOCK = Preference(
    "lock",
    "Reader",
    "Lock the window when nobody has touched it for",
    15,
    "Everything stays as it is behind the lock, and is saved. 0: never. Project > My PIN says what opens it again.",
    most=240,
    unit=" min",
)
WHEEL = Preference(
    "wheel",
    "View",
    "Turning the mouse wheel up",
    "in",
    "",
    (("in", "Zooms in"), ("out", "Zooms out")),
)
TOUCHPAD = Preference(
    "touchpad",
    "View",
    "Two fingers on a touchpad move the image",
    sys.platform == "darwin",
    "Pinching zooms. Off: two fingers zoom, like a wheel.",
)
ADVANCE = Preference(
    "advance",
    "Review",
    "After a correction, go to the next undecided landmark",
    False,
    "0.4 s after the landmark was dropped. Off: stay, so that the result can be seen.",
)
BULK = Preference(
    "bulk",
    "Review",
    "Bulk confirm (Shift+Space) from the first case on",
    False,
    "It confirms at once what a calibrated model surely knows. Off: it opens after some reviewed cases of a project.",
)
ORDER = Preference(
    "order",
    "Review",
    "Go through the landmarks",
    "uncertain",
    "O changes it for the open project.",
    (("uncertain", "Uncertain first"), ("template", "In the order of the template")),
)
LETTERS = Preference(
    "letters",
    "Keys",
    "Single-letter keys",
    True,
    "Off: letters and digits alone do nothing; menus, buttons and other keys reach everything.",
)
THUMBNAILS = Preference(
    "thumbnails",
    "Files",
    "Keep small pictures of the films on this computer",
    True,
    "They make the worklist quick. They show patients' films; off: they are made anew each time.",
)
PREFERENCES: tuple[Preference, ...] = (
    *(THEME, FONT, START, INITIALS, FULL_NAME, LOCK, WHEEL, TOUCHPAD),
    *(ORDER, ADVANCE, BULK, LETTERS, THUMBNAILS),
)


class Preferences(QObject):
    """Reads and writes the rows. `changed(key)` follows each change; without a file they last as long as the window."""

    changed = Signal(str)

    def __init__(self, settings: QSettings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._values: dict[str, Value] = {}
        self._notes: dict[str, str] = {}

    def value(self, row: Preference) -> Any:
        """What is set: of the type of the row's default."""
        if row.key not in self._values:
            stored = None if self._settings is None else self._settings.value(row.key)
            self._values[row.key] = row.default if stored is None else row.read(stored)
        return self._values[row.key]

    def set(self, row: Preference, value: Value) -> None:
        """Set it, and keep it."""
        value = row.read(value)
        if value == self.value(row):
            return
        self._values[row.key] = value
        if self._settings is not None:
            self._settings.setValue(row.key, int(value) if isinstance(value, bool) else value)
            self._settings.sync()
        self.changed.emit(row.key)

    def kept(self, name: str) -> str:
        """What was remembered under a name that is no row, e.g. who reads in a project; "" if nothing was."""
        stored = self._notes.get(name) if self._settings is None else self._settings.value(name)
        return "" if stored is None else str(stored)

    def keep(self, name: str, text: str) -> None:
        """Remember a text for the next time."""
        self._notes[name] = text
        if self._settings is not None:
            self._settings.setValue(name, text)
            self._settings.sync()

    def rows(self, page: str) -> Iterator[Preference]:
        """The rows of a page."""
        yield from (row for row in PREFERENCES if row.page == page)
