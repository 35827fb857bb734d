"""The export of landmarks without a window: a view that only remembers, a real project and real files."""

import pytest
from PySide6.QtCore import QObject, Signal

from app.controllers.case_access import ListQuery
from app.controllers.landmark_export_controller import LandmarkExportController, outcome_text
from app.session.export_state import ExportAnswer

from ..building import add_case, decide_all


class View(QObject):
    export_requested = Signal(object)
    look_started = Signal()
    looks_refused = Signal()
    look_answered = Signal(bool)
    frame_requested = Signal(int)
    back_requested = Signal()
    stop_requested = Signal()
    left = Signal()

    def __init__(self):
        super().__init__()
        self.page, self.form, self.look, self.told, self.question, self.ended = "", None, None, "", "", False
        self.replace = False

    def show_form(self, state):
        self.page, self.form = "form", state

    def show_form_again(self):
        self.page = "form"

    def ask_to_look(self, text):
        self.page, self.question = "ask", text

    def show_look(self, state):
        self.page, self.look = "look", state

    def show_running(self, text, done, total, *, can_stop):
        self.page = "running"

    def may_replace(self, path):
        return self.replace

    def tell(self, text):
        self.told = text

    def end(self):
        self.ended = True


@pytest.fixture
def view(qapp):
    return View()


@pytest.fixture
def controller(runner, project, view, tmp_path, qtbot):
    for number in range(3):
        decide_all(project, add_case(project, number).id, reviewed=number == 0)
    made = LandmarkExportController(
        runner, project, view, query=lambda: ListQuery(filter="reviewed"), open_case=lambda: (2, "film 001.png")
    )
    made.outcomes = []
    made.finished.connect(made.outcomes.append)
    made.open(tmp_path)
    qtbot.waitUntil(lambda: view.page == "form")
    return made


def test_the_form_knows_what_there_is(controller, view):
    form = view.form
    assert (form.all_cases, form.listed, form.open_case, form.slots) == (3, 1, "film 001.png", ("",))
    assert {choice.name for choice in form.formats} >= {"coco", "dicom-gsps"}
    assert all(choice.lost for choice in form.formats)


@pytest.mark.parametrize("wanted", [("all", 3), ("listed", 1), ("open", 1)])
def test_a_scope_takes_its_cases(controller, view, tmp_path, qtbot, wanted):
    scope, count = wanted
    view.export_requested.emit(ExportAnswer("csv", str(tmp_path / "a.csv"), scope=scope, deidentify=False))
    qtbot.waitUntil(lambda: bool(controller.outcomes))
    (outcome,) = controller.outcomes
    assert (outcome.readings, outcome.images, outcome.deidentified) == (count, count, "")
    assert view.ended and len((tmp_path / "a.csv").read_text().splitlines()) == 1 + 3 * count


def test_without_predictions_there_is_nothing_to_write(controller, view, tmp_path, qtbot):
    view.export_requested.emit(ExportAnswer("csv", str(tmp_path / "a.csv"), points="predictions", deidentify=False))
    qtbot.waitUntil(lambda: bool(view.told))
    assert "nothing to export" in view.told and view.page == "form" and not (tmp_path / "a.csv").exists()


def test_pictures_that_nobody_looks_at_stay_here(controller, view, tmp_path, qtbot):
    view.export_requested.emit(ExportAnswer("csv", str(tmp_path / "a.csv")))
    qtbot.waitUntil(lambda: view.page == "ask")
    assert "in 3 images" in view.question
    view.look_started.emit()
    qtbot.waitUntil(lambda: view.page == "look")
    assert (view.look.place, view.look.count) == (0, 3) and view.look.grey is not None
    view.back_requested.emit()
    view.export_requested.emit(ExportAnswer("csv", str(tmp_path / "a.csv")))
    qtbot.waitUntil(lambda: view.page == "ask")
    view.looks_refused.emit()
    qtbot.waitUntil(lambda: bool(view.told))
    assert "nothing was written" in view.told and not (tmp_path / "a.csv").exists()


def test_a_clean_export_of_what_was_looked_at(controller, view, tmp_path, qtbot):
    view.export_requested.emit(ExportAnswer("coco", str(tmp_path / "a.json")))
    qtbot.waitUntil(lambda: view.page == "ask")
    view.look_started.emit()
    for place, keep in enumerate((True, False, True)):
        qtbot.waitUntil(lambda place=place: view.page == "look" and view.look.place == place)
        view.look_answered.emit(keep)
    qtbot.waitUntil(lambda: bool(controller.outcomes))
    (outcome,) = controller.outcomes
    assert outcome_text(outcome) == "2 readings of 2 pictures were written to a.json. Patient identity removed."
    assert any(line.startswith("film 001.png: ") for line in outcome.told)
    assert len(list((tmp_path / "a.json.images").iterdir())) == 2


def test_what_is_there_is_replaced_only_after_a_yes(controller, view, tmp_path, qtbot):
    target = tmp_path / "a.csv"
    target.write_text("mine")
    answer = ExportAnswer("csv", str(target), deidentify=False)
    view.export_requested.emit(answer)
    assert view.page == "form" and target.read_text() == "mine"
    view.replace = True
    view.export_requested.emit(answer)
    qtbot.waitUntil(lambda: bool(controller.outcomes))
    assert target.read_text().startswith("format,")
