"""The people who read in a project: short code, name, roles, and what a role may do (ux.md 3.2, 10.1).

Roles guard against mistakes, not against attackers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from medsapiens_core.errors import UserError

Role = Literal["reader", "annotator", "adjudicator", "owner"]
Right = Literal["edit_others", "adjudicate", "publish", "models", "rules", "people", "assign"]
ROLES: tuple[Role, ...] = ("reader", "annotator", "adjudicator", "owner")
ALL_ROLES: tuple[Role, ...] = ("reader", "adjudicator", "owner")  # of whoever works in a project alone
NEEDS: dict[Right, Role] = {
    "edit_others": "adjudicator",
    "adjudicate": "adjudicator",
    "publish": "owner",
    "models": "owner",
    "rules": "owner",
    "people": "owner",
    "assign": "owner",
}
CONSENSUS = "consensus"  # the reading that adjudication makes; too long to be anybody's initials
LONGEST_CODE, LONGEST_NAME = 8, 80


@dataclass(frozen=True)
class Reader:
    """One person. `code` are the initials that stand on every edit; `roles` may be several."""

    code: str
    name: str = ""
    roles: tuple[Role, ...] = ("reader",)

    def __post_init__(self) -> None:
        if not re.fullmatch(rf"[^\W_]{{1,{LONGEST_CODE}}}", self.code):
            raise UserError(f"Initials are 1 to {LONGEST_CODE} letters or digits, for example AB.")
        if len(self.name) > LONGEST_NAME or not self.roles or not set(self.roles) <= set(ROLES):
            raise UserError(f"A reader needs at least one role, and a name of at most {LONGEST_NAME} letters.")

    def may(self, right: Right) -> bool:
        """True when one of the roles gives the right."""
        return NEEDS[right] in self.roles

    @property
    def label(self) -> str:
        """How a list names the person: initials, then the name."""
        return f"{self.code}, {self.name}" if self.name else self.code


def code_from(text: str) -> str:
    """Initials made from a name or an account: "Anna Berg" is AB, "root" stays root; "R1" when nothing is left."""
    words = re.findall(r"[^\W_]+", text)
    if len(words) > 1:
        return "".join(word[0] for word in words)[:LONGEST_CODE].upper()
    return str((words or ["R1"])[0])[:LONGEST_CODE]
