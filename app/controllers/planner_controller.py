"""Label these next: makes the list when asked, never by itself, and does what its buttons say (ux.md 9.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.controllers.planner_work import make_plan
from app.session.planner_state import PlannerState
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.translate import tr
from medsapiens_core.store.project import Project

REASONS = ("Poor image", "Wrong view", "Duplicate")
WHY_THESE = (
    "The list covers what is not labelled yet. A case comes high when its picture is unlike every labelled one, when "
    "the model doubts one of its points, or when its device, pixel size or image size is new. Near-duplicates and a "
    "second case of the same patient are left out, and every fourth place is for a locked case that nobody has read. "
    "Pictures are compared by their edges and greys at 64 x 64 cells; nothing leaves this computer."
)


class PlannerView(Protocol):
    """What this needs of the planner's window."""

    label_requested: SignalInstance
    exclude_requested: SignalInstance
    include_all_requested: SignalInstance
    refresh_requested: SignalInstance
    why_requested: SignalInstance
    goal_changed: SignalInstance

    def set_state(self, state: PlannerState) -> None:
        """Show a plan."""

    def set_progress(self, done: int, of: int) -> None:
        """Show how many pictures have been looked at; 0 of 0 ends it."""

    def take_out(self, case_id: int) -> None:
        """Remove a line; the others stay where they are."""


class PlannerController(QObject):
    """`open_requested(case id)`; `failed(text)`. `ask_reason()` gives why a case is left out, or None."""

    open_requested = Signal(int)
    failed = Signal(str)
    explained = Signal(str)
    _looked = Signal(int, int)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        view: PlannerView,
        *,
        ask_reason: Callable[[], str | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._view = runner, project, view
        self._ask_reason = ask_reason
        self._run = 0
        self._is_closed = False
        self.state: PlannerState | None = None
        self._looked.connect(view.set_progress)
        view.refresh_requested.connect(self.refresh)
        view.label_requested.connect(self.open_requested)
        view.exclude_requested.connect(self._exclude)
        view.include_all_requested.connect(self._include_all)
        view.goal_changed.connect(self._set_goal)
        view.why_requested.connect(lambda: self.explained.emit(tr(WHY_THESE)))

    def show(self) -> None:
        """The window was opened: make the list if there is none yet."""
        if self.state is None and self._run == 0:
            self.refresh()

    def refresh(self) -> None:
        """Make the list anew."""
        self._run += 1
        run = self._run
        self._runner.submit(
            IO,
            make_plan,
            self._project,
            self._looked.emit,
            lambda: run == self._run and not self._is_closed,
            on_done=self._made,
            on_error=self._not_made,
        )

    def close(self) -> None:
        """Want no list any more."""
        self._is_closed = True

    def _made(self, state: PlannerState | None) -> None:
        if state is not None:
            self.state = state
            self._view.set_state(state)

    def _not_made(self, error: Exception) -> None:
        self._view.set_progress(0, 0)
        self.failed.emit(str(error))

    def _exclude(self, case_id: int) -> None:
        reason = self._ask_reason()
        if reason is not None:
            work = (self._project.planner.exclude, case_id, reason)
            self._runner.submit(STORE, *work, on_done=lambda _none: self._view.take_out(case_id))

    def _include_all(self) -> None:
        self._runner.submit(STORE, self._put_back, on_done=lambda _none: self.refresh())

    def _put_back(self) -> None:
        for case_id in self._project.planner.exclusions():
            self._project.planner.include(case_id)

    def _set_goal(self, goal: float) -> None:
        self._runner.submit(STORE, self._project.planner.set_goal, goal)
