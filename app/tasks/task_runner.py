"""Lanes of background threads whose answers come back on the GUI thread.

Lane `store` has one thread, so the database sees one thing at a time, in order; lane `io` has a few for reading files;
lane `background` has one for what nobody waits for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from medsapiens_core.errors import UserError

STORE, IO, BACKGROUND = "store", "io", "background"
LANES = {STORE: 1, IO: 2, BACKGROUND: 1}
log = logging.getLogger(__name__)


class Task(QObject):
    """A piece of work on its way; `cancel()` drops it or, when it runs already, its answer."""

    def __init__(self, on_done: Callable[[Any], None] | None, on_error: Callable[[Exception], None] | None) -> None:
        super().__init__()
        self.on_done = on_done
        self.on_error = on_error
        self.is_cancelled = False
        self.future: Future[Any] | None = None

    def cancel(self) -> None:
        """No callback will be called any more."""
        self.is_cancelled = True
        if self.future is not None:
            self.future.cancel()


class TaskRunner(QObject):
    """`submit` runs a function on a lane and calls back on the thread that owns the runner.

    `failed` carries what an exception says when no `on_error` was given; exceptions that are no `UserError` are
    logged with their trace.
    """

    failed = Signal(str)
    idle = Signal()
    _answered = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pools = {lane: ThreadPoolExecutor(size, thread_name_prefix=lane) for lane, size in LANES.items()}
        self._open: set[Task] = set()
        self._is_shut = False
        self._answered.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    @property
    def pending(self) -> int:
        """How many tasks have not been answered."""
        return len(self._open)

    def submit(
        self,
        lane: str,
        work: Callable[..., Any],
        *args: Any,
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> Task:
        """Run `work(*args)` on a lane; `on_done(result)` or `on_error(exception)` follows on the GUI thread.

        After `shut_down` nothing is run any more: a late timer of a closed project is no error.
        """
        task = Task(on_done, on_error)
        if self._is_shut:
            task.cancel()
            return task
        self._open.add(task)
        task.future = self._pools[lane].submit(work, *args)
        task.future.add_done_callback(lambda _future: self._answered.emit(task))
        return task

    def call(self, lane: str, work: Callable[..., Any], *args: Any) -> Any:
        """Run on a lane and wait: only for start and end of the program, where there is nothing to freeze."""
        return self._pools[lane].submit(work, *args).result()

    def shut_down(self) -> None:
        """Let the store lane finish all it has, drop waiting reads, end the threads."""
        self._is_shut = True
        for task in self._open:
            task.is_cancelled = True
        for lane in (BACKGROUND, IO):
            self._pools[lane].shutdown(wait=True, cancel_futures=True)
        self._pools[STORE].shutdown(wait=True)

    def _answer(self, task: Task) -> None:
        self._open.discard(task)
        if task.is_cancelled or task.future is None or _is_gone(task.on_done):
            return
        try:
            result = task.future.result()
        except CancelledError:
            return
        except Exception as error:  # every failure of a lane reaches a person, none ends the program
            self._report(task, error)
        else:
            if task.on_done is not None:
                task.on_done(result)
        if not self._open:
            self.idle.emit()

    def _report(self, task: Task, error: Exception) -> None:
        if not isinstance(error, UserError):
            log.error("a background task failed", exc_info=error)
        if task.on_error is not None:
            task.on_error(error)
        else:
            self.failed.emit(str(error) or type(error).__name__)


def _is_gone(callback: Callable[[Any], None] | None) -> bool:
    """True for a method of an object that Qt has deleted: nobody is there any more to hear the answer."""
    owner = getattr(callback, "__self__", None)
    return isinstance(owner, QObject) and not shiboken6.isValid(owner)
