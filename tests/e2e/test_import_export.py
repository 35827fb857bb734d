"""Landmarks in and out through the real window: unknown names, a preview, the writing, and taking it back."""

import json
import shutil

import pydicom
import pytest
from pydicom.data import get_testdata_file

from app.views.dialogs import Dialogs
from medsapiens_core.data.annotation import placed
from medsapiens_core.data.readers import Reader
from medsapiens_core.data.template_file import find_template
from medsapiens_core.io.read import read_image
from medsapiens_core.store.project import Project

from ..app.building import SIZE, add_case

TEMPLATE = find_template("chest-6")
COUNT = 4
LONG = 20_000


@pytest.fixture
def folder(tmp_path):
    """Four pictures of the chest template, and nothing said of them."""
    path = tmp_path / "chests.mss"
    with Project.create(path, name="Chests", template=TEMPLATE) as project:
        for number in range(COUNT):
            add_case(project, number)
    return path


def positions(number):
    """One place for each landmark, mirror pairs on their sides."""
    return {mark: (20.25 + 13 * k + number, 30.5 + 7 * k - number / 3) for k, mark in enumerate(TEMPLATE.ids)}


def write_coco(path, names, numbers=range(COUNT), *, size=SIZE, shift=0.0):
    """A COCO file of other names, whose points lie at `positions`."""
    images, annotations = [], []
    for number in numbers:
        images.append({"id": number, "file_name": f"film {number:03d}.png", "width": size[0], "height": size[1]})
        points = [v for x, y in positions(number).values() for v in (x + shift, y, 2)]
        annotations.append({"id": number, "image_id": number, "category_id": 1, "keypoints": points})
    category = {"id": 1, "name": "chest", "keypoints": list(names)}
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [category]}))
    return path


class Importer:
    """A person at the import window."""

    def __init__(self, application, qtbot):
        self.application, self.qtbot = application, qtbot

    @property
    def window(self):
        return self.application.workspace.transfer.import_window

    def wait(self, condition):
        self.qtbot.waitUntil(condition, timeout=LONG)

    def drop(self, path):
        self.application.window.files_dropped.emit([str(path)])
        self.wait(lambda: self.window is not None and self.window.isVisible())
        self.wait(lambda: self.window.files.format.currentData() != "")

    def on(self, page):
        self.wait(lambda: self.window.page == page and not self.window.row.stop.isVisible())

    def next(self):
        assert self.window.next.isEnabled(), self.window.next.toolTip()
        self.window.next.click()

    def notice(self):
        self.wait(lambda: not self.window.isVisible())
        strip = self.application.window.notices
        self.wait(lambda: strip.shown is not None and strip.shown.id == "landmarks-imported")
        return strip.shown

    def press(self, word):
        strip = self.application.window.notices
        strip.action_triggered.emit(strip.shown.id, word)


@pytest.fixture
def importer(start_application, folder, qtbot):
    application = start_application(folder)
    qtbot.waitUntil(lambda: application.workspace.session.is_open, timeout=LONG)
    return Importer(application, qtbot)


def stored(project, slot=""):
    """Case name -> landmark -> position."""
    cases = project.cases.page(sort="added")
    annotations = {case.name: project.annotations.load(case.id, reader=slot) for case in cases}
    return {
        name: {m: (s.x, s.y) for m, s in zip(a.landmark_ids, a.states, strict=True) if s.is_decided}
        for name, a in annotations.items()
    }


def test_a_coco_file_with_unknown_names_is_mapped_previewed_imported_and_taken_back(importer, tmp_path):
    project, session = importer.application.workspace.project, importer.application.workspace.session
    names = ["RUL!", "K9", *TEMPLATE.ids[2:]]
    before = {case.id: project.annotations.load(case.id).revision for case in project.cases.page()}
    importer.drop(write_coco(tmp_path / "theirs.json", names))
    window = importer.window
    assert window.files.format.currentData() == "coco"
    window.files.as_reading.click()
    window.files.reader.setText("AB")
    importer.next()

    importer.on("names")
    assert set(window.names.combos) == {"RUL!", "K9"}
    assert not window.next.isEnabled() and "2 names" in window.next.toolTip()
    for name, landmark in zip(names, TEMPLATE.ids[:2], strict=False):
        combo = window.names.combos[name]
        combo.setCurrentIndex(combo.findText(next(m.name for m in TEMPLATE.landmarks if m.id == landmark)))
    window.names.save_requested.emit(str(tmp_path / "map.csv"))
    assert (tmp_path / "map.csv").read_text().splitlines()[1:] == [f"RUL!,{TEMPLATE.ids[0]}", f"K9,{TEMPLATE.ids[1]}"]
    importer.next()

    importer.on("preview")
    assert window.preview.table.rowCount() == COUNT
    assert window.preview.summary.text() == f"4 cases, {4 * len(TEMPLATE)} landmarks will be written as decisions."
    importer.wait(lambda: window.preview.picture.has_film)
    assert len(window.preview.picture.drawn) == len(TEMPLATE)
    window.grab()
    assert {c.id: project.annotations.load(c.id).revision for c in project.cases.page()} == before
    assert project.imports.records() == []

    open_case = session.case.id
    importer.next()
    notice = importer.notice()
    assert notice.text == f"{4 * len(TEMPLATE)} landmarks of 4 cases were imported as decisions."
    assert stored(project) == {f"film {k:03d}.png": positions(k) for k in range(COUNT)}
    importer.wait(lambda: session.is_open and session.case.id == open_case)
    assert session.annotation.decided_count == len(TEMPLATE), "the open case shows what was imported"
    session.move(TEMPLATE.ids[0], 50, 50)
    importer.wait(lambda: importer.application.workspace.saves.waiting == 0)

    importer.press("Undo import")
    importer.wait(lambda: "1 case stays" in importer.application.window.notices.shown.text)
    kept = project.cases.get(open_case).name
    assert {name: points for name, points in stored(project).items() if points} == {
        kept: {**positions(int(kept[5:8])), TEMPLATE.ids[0]: (50.0, 50.0)}
    }
    assert not list(project.check(files=False))


def decide(project, case_id, points):
    annotation = project.annotations.load(case_id)
    edit = annotation.change("move", {mark: placed(*xy, None) for mark, xy in points.items()})
    project.annotations.commit(edit, case_id, expected_revision=annotation.revision)


def test_points_of_a_person_are_overwritten_only_where_that_is_chosen(start_application, folder, tmp_path, qtbot):
    first, second = TEMPLATE.ids[:2]
    with Project.open(folder) as project:
        ids = [case.id for case in project.cases.page(sort="added")]
        for case_id in ids[:2]:
            decide(project, case_id, {first: (11.0, 12.0), second: positions(case_id - 1)[second]})
    application = start_application(folder)
    importer = Importer(application, qtbot)
    qtbot.waitUntil(lambda: application.workspace.session.is_open, timeout=LONG)
    project = application.workspace.project
    importer.drop(write_coco(tmp_path / "theirs.json", TEMPLATE.ids))
    window = importer.window
    window.files.as_reading.click()
    importer.next()
    importer.on("preview")
    table = window.preview.table
    lines = [[table.item(row, column).text() for column in range(table.columnCount())] for row in range(COUNT)]
    assert [line[2] for line in lines] == ["4", "4", "6", "6"] and [line[4] for line in lines] == ["1", "1", "", ""]
    assert lines[0][5].startswith("1 up to ") and lines[0][5].endswith(" px"), "no millimetres without a pixel size"
    window.preview.choose(1)
    window.preview.radios["theirs"].click()
    window.preview.choose(3)
    assert not window.preview.radios["theirs"].isVisible()
    window.preview.radios["leave"].click()
    assert "1 of them replaces a decision of a person." in window.preview.summary.text()
    importer.next()
    notice = importer.notice()
    assert "1 decision was replaced. 1 decision here was kept." in notice.text
    found = stored(project)
    assert found["film 000.png"][first] == (11.0, 12.0)
    assert found["film 001.png"][first] == positions(1)[first]
    assert found["film 003.png"] == {}
    importer.press("Undo import")
    qtbot.waitUntil(lambda: stored(project)["film 001.png"].get(first) == (11.0, 12.0), timeout=LONG)
    assert stored(project)["film 000.png"] == {first: (11.0, 12.0), second: positions(0)[second]}


def test_pictures_that_do_not_fit_are_asked_about_and_a_damaged_file_costs_only_itself(importer, tmp_path, qtbot):
    project = importer.application.workspace.project
    good = write_coco(tmp_path / "good.json", TEMPLATE.ids, [0])
    sized = write_coco(tmp_path / "sized.json", TEMPLATE.ids, [1], size=(999, 150))
    other = json.loads(write_coco(tmp_path / "other.json", TEMPLATE.ids, [2]).read_text())
    other["images"][0]["file_name"] = "elsewhere.png"
    (tmp_path / "other.json").write_text(json.dumps(other))
    (tmp_path / "broken.json").write_text("{")
    importer.drop(good)
    window = importer.window
    paths = [good, sized, tmp_path / "other.json", tmp_path / "broken.json"]
    window.files_changed.emit([str(path) for path in paths])
    qtbot.waitUntil(lambda: window.files.format.currentData() == "coco", timeout=LONG)
    window.files.as_reading.click()
    importer.next()
    importer.on("pictures")
    assert set(window.pictures.combos) == {1, 2}
    assert not window.pictures.combos[1].isEnabled(), "another size is never offered"
    assert window.pictures.table.item(0, 1).text().endswith("another version of the picture.")
    combo = window.pictures.combos[2]
    combo.setCurrentIndex(combo.findText("film 003.png"))
    importer.next()
    importer.on("preview")
    assert window.preview.table.rowCount() == 2
    importer.next()
    notice = importer.notice()
    assert "2 were left out." in notice.text and ("Show list" in [word for _, word in notice.actions])
    assert stored(project)["film 003.png"] == positions(2) and stored(project)["film 002.png"] == {}


def test_points_of_a_smaller_copy_are_scaled_only_where_that_is_chosen(importer, tmp_path):
    project = importer.application.workspace.project
    importer.drop(write_coco(tmp_path / "small.json", TEMPLATE.ids, [0, 1], size=(SIZE[0] // 2, SIZE[1] // 2)))
    window = importer.window
    window.files.as_reading.click()
    importer.next()
    importer.on("pictures")
    first, second = window.pictures.combos.values()
    assert (first.currentData(), second.currentData()) == (0, 0) and not window.pictures.by_name.isVisible()
    assert [first.itemText(k) for k in range(first.count())] == ["Leave out", "film 000.png, points × 2"]
    first.setCurrentIndex(1)
    importer.next()
    importer.on("preview")
    assert window.preview.table.rowCount() == 1
    assert window.preview.table.item(0, 0).text() == "film 000.png, × 2"
    width, height = SIZE
    assert f"from {width // 2} x {height // 2} to {width} x {height} pixels" in window.preview._notes.text()
    wanted = {mark: (2 * (x + 0.5) - 0.5, 2 * (y + 0.5) - 0.5) for mark, (x, y) in positions(0).items()}
    assert f"{wanted[TEMPLATE.ids[0]][0]:.1f}" in window.preview.points.item(0, 2).text()
    importer.next()
    assert "1 was left out." in importer.notice().text
    assert stored(project)["film 000.png"] == {mark: pytest.approx(xy) for mark, xy in wanted.items()}
    assert stored(project)["film 001.png"] == {}
    importer.press("Undo import")
    importer.wait(lambda: stored(project)["film 000.png"] == {})


def test_a_blind_reader_imports_into_their_own_reading_and_sees_nobody_elses(
    start_application, decided, tmp_path, qtbot, monkeypatch
):
    with Project.open(decided) as project:
        for code in ("AB", "CD"):
            project.readers.add(Reader(code))
        project.readings.assign([case.id for case in project.cases.page()], "CD", by="AB")
    monkeypatch.setattr(Dialogs, "who", lambda _self, readers, *_rest: next(r for r in readers if r.code == "CD"))
    importer = Importer(start_application(decided), qtbot)
    importer.wait(lambda: importer.application.workspace.session.is_open)
    project = importer.application.workspace.project
    common = stored(project)
    importer.drop(write_coco(tmp_path / "mine.json", TEMPLATE.ids, shift=2.0))
    window = importer.window
    window.files.as_reading.click()
    importer.next()
    importer.on("preview")
    lines = [[window.preview.table.item(row, column).text() for column in (0, 2, 5)] for row in range(COUNT)]
    assert lines == [[f"film {number:03d}.png (CD)", "6", ""] for number in range(COUNT)]
    here = [window.preview.points.item(row, 1).text() for row in range(len(TEMPLATE))]
    assert here == ["not placed"] * len(TEMPLATE), "what AB placed is not shown"
    assert not window.preview.radios["theirs"].isVisible()
    importer.next()
    importer.notice()
    mine = {name: {mark: (x + 2.0, y) for mark, (x, y) in points.items()} for name, points in common.items()}
    assert stored(project, "CD") == mine and stored(project) == common
    importer.press("Undo import")
    importer.wait(lambda: not any(stored(project, "CD").values()))
    assert stored(project) == common


def test_predictions_come_on_screen_and_no_decision_is_touched(importer, tmp_path):
    workspace = importer.application.workspace
    project, session = workspace.project, workspace.session
    first = TEMPLATE.ids[0]
    number = int(session.case.name[5:8])
    session.move(first, 15, 16)
    importer.drop(write_coco(tmp_path / "theirs.json", TEMPLATE.ids))
    importer.next()
    importer.on("preview")
    assert "as predictions, for a person to check" in importer.window.preview.summary.text()
    importer.next()
    assert "imported as predictions" in importer.notice().text
    importer.wait(lambda: session.is_open)
    annotation = session.annotation
    assert (annotation[first].x, annotation[first].y) == (15, 16)
    assert {m: (annotation[m].x, annotation[m].y) for m in TEMPLATE.ids[1:]} == {
        mark: xy for mark, xy in positions(number).items() if mark != first
    }
    assert annotation.decided_count == 1
    assert project.predictions.latest(session.case.id).model_id == "import:coco"


class Exporter:
    """A person at the export window."""

    def __init__(self, application, qtbot):
        self.application, self.qtbot = application, qtbot

    @property
    def window(self):
        return self.application.workspace.transfer.export_window

    def wait(self, condition):
        self.qtbot.waitUntil(condition, timeout=LONG)

    def open(self, form, target):
        self.application.window.action("export.landmarks").trigger()
        self.wait(lambda: self.window.isVisible() and self.window.form.format.count() > 0)
        combo = self.window.form.format
        combo.setCurrentIndex(combo.findData(form))
        self.window.form.target.setText(str(target))

    def notice(self):
        self.wait(lambda: not self.window.isVisible())
        strip = self.application.window.notices
        self.wait(lambda: strip.shown is not None and strip.shown.id == "landmarks-exported")
        return strip.shown.text


@pytest.fixture
def decided(folder):
    with Project.open(folder) as project:
        for number, case in enumerate(project.cases.page(sort="added")):
            decide(project, case.id, positions(number))
    return folder


def test_an_export_to_csv_comes_back_without_a_change(start_application, decided, tmp_path, qtbot, monkeypatch):
    application = start_application(decided)
    qtbot.waitUntil(lambda: application.workspace.session.is_open, timeout=LONG)
    exporter, importer = Exporter(application, qtbot), Importer(application, qtbot)
    target = tmp_path / "out.csv"
    exporter.open("csv", target)
    form = exporter.window.form
    assert form._lost.text() == "Lost in this format: nothing but the history."
    assert form.deidentify.isChecked(), "on for everything but what goes into one's own archive"
    form.deidentify.setChecked(False)
    exporter.window.export.click()
    assert exporter.notice() == "4 readings of 4 pictures were written to out.csv."
    report = json.loads((tmp_path / "out.csv.report.json").read_text())
    assert (report["template"], report["spacing_sources"]) == ({"id": "chest-6", "version": 1}, {"none": 4})

    importer.drop(target)
    importer.window.files.as_reading.click()
    importer.next()
    importer.on("preview")
    table = importer.window.preview.table
    assert [table.item(row, 4).text() for row in range(COUNT)] == ["6"] * COUNT
    assert not importer.window.next.isEnabled() and "Nothing would change" in importer.window.next.toolTip()
    importer.window.row.cancel.click()

    asked = []
    monkeypatch.setattr(type(exporter.window), "may_replace", lambda _self, path: bool(asked.append(path)))
    exporter.open("csv", target)
    form.deidentify.setChecked(False)
    before = target.read_bytes()
    exporter.window.export.click()
    assert asked == [str(target)] and target.read_bytes() == before
    monkeypatch.undo()
    monkeypatch.setattr(exporter.window.dialogs, "ask", lambda *_rest, **_named: "replace")
    form.scopes["open"].click()
    exporter.window.export.click()
    assert "1 reading of 1 picture" in exporter.notice()
    assert target.read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(("out", "."))) == [
        "out.csv",
        "out.csv.report.json",
    ]


def test_a_film_leaves_without_names_only_after_somebody_has_looked_at_it(start_application, tmp_path, qtbot):
    film = tmp_path / "Mustermann Erika.dcm"
    shutil.copy(get_testdata_file("RG1_UNCR.dcm", download=False), film)
    folder = tmp_path / "films.mss"
    with Project.create(folder, name="Films", template=TEMPLATE) as project:
        case = project.cases.add(read_image(film), path=film)
        decide(project, case.id, positions(0))
        other = add_case(project, 1)
        decide(project, other.id, positions(1))
    application = start_application(folder)
    qtbot.waitUntil(lambda: application.workspace.session.is_open, timeout=LONG)
    exporter = Exporter(application, qtbot)
    target = tmp_path / "shared.csv"
    exporter.open("csv", target)
    window = exporter.window
    window.export.click()
    exporter.wait(lambda: window.is_asking)
    assert "cannot be ruled out in 2 images" in window._question.text()
    assert not target.exists() and not (tmp_path / "shared.csv.images").exists()
    window.start_looking.click()
    exporter.wait(lambda: window.is_looking and window.look.keep.isEnabled())
    window.grab()
    assert "1 of 2: Mustermann Erika.dcm" in window.look._title.text()
    window.look.keep.click()
    exporter.wait(lambda: "2 of 2" in window.look._title.text() and window.look.keep.isEnabled())
    assert not target.exists()
    window.look.leave_out.click()
    assert exporter.notice().endswith("1 reading of 1 picture were written to shared.csv. Patient identity removed.")
    (copy,) = (tmp_path / "shared.csv.images").iterdir()
    original, clean = pydicom.dcmread(film), pydicom.dcmread(copy)
    assert str(original.PatientName) and str(clean.PatientName) == str(clean.PatientID) != str(original.PatientName)
    assert clean.SOPInstanceUID != original.SOPInstanceUID and clean.PatientIdentityRemoved == "YES"
    assert clean.PixelData == original.PixelData
    written = target.read_text() + (tmp_path / "shared.csv.report.json").read_text() + copy.name
    for name in ("Mustermann", "film 001", str(original.PatientName), str(original.SOPInstanceUID)):
        assert name not in written
