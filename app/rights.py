"""What the person at the computer may do in a project (ux.md 3.2). Roles guard against mistakes, not attackers."""

from __future__ import annotations

from typing import Any

from medsapiens_core.store.project import Project


def refusal(project: Project, right: str) -> str:
    """Why the person may not do something ("publish", "rules"), "" if they may; who works alone is the Owner."""
    readers: Any = getattr(project, "readers", None)
    return "" if readers is None else str(readers.refusal(getattr(project, "person", ""), right))
