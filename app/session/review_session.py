"""The one place where annotations change.

Every act of the reader becomes an `Edit`, is pushed on the undo stack of its case and handed to `commit` to be
written. Views and controllers only read what is shown here; they never touch an annotation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoGroup, QUndoStack

from app.session import transitions
from app.session.case_like import CaseLike
from app.session.guide import NOTHING, Guide, Judge, judge_nothing
from app.session.guided import Guided
from app.session.looking_back import LookingBack
from app.session.review_order import UNCERTAIN_FIRST, next_where, step
from app.session.undo import UNDO_LIMIT, EditCommand
from app.translate import tr
from medsapiens_core.data.annotation import FILL, AbsentReason, Annotation, Edit, Place, PointState
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Template

Commit = Callable[[Edit, Annotation], None]
EDGE_PX = 0.5  # how far outside the outermost pixel centres a point may lie: the border of the image


class ReviewSession(LookingBack, Guided, QObject):
    """The open case: its annotation, its prediction, the current landmark and its undo stack.

    Signals: `case_opened(case)`, `case_closed()`, `annotation_changed(Annotation)`, `current_changed(landmark)`,
    `edit_committed(Edit)` once an edit was handed over to be written, `prediction_shown(Prediction)`,
    `armed_changed(landmark or "")` while "estimated" waits for a place, `undo_changed()`, `message(text)`,
    `hint(text)` for what the reader should do now, `undecided_left(text)` when the case cannot be marked reviewed yet,
    `reopened(time of the review, UTC)` when a change has taken the reviewed mark away.
    """

    case_opened = Signal(object)
    case_closed = Signal()
    annotation_changed = Signal(object)
    current_changed = Signal(str)
    edit_committed = Signal(object)
    prediction_shown = Signal(object)
    armed_changed = Signal(str)
    undo_changed = Signal()
    message = Signal(str)
    hint = Signal(str)
    undecided_left = Signal(str)
    reopened = Signal(str)

    def __init__(
        self, template: Template, commit: Commit, *, clock: Callable[[], float] = time.monotonic, parent: Any = None
    ) -> None:
        super().__init__(parent)
        self.template = template
        self.case: CaseLike | None = None
        self.prediction: Prediction | None = None
        self.current = template.ids[0]
        self.armed = ""
        self.order_mode = UNCERTAIN_FIRST
        self.order = template.ids
        self.anchors: frozenset[str] = frozenset()  # to be placed first: they tell most of the others
        self.read_only = False
        self.who = ""  # initials of the person at the computer
        self.is_blind = self.was_blind = False
        self.write_refusal: Callable[[], str] = lambda: ""
        self.judge: Judge = judge_nothing
        self.guide: Guide = NOTHING
        self.find_regions: Callable[[Prediction], Mapping[str, tuple[float, float, float]]] = lambda _prediction: {}
        self._commit = commit
        self._clock = clock
        self._annotation: Annotation | None = None
        self._history: list[Edit] = []
        self.stale: dict[str, int] = {}
        self.notes: Mapping[str, str] = {}
        self._stacks: dict[int, QUndoStack] = {}
        self._group = QUndoGroup(self)
        for signal in (self._group.indexChanged, self._group.canUndoChanged, self._group.canRedoChanged):
            signal.connect(lambda _value: self.undo_changed.emit())

    @property
    def annotation(self) -> Annotation:
        """The open case's annotation. Raises RuntimeError while no case is open."""
        if self._annotation is None:
            raise RuntimeError("no case is open")
        return self._annotation

    @property
    def is_open(self) -> bool:
        """True while a case is open."""
        return self._annotation is not None

    # --- cases

    def open_case(
        self,
        case: CaseLike,
        annotation: Annotation,
        prediction: Prediction | None,
        history: Iterable[Edit] = (),
        *,
        blind: bool = False,
    ) -> None:
        """Show a case; its undo stack comes back if it was open before. `blind`: read without predictions."""
        if annotation.landmark_ids != self.template.ids:
            raise ValueError(f"case {case.id} belongs to another template than {self.template.id}")
        self.case, self._annotation, self.prediction = case, annotation, prediction
        self._history, self.stale, self.notes = list(history), {}, {}
        self._set_blind(blind)
        self._group.setActiveStack(self._stack_of(case.id))
        self._set_armed("")
        self._judge()
        self._renew_order()
        self.current = next((id_ for id_ in self.order if not annotation[id_].is_decided), self.template.ids[0])
        self.case_opened.emit(case)
        self.annotation_changed.emit(annotation)
        self.current_changed.emit(self.current)
        self.undo_changed.emit()

    def close_case(self) -> None:
        """Show nothing."""
        self.case, self._annotation, self.prediction = None, None, None
        self._history = []
        self._group.setActiveStack(None)
        self._set_armed("")
        self.case_closed.emit()
        self.undo_changed.emit()

    def fill(self, prediction: Prediction, landmarks: Collection[str], *, joins: str | None = None) -> bool:
        """Show what the shape of the decided landmarks says: only `landmarks` that are undecided take their places.

        `joins` is the id of the correction that it follows from: both are one step of undo. False when nothing changed.
        """
        edit = self.annotation.from_prediction(prediction, FILL, landmarks)
        shown = (self.prediction, prediction)
        if not edit.changes or not self._may_write() or self.case is None:
            return False
        command = EditCommand(self, edit, None, self._clock(), shown=shown, joins=joins)
        self._stack_of(self.case.id).push(command)
        if joins is None:
            self._renew_order()
        self.prediction_shown.emit(prediction)
        return True

    def show_instead(self, prediction: Prediction | None) -> None:
        """Let another prediction be the one that is shown; undo commands call this before they `take` the edit."""
        self.prediction = prediction

    def receive_prediction(self, prediction: Prediction) -> None:
        """Show a new prediction of the open case: undecided landmarks take it, decided ones stay."""
        if self.case is None or prediction.image_sha256 != self.case.image_sha256:
            return
        if prediction.template_id != self.template.id or prediction.id == self.annotation.prediction_id:
            return
        if self.is_blind:  # it waits in the store until the case is reviewed
            return
        edit = self.annotation.from_prediction(prediction)
        self.prediction = prediction
        self.take(edit)
        self._renew_order()
        self.prediction_shown.emit(prediction)

    # --- what the reader does to a landmark

    def confirm(self, landmark: str | None = None) -> None:
        """Accept a predicted point, then go on to the next undecided landmark."""
        landmark = landmark or self.current
        state = self.annotation[landmark]
        if landmark in self.stale and self._may_write():
            self.take(self.annotation.look_again(landmark))
        self._change("confirm", {landmark: transitions.confirm(state)})
        self.go_to_next_undecided()
        if state.place is Place.NOT_PLACED:
            self.hint.emit(tr("{name} is not placed: P places, X if absent", name=self._name(landmark)))

    def move(self, landmark: str, x: float, y: float, merge_key: str | None = None) -> None:
        """Place or move a landmark to image pixels; it stops at the border of the image."""
        if self.case is None or not (np.isfinite(x) and np.isfinite(y)):
            return
        x = min(max(float(x), -EDGE_PX), self.case.width - 1 + EDGE_PX)
        y = min(max(float(y), -EDGE_PX), self.case.height - 1 + EDGE_PX)
        armed = self.armed == landmark
        state = self.annotation[landmark]
        after = transitions.move(state, x, y, self.prediction_xy(landmark), armed=armed)
        self._set_armed("")
        self._change("nudge" if merge_key else "place" if state.x is None else "move", {landmark: after}, merge_key)

    def nudge(self, dx: float, dy: float) -> None:
        """Move the current landmark by image pixels; a run of nudges is one step."""
        state = self.annotation[self.current]
        if state.x is not None and state.y is not None:
            self.move(self.current, state.x + dx, state.y + dy, merge_key="nudge " + self.current)

    def set_estimated(self, landmark: str, wanted: bool) -> None:
        """Call a point estimated or not; without a position the next placing of it will be an estimate."""
        state = self.annotation[landmark]
        if wanted and not self._allows(landmark, "estimated"):
            return
        if wanted and transitions.needs_place_to_estimate(state):
            self.set_current(landmark)
            self._set_armed(landmark)
            name = self._name(landmark)
            self.message.emit(tr("Click where you estimate {name}. Esc leaves it as it is.", name=name))
            return
        after = transitions.set_estimated(state, wanted, self.prediction_xy(landmark))
        self._change("estimated" if wanted else "not estimated", {landmark: after})

    def toggle_estimated(self, landmark: str | None = None) -> None:
        """Estimated on or off."""
        landmark = landmark or self.current
        self.set_estimated(landmark, self.annotation[landmark].place is not Place.ESTIMATED)

    def set_absent(self, landmark: str, reason: AbsentReason | None) -> None:
        """Call a landmark absent, or with None take that back to the state before."""
        state = self.annotation[landmark]
        if reason is not None and not self._allows(landmark, "absent"):
            return
        if reason is not None:
            self._change("absent", {landmark: transitions.set_absent(state, reason)})
            return
        before = transitions.state_before_absent(self._history, landmark)
        after = transitions.take_back_absent(state, before, self.prediction_xy(landmark))
        self._change("not absent", {landmark: after})

    def toggle_absent(self, landmark: str | None = None) -> None:
        """Absent on or off."""
        landmark = landmark or self.current
        is_absent = self.annotation[landmark].place is Place.ABSENT
        self.set_absent(landmark, None if is_absent else AbsentReason.NOT_ASSESSABLE)

    def clear(self, landmark: str | None = None) -> None:
        """Take position and decision away."""
        landmark = landmark or self.current
        self._change("clear", {landmark: transitions.clear(self.annotation[landmark])})

    def clear_all(self) -> None:
        """Take every position and decision away, as one step."""
        states = zip(self.template.ids, self.annotation.states, strict=True)
        self._change("clear all", {landmark: transitions.clear(state) for landmark, state in states})

    def revert(self, landmark: str | None = None) -> None:
        """Back to the prediction."""
        landmark = landmark or self.current
        state, prediction_xy = self.annotation[landmark], self.prediction_xy(landmark)
        if prediction_xy is None and state.x is not None:
            self.message.emit(tr("There is no prediction of {name} to go back to.", name=self._name(landmark)))
        self._change("revert", {landmark: transitions.revert(state, prediction_xy)})

    # --- what the reader does to the case

    def mark_reviewed(self) -> bool:
        """Mark the case reviewed. False, with a message naming them, while landmarks have no decision."""
        if self.annotation.reviewed:
            return True
        if not self.annotation.is_complete:
            self._name_undecided()
            return False
        return self._push(self.annotation.mark_reviewed(), None)

    def reopen(self) -> None:
        """Take the reviewed mark away."""
        if self.annotation.reviewed:
            self._push(self.annotation.mark_reviewed(False), None)

    def undo(self) -> None:
        """Take back the last step in this case."""
        if self._may_write():
            self._group.undo()

    def redo(self) -> None:
        """Make the last undone step again."""
        if self._may_write():
            self._group.redo()

    # --- going through the landmarks

    def set_current(self, landmark: str) -> None:
        """Make a landmark the current one."""
        if landmark != self.current and landmark in self.template.index:
            self.current = landmark
            self._set_armed("")
            self.current_changed.emit(landmark)

    def go(self, by: int, *, template_order: bool = False) -> None:
        """Go `by` landmarks on, in review order or template order."""
        self.set_current(step(self.template.ids if template_order else self.order, self.current, by))

    def go_to_next_undecided(self) -> None:
        """Go to the next landmark without a decision, or to be looked at again; stay where there is none."""
        wanted = [id_ for id_ in self.template.ids if id_ in self.stale or not self.annotation[id_].is_decided]
        found = next_where(self.order, self.current, lambda id_: id_ in wanted)
        self.set_current(found or self.current)

    def go_to_unplaced(self) -> bool:
        """Go to the next landmark without a position that is not called absent; False when there is none."""
        states = self.annotation
        order = self.template.ids
        start = order[order.index(self.current) - 1]
        found = next_where(order, start, lambda id_: states[id_].place is Place.NOT_PLACED)
        if found is not None:
            self.set_current(found)
        return found is not None

    def disarm(self) -> None:
        """Leave the placing of an estimate."""
        self._set_armed("")

    # --- for undo commands and for those who show

    def prediction_xy(self, landmark: str) -> tuple[float, float] | None:
        """Where the shown prediction lies, image pixels."""
        if self.prediction is None:
            return None
        x, y = self.prediction.xy_image[self.template.index[landmark]]
        return (float(x), float(y)) if np.isfinite(x) and np.isfinite(y) else None

    def regions(self) -> Mapping[str, tuple[float, float, float]]:
        """95 % regions about the shown prediction, (long, short semi-axis px, angle degrees), where calibrated."""
        return {} if self.prediction is None else self.find_regions(self.prediction)

    def scores(self) -> Mapping[str, float]:
        """Score of the shown prediction for each landmark that it has a point for."""
        if self.prediction is None:
            return {}
        pairs = zip(self.template.ids, self.prediction.scores, strict=True)
        return {id_: float(score) for id_, score in pairs if np.isfinite(score)}

    def renewed(self, landmark: str, state: PointState) -> PointState:
        """A state from the past as it would be with the prediction shown now."""
        return transitions.renew(state, self.prediction_xy(landmark))

    def take(self, edit: Edit) -> None:
        """Apply an edit to the annotation and hand it over to be written; only undo commands call this directly."""
        before, edit = self.annotation, self._signed(edit)
        self._annotation = before.apply(edit)
        reviewed_at = self._reviewed_at() if before.reviewed else ""
        self._history.append(edit)
        for change in edit.changes:
            self.stale.pop(change.landmark, None)
        self._judge()
        self._commit(edit, before)
        self.edit_committed.emit(edit)
        self.annotation_changed.emit(self._annotation)
        if before.reviewed and not self._annotation.reviewed and edit.changes:
            self.reopened.emit(reviewed_at)

    def show_changed(self, edit: Edit) -> None:
        """Go to what an undo or redo has changed."""
        if edit.changes:
            self.set_current(edit.changes[0].landmark)

    # --- inside

    def _change(self, kind: str, after: Mapping[str, PointState], merge_key: str | None = None) -> None:
        edit = self.annotation.change(kind, after)
        if edit.changes:
            self._push(edit, merge_key)

    def _push(self, edit: Edit, merge_key: str | None) -> bool:
        if not self._may_write() or self.case is None:
            return False
        self._stack_of(self.case.id).push(EditCommand(self, edit, merge_key, self._clock()))
        return True

    def _stack_of(self, case_id: int) -> QUndoStack:
        if case_id not in self._stacks:
            stack = QUndoStack(self._group)
            stack.setUndoLimit(UNDO_LIMIT)
            self._stacks[case_id] = stack
        return self._stacks[case_id]

    def _set_armed(self, landmark: str) -> None:
        if landmark != self.armed:
            self.armed = landmark
            self.armed_changed.emit(landmark)

    def _name(self, landmark: str) -> str:
        return self.template.landmarks[self.template.index[landmark]].name
