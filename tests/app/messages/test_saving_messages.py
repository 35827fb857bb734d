"""M10 and M37: a disk that is full, and a project folder that is gone for a while; the reader goes on."""

import re

import pytest
import sqlalchemy as sa

from medsapiens_core.data.annotation import PointState
from medsapiens_core.store.project import Project

from .conftest import LONG, notice, press


@pytest.fixture
def session(opened):
    return opened.workspace.session


def move(session, x):
    session.move(session.current, x, 20)


def x_of(project, session):
    state: PointState = project.annotations.load(session.case.id)[session.current]
    return state.x


@pytest.fixture
def full(opened):
    """Let the database grow no further, as a full disk does; calling it with True makes room."""
    engine = opened.workspace.project.database._engine
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def limit(raw, _record):
        raw.execute(f"PRAGMA max_page_count = {pages}").close()

    def set_room(has_room):
        (sa.event.remove if has_room else sa.event.listen)(engine, "connect", limit)
        engine.dispose()

    return set_room


def fill(opened, session, full, qtbot):
    full(False)
    for number in range(400):
        move(session, 10 + 0.1 * number)
        if not number % 20:
            qtbot.waitUntil(lambda: opened.workspace.runner.pending == 0, timeout=LONG)
        if opened.workspace.saving._error is not None:
            return


def test_m10_the_disk_is_full(opened, session, full, qtbot, tmp_path):
    opened.workspace.saves._timer.setInterval(10**8)  # tried again by the reader, not by the clock
    fill(opened, session, full, qtbot)
    qtbot.waitUntil(lambda: "disk is full" in notice(opened, "not-saved")[0], timeout=LONG)
    move(session, 77)
    opened.workspace.saves.retry()
    waiting = opened.workspace.saves.waiting
    assert waiting > 1
    expected = (
        r"Not saved: the disk is full \(\d+ MB free, \d+ MB needed\)\. "
        rf"Your last {waiting} changes are kept in memory\. Free some space; do not close the app\."
    )
    qtbot.waitUntil(lambda: re.fullmatch(expected, notice(opened, "not-saved")[0]) is not None, timeout=LONG)
    assert notice(opened, "not-saved")[1] == ["Save again", "Save a copy elsewhere"]

    opened.answers.folder = str(tmp_path)
    press(opened, "not-saved", "Save a copy elsewhere")
    qtbot.waitUntil(lambda: notice(opened, "saved-copy")[0] != "", timeout=LONG)
    text = notice(opened, "saved-copy")[0]
    assert text.startswith(f"A copy with your last {waiting} changes is in ")
    with Project.open(text.removeprefix(f"A copy with your last {waiting} changes is in ").rstrip(".")) as copy:
        assert x_of(copy, session) == 77 and copy.check(files=False) == []

    full(True)
    press(opened, "not-saved", "Save again")
    qtbot.waitUntil(lambda: opened.workspace.saves.waiting == 0, timeout=LONG)
    assert x_of(opened.workspace.project, session) == 77 and notice(opened, "not-saved") == ("", [])


def test_m37_the_folder_is_gone_and_comes_back(opened, session, folder, qtbot):
    opened.workspace.saves._timer.setInterval(10**8)
    away = folder.with_name("away.mss")
    folder.rename(away)
    for x in (31, 32, 33):
        move(session, x)
    expected = (
        "The connection to the project folder is lost. Changes are kept on this computer and written when it returns "
        "(3 waiting).",
        ["Try now"],
    )
    qtbot.waitUntil(lambda: notice(opened, "not-saved")[0] != "", timeout=LONG)
    opened.workspace.saves.retry()
    qtbot.waitUntil(lambda: notice(opened, "not-saved") == expected, timeout=LONG)
    away.rename(folder)
    press(opened, "not-saved", "Try now")
    qtbot.waitUntil(lambda: opened.workspace.saves.waiting == 0, timeout=LONG)
    assert x_of(opened.workspace.project, session) == 33 and notice(opened, "not-saved") == ("", [])
