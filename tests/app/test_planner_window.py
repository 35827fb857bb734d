"""The planner in the real window: opened by its key, its list driven by keys, its reasons and goal stored."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.application import Application
from app.controllers.planner_controller import REASONS
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

from .building import BLOBS, add_case, decide_all


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "blobs.mss"
    with Project.create(path, name="Blobs", template=BLOBS) as project:
        rows = [add_case(project, number) for number in range(12)]
        free = [row.id for row in project.cases.page("all") if row.part != "locked"]
        assert len(rows) == 12 and len(free) >= 7
        for case_id in free[:6]:
            decide_all(project, case_id)
    return path


@pytest.fixture
def application(qtbot, tmp_path, folder):
    application = Application(tmp_path / "home", library=ModelLibrary(tmp_path / "home", embedded=tmp_path / "none"))
    qtbot.addWidget(application.window, before_close_func=lambda window: setattr(window, "close_guard", None))
    application.window.show()
    application.open_project(folder)
    qtbot.waitUntil(lambda: application.workspace is not None and application.workspace.session.is_open, timeout=30_000)
    return application


def names(planner):
    return [planner.table.item(row, 1).text() for row in range(planner.table.rowCount())]


def test_the_planner_lists_labels_and_leaves_out(application, qtbot, monkeypatch):
    window, workspace = application.window, application.workspace
    assert window.action("case.planner").shortcut().toString() == "Ctrl+L"
    window.action("case.planner").trigger()
    planner = workspace.few_shot.planner_window
    qtbot.waitUntil(lambda: planner.table.rowCount() > 0, timeout=60_000)
    todo = {row.name for row in workspace.project.cases.page("todo")}
    assert planner.isVisible() and not planner.isModal() and set(names(planner)) <= todo
    assert all(planner.table.item(row, 2).text().endswith(".") for row in range(planner.table.rowCount()))
    assert "expected" in planner._now.text() and "10 more cases: about" in planner._figures.text()
    assert "Fill the rest" in planner._what.text()  # it says what the figure is
    assert planner.progress.accessibleName() == "Reviewed cases: 6"

    before = names(planner)
    monkeypatch.setattr(window.dialogs, "reason", lambda *_: REASONS[0])
    QTest.keyClick(planner.table, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: names(planner) == before[1:], timeout=20_000)  # the others stay where they are
    assert list(workspace.project.planner.exclusions().values()) == ["Poor image"]
    assert before[0] not in {row.name for row in workspace.project.planner.todo(100, locked=False)}

    wanted = planner.current_case()
    QTest.keyClick(planner.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: workspace.session.case.id == wanted, timeout=20_000)

    planner.goal.setValue(1.5)
    qtbot.waitUntil(lambda: workspace.project.planner.goal() == 1.5, timeout=20_000)
    planner.refresh.click()
    qtbot.waitUntil(planner.put_back.isVisible, timeout=60_000)
    assert before[0] not in names(planner)
    planner.put_back.click()
    qtbot.waitUntil(lambda: before[0] in names(planner), timeout=60_000)
    assert workspace.project.check(files=False) == []
