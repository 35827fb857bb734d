from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from medsapiens_core.store.errors import ProjectError, UnknownRecordError
from medsapiens_core.store.project import Project


@pytest.fixture
def worker():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield child
    if child.poll() is None:
        child.communicate(b"\n")


def test_a_job_runs_from_the_queue_to_its_end(project, worker):
    first = project.jobs.enqueue("finetune", {"name": "v2", "minutes": 1.5})
    second = project.jobs.enqueue("finetune", {"name": "v3"})
    assert (first.state, first.payload) == ("queued", {"name": "v2", "minutes": 1.5})
    assert first.folder == project.folder / "runs" / first.id and first.folder.is_dir()
    assert project.jobs.next_queued() == first
    running = project.jobs.claim(first.id, worker.pid)
    assert (running.state, running.pid) == ("running", worker.pid)
    assert project.jobs.next_queued() is None, "one at a time"
    project.jobs.progress(first.id, {"epoch": 3, "loss": 0.25})
    project.jobs.heartbeat(first.id)
    job = project.jobs.get(first.id)
    assert job.progress == {"epoch": 3, "loss": 0.25} and job.heartbeat_utc > running.heartbeat_utc
    assert project.jobs.request_stop(first.id).state == "stopping"
    done = project.jobs.finish(first.id, "done", {"candidate": "v2"})
    assert (done.state, done.outcome) == ("done", {"candidate": "v2"})
    assert project.jobs.next_queued() == second
    assert [job.id for job in project.jobs.list()] == [first.id, second.id]


def test_a_wrong_change_of_state_is_refused(project):
    job = project.jobs.enqueue("finetune", {})
    for act in (
        lambda: project.jobs.finish(job.id, "done", {}),
        lambda: project.jobs.requeue(job.id),
        lambda: project.jobs.remove(job.id),
    ):
        with pytest.raises(ProjectError):
            act()
    with pytest.raises(ValueError, match="running is not an end"):
        project.jobs.finish(job.id, "running", {})
    with pytest.raises(UnknownRecordError):
        project.jobs.get("nothing")
    assert project.jobs.request_stop(job.id).state == "cancelled"
    with pytest.raises(ProjectError):
        project.jobs.claim(job.id, psutil.Process().pid)
    project.jobs.progress(job.id, {"late": True})
    assert project.jobs.get(job.id).progress is None, "a late message of an ended job changes nothing"


def test_the_queue_survives_and_dead_jobs_are_offered_again(project, worker):
    alive, dead, waiting = (project.jobs.enqueue("finetune", {"n": n}) for n in range(3))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    project.jobs.claim(dead.id, gone.pid)
    gone.wait()
    project.jobs.claim(alive.id, worker.pid)
    (dead.folder / "checkpoint").write_text("epoch 3")
    folder = project.folder
    project.close()
    with Project.open(folder) as again:
        assert [job.id for job in again.jobs.recover()] == [dead.id]
        assert [job.state for job in again.jobs.list()] == ["running", "interrupted", "queued"]
        assert again.jobs.recover() == []
        resumed = again.jobs.requeue(dead.id)
        assert resumed.state == "queued" and (resumed.folder / "checkpoint").read_text() == "epoch 3"
        assert again.jobs.claim(dead.id, worker.pid).state == "running"
        assert again.jobs.get(waiting.id).state == "queued"


def test_an_interrupted_job_may_be_claimed_at_once_or_end(project, worker):
    job = project.jobs.enqueue("finetune", {})
    project.jobs.claim(job.id, worker.pid)
    project.jobs.finish(job.id, "interrupted", {"log": ["killed"]})
    assert project.jobs.claim(job.id, worker.pid).outcome is None
    project.jobs.finish(job.id, "failed", {"cause": "memory"})
    assert project.jobs.requeue(job.id).state == "queued"


def test_a_job_of_another_host_cannot_be_running_here(project):
    job = project.jobs.enqueue("finetune", {})
    project.jobs.claim(job.id, psutil.Process().pid, "PC-RADIO-3")
    assert [lost.id for lost in project.jobs.recover()] == [job.id]


def test_a_removed_job_takes_its_files_along(project):
    job = project.jobs.enqueue("finetune", {})
    (job.folder / "log").write_text("x")
    project.jobs.request_stop(job.id)
    project.jobs.remove(job.id)
    assert project.jobs.list() == [] and not job.folder.exists()
    assert project.check() == []
