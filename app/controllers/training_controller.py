"""Fine-tuning: freeze, queue, a child at low priority, progress, stop, resume, and what is done with the candidate.

The window only watches. The child's death, or the window's, leaves a job that can be resumed from its checkpoint.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.candidate import finish_job, next_name
from app.controllers.job_progress import JobProgress, job_state
from app.session.view_state import JobState
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.tasks.worker_process import WorkerProcess, worker_command
from medsapiens_core.data.snapshot import Part, TrainingSnapshot
from medsapiens_core.store.jobs import JobRow
from medsapiens_core.store.library import ModelEntry, ModelLibrary
from medsapiens_core.store.project import Project
from medsapiens_core.training.config import TrainingJob, TrainingOptions
from medsapiens_core.training.progress import Failed, Finished, LogLine, parse_line
from medsapiens_core.whole_files import write_atomic

KIND = "train"
NOTE_EVERY_MS = 2000
SILENCE_AFTER_STOP_MS = 60_000
DIED = (
    "Training was ended by the system or by a fault (most often for lack of memory). Your cases and the model in use "
    "are untouched; the job can be resumed where it was."
)
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


class TrainingController(QObject):
    """Signals: `jobs_changed(list[JobState])`, `candidate_ready(job number, model name)`, `frozen(text)`,
    `failed(text)`, `interrupted(job number, text)`, `corrections_changed(count)`.
    """

    jobs_changed = Signal(object)
    candidate_ready = Signal(int, str)
    frozen = Signal(str)
    failed = Signal(str)
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
        self._is_starting = self._is_closed = False
        self._note_timer = QTimer(self, interval=NOTE_EVERY_MS)
        self._note_timer.timeout.connect(self._note)
        self._silence = QTimer(self, singleShot=True, interval=SILENCE_AFTER_STOP_MS)
        self._silence.timeout.connect(self._kill_silent)

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

    def start(self, base: ModelEntry, options: TrainingOptions | None = None) -> None:
        """Freeze the reviewed cases and queue a job that starts from `base`."""
        if self._is_starting:
            return
        self._is_starting = True
        self._runner.submit(
            IO, self._prepare, base, options or TrainingOptions(), on_done=self._prepared, on_error=self._not_prepared
        )

    def stop(self, number: int) -> None:
        """Finish the step, keep the best so far, evaluate it."""
        run = self._running(number)
        if run is not None and run.state == "running":
            run.state = "stopping"
            run.worker.send_line("stop")
            self._silence.start()
            self._store(self._project.jobs.request_stop, run.job.id)

    def cancel(self, number: int) -> None:
        """End the job and discard what it made."""
        run = self._running(number)
        if run is None:
            self._store(self._cancel_queued, self._id_of(number))
        else:
            run.is_discarded = True
            run.worker.kill()

    def resume(self, number: int) -> None:
        """Queue an interrupted or failed job again."""
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

    def job_id(self, number: int) -> str:
        """The store's id of a job."""
        return self._id_of(number)

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

    def _prepare(self, base: ModelEntry, options: TrainingOptions) -> str:
        template = self._project.template
        snapshot = self._project.snapshots.freeze(template)
        name = next_name(self._library, self._project, template.id)
        payload = {"snapshot_id": snapshot.id, "base": base.name, "base_id": base.id, "model": name}
        job = self._project.jobs.enqueue(KIND, payload)
        path = job.folder / "snapshot.json"
        write_atomic(path, json.dumps(snapshot.to_json()).encode())
        TrainingJob.create(
            snapshot=path, base_folder=base.folder, base_model=base.id, name=name, template=template, options=options
        ).write(job.folder)
        return frozen_text(snapshot)

    def _prepared(self, text: str) -> None:
        self._is_starting = False
        self.frozen.emit(text)
        self.refresh()

    def _not_prepared(self, error: Exception) -> None:
        self._is_starting = False
        self.failed.emit(str(error))

    def _recovered(self, lost: list[JobRow]) -> None:
        self._runner.submit(
            STORE, self._project.jobs.list, on_done=lambda jobs: self._listed_after_recovery(jobs, lost)
        )
        self.count_corrections()

    def _listed_after_recovery(self, jobs: list[JobRow], lost: list[JobRow]) -> None:
        self._listed(jobs)
        for job in lost:
            number = self._numbers[job.id]
            self.interrupted.emit(number, f"Fine-tuning job {number} was interrupted. It can be resumed where it was.")

    def _listed(self, jobs: list[JobRow]) -> None:
        self._jobs = jobs
        for job in jobs:
            self._numbers.setdefault(job.id, len(self._numbers) + 1)
        self._show()
        due = next((job for job in jobs if job.state == "queued"), None)
        if due is not None and self._run is None and not self._is_closed and not self._project.read_only:
            self._launch(due)

    def _launch(self, job: JobRow) -> None:
        worker = WorkerProcess(worker_command("train", str(job.folder)), low_priority=True, parent=self)
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

    # --- while it runs

    def _receive(self, value: dict[str, Any]) -> None:
        run = self._run
        message = parse_line(json.dumps(value))
        if run is None or message is None:
            return
        if self._silence.isActive():
            self._silence.start()
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
            self._run.worker.kill()

    # --- the end

    def _died(self, code: int, text: str) -> None:
        run, self._run = self._run, None
        self._note_timer.stop()
        self._silence.stop()
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
            self._refused(run, text or "the training process could not be started")
        else:
            outcome = {"message": DIED, "log": text[-4000:]}
            self._store(self._project.jobs.finish, run.job.id, "interrupted", outcome)
            self.interrupted.emit(self._numbers[run.job.id], DIED)

    def _refused(self, run: _Run, text: str) -> None:
        self._store(self._fail, run.job.id, text)
        self.failed.emit(f"Fine-tuning failed: {text}")

    def _fail(self, job_id: str, text: str) -> None:
        if self._project.jobs.get(job_id).state == "queued":
            self._project.jobs.claim(job_id, 0)
        self._project.jobs.finish(job_id, "failed", {"message": text})

    def _discard(self, job_id: str) -> None:
        if self._project.jobs.get(job_id).state in ("running", "stopping"):
            self._project.jobs.finish(job_id, "cancelled", {"message": "cancelled by the reader"})
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
            return job_state(self._numbers[job.id], run.state, run.progress, None, None)
        outcome: Mapping[str, Any] = job.outcome or {}
        progress = JobProgress.from_json(job.progress)
        return job_state(self._numbers[job.id], job.state, progress, outcome.get("model"), outcome)


def frozen_text(snapshot: TrainingSnapshot) -> str:
    """What a snapshot holds, in words."""
    train, val, locked = (len(snapshot.part(part)) for part in get_args(Part))
    skipped = f" {len(snapshot.skipped)} were left out: picture missing or changed." if snapshot.skipped else ""
    return (
        f"Snapshot of {len(snapshot.items)} cases: {train} to train on, {val} to choose the best "
        f"epoch, {locked} locked for the comparison.{skipped} You can go on reviewing."
    )
