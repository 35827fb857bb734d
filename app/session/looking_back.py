"""What a review session knows of the past of its case: history, notes, and points placed under older definitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from medsapiens_core.data.annotation import Edit, PointState

if TYPE_CHECKING:
    from app.session.review_session import ReviewSession

    Session = ReviewSession
else:
    Session = object


class LookingBack(Session):
    """A part of `ReviewSession`, which holds the fields."""

    @property
    def history(self) -> tuple[Edit, ...]:
        """Every edit of the open case, oldest first, undone ones and their inverses included."""
        return tuple(self._history)

    def set_stale(self, stale: Mapping[str, int]) -> None:
        """Which decided landmarks were placed under an older definition; the first of them is gone to."""
        self.stale = dict(stale)
        if self.is_open and self.stale and self.annotation.is_complete:
            self.set_current(next(id_ for id_ in self.order if id_ in self.stale))
        if self.is_open and self.stale:
            self.annotation_changed.emit(self.annotation)

    def set_notes(self, notes: Mapping[str, str]) -> None:
        """Landmark -> its note in the open case; "" -> the note on the case."""
        if self.is_open and notes != self.notes:
            self.notes = dict(notes)
            self.annotation_changed.emit(self.annotation)

    def restore(self, landmark: str, state: PointState) -> None:
        """Bring back a state of the past, as a new revision that can be undone."""
        self._change("restore", {landmark: self.renewed(landmark, state)})

    def forget_steps(self, case_ids: Iterable[int]) -> None:
        """Undo knows nothing of these cases any more: an import has changed them on disk."""
        for case_id in case_ids:
            self._stack_of(case_id).clear()

    def _allows(self, landmark: str, what: str) -> bool:
        mark = self.template.landmarks[self.template.index[landmark]]
        allowed = mark.absent_allowed if what == "absent" else mark.estimated_allowed
        if not allowed:
            self.message.emit(f"The template does not allow {mark.name} to be {what}.")
        return allowed
