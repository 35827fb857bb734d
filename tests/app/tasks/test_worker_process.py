"""Real children: small Python programs that behave well or badly."""

import os
import signal
import sys

import psutil
import pytest

from app.tasks.worker_process import LINE_LIMIT, WorkerProcess, worker_command


@pytest.fixture
def start(qtbot):
    workers = []

    def start(program, **options):
        worker = WorkerProcess([sys.executable, "-c", program], **options)
        worker.messages, worker.deaths = [], []
        worker.message.connect(worker.messages.append)
        worker.died.connect(lambda code, text: worker.deaths.append((code, text)))
        worker.start()
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.kill()
        qtbot.waitUntil(lambda worker=worker: not worker.is_running)


ECHO = "import sys\nprint('{\"event\": \"ready\"}', flush=True)\nfor line in sys.stdin: print(line, end='', flush=True)"


def test_lines_go_to_and_fro_and_closing_the_input_ends_it(start, qtbot):
    worker = start(ECHO)
    worker.send({"id": 1, "text": "Größe"})
    qtbot.waitUntil(lambda: len(worker.messages) == 2)
    assert worker.messages == [{"event": "ready"}, {"id": 1, "text": "Größe"}]
    worker.end_input()
    qtbot.waitUntil(lambda: worker.deaths == [(0, "")])


def test_garbage_is_counted_and_does_not_stop_the_rest(start, qtbot):
    worker = start(f"""
import sys
out = sys.stdout.buffer
out.write(b'\\xff\\xfe\\n[1]\\n' + b'x' * {LINE_LIMIT + 70_000}); out.flush()
out.write(b'still the long line\\n{{"ok": true}}\\n'); out.flush()
""")
    qtbot.waitUntil(lambda: bool(worker.deaths))
    assert worker.messages == [{"ok": True}]
    assert worker.bad_lines >= 3


def test_a_killed_child_is_reported_once_with_its_last_words(start, qtbot):
    worker = start(
        "import sys,time\nprint('about to hang', file=sys.stderr, flush=True)\nprint('{}',flush=True)\nsys.stdin.read()"
    )
    qtbot.waitUntil(lambda: bool(worker.messages) and "hang" in worker.log_tail)
    os.kill(worker.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: bool(worker.deaths))
    assert worker.deaths[0][0] < 0 and worker.deaths[0][1] == "about to hang"


def test_a_program_that_does_not_exist_dies_with_a_reason(qtbot):
    worker = WorkerProcess(["/no/such/program"])
    with qtbot.waitSignal(worker.died) as blocker:
        worker.start()
    assert blocker.args[0] == -1 and blocker.args[1]


def test_training_gets_a_low_priority(start, qtbot):
    worker = start(ECHO, low_priority=True)
    qtbot.waitUntil(lambda: bool(worker.messages))
    assert psutil.Process(worker.pid).nice() == 10


def test_the_worker_command_runs_our_worker():
    assert worker_command("serve")[-2:] == ["medsapiens_core.worker", "serve"]
