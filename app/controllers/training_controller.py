"""Fine-tuning: freeze, queue, a child at low priority, progress, stop, resume, and what is done with the candidate.

The window only watches. The child's death, or the window's, leaves a job that can be resumed from its checkpoint.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.candidate import finish_job
from app.controllers.job_making import NoRoomError, Wish, frozen_text, make_job
from app.controllers.job_progress import JobProgress, job_state
from app.controllers.stop_guard import StopGuard
from app.session.view_state import JobState
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.tasks.worker_process import WorkerProcess, worker_command
from app.translate import tr
from medsapiens_core.data.snapshot import TrainingSnapshot
from medsapiens_core.store.jobs import FINAL, JobRow
from medsapiens_core.store.library import ModelEntry, ModelLibrary
from medsapiens_core.store.project import Project
from medsapiens_core.store.readiness import Readiness, readiness
from medsapiens_core.training.config import TrainingOptions
from medsapiens_core.training.progress import Failed, Finished, LogLine, parse_line

NOTE_EVERY_MS = 2000
BY_SYSTEM = "the system ended it, most often for lack of memory"  # M27
BY_SILENCE = "it did not answer when it was told to stop"
BY_CLOSING = "the program was closed"
log = logging.getLogger(__name__)


@dataclass
class _Run:
    """The job that is at work in a child."""

    job: JobRow
    worker: WorkerProcess
    progress: JobProgress
    state: str = "running"
    finished: Finished | None = None
    failure: Failed | None = None
    is_discarded: bool = False
    is_claimed: bool = False
    is_silent: bool = False


class TrainingController(QObject):
    """Signals: `jobs_changed(list[JobState])`, `candidate_ready(job number, model name)`, `frozen(text)`,
    `failed(text)`, `no_room(text)` when the disk is too full, `interrupted(job number, text)`, and
    `corrections_changed(count)`.
    """

    jobs_changed = Signal(object)
    candidate_ready = Signal(int, str)
    frozen = Signal(str)
    failed = Signal(str)
    no_room = Signal(str)
    interrupted = Signal(int, str)
    corrections_changed = Signal(int)

    def __init__(
        self, runner: TaskRunner, project: Project, library: ModelLibrary, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._library = runner, project, library
        self._run: _Run | None = None
        self._jobs: list[JobRow] = []
        self._numbers: dict[str, int] = {}
        self._frugal: set[str] = set()
        self._is_starting = self._is_closed = False
        self._note_timer = QTimer(self, interval=NOTE_EVERY_MS)
        self._note_timer.timeout.connect(self._note)
        self.guard = StopGuard(self)
        self.guard.expired.connect(self._kill_silent)

    @property
    def is_running(self) -> bool:
        """True while a job is at work."""
        return self._run is not None

    @property
    def child_pid(self) -> int:
        """Process id of the child that trains, 0 while there is none."""
        return self._run.worker.pid if self._run is not None else 0

    @property
    def jobs(self) -> list[JobState]:
        """All jobs as shown, the oldest first."""
        return [self._shown(job) for job in self._jobs]

    # --- intents

    def recover(self) -> None:
        """At start: find jobs whose process is gone, and go on with what waits."""
        if self._project.read_only:
            self.refresh()
            return
        self._runner.submit(STORE, self._project.jobs.recover, on_done=self._recovered)

    def start(self, base: ModelEntry, options: TrainingOptions | None = None, wish: Wish | None = None) -> None:
        """Freeze the reviewed cases and queue a job that starts from `base`."""
        if self._is_starting:
            return
        self._is_starting = True
        self._runner.submit(
            IO,
            make_job,
            self._project,
            self._library,
            base,
            wish or Wish(options or TrainingOptions()),
            on_done=self._prepared,
            on_error=self._not_prepared,
        )

    def ask_readiness(self, tell: Callable[[Readiness], None]) -> None:
        """Count what there is to train on and to compare with."""
        self._runner.submit(STORE, readiness, self._project.database, on_done=tell)

    def stop(self, number: int) -> None:
        """Finish the step, keep the best so far, evaluate it."""
        run = self._running(number)
        if run is not None and run.state == "running":
            run.state = "stopping"
            if run.is_claimed:
                self._ask_to_stop(run)

    def _ask_to_stop(self, run: _Run) -> None:
        run.worker.send_line("stop")
        self.guard.begin()
        self._store(self._project.jobs.request_stop, run.job.id)

    def cancel(self, number: int) -> None:
        """End the job and discard what it made."""
        run = self._running(number)
        if run is None:
            self._store(self._cancel_queued, self._id_of(number))
        else:
            run.is_discarded = True
            run.worker.kill()

    def resume(self, number: int, *, less_memory: bool = False) -> None:
        """Queue an interrupted or failed job again; `less_memory` halves the portions that it learns from."""
        if less_memory:
            self._frugal.add(self._id_of(number))
        self._store(self._project.jobs.requeue, self._id_of(number))

    def remove(self, number: int) -> None:
        """Take an ended job from the list, with its files."""
        self._store(self._project.jobs.remove, self._id_of(number))

    def refresh(self) -> None:
        """Read jobs and the number of new corrections again."""
        self._runner.submit(STORE, self._project.jobs.list, on_done=self._listed)
        self.count_corrections()

    def count_corrections(self) -> None:
        """Read how many cases a fine-tune would learn from anew."""
        self._runner.submit(STORE, self._project.snapshots.new_corrections, on_done=self._counted)

    def _counted(self, corrections: int) -> None:
        self.corrections_changed.emit(corrections)

    def log_of(self, number: int) -> str:
        """The last lines of the process of an ended job."""
        job = next(job for job in self._jobs if job.id == self._id_of(number))
        return str((job.outcome or {}).get("log", ""))

    def epoch_of(self, number: int) -> int:
        """The epoch that a job was in, 0 before the first."""
        job = next(job for job in self._jobs if job.id == self._id_of(number))
        return JobProgress.from_json(job.progress).epoch

    def remove_ended(self) -> None:
        """Take every ended job from the list, with its files: they hold checkpoints and cost room."""
        for job in self._jobs:
            if job.state in FINAL:
                self._store(self._project.jobs.remove, job.id)

    def try_out(self, name: str) -> bool:
        """True for a model that was trained as a try-out, which is never put in use."""
        made = (job for job in self._jobs if job.payload.get("model") == name)
        return any(bool(job.payload.get("try_out")) for job in made)

    def job_of_candidate(self, name: str) -> str | None:
        """The id of the job that made a model, if it is one of this project's."""
        made = (job for job in self._jobs if job.state == "done" and (job.outcome or {}).get("model") == name)
        return next((job.id for job in made), None)

    def close(self) -> None:
        """End the child; its job can be resumed at the next start."""
        self._is_closed = True
        self._note_timer.stop()
        if self._run is not None:
            self._run.worker.close()

    # --- starting

    def _prepared(self, snapshot: TrainingSnapshot) -> None:
        self._is_starting = False
        self.frozen.emit(frozen_text(snapshot))
        self.refresh()

    def _not_prepared(self, error: Exception) -> None:
        self._is_starting = False
        (self.no_room if isinstance(error, NoRoomError) else self.failed).emit(str(error))

    def _recovered(self, lost: list[JobRow]) -> None:
        self._runner.submit(
            STORE, self._project.jobs.list, on_done=lambda jobs: self._listed_after_recovery(jobs, lost)
        )
        self.count_corrections()

    def _listed_after_recovery(self, jobs: list[JobRow], lost: list[JobRow]) -> None:
        self._listed(jobs)
        for job in lost:
            self.interrupted.emit(
                self._numbers[job.id], stopped_text(job, JobProgress.from_json(job.progress), BY_CLOSING)
            )

    def _listed(self, jobs: list[JobRow]) -> None:
        self._jobs = jobs
        for job in jobs:
            self._numbers.setdefault(job.id, len(self._numbers) + 1)
        self._show()
        due = next((job for job in jobs if job.state == "queued"), None)
        if due is not None and self._run is None and not self._is_closed and not self._project.read_only:
            self._launch(due)

    def _launch(self, job: JobRow) -> None:
        how = ["--less-memory"] if job.id in self._frugal else []
        self._frugal.discard(job.id)
        worker = WorkerProcess(worker_command("train", str(job.folder), *how), low_priority=True, parent=self)
        self._run = _Run(job, worker, JobProgress.from_json(job.progress))
        worker.started.connect(self._claim)
        worker.message.connect(self._receive)
        worker.died.connect(self._died)
        worker.start()
        self._note_timer.start()
        self._show()

    def _claim(self, pid: int) -> None:
        if self._run is not None:
            self._run.is_claimed = True
            self._store(self._project.jobs.claim, self._run.job.id, pid)
            if self._run.state == "stopping":  # asked for before the process had started
                self._ask_to_stop(self._run)

    # --- while it runs

    def _receive(self, value: dict[str, Any]) -> None:
        run = self._run
        message = parse_line(json.dumps(value))
        if run is None or message is None:
            return
        self.guard.hear(message)
        run.progress = run.progress.after(message)
        if isinstance(message, Finished):
            run.finished = message
        elif isinstance(message, Failed):
            run.failure = message
        elif isinstance(message, LogLine):
            log.info("job %s: %s", run.job.id, message.text)
        self._show()

    def _note(self) -> None:
        if self._run is not None and self._run.is_claimed:
            progress = self._run.progress.to_json()
            self._runner.submit(STORE, self._project.jobs.progress, self._run.job.id, progress)

    def _kill_silent(self) -> None:
        if self._run is not None:
            self._run.is_silent = True
            self._run.worker.kill()

    # --- the end

    def _died(self, code: int, text: str) -> None:
        run, self._run = self._run, None
        self._note_timer.stop()
        self.guard.end()
        if run is None or self._is_closed:
            return
        if run.is_claimed:
            self._runner.submit(STORE, self._project.jobs.progress, run.job.id, run.progress.to_json())
        if run.is_discarded:
            self._store(self._discard, run.job.id)
        elif run.finished is not None:
            self._take_candidate(run, run.finished)
        else:
            log.error("training ended with code %s: %s", code, text)
            self._end_without_candidate(run, text)

    def _take_candidate(self, run: _Run, finished: Finished) -> None:
        self._runner.submit(
            STORE,
            finish_job,
            self._project,
            self._library,
            run.job,
            Path(finished.candidate),
            finished.comparison,
            on_done=lambda name: self._candidate_taken(run.job.id, name),
            on_error=lambda error: self._refused(run, str(error)),
        )

    def _candidate_taken(self, job_id: str, name: str) -> None:
        self._runner.submit(
            STORE, self._project.jobs.list, on_done=lambda jobs: self._announce_candidate(jobs, job_id, name)
        )
        self.count_corrections()

    def _announce_candidate(self, jobs: list[JobRow], job_id: str, name: str) -> None:
        self._listed(jobs)
        self.candidate_ready.emit(self._numbers[job_id], name)

    def _end_without_candidate(self, run: _Run, text: str) -> None:
        if run.failure is not None:
            self._refused(run, run.failure.message)
        elif not run.is_claimed:
            self._refused(run, text or tr("the training process could not be started"))
        else:
            message = stopped_text(run.job, run.progress, BY_SILENCE if run.is_silent else BY_SYSTEM)
            outcome = {"message": message, "log": text[-4000:]}
            self._store(self._project.jobs.finish, run.job.id, "interrupted", outcome)
            self.interrupted.emit(self._numbers[run.job.id], message)

    def _refused(self, run: _Run, text: str) -> None:
        self._store(self._fail, run.job.id, text)
        self.failed.emit(tr("Fine-tuning failed: {reason}", reason=text))

    def _fail(self, job_id: str, text: str) -> None:
        if self._project.jobs.get(job_id).state == "queued":
            self._project.jobs.claim(job_id, 0)
        self._project.jobs.finish(job_id, "failed", {"message": text})

    def _discard(self, job_id: str) -> None:
        if self._project.jobs.get(job_id).state in ("running", "stopping"):
            self._project.jobs.finish(job_id, "cancelled", {"message": tr("cancelled by the reader")})
        self._project.jobs.remove(job_id)

    def _cancel_queued(self, job_id: str) -> None:
        self._project.jobs.request_stop(job_id)
        self._project.jobs.remove(job_id)

    # --- helpers

    def _store(self, work: Any, *args: Any) -> None:
        self._runner.submit(
            STORE, work, *args, on_done=lambda _result: self.refresh(), on_error=lambda e: self.failed.emit(str(e))
        )

    def _running(self, number: int) -> _Run | None:
        return self._run if self._run is not None and self._run.job.id == self._id_of(number) else None

    def _id_of(self, number: int) -> str:
        return next(job_id for job_id, known in self._numbers.items() if known == number)

    def _show(self) -> None:
        self.jobs_changed.emit(self.jobs)

    def _shown(self, job: JobRow) -> JobState:
        run = self._run
        if run is not None and run.job.id == job.id:
            return job_state(self._numbers[job.id], run.state, run.progress, None, None, payload=job.payload)
        outcome: Mapping[str, Any] = job.outcome or {}
        progress = JobProgress.from_json(job.progress)
        return job_state(self._numbers[job.id], job.state, progress, outcome.get("model"), outcome, payload=job.payload)


def stopped_text(job: JobRow, progress: JobProgress, why: str) -> str:
    """M27: where a job stopped, why, and what that means."""
    base = str(job.payload.get("base", ""))
    if progress.epochs:
        where = tr(
            "Training stopped at epoch {done} of {of}: {why}.", done=progress.epoch, of=progress.epochs, why=tr(why)
        )
    else:
        where = tr("Training stopped before its first epoch: {why}.", why=tr(why))
    return where + " " + tr("Your cases and {model} are untouched.", model=base)
