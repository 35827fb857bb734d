"""The queue of long jobs: on disk, so that it survives a restart (ux.md 8.1, reliability.md C4, 5)."""

from __future__ import annotations

import builtins
import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import psutil
import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.store import audit, tables
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import ProjectError, UnknownRecordError
from medsapiens_core.store.files import canonical_json
from medsapiens_core.store.lock import ProcessIdentity, host_name, process_identity

JobState = Literal["queued", "running", "stopping", "done", "failed", "interrupted", "cancelled"]
ACTIVE: tuple[JobState, ...] = ("running", "stopping")
FINAL: tuple[JobState, ...] = ("done", "failed", "cancelled")
RUNS_FOLDER = "runs_folder"  # where it is not in the project; of this computer, so a copy elsewhere makes its own
_j = tables.job.c


@dataclass(frozen=True)
class JobRow:
    """One job. `folder` holds its files; `progress` and `outcome` are JSON objects that the job reported."""

    id: str
    kind: str
    state: JobState
    payload: Mapping[str, Any]
    folder: Path
    pid: int | None
    created_utc: str
    started_utc: str | None
    heartbeat_utc: str | None
    finished_utc: str | None
    progress: Mapping[str, Any] | None
    outcome: Mapping[str, Any] | None


class Jobs:
    """The jobs of one project. Every change of state is one transaction; a wrong change is refused."""

    def __init__(self, database: Database, runs: Path) -> None:
        self._database, self.runs = database, runs

    def use_folder(self, runs: Path) -> None:
        """Keep the files of every job in another folder from now on, on a disk with room; those there are move along.

        Raises ProjectError while a job runs.
        """
        if any(job.state in ACTIVE for job in self.list()):
            raise ProjectError("A job is running, so its files stay where they are. Stop it first.")
        runs.mkdir(parents=True, exist_ok=True)
        for job in self.list():
            if job.folder.is_dir():
                shutil.move(job.folder, runs / job.id)
        with self._database.write() as connection:
            mine = tables.meta.c.key == RUNS_FOLDER
            connection.execute(sa.delete(tables.meta).where(mine))
            connection.execute(sa.insert(tables.meta).values(key=RUNS_FOLDER, value=str(runs)))
            audit.append(connection, "job.folder", {})
        self.runs = runs

    def enqueue(self, kind: str, payload: Mapping[str, Any]) -> JobRow:
        """Add a job at the end of the queue; its folder `runs/<id>` exists when this returns."""
        job_id = uuid.uuid4().hex[:12]
        (self.runs / job_id).mkdir(parents=True)
        with self._database.write() as connection:
            newest = connection.execute(sa.select(sa.func.coalesce(sa.func.max(_j.number), 0))).scalar_one()
            values = {"id": job_id, "number": newest + 1, "kind": kind, "state": "queued", "removed": False}
            values.update(payload=canonical_json(payload), created_utc=utc_now())
            connection.execute(sa.insert(tables.job).values(values))
            audit.append(connection, "job.enqueue", {"job_id": job_id, "kind": kind})
            return self._fetch(connection, job_id)

    def list(self) -> list[JobRow]:
        """Every job that was not removed, oldest first."""
        query = sa.select(tables.job).where(sa.not_(_j.removed)).order_by(_j.number)
        with self._database.read() as connection:
            return [self._row(row) for row in connection.execute(query)]

    def get(self, job_id: str) -> JobRow:
        """One job. Raises UnknownRecordError."""
        with self._database.read() as connection:
            return self._fetch(connection, job_id)

    def next_queued(self) -> JobRow | None:
        """The job that is due, None while another one runs or nothing waits."""
        waiting = [job for job in self.list() if job.state == "queued"]
        busy = any(job.state in ACTIVE for job in self.list())
        return None if busy or not waiting else waiting[0]

    def claim(self, job_id: str, pid: int, host: str | None = None) -> JobRow:
        """The process `pid` has begun to work on a queued or interrupted job."""
        try:
            started: float | None = process_identity(pid).started
        except psutil.NoSuchProcess:
            started = None  # it has died already; `recover` will find out
        values = {"pid": pid, "host": host or host_name(), "process_started": started, "started_utc": utc_now()}
        values.update(heartbeat_utc=utc_now(), finished_utc=None, outcome=None)
        return self._change(job_id, ("queued", "interrupted"), "running", values)

    def heartbeat(self, job_id: str) -> None:
        """The job's process has shown a sign of life."""
        self._note(job_id, {"heartbeat_utc": utc_now()})

    def progress(self, job_id: str, progress: Mapping[str, Any]) -> None:
        """Store the newest progress, which is a sign of life too."""
        self._note(job_id, {"progress": canonical_json(progress), "heartbeat_utc": utc_now()})

    def request_stop(self, job_id: str) -> JobRow:
        """A running job shall finish early; one that has not begun, or was interrupted, is cancelled."""
        if self.get(job_id).state in ("queued", "interrupted"):
            return self._change(job_id, ("queued", "interrupted"), "cancelled", {"finished_utc": utc_now()})
        return self._change(job_id, ACTIVE, "stopping", {})

    def finish(self, job_id: str, state: JobState, outcome: Mapping[str, Any]) -> JobRow:
        """The job has ended: done, failed, cancelled, or interrupted (which can be resumed)."""
        if state not in (*FINAL, "interrupted"):
            raise ValueError(f"{state} is not an end")
        values = {"outcome": canonical_json(outcome), "finished_utc": utc_now()}
        return self._change(job_id, (*ACTIVE, "interrupted"), state, values)

    def requeue(self, job_id: str) -> JobRow:
        """An interrupted or failed job shall be resumed; its folder is kept."""
        return self._change(job_id, ("interrupted", "failed"), "queued", {"finished_utc": None, "outcome": None})

    def remove(self, job_id: str) -> None:
        """Take an ended job from the list and delete its folder."""
        with self._database.write() as connection:
            job = self._fetch(connection, job_id)
            _require(job, (*FINAL, "interrupted"), "removed")
            connection.execute(sa.update(tables.job).where(_j.id == job_id).values(removed=True))
            audit.append(connection, "job.remove", {"job_id": job_id})
        shutil.rmtree(job.folder, ignore_errors=True)

    def recover(self) -> builtins.list[JobRow]:
        """Mark running jobs whose process is gone as interrupted, and return them."""
        query = sa.select(tables.job).where(_j.state.in_(ACTIVE)).order_by(_j.number)
        with self._database.read() as connection:
            lost = [row.id for row in connection.execute(query) if not _is_running(row)]
        return [self._change(job_id, ACTIVE, "interrupted", {"finished_utc": utc_now()}) for job_id in lost]

    def _change(self, job_id: str, allowed: tuple[JobState, ...], state: JobState, values: dict[str, Any]) -> JobRow:
        with self._database.write() as connection:
            before = self._fetch(connection, job_id)
            _require(before, allowed, state)
            connection.execute(sa.update(tables.job).where(_j.id == job_id).values(state=state, **values))
            audit.append(connection, "job.state", {"job_id": job_id, "before": before.state, "after": state})
            return self._fetch(connection, job_id)

    def _note(self, job_id: str, values: dict[str, Any]) -> None:
        with self._database.write() as connection:
            running = (_j.id == job_id) & _j.state.in_(ACTIVE)
            connection.execute(sa.update(tables.job).where(running).values(values))

    def _fetch(self, connection: sa.Connection, job_id: str) -> JobRow:
        row = connection.execute(sa.select(tables.job).where(_j.id == job_id)).first()
        if row is None:
            raise UnknownRecordError(f"Job {job_id} is not in this project.")
        return self._row(row)

    def _row(self, row: sa.Row[Any]) -> JobRow:
        return JobRow(
            id=row.id,
            kind=row.kind,
            state=cast(JobState, row.state),
            payload=json.loads(row.payload),
            folder=self.runs / row.id,
            pid=row.pid,
            created_utc=row.created_utc,
            started_utc=row.started_utc,
            heartbeat_utc=row.heartbeat_utc,
            finished_utc=row.finished_utc,
            progress=None if row.progress is None else json.loads(row.progress),
            outcome=None if row.outcome is None else json.loads(row.outcome),
        )


def _is_running(row: sa.Row[Any]) -> bool:
    """A job of another host cannot run: its window would hold the project's lock, which is ours."""
    if row.host != host_name() or row.process_started is None:
        return False
    return ProcessIdentity(pid=row.pid, host=row.host, started=row.process_started).is_alive()


def _require(job: JobRow, allowed: tuple[JobState, ...], state: str) -> None:
    if job.state not in allowed:
        raise ProjectError(f"Job {job.id} is {job.state}, so it cannot become {state}. Refresh the list of jobs.")
