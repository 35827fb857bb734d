"""What a review session knows of the past of its case: history, notes, undo, and who decided under which conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from app.translate import tr
from medsapiens_core.data.annotation import AFTER_REVEAL, AUTOMATIC, BLIND, Edit, PointState
from medsapiens_core.data.prediction import Prediction

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
            self.message.emit(tr("The template does not allow {name} to be {what}.", name=mark.name, what=tr(what)))
        return allowed

    # --- who decides, and what they see

    def reveal(self, prediction: Prediction | None) -> None:
        """The blind reading is reviewed: show the prediction beside it. What was decided stays where it is."""
        self._set_blind(False)
        self.was_blind = True
        if prediction is not None and self.is_open:
            self.receive_prediction(prediction)
        self.judge_again()

    def _set_blind(self, blind: bool) -> None:
        self.is_blind = blind
        self.was_blind = any(edit.kind == "review" and edit.context == BLIND for edit in self._history)

    def _signed(self, edit: Edit) -> Edit:
        """With who made it, and blind or not; what a model or a fill proposes is nobody's."""
        if edit.kind in AUTOMATIC and edit.undoes is None:
            return edit
        context = BLIND if self.is_blind else AFTER_REVEAL if self.was_blind else edit.context
        return replace(edit, reader=self.who or edit.reader, context=context)

    def _may_write(self) -> bool:
        if self.read_only and self.is_open:
            self.message.emit(tr("This project is open to read only: nothing can be changed."))
        refusal = self.write_refusal() if self.is_open and not self.read_only else ""
        if refusal:
            self.message.emit(refusal)
        return self.is_open and not self.read_only and not refusal

    # --- undo and redo

    @property
    def can_undo(self) -> bool:
        """True when there is a step to take back in this case."""
        return self.is_open and not self.read_only and self._group.canUndo()

    @property
    def can_redo(self) -> bool:
        """True when there is a step to make again in this case."""
        return self.is_open and not self.read_only and self._group.canRedo()

    @property
    def undo_text(self) -> str:
        """What undo would take back."""
        return self._group.undoText()

    @property
    def redo_text(self) -> str:
        """What redo would make again."""
        return self._group.redoText()
