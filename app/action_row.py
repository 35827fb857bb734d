"""One row of the actions table."""

from __future__ import annotations

from dataclasses import dataclass

SCOPES = {
    "G": "Everywhere",
    "I": "Image",
    "L": "Lists",
    "X": "Text fields",
    "P": "Planner",
    "E": "Template editor",
    "C": "Compare",
}


@dataclass(frozen=True)
class Action:
    """One row. `enabled_when` names conditions that must all hold; `menu` "" keeps it out of the menus.

    `keys_only` rows have no QAction: a view reads these keys itself. `is_held` acts while the key is down.
    """

    id: str
    text: str
    menu: str
    scope: str
    shortcuts: tuple[str, ...] = ()
    tooltip: str = ""
    enabled_when: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False
    repeats: bool = False
    keys_only: bool = False
    is_held: bool = False
    separator: bool = False  # a line above it in the menu
    short: str = ""  # on buttons, where it differs from the menu

    @property
    def group(self) -> str:
        """The heading of the key sheet."""
        return self.menu or SCOPES[self.scope]

    @property
    def is_editable(self) -> bool:
        """True if the user may give it other keys."""
        return not self.keys_only or self.is_held
