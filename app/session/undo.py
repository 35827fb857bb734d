"""Undo and redo: commands that hold the `Edit` they made. Taking back appends a further edit, never rewrites."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

from medsapiens_core.data.annotation import Annotation, Edit, PointChange, PointState

if TYPE_CHECKING:
    from app.session.review_session import ReviewSession

UNDO_LIMIT = 200
MERGE_WITHIN_S = 0.8  # a longer pause between nudges begins a new step
MERGEABLE = 1

Renew = Callable[[str, PointState], PointState]


def back_edit(annotation: Annotation, edit: Edit, renew: Renew) -> Edit:
    """The edit that gives `annotation` the states from before `edit`."""
    after = {change.landmark: renew(change.landmark, change.before) for change in edit.changes}
    return _edit_to(annotation, "undo " + edit.kind, after, edit.reviewed[0], edit.id)


def again_edit(annotation: Annotation, edit: Edit, renew: Renew, undone_by: str | None) -> Edit:
    """The edit that gives `annotation` the states from after `edit`."""
    after = {change.landmark: renew(change.landmark, change.after) for change in edit.changes}
    return _edit_to(annotation, edit.kind, after, edit.reviewed[1], undone_by)


def joined(first: Edit, second: Edit) -> Edit:
    """One step out of two that follow each other on the same landmark."""
    changes = tuple(
        PointChange(one.landmark, one.before, two.after) for one, two in zip(first.changes, second.changes, strict=True)
    )
    return replace(second, changes=changes, reviewed=(first.reviewed[0], second.reviewed[1]))


def _edit_to(
    annotation: Annotation, kind: str, after: dict[str, PointState], reviewed: bool, undoes: str | None
) -> Edit:
    edit = annotation.change(kind, after)
    complete = annotation.apply(edit).is_complete
    return replace(edit, reviewed=(annotation.reviewed, reviewed and complete), undoes=undoes)


class EditCommand(QUndoCommand):
    """One step of the reader. Pushing it makes the edit; steps with the same key and a short pause become one."""

    def __init__(self, session: ReviewSession, edit: Edit, merge_key: str | None, at: float) -> None:
        super().__init__(edit.kind)
        self._session = session
        self.edit = edit
        self._merge_key = merge_key
        self._at = at
        self._made = False
        self._undone_by: str | None = None

    def redo(self) -> None:
        """Make the edit, or make it again."""
        if not self._made:
            self._made = True
            self._session.take(self.edit)
            return
        session = self._session
        session.take(again_edit(session.annotation, self.edit, session.renewed, self._undone_by))
        session.show_changed(self.edit)

    def undo(self) -> None:
        """Take the edit back."""
        session = self._session
        edit = back_edit(session.annotation, self.edit, session.renewed)
        self._undone_by = edit.id
        session.take(edit)
        session.show_changed(self.edit)

    def id(self) -> int:
        """Qt tries to merge commands of equal id; -1 never merges."""
        return -1 if self._merge_key is None else MERGEABLE

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Join a nudge to the one before it."""
        if not isinstance(other, EditCommand) or self._merge_key != other._merge_key:
            return False
        same = [c.landmark for c in self.edit.changes] == [c.landmark for c in other.edit.changes]
        if not same or other._at - self._at >= MERGE_WITHIN_S:
            return False
        self.edit, self._at = joined(self.edit, other.edit), other._at
        return True
