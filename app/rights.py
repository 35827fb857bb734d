"""What the person at the computer may do in a project (ux.md 3.2). Roles guard against mistakes, not attackers."""

from __future__ import annotations

from medsapiens_core.data.readers import Right
from medsapiens_core.store.project import Project


def refusal(project: Project, right: Right) -> str:
    """Why the person may not do something ("publish", "rules"), "" if they may; who works alone is the Owner."""
    return project.readers.refusal(project.person, right)
