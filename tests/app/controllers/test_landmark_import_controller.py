"""The import of landmarks without a window: a view that only remembers, a real project and real files."""

import json

import pytest
from PySide6.QtCore import QObject, Signal

from app.controllers.landmark_import_controller import LandmarkImportController
from app.session.import_state import FilesAnswer
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.store.project import Project

from ..building import BLOBS, SIZE, add_case

SIDES = Template(
    "sides",
    1,
    "Sides",
    (Landmark("left", "Left", "L", "", pair="right"), Landmark("right", "Right", "R", "", pair="left")),
)


class View(QObject):
    """Keeps the last state of every page."""

    files_changed = Signal(list)
    read_requested = Signal(object)
    names_changed = Signal(object)
    names_done = Signal()
    map_load_requested = Signal(str)
    map_save_requested = Signal(str)
    pictures_done = Signal(object)
    pictures_folder_chosen = Signal(str)
    row_chosen = Signal(int)
    choice_changed = Signal(list, str)
    swap_changed = Signal(int, bool)
    import_requested = Signal()
    back_requested = Signal()
    stop_requested = Signal()
    left = Signal()

    def __init__(self):
        super().__init__()
        self.page, self.state, self.running, self.told, self.ended = "", None, [], "", False
        self.problem, self.points, self.films = "", {}, []

    def _show(self, page, state):
        self.page, self.state = page, state

    def show_files(self, state):
        self._show("files", state)

    def show_names(self, state):
        self._show("names", state)

    def show_names_problem(self, text):
        self.problem = text

    def show_pictures(self, state):
        self._show("pictures", state)

    def show_preview(self, state):
        self._show("preview", state)

    def show_points(self, number, rows, drawn):
        self.points[number] = rows

    def show_film(self, film):
        self.films.append(film)

    def show_running(self, text, done, total):
        self.page = "running"
        self.running.append((text, done, total))

    def tell(self, text):
        self.told = text

    def end(self):
        self.ended = True


@pytest.fixture
def view(qapp):
    return View()


@pytest.fixture
def controller(runner, project, view):
    for number in range(3):
        add_case(project, number)
    made = LandmarkImportController(runner, project, view)
    made.outcomes = []
    made.finished.connect(made.outcomes.append)
    made.open()
    return made


def write_coco(path, names, points_of):
    images = [
        {"id": k, "file_name": f"film {k:03d}.png", "width": SIZE[0], "height": SIZE[1]} for k in range(len(points_of))
    ]
    annotations = [
        {"id": k, "image_id": k, "category_id": 1, "keypoints": [v for xy in points for v in (*xy, 2)]}
        for k, points in enumerate(points_of)
    ]
    category = {"id": 1, "name": "things", "keypoints": list(names)}
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [category]}))
    return path


PLACES = [(10, 11), (20, 21), (30, 31)]


def read(view, *paths, as_prediction=False):
    view.read_requested.emit(FilesAnswer(tuple(map(str, paths)), "coco", {}, as_prediction, "AB"))


def test_the_format_is_told_by_itself_and_a_file_that_none_fits_says_so(controller, view, tmp_path, qtbot):
    view.files_changed.emit([str(write_coco(tmp_path / "a.json", BLOBS.ids, [PLACES]))])
    qtbot.waitUntil(lambda: view.state.guess == "coco")
    (tmp_path / "b.json").write_text('{"what": 1}')
    view.files_changed.emit([str(tmp_path / "b.json")])
    qtbot.waitUntil(lambda: "cannot be told" in view.told)
    assert {form.name for form in view.state.formats} >= {"coco", "csv", "dicom-sr"}
    assert "dicom-gsps" not in {form.name for form in view.state.formats}, "it is never read"


def test_names_are_asked_for_suggested_and_loaded_from_a_map_file(controller, view, project, tmp_path, qtbot):
    read(view, write_coco(tmp_path / "a.json", ["Bigg", "SMALL", "??"], [PLACES]))
    qtbot.waitUntil(lambda: view.page == "names")
    rows = {row.name: row for row in view.state.rows}
    assert [rows[name].landmark for name in rows] == [None] * 3
    assert (rows["Bigg"].offer, rows["SMALL"].offer, rows["??"].offer) == ("big", "small", "")
    assert view.problem == "3 names have no answer yet."
    view.names_changed.emit({"Bigg": "big", "SMALL": "big", "??": ""})
    assert view.problem == "Two names mean Big. Leave one of them out."
    (tmp_path / "wrong.csv").write_text("name,landmark\nBigg,nowhere\n")
    view.map_load_requested.emit(str(tmp_path / "wrong.csv"))
    assert "'nowhere'" in view.told
    (tmp_path / "map.csv").write_text("name,landmark\nBigg,big\nSMALL,small\n??,\nother,ring\n")
    view.map_load_requested.emit(str(tmp_path / "map.csv"))
    assert {row.name: row.landmark for row in view.state.rows} == {"Bigg": "big", "SMALL": "small", "??": ""}
    view.names_done.emit()
    qtbot.waitUntil(lambda: view.page == "preview")
    assert view.state.rows[0].new == 2
    assert "The file does not have: Ring." in view.state.notes
    view.import_requested.emit()
    qtbot.waitUntil(lambda: bool(controller.outcomes))
    (record,) = project.imports.records()
    assert record.body["names"] == {"Bigg": "big", "SMALL": "small", "??": ""}
    assert project.annotations.history(1)[-1].reader == "AB"


def test_nothing_is_written_by_leaving_and_all_pages_go_back(controller, view, project, tmp_path, qtbot):
    read(view, write_coco(tmp_path / "a.json", ["X", "small", "ring"], [PLACES]))
    qtbot.waitUntil(lambda: view.page == "names")
    view.names_changed.emit({"X": "big"})
    view.names_done.emit()
    qtbot.waitUntil(lambda: view.page == "preview")
    view.back_requested.emit()
    assert view.page == "names" and view.state.rows[0].landmark == "big"
    view.back_requested.emit()
    assert view.page == "files" and view.state.chosen == (str(tmp_path / "a.json"),)
    view.left.emit()
    assert project.imports.records() == [] and project.annotations.load(1).revision == 0


def test_writing_stops_between_two_cases_and_the_rest_is_told(controller, view, project, tmp_path, qtbot):
    read(view, write_coco(tmp_path / "a.json", BLOBS.ids, [PLACES] * 3))
    qtbot.waitUntil(lambda: view.page == "preview")
    stop_at_first = project.annotations.commit

    def commit(*args, **named):
        view.stop_requested.emit()
        return stop_at_first(*args, **named)

    project.annotations.commit = commit
    view.import_requested.emit()
    qtbot.waitUntil(lambda: bool(controller.outcomes))
    (outcome,) = controller.outcomes
    assert outcome.is_stopped and 1 <= outcome.cases < 3 and view.ended
    assert sum(project.annotations.load(case).revision for case in (1, 2, 3)) == outcome.cases


def test_exchanged_sides_are_shown_and_exchanged_only_when_asked(runner, view, tmp_path, qtbot):
    with Project.create(tmp_path / "sides.mss", name="Sides", template=SIDES) as project:
        for number in range(5):
            add_case(project, number)
        controller = LandmarkImportController(runner, project, view)
        controller.open()
        right_way, wrong_way = [(10, 50), (90, 52)], [(90, 50), (10, 52)]
        read(view, write_coco(tmp_path / "a.json", SIDES.ids, [right_way] * 4 + [wrong_way]))
        qtbot.waitUntil(lambda: view.page == "preview")
        assert [row.swap for row in view.state.rows] == ["", "", "", "", "every pair"]
        view.swap_changed.emit(4, True)
        qtbot.waitUntil(lambda: view.page == "preview" and view.state.rows[4].is_swapped)
        view.import_requested.emit()
        qtbot.waitUntil(lambda: view.ended)
        annotation = project.annotations.load(5)
        assert (annotation["left"].x, annotation["right"].x) == (10, 90)


def test_a_damaged_file_alone_leads_back_with_its_reason(controller, view, tmp_path, qtbot):
    (tmp_path / "broken.json").write_text("{")
    read(view, tmp_path / "broken.json")
    qtbot.waitUntil(lambda: view.page == "files" and bool(view.state.problem))
    assert view.state.problem.startswith("broken.json")
