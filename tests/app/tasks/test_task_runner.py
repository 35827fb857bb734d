import threading

import pytest

from app.tasks.task_runner import IO, STORE, TaskRunner
from medsapiens_core.errors import UserError


@pytest.fixture
def runner(qtbot):
    runner = TaskRunner()
    yield runner
    runner.shut_down()


def test_the_answer_comes_back_on_the_gui_thread(runner, qtbot):
    answers = []
    work = lambda: threading.current_thread().name  # noqa: E731  a name for the thread that ran it
    runner.submit(STORE, work, on_done=lambda name: answers.append((name, threading.current_thread())))
    qtbot.waitUntil(lambda: bool(answers))
    assert answers[0][0].startswith("store") and answers[0][1] is threading.main_thread()


def test_the_store_lane_keeps_order(runner, qtbot):
    done = []
    for number in range(50):
        runner.submit(STORE, lambda n=number: n, on_done=done.append)
    qtbot.waitUntil(lambda: len(done) == 50)
    assert done == list(range(50))


def test_errors_come_back_and_do_not_end_the_lane(runner, qtbot):
    def fail():
        raise UserError("the disk is full")

    errors = []
    runner.submit(STORE, fail, on_error=errors.append)
    with qtbot.waitSignal(runner.failed) as blocker:
        runner.submit(IO, fail)
    assert blocker.args == ["the disk is full"]
    done = []
    runner.submit(STORE, lambda: 1, on_done=done.append)
    qtbot.waitUntil(lambda: done == [1])
    assert [str(error) for error in errors] == ["the disk is full"]


def test_a_cancelled_task_never_answers(runner, qtbot):
    gate, answers = threading.Event(), []
    running = runner.submit(STORE, gate.wait, on_done=answers.append)
    waiting = runner.submit(STORE, lambda: 2, on_done=answers.append)
    waiting.cancel()
    running.cancel()
    gate.set()
    runner.submit(STORE, lambda: 3, on_done=answers.append)
    qtbot.waitUntil(lambda: bool(answers))
    qtbot.waitUntil(lambda: runner.pending == 0)
    assert answers == [3]


def test_shutting_down_finishes_what_the_store_lane_has(qtbot):
    runner, written = TaskRunner(), []
    for number in range(20):
        runner.submit(STORE, written.append, number)
    runner.shut_down()
    assert written == list(range(20))
    assert runner.submit(STORE, written.append, 20).is_cancelled
    assert written == list(range(20)), "a closed lane takes nothing any more"
