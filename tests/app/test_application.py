"""The composition root over real projects: opening, refusing, remembering; and that the window never loads torch."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.application import Application
from app.controllers.coach import TIPS
from app.sample_project import COMPLETE, SAMPLE_PROJECTS, ensure_sample, sample_folder
from app.views.coach_bubble import CoachBubble
from medsapiens_core.data.template_file import shipped_templates
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

from .building import BLOBS, add_case, write_model

ROOT = Path(__file__).parents[2]


@pytest.fixture
def application(qtbot, tmp_path):
    application = Application(tmp_path / "home", library=ModelLibrary(tmp_path / "home", embedded=tmp_path / "none"))
    application.told = []
    application.window.dialogs.tell = lambda title, text, details="", kind="info", close="": application.told.append(
        (title, text)
    )
    qtbot.addWidget(application.window, before_close_func=lambda window: setattr(window, "close_guard", None))
    return application


@pytest.fixture
def folder(tmp_path):
    with Project.create(tmp_path / "blobs.mss", name="Blobs", template=BLOBS) as project:
        for number in range(2):
            add_case(project, number)
    return tmp_path / "blobs.mss"


def opened(application, qtbot):
    qtbot.waitUntil(lambda: application.workspace is not None and application.workspace.session.is_open, timeout=20_000)
    return application.workspace


def test_a_project_is_opened_remembered_and_closed(application, folder, qtbot):
    application.start(folder)
    workspace = opened(application, qtbot)
    assert application.window.windowTitle().startswith("Blobs")
    assert application.recent() == [("Blobs", str(folder))]
    assert not application.window.action("case.predict").isEnabled(), "no model knows this template"
    application.open_project(folder)
    assert application.workspace is workspace, "it is open already"
    with qtbot.waitSignal(application.project_closed):
        application.window.action("project.close").trigger()
    assert application.workspace is None and not application.window.action("import.files").isEnabled()
    with Project.open(folder) as free:
        assert not free.read_only


def tips(application):
    return [one for one in application.window.image_view.findChildren(CoachBubble) if one.isVisible()]


def test_the_first_start_opens_a_sample_and_tells_how_to_begin(application, folder, qtbot, tmp_path):
    shutil.copytree(folder, sample_folder(application.home, SAMPLE_PROJECTS[0]))
    for sample in SAMPLE_PROJECTS:
        place = sample_folder(application.home, sample)
        place.mkdir(parents=True, exist_ok=True)
        (place / COMPLETE).touch()
    application.start()
    opened(application, qtbot)
    (bubble,) = tips(application)
    assert bubble.text == TIPS["confirm"]
    qtbot.waitUntil(lambda: len(application.recent()) == len(SAMPLE_PROJECTS))
    QTest.keyClick(application.window.image_view, Qt.Key.Key_Escape)
    assert tips(application) == []
    application.open_project(folder)
    qtbot.waitUntil(lambda: application.workspace is not None and application.workspace.project.folder == folder)
    opened(application, qtbot)
    assert tips(application) == []


def test_samples_can_be_opened_from_the_menu_and_from_the_page_without_a_project(application, monkeypatch):
    wanted = []
    monkeypatch.setattr(application, "runner", MagicMock(submit=lambda *work, **_more: wanted.append(work[3])))
    menu = application.window.menus["Samples"]
    assert [action.text() for action in menu.actions()] == [sample.name for sample in SAMPLE_PROJECTS]
    assert application.window.welcome.samples.menu() is menu
    menu.actions()[1].trigger()
    assert wanted == [SAMPLE_PROJECTS[1]]


def test_the_last_project_is_opened_at_the_next_start(application, folder, qtbot, tmp_path):
    application.start(folder)
    opened(application, qtbot)
    application.window.close()
    again = Application(tmp_path / "home", library=application.library)
    qtbot.addWidget(again.window)
    again.start()
    assert opened(again, qtbot).project.folder == folder


@pytest.mark.parametrize("case", ["missing", "newer", "damaged"])
def test_what_cannot_be_opened_is_refused_with_a_reason_and_left_alone(application, folder, qtbot, case):
    database = folder / "project.db"
    if case == "missing":
        database.unlink()
    elif case == "newer":
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA user_version = 999")
        connection.close()
    else:
        database.write_bytes(b"not a database" * 1000)
    before = database.read_bytes() if database.exists() else None
    application.open_project(folder)
    qtbot.waitUntil(lambda: bool(application.told), timeout=20_000)
    expected = {"missing": "No project was found", "newer": "newer version", "damaged": "damaged"}[case]
    assert expected in application.told[0][1] and application.workspace is None
    assert (database.read_bytes() if database.exists() else None) == before


@pytest.mark.parametrize(
    "text",
    [b"\xff\x00[[[\nrecent=@Invalid()\ngeometry=zzz", b"[General]\nview.ghost=maybe", b"[General]\ntheme=pink", b"[["],
)
def test_damaged_settings_are_put_aside(qtbot, tmp_path, text):
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.ini").write_bytes(text)
    application = Application(home, library=ModelLibrary(home, embedded=tmp_path))
    qtbot.addWidget(application.window)
    assert application.recent() == []
    assert (home / "settings.ini.bad").read_bytes() == text


def test_good_settings_are_kept(application, folder, qtbot, tmp_path):
    application.window.set_theme("light")
    application.window.close()
    again = Application(tmp_path / "home", library=application.library)
    qtbot.addWidget(again.window)
    assert again.settings.value("theme") == "light" and not list((tmp_path / "home").glob("*.bad"))


def test_dropping_images_without_a_project_asks_for_one_and_imports_into_it(application, tmp_path, qtbot, monkeypatch):
    from .building import write_png

    picture = write_png(tmp_path / "film.png")
    answer = ("New", str(tmp_path / "New"), "hand-21")
    offered = []
    monkeypatch.setattr(
        application.window.dialogs, "new_project", lambda choices, folder, _chosen: offered.extend(choices) or answer
    )
    application.window.files_dropped.emit([str(picture)])
    workspace = opened(application, qtbot)
    assert {choice.id for choice in offered} == set(shipped_templates())
    assert workspace.project.template.id == "hand-21" and workspace.project.cases.count() == 1


def test_making_a_sample_that_was_interrupted_goes_on(tmp_path):
    hand = next(sample for sample in SAMPLE_PROJECTS if sample.kind == "hand")
    folder = ensure_sample(tmp_path, hand)
    (folder / "samples-complete").unlink()
    ensure_sample(tmp_path, hand)
    with Project.open(folder) as project:
        assert (project.template.id, project.cases.count()) == ("hand-21", 2)


CHECK = """
import sys
from app.application import Application
from app.check_only import check_sample
from app.qt_application import make_qt_application
from app.sample_project import SAMPLE_PROJECTS
make_qt_application()
application = Application()
result = check_sample(application, next(s for s in SAMPLE_PROJECTS if s.kind == "hand"))
application.window.close()
assert "torch" not in sys.modules, "the window has loaded torch"
print(result.text)
sys.exit(1 if result.problem else 0)
"""


@pytest.mark.slow
def test_the_check_sees_every_sample_image_predicted_and_the_window_never_loads_torch(tmp_path):
    resources = tmp_path / "resources"
    write_model(resources / "models" / "default", tuple(shipped_templates().values()))
    (resources / "templates").symlink_to(ROOT / "resources" / "templates")
    (resources / "icons").symlink_to(ROOT / "resources" / "icons")
    places = {"MEDSAPIENS_RESOURCES": str(resources), "MEDSAPIENS_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
    child = subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=ROOT,
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert "2 of 2 images have 21 landmarks placed by default@" in child.stdout
