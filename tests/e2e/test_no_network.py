"""No part of the program opens a network connection by default: the window, its children, and the command line.

Every process of the suite refuses the network (tests/network_guard), and a test in which one tried fails, also where
the refusal was swallowed. Here it is shown that each kind of process of the program does run under that guard, and, for
code that no Python hook sees, that none of them holds an internet socket.
"""

import os
import subprocess
import sys

import psutil
import pytest
import sitecustomize

from app.tasks.worker_process import WorkerProcess, worker_command
from medsapiens_core.data.template_file import find_template
from medsapiens_core.decoding import close_decoders
from medsapiens_core.store.project import Project

from ..app.building import add_case, decide_all

LONG = 60_000
COMMANDS = (
    ("project", "info", "{project}"),
    ("export", "--project", "{project}", "--format", "csv", "--out", "{out}/a.csv", "--deidentify",
     "--pixels", "looked-at"),
    ("convert", "{out}/a.csv", "{out}/b.json", "--to", "coco", "--images", "{out}/a.csv.images"),
    ("import", "{out}/a.csv", "--project", "{project}", "--as", "reading", "--images", "{out}/a.csv.images"),
    ("models", "list"),
)  # fmt: skip


@pytest.fixture
def roll(tmp_path, monkeypatch):
    """The command lines of all processes that began under the guard since."""
    path = tmp_path / "roll"
    monkeypatch.setenv(sitecustomize.ROLL, str(path))
    return lambda: path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "chests.mss"
    with Project.create(path, name="Chests", template=find_template("chest-6")) as project:
        for number in range(2):
            add_case(project, number)
    return path


@pytest.fixture
def decided(folder):
    with Project.open(folder) as project:
        for case in project.cases.page():
            decide_all(project, case.id)
    return folder


def internet_sockets():
    """Of this process and of everything it has started."""
    ours = psutil.Process()
    return [found for one in [ours, *ours.children(recursive=True)] for found in one.net_connections(kind="inet")]


def test_the_window_and_its_children_run_under_the_guard(start_application, folder, tmp_path, roll, qtbot):
    close_decoders()  # those of earlier tests are not on the roll
    application = start_application(folder)
    project = application.workspace.project
    cases = [case.id for case in project.cases.page()]
    qtbot.waitUntil(lambda: all(project.predictions.latest(case) is not None for case in cases), timeout=LONG)
    trainer = WorkerProcess(worker_command("train", str(tmp_path / "no run")))
    with qtbot.waitSignal(trainer.died, timeout=LONG):
        trainer.start()
    told = "\n".join(roll())
    for child in ("decode", "serve", "train"):
        assert f"medsapiens_core.worker {child}" in told, f"no guard in {child}"
    assert internet_sockets() == []
    assert "PySide6.QtNetwork" not in sys.modules


def test_the_command_line_runs_under_the_guard(decided, tmp_path, roll):
    places = {"{project}": str(decided), "{out}": str(tmp_path)}
    for number, command in enumerate(COMMANDS):
        given = list(command)
        for name, value in places.items():
            given = [part.replace(name, value) for part in given]
        done = subprocess.run(
            [sys.executable, "-m", "medsapiens_core.cli", *given], env=os.environ, capture_output=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr.decode())
        assert sum("medsapiens_core.cli" in line for line in roll()) == number + 1
    assert any("medsapiens_core.worker decode" in line for line in roll())
