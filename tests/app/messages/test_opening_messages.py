"""M15, M16, M17 and M36: a project that is open elsewhere, newer, older, or was left by a program that died."""

import re
import sqlite3
import subprocess
import sys
import zipfile

import pytest

from app.opening import how_old
from medsapiens_core.store import migrate
from medsapiens_core.store.lock import ProjectLock, host_name, read_holder, user_name
from medsapiens_core.store.project import Project
from tests.core.store.conftest import FIXTURES

from .conftest import LONG, notice

HOLD = """
import sys
from medsapiens_core.store.project import Project
project = Project.open(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def elsewhere(folder):
    """Another program that has the project open."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "open\n"
    yield child
    child.kill()
    child.communicate()


def open_and_wait(application, folder, qtbot, so):
    application.open_project(folder)
    qtbot.waitUntil(so, timeout=LONG)


def is_open(application):
    return application.workspace is not None and application.workspace.session.is_open


def test_m15_open_elsewhere_can_be_read_tried_again_or_taken_over(start, folder, elsewhere, qtbot):
    application = start()
    answers = application.answers
    open_and_wait(application, folder, qtbot, lambda: len(answers.asked) == 1)
    text, buttons = answers.asked[0]
    assert re.fullmatch(
        rf'"Ceph clinic" is open on {re.escape(host_name())} \({re.escape(user_name())}, since \d\d:\d\d\)\. '
        r"Two writers could lose changes\.",
        text,
    )
    assert buttons == ["Open to read", "Try again", "Take over.."]

    answers.choice = "Try again"  # it is still open there, so the question comes again
    open_and_wait(application, folder, qtbot, lambda: len(answers.asked) == 3)
    assert answers.asked[2][0] == text and application.workspace is None

    answers.choice, answers.typed = "Take over..", "something else"
    open_and_wait(application, folder, qtbot, lambda: bool(answers.told))
    assert application.workspace is None and "nothing was taken over" in answers.told[0][0]

    answers.choice, answers.typed = "Take over..", "Ceph clinic"
    open_and_wait(application, folder, qtbot, lambda: is_open(application))
    assert not application.workspace.project.read_only
    assert read_holder(folder / "lock").pid != elsewhere.pid


def test_m15_whoever_lost_a_project_stops_writing_and_leaves_the_lock_alone(folder):
    with Project.open(folder) as first:
        lock = ProjectLock(folder / "lock")
        lock.acquire(take_over=True)
        before = (folder / "lock").read_bytes()
        assert before
        (folder / "lock").write_bytes(before.replace(b'"pid":', b'"pid":1'))  # as another process has it
        taken = (folder / "lock").read_bytes()
        first.close()
        assert (folder / "lock").read_bytes() == taken
        lock._stream.close()


def test_m16_a_newer_project_is_left_alone(start, folder, qtbot):
    with sqlite3.connect(folder / "project.db") as raw:
        raw.execute("PRAGMA user_version = 999")
    raw.close()
    application = start()
    open_and_wait(application, folder, qtbot, lambda: bool(application.answers.told))
    assert application.answers.told[0] == (
        f"This project was saved by a newer version (format 999; this version reads up to {migrate.HEAD}). "
        "Nothing was changed. Update the app to open it.",
        "",
        "Close",
    )


@pytest.fixture
def older(tmp_path):
    """A project that the program wrote when its schema was 1."""
    with zipfile.ZipFile(FIXTURES / "schema_1.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path / "schema_1.mss"


def test_m17_an_older_project_is_upgraded_read_or_left(start, older, qtbot):
    application = start()
    answers = application.answers
    open_and_wait(application, older, qtbot, lambda: len(answers.asked) == 1)
    text, buttons = answers.asked[0]
    assert re.fullmatch(
        r"This project is from an older version\. A backup is made first, then it is upgraded \(about \d+ s\)\.", text
    )
    assert buttons == ["Upgrade", "Open to read", "Cancel"]
    assert application.workspace is None and how_old(older) is not None and not list((older / "backups").glob("*"))

    answers.choice = "Open to read"
    open_and_wait(application, older, qtbot, lambda: application.workspace is not None)
    assert application.workspace.project.read_only and how_old(older) is not None
    assert application.close_project()

    answers.choice = "Upgrade"
    open_and_wait(application, older, qtbot, lambda: application.workspace is not None)
    assert how_old(older) is None and list((older / "backups").glob("*.db"))


def test_m36_after_a_crash_the_reader_is_told_up_to_when_all_is_here(start, folder, elsewhere, qtbot):
    elsewhere.kill()
    elsewhere.wait()
    application = start()
    open_and_wait(application, folder, qtbot, lambda: is_open(application))
    text, buttons = notice(application, "interrupted")
    assert re.fullmatch(
        r"The app ended unexpectedly last time\. Everything up to (\d+ \w+ )?\d\d:\d\d:\d\d is here\.", text
    )
    assert buttons == ["OK"]
    assert application.close_project()
    open_and_wait(application, folder, qtbot, lambda: is_open(application))
    assert notice(application, "interrupted") == ("", []), "this time it was closed as it should be"
