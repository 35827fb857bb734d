"""The template editor as a window, over real projects: T8 of ux.md 1, publishing, drafts, pictures, lines."""

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from app.application import Application
from app.views.new_project_dialog import NewProjectDialog
from app.views.paste_list_dialog import PasteListDialog
from medsapiens_core.data.template_file import load_template
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

from .building import BLOBS, add_case, decide_all

KNEE = "\n".join(
    f"{name} {side}\t{short}{side}\tThe {name.lower()} of that side."
    for name, short in (
        ("Femoral head", "FH"),
        ("Greater trochanter", "GT"),
        ("Medial epicondyle", "ME"),
        ("Lateral epicondyle", "LE"),
        ("Tibial spine", "TS"),
        ("Medial plateau", "MP"),
        ("Lateral plateau", "LP"),
        ("Medial malleolus", "MM"),
        ("Lateral malleolus", "LM"),
    )
    for side in ("L", "R")
)
LIST = KNEE + "\nPubic symphysis\tPS\tThe middle of the symphysis."


@pytest.fixture
def application(qtbot, tmp_path):
    home = tmp_path / "home"
    application = Application(home, library=ModelLibrary(home, embedded=tmp_path / "none"))
    qtbot.addWidget(application.window, before_close_func=lambda window: setattr(window, "close_guard", None))
    application.window.show()
    yield application
    application.templates.close()


@pytest.fixture
def folder(tmp_path):
    with Project.create(tmp_path / "blobs.mss", name="Blobs", template=BLOBS) as project:
        for number in range(2):
            decide_all(project, add_case(project, number).id, reviewed=number == 0)
    return tmp_path / "blobs.mss"


@pytest.fixture
def editor(application, folder, qtbot):
    application.open_project(folder)
    qtbot.waitUntil(lambda: application.workspace is not None and application.workspace.session.is_open, timeout=20_000)
    application.window.action("template.edit").trigger()
    qtbot.waitUntil(lambda: application.templates.editor is not None and application.templates.editor.isVisible())
    return application.templates.editor


def button_of(dialog, text):
    return next(b for b in dialog.findChildren(QPushButton) if b.text().startswith(text))


class Inputs:
    """Counts key presses and clicks, as T8 does."""

    def __init__(self):
        self.count = 0

    def click(self, widget):
        self.count += 1
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def key(self, widget, key, modifiers=Qt.KeyboardModifier.NoModifier):
        self.count += 1
        QTest.keyClick(widget, key, modifiers)

    def name(self, widget, text):
        """A name that somebody types is one input here; the list of T8 is pasted."""
        self.count += 1
        QTest.keyClicks(widget, text)


def test_t8_a_template_of_19_names_with_pairs_from_a_list_in_12_inputs(application, qtbot, tmp_path):
    QGuiApplication.clipboard().setText(LIST)
    inputs, seen = Inputs(), {}

    def answer_first(choices, folder, chosen=""):
        dialog = NewProjectDialog(choices, str(tmp_path), application.window)
        dialog.show()
        if not chosen:
            inputs.click(button_of(dialog, "New template"))
        else:
            dialog.choose_template(chosen)
            inputs.name(dialog.name, "Knees")
            inputs.click(dialog.create_button)
        seen["answer"] = dialog.answer()
        dialog.deleteLater()
        return seen["answer"]

    application.window.dialogs.new_project = answer_first
    inputs.key(application.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: application.templates.editor is not None and application.templates.editor.isVisible())
    editor = application.templates.editor
    inputs.name(editor.name, "Legs")
    paste = button_of(editor, "Paste list")

    def accept():
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, PasteListDialog)
        assert dialog.add_button.text() == "Add 19 landmarks"
        inputs.click(dialog.add_button)

    QTimer.singleShot(0, accept)
    inputs.click(paste)
    assert editor.table.model_.rowCount() == 19
    assert all(mark.pair is None for mark in editor.session.draft.marks), "pairs are offered, never set silently"
    inputs.click(editor.set_pairs)
    assert sum(mark.pair is not None for mark in editor.session.draft.marks) == 18
    inputs.click(editor.publish_button)
    qtbot.waitUntil(lambda: application.workspace is not None, timeout=20_000)
    assert inputs.count <= 12, inputs.count
    assert inputs.count == 9
    template = application.workspace.project.template
    assert (template.name, template.version, len(template)) == ("Legs", 1, 19)
    assert template.landmarks[0].pair == template.landmarks[1].id
    assert load_template(tmp_path / "home" / "templates" / "legs.json") == template


@pytest.mark.qt_log_ignore("Selecting when no model has been set")  # the closed project's list goes before its view
def test_publishing_brings_the_project_back_as_it_now_is(application, editor, qtbot):
    before = application.workspace
    case_id = before.session.case.id
    session = editor.session
    session.add()
    session.change(session.current, "name", "Rim")
    session.choose(0)
    editor.details.definition.setPlainText("Something else entirely.")
    asked = []
    application.templates.dialogs.ask = lambda title, text, buttons, default: asked.append(text) or "publish"
    assert editor.publish_button.text() == "Publish as r2"
    editor.publish_button.click()
    qtbot.waitUntil(lambda: application.workspace not in (None, before), timeout=20_000)
    assert "1 landmark is new" in asked[0] and "New definition: Big" in asked[0]
    workspace = application.workspace
    qtbot.waitUntil(lambda: workspace.session.is_open, timeout=20_000)
    assert workspace.project.template.version == 2 and not editor.isVisible()
    assert workspace.session.case.id == case_id
    assert len(workspace.session.annotation.states) == 4
    assert workspace.project.check() == []


def test_a_draft_is_kept_and_comes_back(application, editor, qtbot):
    editor.session.write("hard_when", "two contours overlap")
    with qtbot.waitSignal(application.templates.session.changed):
        QTest.keyClick(editor.table, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: editor.session.is_saved)
    editor.close()
    assert not editor.isVisible()
    application.window.action("template.edit").trigger()
    qtbot.waitUntil(editor.isVisible)
    assert editor.session.draft.marks[0].hard_when == "two contours overlap"
    assert application.workspace.project.template == BLOBS


def test_esc_closes_only_if_nothing_is_unsaved(application, editor):
    answers = ["stay", "lose"]
    application.templates.dialogs.ask = lambda *_: answers.pop(0)
    editor.session.add()
    QTest.keyClick(editor.table, Qt.Key.Key_Escape)
    assert editor.isVisible()
    QTest.keyClick(editor.table, Qt.Key.Key_Escape)
    assert not editor.isVisible()


def test_keys_of_the_table(editor, qtbot):
    table, session = editor.table, editor.session
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Insert)
    assert [mark.name for mark in session.draft.marks] == ["Big", "Landmark 4", "Small", "Ring"]
    QTest.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [mark.name for mark in session.draft.marks][2] == "Landmark 4" and session.current == 2
    QTest.keyClick(table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(table, Qt.Key.Key_Return)
    field = table.viewport().findChild(QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, "Rim")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.draft.marks[1].name == "Rim")
    assert session.draft.marks[1].id == "landmark_4"
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert len(session.draft.marks) == 3
    QTest.keyClick(table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.draft.marks[1].name == "Rim"


def test_lines_are_drawn_by_two_clicks_and_the_open_case_gives_picture_and_points(application, editor, qtbot):
    application.templates.dialogs.ask = lambda *_: "case"
    editor.example.choose.click()
    qtbot.waitUntil(lambda: editor.session.draft.example is not None, timeout=10_000)
    example = editor.session.draft.example
    assert {mark for mark, _, _ in example.points} == set(BLOBS.ids)
    view, draw = editor.example.view, editor.example.draw
    draw.click()
    for landmark in ("big", "ring"):
        spot = view.spot_of(landmark)
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(round(spot.x()), round(spot.y())))
    assert editor.session.draft.lines == (("big", "ring"),)
    editor.example.lines.setCurrentRow(0)
    editor.example.remove.click()
    assert editor.session.draft.lines == ()


def test_a_broken_abbreviation_keeps_it_from_being_published(editor):
    editor.session.change(1, "abbreviation", "toolong")
    assert not editor.publish_button.isEnabled()
    assert "longer than 5" in editor.publish_button.toolTip()
    editor.session.undo()
    editor.session.change(1, "tolerance_mm", 3.0)
    assert editor.publish_button.isEnabled()


def test_a_template_travels_as_a_file(application, editor, qtbot, tmp_path):
    target = tmp_path / "out.json"
    application.templates.dialogs.save_file = lambda *_: str(target)
    application.templates.dialogs.open_file = lambda *_: str(target)
    editor.session.write("hard_when", "dark films")
    editor.export_requested.emit()
    qtbot.waitUntil(target.is_file)
    editor.session.undo()
    assert load_template(target).landmarks[0].hard_when == "dark films"
    editor.import_requested.emit()
    qtbot.waitUntil(lambda: editor.session.draft.marks[0].hard_when == "dark films")
