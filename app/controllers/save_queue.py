"""Edits on their way to the disk, in order. An edit counts as saved only after the store's COMMIT has returned.

What cannot be written stays here and is tried again; the reader goes on working meanwhile (reliability.md C9-C11).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal

from app.tasks.task_runner import STORE, TaskRunner
from medsapiens_core.data.annotation import Annotation, Edit
from medsapiens_core.store.errors import ProjectTakenOverError, StaleRevisionError

RETRY_MS = 3000
Write = Callable[[Edit, Annotation], object]
Drained = tuple[list[tuple[Edit, int]], Exception | None]


class SaveQueue(QObject):
    """`saved(Edit, case id, "hh:mm:ss")` per edit on disk, `failed(error, waiting)` when the disk refuses.

    `stopped(reason)`: somebody else wrote to the project, so this window must not write any more.
    """

    saved = Signal(object, int, str)
    failed = Signal(object, int)
    stopped = Signal(str)

    def __init__(self, runner: TaskRunner, write: Write, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._write = write
        self._waiting: deque[tuple[Edit, Annotation]] = deque()
        self._is_draining = False
        self._is_asked_again = False
        self._is_stopped = False
        self._timer = QTimer(self, singleShot=True, interval=RETRY_MS)
        self._timer.timeout.connect(self.retry)

    @property
    def waiting(self) -> int:
        """How many edits are not on disk yet."""
        return len(self._waiting)

    def pending(self) -> list[tuple[Edit, Annotation]]:
        """The edits that are not on disk yet, each with the state before it."""
        return list(self._waiting)

    def unsaved(self, case_id: int) -> Annotation | None:
        """The newest annotation of a case that has edits not on disk yet."""
        mine = [(edit, before) for edit, before in tuple(self._waiting) if before.case_id == case_id]
        return mine[-1][1].apply(mine[-1][0]) if mine else None

    def commit(self, edit: Edit, before: Annotation) -> None:
        """Write an edit that was made to `before`, after all earlier ones."""
        self._waiting.append((edit, before))
        if not self._timer.isActive() and not self._is_draining:
            self.retry()

    def retry(self) -> None:
        """Write what waits, now; asked during a try that fails, try once more after it."""
        self._timer.stop()
        self._is_asked_again = self._is_draining
        if self._waiting and not self._is_draining and not self._is_stopped:
            self._is_draining = True
            self._runner.submit(STORE, self._drain, on_done=self._drained)

    def flush(self) -> Exception | None:
        """Write what waits and return why something is left; waits for the disk, for the end of the program."""
        return self._runner.call(STORE, self._drain)[1]

    def _drain(self) -> Drained:
        written: list[tuple[Edit, int]] = []
        while self._waiting:
            edit, before = self._waiting[0]
            try:
                self._write(edit, before)
            except Exception as error:  # whatever refuses the edit, it is kept and the reader is told
                return written, error
            self._waiting.popleft()
            written.append((edit, before.case_id))
        return written, None

    def _drained(self, result: Drained) -> None:
        self._is_draining = False
        written, error = result
        now = datetime.now().strftime("%H:%M:%S")
        for edit, case_id in written:
            self.saved.emit(edit, case_id, now)
        if error is None:
            self.retry()
        elif isinstance(error, StaleRevisionError | ProjectTakenOverError):
            self._is_stopped = True
            self.stopped.emit(str(error))
        else:
            self._timer.start()
            self.failed.emit(error, self.waiting)
            if self._is_asked_again:
                self.retry()
