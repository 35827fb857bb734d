"""Fill the rest, and live updates of undecided points after a correction (ux.md 7). Computed on the io lane.

A result that belongs to an older state of the case than the one on screen is dropped; a decided point never moves:
the session and the store refuse it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers import fill_words as words
from app.controllers.fill_work import FillAnswer, FillRequest, compute_fill, read_source
from app.controllers.notice_board import NoticeBoard
from app.session.review_session import ReviewSession
from app.tasks.task_runner import IO, STORE, Task, TaskRunner
from app.translate import tr
from medsapiens_core.data.annotation import Annotation, DecidedPointError, Decision, Edit, Place
from medsapiens_core.shape.completion import FEWEST, best_anchors
from medsapiens_core.shape.filling import Film
from medsapiens_core.shape.source import ShapeSource
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project

LIVE_AFTER_MS = 150
ANCHORS = 3  # points that place most of a template
CORRECTIONS = ("move", "place", "nudge")
PAUSED = "fill-paused"
log = logging.getLogger(__name__)


class FillView(Protocol):
    """What this needs of the image view."""

    @property
    def is_busy(self) -> bool:
        """True during a drag."""

    def glide(self, starts: Mapping[str, tuple[float, float]]) -> None:
        """Let markers come from these image points to where they are now."""


class SetCondition(Protocol):
    """Switches actions on, or off with a reason."""

    def __call__(self, name: str, met: bool, reason: str = "") -> None:
        """Say whether a condition holds."""


class FillController(QObject):
    """`told(text)` for what a fill did: a toast with Undo. `model_id` tells whose candidates count, None for nobody's.

    `is_blind` says whether the open case is read without proposals.
    """

    told = Signal(str)
    anchors_changed = Signal()

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        session: ReviewSession,
        *,
        view: FillView,
        notices: NoticeBoard,
        set_condition: SetCondition,
        model_id: Callable[[], str | None],
        is_blind: Callable[[], bool] = lambda: False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._session, self._view = runner, project, session, view
        self._notices, self._set_condition = notices, set_condition
        self._model_id, self._is_blind = model_id, is_blind
        self.source: ShapeSource | None = None
        self.is_live = False
        self._mark = ""
        self._paused: dict[int, str] = {}  # case -> the correction that did not fit
        self._pending: FillRequest | None = None
        self._task: Task | None = None
        self._after_fill: tuple[int, int] | None = None  # case and revision right after the last fill
        self._condition: tuple[bool, str] | None = None
        self._anchor_key: tuple[object, ...] = ()
        self._timer = QTimer(self, singleShot=True, interval=LIVE_AFTER_MS)
        self._timer.timeout.connect(self._go_live)
        session.edit_committed.connect(self._edited)
        session.annotation_changed.connect(self._changed)
        session.case_opened.connect(self._opened)
        session.case_closed.connect(self._closed)
        self._changed()

    # --- intents

    def refresh_source(self) -> None:
        """Learn the shape again if other cases are reviewed now."""
        self._runner.submit(IO, read_source, self._project, self._mark, on_done=self._take_source)

    def fill(self) -> None:
        """Place every undecided landmark from what is decided."""
        request = self._request(set(self._session.template.ids), None)
        if request is not None and self._timer.isActive():
            self._timer.stop()
        self._start(request)

    def set_live(self, on: bool) -> None:
        """Update undecided points after every correction, or not."""
        self.is_live = on
        if on:
            self._paused.clear()
            self._notices.dismiss(PAUSED)
        else:
            self._timer.stop()

    def undo(self) -> None:
        """Take the last fill back, with the correction it followed; only while nothing else was done since."""
        session = self._session
        if session.case is not None and self._after_fill == (session.case.id, session.annotation.revision):
            session.undo()
        else:
            session.message.emit(tr("Something else was done since. Ctrl+Z takes back one step after the other."))

    # --- what the session says

    def _edited(self, edit: Edit) -> None:
        request, self._pending = None, None
        if self.is_live and edit.undoes is None and edit.kind in CORRECTIONS and not self._is_paused:
            request = self._live_request(edit)
        if request is None:
            self._timer.stop()
        else:
            self._pending = request
            self._timer.start()

    def _live_request(self, edit: Edit) -> FillRequest | None:
        """Only points that are proposals already: what was cleared by hand is not filled again by itself."""
        return self._request(self._proposed(), edit)

    def _proposed(self) -> set[str]:
        session = self._session
        states = zip(session.template.ids, session.annotation.states, strict=True)
        return {id_ for id_, state in states if state.decision is Decision.PREDICTED}

    def _go_live(self) -> None:
        request = self._pending
        if request is None:
            return
        if self._view.is_busy:  # a drag goes on; if it ends in a correction, that asks anew
            self._timer.start()
            return
        self._pending = None
        self._start(request)

    def _opened(self, _case: object) -> None:
        self._forget()
        self._changed()
        if self.is_live and self._is_paused:
            self._tell_paused()

    def _closed(self) -> None:
        self._forget()
        self._show_condition(False, "")

    def _forget(self) -> None:
        self._timer.stop()
        self._pending = None
        self._notices.dismiss(PAUSED)
        if self._task is not None:
            self._task.cancel()

    def _changed(self, _annotation: object = None) -> None:
        if self._session.is_open:
            self._find_anchors()
            reason = self._what_is_missing()
            self._show_condition(not reason, reason)

    # --- what is needed

    @property
    def _is_paused(self) -> bool:
        return self._session.case is not None and self._session.case.id in self._paused

    def _what_is_missing(self) -> str:
        states = self._session.annotation.states
        decided = sum(state.is_decided and state.x is not None for state in states)
        if self._session.annotation.is_complete:
            return tr(words.ALL_DECIDED)
        if self._is_blind():
            return tr(words.BLIND)
        if self.source is None:
            return tr(words.NO_SHAPE)
        return "" if decided >= FEWEST else words.too_few(decided, self._anchor_names())

    def _anchor_names(self) -> list[str]:
        template = self._session.template
        return [mark.name for mark in template.landmarks if mark.id in self._session.anchors]

    def _find_anchors(self) -> None:
        """Which points to place first: only while there are few, and points that nobody has proposed."""
        session, source = self._session, self.source
        states = session.annotation.states
        given = [k for k, state in enumerate(states) if state.is_decided and state.x is not None]
        wanted = ANCHORS - len(given)
        empty = any(state.place is Place.NOT_PLACED for state in states)
        key = (source, *given) if source is not None and wanted > 0 and empty else ()
        if key != self._anchor_key:
            self._anchor_key = key
            found = best_anchors(source.shape, given, wanted) if key and source is not None else []
            session.anchors = frozenset(session.template.ids[k] for k in found)
            self.anchors_changed.emit()

    def _show_condition(self, met: bool, reason: str) -> None:
        if self._condition != (met, reason):
            self._condition = (met, reason)
            self._set_condition("fill", met, reason)

    # --- the work

    def _request(self, landmarks: set[str], edit: Edit | None) -> FillRequest | None:
        session, case = self._session, self._session.case
        if not isinstance(case, CaseRow) or self.source is None or self._what_is_missing() or not landmarks:
            return None
        film = Film(case.image_sha256, (case.width, case.height), case.spacing)
        return FillRequest(
            case.id,
            session.annotation,
            film,
            session.prediction,
            self._model_id(),
            frozenset(landmarks),
            edit,
            is_live=edit is not None,
        )

    def _start(self, request: FillRequest | None) -> None:
        if request is None or self.source is None:
            return
        if self._task is not None:
            self._task.cancel()
        self._task = self._runner.submit(IO, compute_fill, self._project, self.source, request, on_done=self._answered)

    def _answered(self, answer: FillAnswer) -> None:
        request = answer.request
        if not self._is_still_true(request.annotation):
            return
        if self._view.is_busy:
            self._pending = request
            self._timer.start()
        elif request.edit is not None and answer.odd_landmark:
            self._pause(request.case_id, answer.odd_landmark)
        elif answer.filled.moved:
            prediction = answer.filled.prediction
            add = self._project.predictions.add
            self._task = self._runner.submit(
                STORE, add, prediction, request.case_id, on_done=lambda _none: self._show(answer)
            )

    def _is_still_true(self, annotation: Annotation) -> bool:
        session = self._session
        return (
            session.is_open
            and session.annotation.case_id == annotation.case_id
            and session.annotation.revision == annotation.revision
        )

    def _show(self, answer: FillAnswer) -> None:
        request, session = answer.request, self._session
        if not self._is_still_true(request.annotation):
            return
        moved = dict(answer.filled.moved)
        if request.edit is not None:
            moved.pop(session.current, None)  # it does not move under the pointer; it shows "+"
        starts = {mark: xy for mark in moved if (xy := _position(request.annotation, mark)) is not None}
        joins = None if request.edit is None else request.edit.id
        try:
            shown = session.fill(answer.filled.prediction, moved.keys(), joins=joins)
        except DecidedPointError:
            log.exception("a fill tried to move a decided landmark; it was dropped")
            return
        if shown:
            self._after_fill = (request.case_id, session.annotation.revision)
            self._view.glide(starts)
            self.told.emit(self._what_happened(answer, moved))

    def _what_happened(self, answer: FillAnswer, moved: Mapping[str, float]) -> str:
        spacing = answer.request.film.spacing
        unit = 1.0 if spacing is None else float(np.sqrt(spacing.row_mm * spacing.col_mm))
        name = "px" if spacing is None else "mm"
        if answer.request.is_live:
            return words.moved(len(moved), float(np.nanmean(list(moved.values()))) * unit, name)
        return words.filled(len(moved), answer.source_text)

    def _pause(self, case_id: int, landmark: str) -> None:
        self._paused[case_id] = landmark
        self._tell_paused()

    def _tell_paused(self) -> None:
        template, case = self._session.template, self._session.case
        landmark = "" if case is None else self._paused.get(case.id, "")
        if landmark not in template.index:
            return
        name = template.landmarks[template.index[landmark]].name
        self._notices.show(PAUSED, "warning", tr(words.PAUSED, name=name), {tr("Resume"): self._resume})

    def _resume(self) -> None:
        """Go on, and catch up at once with what was decided meanwhile."""
        if self._session.case is None:
            return
        self._paused.pop(self._session.case.id, None)
        request = self._request(self._proposed(), None)
        if self.is_live and request is not None:
            self._start(replace(request, is_live=True))

    def _take_source(self, found: tuple[str, ShapeSource | None] | None) -> None:
        if found is not None:
            self._mark, self.source = found
            self._changed()


def _position(annotation: Annotation, landmark: str) -> tuple[float, float] | None:
    state: Any = annotation[landmark]
    return None if state.x is None else (state.x, state.y)
