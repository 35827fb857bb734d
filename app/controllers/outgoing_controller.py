"""What leaves this computer: what and where, a look at every picture that may show a name, and the writing."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.controllers.case_access import ListQuery
from app.controllers.landmark_export_work import look
from app.session.export_state import LookState
from app.tasks.task_runner import IO, Task, TaskRunner
from app.translate import tr, trn
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.deidentifying import Pixels, ToLookAt


class OutgoingView(Protocol):
    """What this needs of the window."""

    export_requested: SignalInstance
    look_started: SignalInstance
    looks_refused: SignalInstance
    look_answered: SignalInstance
    frame_requested: SignalInstance
    back_requested: SignalInstance
    stop_requested: SignalInstance
    left: SignalInstance

    def show_form(self, state: Any) -> None:
        """Everything that can be chosen."""

    def show_form_again(self) -> None:
        """The form as it was left."""

    def ask_to_look(self, text: str) -> None:
        """Pictures have to be looked at before it goes on."""

    def show_look(self, state: LookState) -> None:
        """One picture to look at."""

    def show_running(self, text: str, done: int, total: int, *, can_stop: bool) -> None:
        """Something is at work; `total` 0: nobody knows how long."""

    def may_replace(self, path: str) -> bool:
        """Ask whether what is there already may be replaced."""

    def tell(self, text: str) -> None:
        """Say what went wrong."""

    def end(self) -> None:
        """Close the window."""


class OutgoingController(QObject):
    """`finished(what was written)`.

    `query()` is the worklist as filtered, `open_case()` id and name of the open case.
    """

    finished = Signal(object)
    _progressed = Signal(str, int, int)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        view: OutgoingView,
        *,
        query: Callable[[], ListQuery] = ListQuery,
        open_case: Callable[[], tuple[int, str] | None] = lambda: None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._view = runner, project, view
        self._query, self._open_case = query, open_case
        self._stop = Event()
        self._task: Task | None = None
        self._pictures: list[ToLookAt] = []
        self._without: set[str] = set()
        self._place = 0
        self._connect()

    def close(self) -> None:
        """Drop what is on its way; a file that is being written is finished."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()

    def _begin(self, answer: Any) -> None:
        """Collect what was chosen."""
        raise NotImplementedError

    def _write(self, pixels: Pixels | None) -> None:
        """Write it; `pixels` is what was decided about pictures that may show a name, None where there is none."""
        raise NotImplementedError

    def _stop_now(self) -> None:
        """What the button Stop does."""
        raise NotImplementedError

    # --- pictures that may show a name

    def _find_pictures(self, find: Callable[[Any], list[ToLookAt]], where: Any) -> None:
        self._say(tr("Looking for pictures that may show names"), 0, 0)
        self._submit(find, where, on_done=self._ask_to_look)

    def _ask_to_look(self, pictures: list[ToLookAt]) -> None:
        self._pictures = pictures
        if self._stop.is_set():
            self._view.show_form_again()
            return
        if not pictures:
            self._write(None)
            return
        self._view.ask_to_look(
            trn(
                "Text burned into the picture cannot be ruled out in %n image. Look at it and leave out what "
                "identifies the patient.",
                "Text burned into the picture cannot be ruled out in %n images. Look at each and leave out what "
                "identifies the patient.",
                len(pictures),
            )
        )

    def _look(self, place: int, frame: int = 0) -> None:
        self._place = place
        self._submit(look, self._pictures, place, frame, on_done=self._view.show_look)

    def _looked(self, keep: bool) -> None:
        if not keep:
            self._without.add(self._pictures[self._place].name)
        if self._place + 1 < len(self._pictures):
            self._look(self._place + 1)
        else:
            self._write("looked-at")

    # --- inside

    def _written(self, outcome: object) -> None:
        self._view.end()
        self.finished.emit(outcome)

    def _connect(self) -> None:
        view = self._view
        view.export_requested.connect(self._begin)
        view.look_started.connect(lambda: self._look(0))
        view.looks_refused.connect(lambda: self._write("leave-out"))
        view.look_answered.connect(self._looked)
        view.frame_requested.connect(lambda frame: self._look(self._place, frame))
        view.back_requested.connect(view.show_form_again)
        view.stop_requested.connect(self._stop_now)
        view.left.connect(self.close)
        self._progressed.connect(self._say)

    def _say(self, text: str, done: int, total: int) -> None:
        self._view.show_running(text, done, total, can_stop=True)

    def _submit(self, act: Callable[..., Any], *args: Any, on_done: Callable[[Any], None], lane: str = IO) -> None:
        self._stop.clear()
        self._task = self._runner.submit(lane, act, *args, on_done=on_done, on_error=self._failed)

    def _failed(self, error: Exception) -> None:
        self._view.show_form_again()
        self._view.tell(str(error))
