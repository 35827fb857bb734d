"""Fine-tuning with a real child process: stop, a child that does not answer, and going on afterwards."""

import os
import signal

import pytest

from app.controllers.stop_guard import StopGuard
from app.controllers.training_controller import TrainingController
from app.tasks.worker_process import WorkerProcess
from medsapiens_core.training.config import TrainingOptions
from medsapiens_core.training.progress import Heartbeat, LogLine
from medsapiens_core.training.run_state import CHECKPOINT, load_state

from ..building import add_case, decide_all

MANY_STEPS = TrainingOptions(epochs=100_000, minutes=60, device="cpu", batch_size=2)
LONG = 240_000


@pytest.fixture(autouse=True)
def child_that_gets_on(monkeypatch):
    """One thread, and no low priority: on a busy machine a child that gives way to everybody never ends."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(WorkerProcess, "_lower_priority", lambda _self: None)


@pytest.fixture
def training(runner, project, library):
    for number in range(6):
        decide_all(project, add_case(project, number).id)
    controller = TrainingController(runner, project, library)
    yield controller
    controller.close()


@pytest.fixture
def running(training, project, library, qtbot):
    """A job that has trained for long enough to have a checkpoint."""
    training.start(library.current("blobs"), MANY_STEPS)
    qtbot.waitUntil(lambda: bool(training.jobs) and len(training.jobs[0].losses) > 3, timeout=LONG)
    checkpoint = project.jobs.list()[0].folder / CHECKPOINT
    qtbot.waitUntil(checkpoint.is_file, timeout=LONG)
    return training


@pytest.mark.slow
def test_a_stop_keeps_the_best_and_makes_a_candidate(running, library, qtbot):
    running.stop(1)
    assert running.jobs[0].state == "stopping"
    qtbot.waitUntil(lambda: running.jobs[0].state == "done", timeout=LONG)
    assert running.jobs[0].candidate in [entry.name for entry in library.list()]
    assert running.child_pid == 0


@pytest.mark.slow
@pytest.mark.expects_error_log
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a signal that freezes a process")
def test_a_child_that_does_not_answer_a_stop_is_ended_and_its_job_goes_on_later(running, library, project, qtbot):
    told = []
    running.interrupted.connect(lambda number, text: told.append(text))
    os.kill(running.child_pid, signal.SIGSTOP)
    running.guard.silence.setInterval(300)
    running.stop(1)
    qtbot.waitUntil(lambda: running.jobs[0].state == "interrupted", timeout=LONG)
    assert "did not answer" in told[0] and running.child_pid == 0
    step = load_state(project.jobs.list()[0].folder)[0].step
    assert step > 0

    running.guard.silence.setInterval(LONG)
    running.resume(1)
    qtbot.waitUntil(lambda: running.jobs[0].state == "running" and running.jobs[0].progress is not None, timeout=LONG)
    running.stop(1)
    qtbot.waitUntil(lambda: running.jobs[0].state == "done", timeout=LONG)
    assert load_state(project.jobs.list()[0].folder)[0].step >= step


def test_the_guard_waits_ten_seconds_for_a_sign_of_life_and_longer_for_work(qtbot):
    guard = StopGuard()
    assert (guard.silence.interval(), guard.idle.interval()) == (10_000, 120_000)
    guard.hear(Heartbeat())
    assert not guard.silence.isActive(), "nothing was stopped yet"
    guard.begin()
    guard.idle.setInterval(50)
    guard.idle.start()
    with qtbot.waitSignal(guard.expired):
        guard.hear(Heartbeat())
    assert not guard.silence.isActive()
    guard.begin()
    guard.hear(LogLine("still at work"))
    assert guard.silence.isActive() and guard.idle.isActive()
    guard.end()
    assert not guard.silence.isActive() and not guard.idle.isActive()
