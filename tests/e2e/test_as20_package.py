"""AS20: a reader on another computer reads a package, and what comes back is compared; A09 leaves without a name."""

import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.application import Application
from app.views import dialogs
from medsapiens_core.data.annotation import placed
from medsapiens_core.data.readers import Reader
from medsapiens_core.io.read import read_image
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

from .conftest import ask_nothing
from .packs import read_by_hand as read_quickly
from .reviewer import Reviewer
from .two_readers import CASES, commit, points_of, read_by_hand, review_again

WORDS_OF_OTHERS = ("AB", "Anna", "Berg", "A11", "Sample")


@pytest.fixture
def pack(pack_a):
    """Pack A in which AB has read A11 to A15, and A09 too; CD is registered and asked to read the five."""
    with Project.open(pack_a.folder) as project:
        project.readers.add(Reader("AB", "Anna Berg"))
        project.readers.add(Reader("CD", "Carl Dahl"), by="AB")
        for name in CASES:
            review_again(project, pack_a.ids[name], "", "AB")
        project.readings.assign([pack_a.ids[name] for name in CASES], "CD", by="AB")
        read_quickly(project, pack_a.ids["A09"], pack_a.truth["A09"])
    return pack_a


@pytest.fixture
def owner(pack, open_pack, qtbot, monkeypatch):
    """AB at their own computer."""
    monkeypatch.setattr(dialogs.Dialogs, "who", lambda _self, readers, _own, _text: readers[0])

    def start(case="A01"):
        return Reviewer(open_pack(pack, case), qtbot)

    return start


@pytest.fixture
def elsewhere(tmp_path, qtbot):
    """Another computer, on which the program was just installed."""
    home = tmp_path / "other computer"

    def start(package=None, folder=None):
        application = Application(home, library=ModelLibrary(home, embedded=home / "none"))
        qtbot.addWidget(application.window, before_close_func=ask_nothing)
        application.window.resize(1920, 1080)
        application.window.show()
        reader = Reviewer(application, qtbot)
        if package is not None:
            reader.answer(lambda dialog: open_in(reader, dialog, folder))
            application.window.files_dropped.emit([str(package)])
        else:
            application.open_project(folder)
        reader.wait(lambda: reader.workspace is not None and reader.session.is_open)
        reader.go_on()
        return reader

    return start


def open_in(reader, dialog, folder):
    shown = " ".join(part.text() for part in dialog.findChildren(QLabel))
    assert "CD" in shown and "Patient identity removed" in shown and "Blind: without predictions" in shown
    dialog.place.setText(str(folder))
    reader.press(dialog, "Open")


def look_at_all(reader, window, count):
    """Every picture is looked at; none can be passed over."""
    reader.wait(lambda: window.is_asking)
    assert f"cannot be ruled out in {count} image" in window._question.text()
    reader.press(window, "Start")
    for place in range(count):
        title = f"{place + 1} of {count}"
        reader.wait(lambda title=title: window.look._title.text().startswith(title) and window.look.keep.isEnabled())
        window.grab()
        reader.press(window, "It names nobody")


def by_pixels(project):
    return {read_image(row.path).pixel_sha256: row.id for row in project.cases.page(limit=100)}


def read_the_rest(folder, pack, names, hashes):
    """What the window has shown how to read, the quick way."""
    with Project.open(folder) as project:
        mine = by_pixels(project)
        for name in names:
            case_id = mine[hashes[name]]
            annotation = project.annotations.load(case_id, reader="CD")
            states = {mark: placed(x + 0.5, y, None) for mark, (x, y) in points_of(pack, name).items()}
            commit(project, annotation, annotation.change("place", states), "CD")
            review_again(project, case_id, "CD", "CD")


def test_as20_a_package_goes_to_another_computer_and_its_readings_come_back(
    pack, owner, elsewhere, tmp_path, monkeypatch
):
    hashes = {name: read_image(pack.folder / "pictures" / f"{name}.dcm").pixel_sha256 for name in CASES}
    # AB hands out the five cases that CD was asked for; every picture is looked at first
    reader = owner()
    reader.window.action("package.hand_out").trigger()
    reader.wait(lambda: reader.workspace.transfer.packages.hand_out_window is not None)
    window = reader.workspace.transfer.packages.hand_out_window
    reader.wait(window.isVisible)
    assert window.form.reader.currentData() == "CD" and window.form.scopes["asked"].isChecked()
    assert window.form.scopes["asked"].text() == "What CD was asked for and has not read: 5 cases"
    assert window.form.clean.isChecked() and not window.form.predictions.isChecked()
    package = tmp_path / "for CD.mssz"
    window.form.target.setText(str(package))
    reader.press(window, "Make package")
    reader.wait(lambda: window.is_asking)
    assert not package.exists(), "nothing leaves before the look"
    look_at_all(reader, window, 5)
    reader.wait(lambda: not window.isVisible())
    assert reader.window.notices.shown.text.startswith("5 cases are packed for CD in for CD.mssz.")
    reader.window.close()

    # CD, on another computer, sees the pictures and nothing else
    folder = tmp_path / "cd.mss"
    reader = elsewhere(package, folder)
    window, workspace = reader.window, reader.workspace
    assert window.status._reader.text() == "reader CD"
    assert [row.state for row in workspace.project.cases.page(limit=100)] == ["new"] * 5
    assert workspace.project.readers.known == (Reader("CD", "", ("reader", "adjudicator", "owner")),)
    assert all(marker.x is None and marker.prediction_xy is None for marker in reader.view.layer.markers)
    assert reader.session.is_blind and window.landmark_panel.card._state.history == ()
    told = [row.name for row in workspace.project.cases.page(limit=100)] + [window.windowTitle()]
    assert not [word for word in WORDS_OF_OTHERS if any(word in text for text in told)], told
    first = next(name for name, said in hashes.items() if by_pixels(workspace.project)[said] == reader.session.case.id)
    shown = reader.session.case.id
    read_by_hand(reader, points_of(pack, first))
    assert {reader.label(mark) for mark in reader.session.template.ids} == {"corrected"}
    reader.key(Qt.Key.Key_Return)
    reader.wait(lambda: reader.session.case.id != shown)
    reader.saved()
    window.close()
    read_the_rest(folder, pack, [name for name in CASES if name != first], hashes)

    # what is reviewed goes back as one file
    reader = elsewhere(folder=folder)
    back = tmp_path / "back.readings.jsonl"
    monkeypatch.setattr(dialogs.Dialogs, "save_file", lambda *_rest: str(back))
    assert reader.window.action("package.hand_back").isEnabled()
    reader.window.action("package.hand_back").trigger()
    reader.wait(back.exists)
    reader.wait(lambda: reader.window.notices.shown is not None and reader.window.notices.shown.id == "package-back")
    assert reader.window.notices.shown.text.startswith("5 readings were written to back.readings.jsonl.")
    # the package again leads to the project that is there
    reader.window.action("project.close").trigger()
    reader.window.files_dropped.emit([str(package)])
    reader.wait(lambda: reader.workspace is not None and reader.session.is_open)
    assert reader.workspace.project.folder == folder
    reader.window.close()

    # AB sees what comes back before it is stored, and both readings are kept
    reader = owner()
    workspace, project = reader.workspace, reader.workspace.project
    assert not reader.window.action("package.hand_back").isEnabled(), "this project is nobody's package"
    before = {name: project.annotations.load(pack.ids[name]) for name in CASES}
    reader.window.files_dropped.emit([str(back)])
    packages = workspace.transfer.packages
    reader.wait(lambda: packages.take_in_window is not None and packages.take_in_window.isVisible())
    window = packages.take_in_window
    assert "5 cases, for CD. In this file: 5 new readings." in window.summary.text()
    assert [window.table.item(row, 0).text() for row in range(5)] == [f"{name}.dcm" for name in CASES]
    assert project.annotations.readers(pack.ids["A11"]) == [""], "a look stores nothing"
    reader.press(window, "Take in")
    reader.wait(lambda: reader.window.notices.shown is not None and reader.window.notices.shown.id == "package-in")
    assert reader.window.notices.shown.text == "5 readings were taken in, beside those that are here."
    assert [word for word, _ in reader.window.notices.shown.actions] == ["Agreement…", "Undo import"]
    assert {name: project.annotations.load(pack.ids[name]) for name in CASES} == before
    assert project.annotations.load(pack.ids["A13"], reader="CD").reviewed
    assert project.check(files=False) == []

    # agreement: the worst first
    reader.press(reader.window, "Agreement…")
    agreement = workspace.reading.agreement_window
    reader.wait(lambda: agreement.table.rowCount() == 19)
    assert agreement.pair.itemText(0) == "AB and CD: 5 cases"
    assert agreement.table.item(0, 0).text().startswith("Gonion")
    assert agreement.worst.item(0).text().startswith("A13")
    assert agreement.settle.text() == "Adjudicate 1 difference…"
    agreement.close()

    # the same file once more changes nothing; taking it back leaves AB's readings alone
    reader.window.files_dropped.emit([str(back)])
    reader.wait(window.isVisible)
    assert "5 already here" in window.summary.text() and not window.take.isEnabled()
    reader.press(window, "Cancel")
    offered = []
    monkeypatch.setattr(
        dialogs.Dialogs, "choose", lambda _self, _title, _text, choices: offered.extend(choices) or choices[0]
    )
    reader.window.action("import.undo").trigger()
    reader.wait(lambda: bool(offered))
    assert "Readings of CD, from a package" in offered[0] and "5 cases" in offered[0]
    reader.wait(lambda: "taken back" in reader.window.toasts.text)
    assert project.annotations.load(pack.ids["A13"], reader="CD").decided_count == 0
    assert {name: project.annotations.load(pack.ids[name]) for name in CASES} == before


def test_as20_a09_leaves_without_its_name_only_after_a_look(pack, owner, tmp_path):
    reader = owner("A09")
    reader.window.action("export.landmarks").trigger()
    reader.wait(lambda: reader.workspace.transfer.export_window is not None)
    window = reader.workspace.transfer.export_window
    reader.wait(window.isVisible)
    form, target = window.form, tmp_path / "out"
    form.format.setCurrentIndex(form.format.findData("dicom-sr"))
    form.scopes["open"].setChecked(True)
    form.deidentify.setChecked(True)
    form.target.setText(str(target))
    reader.press(window, "Export")
    reader.wait(lambda: window.is_asking)  # M35
    assert "cannot be ruled out in 1 image" in window._question.text()
    assert not target.exists() and not (tmp_path / "out.images").exists()
    look_at_all(reader, window, 1)
    reader.wait(lambda: not window.isVisible())
    assert reader.window.notices.shown.text.endswith("Patient identity removed.")
    (copy,) = (tmp_path / "out.images").iterdir()
    clean, original = pydicom.dcmread(copy), pydicom.dcmread(pack.folder / "pictures" / "A09.dcm")
    assert clean.PatientIdentityRemoved == "YES" and clean.SOPInstanceUID != original.SOPInstanceUID
    assert clean.PixelData == original.PixelData


def test_only_an_owner_hands_out_or_takes_in(pack, owner, monkeypatch, tmp_path):
    with Project.open(pack.folder) as project:
        project.readers.add(Reader("EF", "Eva Falk"), by="AB")
    monkeypatch.setattr(dialogs.Dialogs, "who", lambda _self, readers, _own, _text: readers[2])
    told = []
    monkeypatch.setattr(dialogs.Dialogs, "tell", lambda _self, _title, text, *_a, **_k: told.append(text))
    reader = owner()
    reader.window.action("package.hand_out").trigger()
    reader.workspace.transfer.packages.take_in(str(tmp_path / "x.readings.jsonl"))
    assert len(told) == 2 and all(text.startswith("Only an Owner may ask for second readings") for text in told)
