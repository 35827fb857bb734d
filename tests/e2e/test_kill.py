"""SIGKILL the program while it edits and while it trains; every confirmed decision and the job must be there after."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from medsapiens_core.data.template_file import find_template
from medsapiens_core.store.project import Project

from ..app.building import add_case, decide_all
from .conftest import TEMPLATE_ID
from .driver import MANY_STEPS

ROOT = Path(__file__).parents[2]
LONG = 240_000


@pytest.fixture
def folder(tmp_path):
    with Project.create(tmp_path / "films.mss", name="Films", template=find_template(TEMPLATE_ID)) as project:
        for number in range(6):
            add_case(project, number)
    return tmp_path / "films.mss"


@pytest.fixture
def drive(tmp_path, embedded_models, folder):
    """Starts the driver; gives the process, its lines come as JSON objects."""
    started = []

    def drive(act):
        command = [sys.executable, "-m", "tests.e2e.driver", str(tmp_path / "home"), str(embedded_models)]
        with (tmp_path / "driver.log").open("w") as log:
            driver = subprocess.Popen([*command, str(folder), act], cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
        started.append(driver)
        return driver

    yield drive
    for driver in started:
        driver.kill()
        driver.wait()
        driver.stdout.close()


def lines(driver):
    for line in driver.stdout:
        yield json.loads(line)


def kill(driver):
    """SIGKILL, then what it had still said."""
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    said = driver.stdout.read().split(b"\n")
    return [json.loads(line) for line in said if line.endswith(b"}")]


@pytest.mark.slow
@pytest.mark.parametrize("confirmed", [1, 40, 150])
def test_killed_while_editing_nothing_confirmed_is_lost(drive, folder, confirmed):
    driver, acknowledged = drive("edits"), []
    for said in lines(driver):
        if "saved" in said:
            acknowledged.append(said["saved"])
        if len(acknowledged) >= confirmed:
            break
    acknowledged += [said["saved"] for said in kill(driver) if "saved" in said]

    with Project.open(folder) as project:
        stored = {edit.id for row in project.cases.page(limit=100) for edit in project.annotations.history(row.id)}
        assert set(acknowledged) <= stored
        assert project.check() == []


def first_training_lines(driver, steps):
    """Read until so many steps are done; the id of the job and of the child's process."""
    for said in lines(driver):
        if said.get("state") == "running" and said["steps"] >= steps:
            return said["job"], said["child"]
    raise AssertionError("the driver ended early")


@pytest.mark.slow
def test_killed_while_training_the_child_ends_and_the_job_can_be_resumed(drive, folder, start_application, qtbot):
    with Project.open(folder) as project:
        for row in project.cases.page(limit=100):
            decide_all(project, row.id)
    driver = drive("train")
    _, child_pid = first_training_lines(driver, 3)
    child = psutil.Process(child_pid)
    kill(driver)
    child.wait(timeout=30)

    application = start_application(folder)
    training = application.workspace.training
    interruptions = []
    training.interrupted.connect(lambda number, text: interruptions.append(number))
    qtbot.waitUntil(lambda: bool(training.jobs) and training.jobs[0].state == "interrupted", timeout=LONG)
    job = training.jobs[0]
    assert job.can_resume
    assert application.workspace.project.cases.counts()["reviewed"] == 6

    application.window.models_panel.resume_requested.emit(job.id)
    qtbot.waitUntil(lambda: training.jobs[0].state == "running" and training.child_pid > 0, timeout=LONG)
    qtbot.waitUntil(lambda: training.jobs[0].progress is not None, timeout=LONG)
    application.window.models_panel.stop_requested.emit(job.id)
    qtbot.waitUntil(lambda: training.jobs[0].state == "done", timeout=LONG)
    assert training.jobs[0].candidate in [entry.name for entry in application.library.list()]


@pytest.mark.slow
@pytest.mark.expects_error_log
def test_killing_the_child_leaves_the_window_working_and_the_job_resumable(start_application, folder, qtbot):
    with Project.open(folder) as project:
        for row in project.cases.page(limit=100)[:5]:
            decide_all(project, row.id)
    application = start_application(folder)
    workspace = application.workspace
    qtbot.waitUntil(lambda: workspace.models.current is not None and workspace.session.is_open, timeout=LONG)
    workspace.training.start(workspace.models.current, MANY_STEPS)
    qtbot.waitUntil(lambda: any(job.losses for job in workspace.training.jobs), timeout=LONG)
    os.kill(workspace.training.child_pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: workspace.training.jobs[0].state == "interrupted", timeout=LONG)
    shown = application.window.notices.shown
    assert "the system ended it, most often for lack of memory. Your cases and default are untouched." in shown.text
    assert [word for _, word in shown.actions][-2:] == ["Show log", "Discard"]
    landmark = workspace.session.current
    workspace.session.move(landmark, 20, 20)
    qtbot.waitUntil(lambda: workspace.saves.waiting == 0)
    assert workspace.project.annotations.load(workspace.session.case.id)[landmark].x == 20


@pytest.mark.slow
def test_a_second_window_on_the_project_may_only_read(start_application, folder, qtbot, monkeypatch):
    first = start_application(folder)
    second = start_application()
    asked = []

    def ask(title, text, buttons, default, details=""):
        asked.append(text)
        return "read"

    monkeypatch.setattr(second.window.dialogs, "ask", ask)
    second.open_project(folder)
    qtbot.waitUntil(lambda: second.workspace is not None and second.workspace.session.is_open, timeout=LONG)
    assert "is open on" in asked[0]
    assert "read only" in second.window.windowTitle()
    second.workspace.session.move(second.workspace.session.current, 10, 10)
    assert second.workspace.saves.waiting == 0 and second.workspace.session.annotation.decided_count == 0
    assert not second.window.action("import.files").isEnabled()
    assert first.workspace.session is not None
