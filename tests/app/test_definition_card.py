"""The card beside the image, over a real project: exemplars, history, notes, points under an older definition."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.application import Application
from medsapiens_core.data.annotation import Place
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

from .building import BLOBS, add_case, decide_all


@pytest.fixture
def application(qtbot, tmp_path):
    with Project.create(tmp_path / "blobs.mss", name="Blobs", template=BLOBS) as project:
        for number in range(5):
            decide_all(project, add_case(project, number).id, reviewed=number != 4)
        first = replace(BLOBS.landmarks[0], definition="The bigger blob, by its rim.")
        project.templates.publish(replace(BLOBS, landmarks=(first, *BLOBS.landmarks[1:])))
    home = tmp_path / "home"
    application = Application(home, library=ModelLibrary(home, embedded=tmp_path / "none"))
    qtbot.addWidget(application.window, before_close_func=lambda window: setattr(window, "close_guard", None))
    application.window.show()
    application.open_project(tmp_path / "blobs.mss")
    qtbot.waitUntil(lambda: application.workspace is not None and application.workspace.session.is_open, timeout=20_000)
    return application


def test_exemplars_come_from_reviewed_cases_of_others_and_are_kept(application, qtbot):
    workspace = application.workspace
    card = application.window.landmark_panel.card
    card.show_page("exemplars")
    qtbot.waitUntil(lambda: card.exemplars.count() > 0, timeout=20_000)
    locked = workspace.project.cases.count("locked")
    here = workspace.session.case
    reviewed = [row for row in workspace.project.cases.page("reviewed") if row.part != "locked" and row.id != here.id]
    assert card.exemplars.count() == min(len(reviewed), 6), f"{locked} locked"
    assert len(list((workspace.project.folder / "cache" / "exemplars").glob("*.png"))) == card.exemplars.count()


def test_history_tells_every_revision_and_brings_one_back(application, qtbot):
    session, card = application.workspace.session, application.window.landmark_panel.card
    session.set_current("small")
    old = session.annotation["small"]
    session.move("small", 30.0, 40.0)
    card.show_page("history")
    texts = [card.history.list.item(row).text() for row in range(card.history.list.count())]
    assert len(texts) == 2 and "moved" in texts[0] and texts[0].endswith("30.0, 40.0")
    card.history.list.setCurrentRow(0)
    assert not card.history.restore.isEnabled(), "it is how it is now"
    card.history.list.setCurrentRow(1)
    card.history.restore.click()
    assert session.annotation["small"] == old
    assert session.history[-1].kind == "restore"
    session.undo()
    assert (session.annotation["small"].x, session.annotation["small"].y) == (30.0, 40.0)


def test_f2_writes_a_note_and_the_keyboard_goes_back_to_the_image(application, qtbot):
    window, workspace = application.window, application.workspace
    case_id = workspace.session.case.id
    workspace.session.set_current("ring")
    window.action("note.landmark").trigger()
    field = window.landmark_panel.card.note
    qtbot.waitUntil(field.isVisible)
    QTest.keyClicks(field.text, "double rim, d a 1")
    QTest.keyClick(field.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: workspace.project.notes.of(case_id) == {"ring": "double rim, d a 1"})
    assert not field.isVisible()
    assert workspace.session.current == "ring", "typing moved nothing"
    qtbot.waitUntil(lambda: any(row.noted for row in rows(window)))
    listed = workspace.worklist.model
    qtbot.waitUntil(lambda: [r.id for r in map(listed.row_at, range(5)) if r is not None and r.noted] == [case_id])
    window.action("note.case").trigger()
    QTest.keyClicks(field.text, "left")
    QTest.keyClick(field.text, Qt.Key.Key_Escape)
    assert not field.isVisible() and workspace.project.notes.of(case_id) == {"ring": "double rim, d a 1"}


def rows(window):
    model = window.landmark_panel.list.model()
    return [model.row_at(position) for position in range(model.rowCount())]


def test_space_keeps_a_point_of_an_older_definition(application, qtbot):
    session, project = application.workspace.session, application.workspace.project
    case_id = session.case.id
    assert session.stale == {"big": 1} and [row.id for row in rows(application.window) if row.stale] == ["big"]
    session.set_current("big")
    before = session.annotation["big"]
    application.window.action("landmark.confirm").trigger()
    assert session.stale == {} and session.annotation["big"] == before
    qtbot.waitUntil(lambda: project.annotations.stale(case_id) == {})
    assert session.history[-1].kind == "look again"


def test_a_template_may_forbid_absent_and_estimated(application):
    session = application.workspace.session
    told = []
    session.message.connect(told.append)
    marks = tuple(replace(m, absent_allowed=False, estimated_allowed=False) for m in session.template.landmarks)
    session.template = replace(session.template, landmarks=marks)
    session.toggle_absent("ring")
    session.toggle_estimated("ring")
    assert session.annotation["ring"].place is Place.VISIBLE
    assert told == [
        "The template does not allow Ring to be absent.",
        "The template does not allow Ring to be estimated.",
    ]
