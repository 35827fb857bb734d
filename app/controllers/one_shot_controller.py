"""Proposals from the first reviewed cases, for templates that no model knows (ux.md 9.3).

A child process learns prototypes from the reviewed cases, in seconds and without training; the package takes the place
of the model in use for this project until there is one. It is learned again after further cases, up to ten.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.controllers.one_shot_work import Examples, entry_of, forget_others, prepare
from app.tasks.task_runner import IO, TaskRunner
from app.tasks.worker_process import WorkerProcess, worker_command
from app.translate import tr
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

log = logging.getLogger(__name__)


class OneShotController(QObject):
    """`ready(ModelEntry, examples)` when proposals can be made; `failed(text)` once per set of examples.

    `may_run` is asked before a child is started: a model in use, or a training at work, comes first.
    """

    ready = Signal(object, int)
    failed = Signal(str)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        library: ModelLibrary,
        *,
        may_run: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._library = runner, project, library
        self._may_run = may_run
        self._mark = ""
        self._is_preparing = self._is_asked_again = self._is_closed = False
        self._worker: WorkerProcess | None = None
        self._job: Examples | None = None

    @property
    def is_learning(self) -> bool:
        """True while a child looks at examples."""
        return self._worker is not None

    def consider(self) -> None:
        """Learn from the cases that are reviewed now, if that is new and there is no better model."""
        if self._is_closed or self._project.read_only or not self._may_run():
            return
        if self._is_preparing or self._worker is not None:
            self._is_asked_again = True
            return
        self._is_preparing, self._is_asked_again = True, False
        work = (prepare, self._project, self._library, self._mark)
        self._runner.submit(IO, *work, on_done=self._prepared, on_error=self._not_prepared)

    def close(self) -> None:
        """End the child; it begins again at the next start."""
        self._is_closed = True
        if self._worker is not None:
            self._worker.kill()
            self._worker.close()

    def _prepared(self, examples: Examples | None) -> None:
        self._is_preparing = False
        if examples is None:
            return
        self._mark, self._job = examples.mark, examples
        if examples.ready is not None:
            self._finish(examples)
        elif not self._is_closed:
            self._worker = WorkerProcess(worker_command("train", str(examples.folder)), parent=self)
            self._worker.died.connect(self._ended)
            self._worker.start()

    def _not_prepared(self, error: Exception) -> None:
        self._is_preparing = False
        self.failed.emit(str(error))

    def _ended(self, code: int, text: str) -> None:
        self._worker = None
        job = self._job
        if self._is_closed or job is None:
            return
        if code == 0:
            self._finish(job)
        else:
            log.warning("learning from examples ended with code %s: %s", code, text)
            self.failed.emit(
                tr("One-shot proposals could not be made from the reviewed cases. Place the points by hand.")
            )
        if self._is_asked_again:
            self.consider()

    def _finish(self, job: Examples) -> None:
        entry = job.ready or entry_of(job.folder, self._project.template.id)
        if entry is not None and self._may_run():
            self._runner.submit(IO, forget_others, job.folder)
            self.ready.emit(entry, job.count)
