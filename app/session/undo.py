"""Undo and redo: commands that hold the `Edit` they made. Taking back appends a further edit, never rewrites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

from app.translate import tr, trn
from medsapiens_core.data.annotation import Annotation, Edit, PointChange, PointState
from medsapiens_core.data.prediction import Prediction

if TYPE_CHECKING:
    from app.session.review_session import ReviewSession

UNDO_LIMIT = 200
MERGE_WITHIN_S = 0.8  # a longer pause between nudges begins a new step
MERGEABLE = 1

Renew = Callable[[str, PointState], PointState]
Shown = tuple[Prediction | None, Prediction]  # the predictions shown before and after a fill


def back_edit(annotation: Annotation, edit: Edit, renew: Renew) -> Edit:
    """The edit that gives `annotation` the states from before `edit`."""
    if shows_after(annotation, edit):
        exact = {change.landmark: change.before for change in edit.changes}
        back = _edit_to(annotation, "undo " + edit.kind, exact, edit.reviewed[0], edit.id)
        assert edit.prediction_id is not None
        return replace(back, prediction_id=edit.prediction_id[::-1])
    after = {change.landmark: renew(change.landmark, change.before) for change in edit.changes}
    return _edit_to(annotation, "undo " + edit.kind, after, edit.reviewed[0], edit.id)


def shows_after(annotation: Annotation, edit: Edit) -> bool:
    """True when the prediction that this edit has shown is shown still, so that it can be taken back with it."""
    return edit.prediction_id is not None and annotation.prediction_id == edit.prediction_id[1]


def shows_before(annotation: Annotation, edit: Edit) -> bool:
    """True when the prediction from before this edit is shown again, so that its own can be shown once more."""
    return edit.prediction_id is not None and annotation.prediction_id == edit.prediction_id[0]


def again_edit(annotation: Annotation, edit: Edit, renew: Renew, undone_by: str | None) -> Edit:
    """The edit that gives `annotation` the states from after `edit`."""
    if shows_before(annotation, edit):
        exact = {change.landmark: change.after for change in edit.changes}
        return replace(
            _edit_to(annotation, edit.kind, exact, edit.reviewed[1], undone_by), prediction_id=edit.prediction_id
        )
    after = {change.landmark: renew(change.landmark, change.after) for change in edit.changes}
    return _edit_to(annotation, edit.kind, after, edit.reviewed[1], undone_by)


def joined(first: Edit, second: Edit) -> Edit:
    """One step out of two that follow each other: each landmark from its first state to its last."""
    whole = {change.landmark: change for change in first.changes}
    for change in second.changes:
        before = whole[change.landmark].before if change.landmark in whole else change.before
        whole[change.landmark] = PointChange(change.landmark, before, change.after)
    shown = first.prediction_id or second.prediction_id
    if first.prediction_id is not None and second.prediction_id is not None:
        shown = (first.prediction_id[0], second.prediction_id[1])
    reviewed = (first.reviewed[0], second.reviewed[1])
    return replace(
        second, kind=first.kind, changes=tuple(whole.values()), reviewed=reviewed, prediction_id=shown, undoes=None
    )


def step_text(edit: Edit, names: Mapping[str, str]) -> str:
    """What a step did, in a few words for the menu: "move Gonion", "confirm 14 landmarks", "mark reviewed"."""
    if not edit.changes:
        return tr(edit.kind)
    if len(edit.changes) == 1:
        return tr("{step} {name}", step=tr(edit.kind), name=names[edit.changes[0].landmark])
    return trn("{step} %n landmark", "{step} %n landmarks", len(edit.changes), step=tr(edit.kind))


def _edit_to(
    annotation: Annotation, kind: str, after: dict[str, PointState], reviewed: bool, undoes: str | None
) -> Edit:
    edit = annotation.change(kind, after)
    complete = annotation.apply(edit).is_complete
    return replace(edit, reviewed=(annotation.reviewed, reviewed and complete), undoes=undoes)


class EditCommand(QUndoCommand):
    """One step of the reader. Pushing it makes the edit; steps with the same key and a short pause become one.

    A fill brings the predictions `shown` before and after it; one that follows from the edit `joins` becomes one step
    with it, however long it took.
    """

    def __init__(
        self,
        session: ReviewSession,
        edit: Edit,
        merge_key: str | None,
        at: float,
        *,
        shown: Shown | None = None,
        joins: str | None = None,
    ) -> None:
        super().__init__(step_text(edit, {mark.id: mark.name for mark in session.template.landmarks}))
        self._session = session
        self.edit = edit
        self._merge_key = merge_key
        self._at = at
        self._shown = shown
        self._joins = joins
        self._made = False
        self._undone_by: str | None = None

    def redo(self) -> None:
        """Make the edit, or make it again."""
        if not self._made:
            self._made = True
            self._take(self.edit, 1)
            return
        session = self._session
        self._take(again_edit(session.annotation, self.edit, session.renewed, self._undone_by), 1)
        session.show_changed(self.edit)

    def undo(self) -> None:
        """Take the edit back."""
        session = self._session
        edit = back_edit(session.annotation, self.edit, session.renewed)
        self._undone_by = edit.id
        self._take(edit, 0)
        session.show_changed(self.edit)

    def _take(self, edit: Edit, side: int) -> None:
        if self._shown is not None and edit.prediction_id is not None:
            self._session.show_instead(self._shown[side])
        self._session.take(edit)

    def id(self) -> int:
        """Qt tries to merge commands of equal id."""
        return MERGEABLE

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Join a nudge to the one before it, and a fill to the correction that it follows from."""
        if not isinstance(other, EditCommand) or not (self._is_nudged_on_by(other) or self.edit.id == other._joins):
            return False
        if other._joins is None:
            self._at = other._at
        if other._shown is not None:
            self._shown = (self._shown or other._shown)[0], other._shown[1]
        self.edit = joined(self.edit, other.edit)
        return True

    def _is_nudged_on_by(self, other: EditCommand) -> bool:
        return (
            other._joins is None
            and self._merge_key is not None
            and self._merge_key == other._merge_key
            and other._at - self._at < MERGE_WITHIN_S
        )
