from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QLabel, QMessageBox, QPushButton

from app.session.comparison_state import CaseFigures, ComparisonState, GateLine, LandmarkFigures, ModelFigures
from app.session.view_state import ImageState, SliceChoice, TemplateChoice
from app.views.compare_dialog import CompareDialog
from app.views.dialogs import Dialogs
from app.views.new_project_dialog import NewProjectDialog
from app.views.slice_dialog import SliceDialog

TEMPLATES = [
    TemplateChoice("ceph-19", "Lateral skull", 19, "From a challenge. Second sentence.", has_model=True),
    TemplateChoice("spine-68", "Spine", 68, ""),
]


def when_open(qtbot, act):
    """Call `act(dialog)` once the next modal dialog is there."""

    def look():
        dialog = QApplication.activeModalWidget()
        if dialog is None:
            QTimer.singleShot(5, look)
        else:
            act(dialog)

    QTimer.singleShot(0, look)


def press(dialog, text):
    next(b for b in dialog.findChildren(QPushButton) if b.text().replace("&", "") == text).click()


def test_a_project_needs_name_folder_and_template(qtbot, dark, tmp_path):
    dialog = NewProjectDialog(TEMPLATES, str(tmp_path))
    qtbot.addWidget(dialog)
    assert not dialog.create_button.isEnabled()
    for bad in ("a/b", ".hidden", "dot."):
        dialog.name.setText(bad)
        assert not dialog.create_button.isEnabled() and "folder" in dialog._problem.text()
    dialog.name.setText(" Ceph clinic ")
    dialog.choose_template("spine-68")
    assert dialog.create_button.isEnabled()
    assert dialog.answer() == ("Ceph clinic", str(tmp_path / "Ceph clinic"), "spine-68")
    dialog.folder.setText("relative")
    assert not dialog.create_button.isEnabled()


def test_a_folder_that_is_in_use_is_refused(qtbot, dark, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    dialog = NewProjectDialog(TEMPLATES, str(tmp_path))
    qtbot.addWidget(dialog)
    dialog.name.setText("taken")
    assert not dialog.create_button.isEnabled() and "there already" in dialog._problem.text()


def test_a_slice_is_chosen_per_file(qtbot, dark):
    choices = [
        SliceChoice("/v.nii", "v.nii", 155, (240, 200, 155), axis=2),
        SliceChoice("/cine.dcm", "cine.dcm", 40),
        SliceChoice("/no.nii", "no.nii", 10, (10, 1, 1), axis=0),
    ]
    dialog = SliceDialog(choices)
    qtbot.addWidget(dialog)
    volume, cine, unused = dialog.rows
    assert (volume.axis.currentData(), volume.slice.value(), volume.slice.maximum()) == (2, 78, 155)
    volume.axis.setCurrentIndex(1)
    assert volume.slice.maximum() == 200
    volume.slice.setValue(1)
    cine.slice.setValue(40)
    unused.use.setChecked(False)
    assert dialog.answer() == {"/v.nii": (1, 0), "/cine.dcm": (None, 39)}


@pytest.fixture
def dialogs(window):
    return Dialogs(window)


def test_questions_give_the_id_of_the_button(dialogs, qtbot):
    when_open(qtbot, lambda box: press(box, "Stop and keep best"))
    answer = dialogs.ask("Close", "Training runs.", [("stay", "Stay"), ("stop", "Stop and keep best")], "stay", "Log")
    assert answer == "stop"
    when_open(qtbot, lambda box: QTest.keyClick(box, Qt.Key.Key_Escape))
    assert dialogs.ask("Close", "Training runs.", [("stay", "Stay")], "stay") == ""


def test_text_is_shown_as_it_stands(dialogs, qtbot):
    seen = []

    def look(box):
        seen.append((isinstance(box, QMessageBox), box.text(), box.textFormat()))
        press(box, "OK")

    when_open(qtbot, look)
    dialogs.tell("Damaged", "<b>0148.dcm</b> is damaged.", "details", kind="error")
    assert seen == [(True, "<b>0148.dcm</b> is damaged.", Qt.TextFormat.PlainText)]


def test_a_reason_may_be_chosen_or_written(dialogs, qtbot):
    def write(box):
        assert isinstance(box, QInputDialog)
        box.setTextValue("burned-in name")
        box.accept()

    when_open(qtbot, write)
    assert dialogs.reason("Flag", "Why?", ["Image quality", "Wrong side"]) == "burned-in name"
    when_open(qtbot, lambda box: box.reject())
    assert dialogs.text("Name", "Name of the model") is None


def test_a_reason_must_be_written(dialogs, qtbot):
    def write(box):
        assert not box.do_button.isEnabled() and "Why is v4 taken back?" in box.findChild(QLabel).text()
        box.field.setText("  it misses Porion ")
        press(box, "Roll back")

    when_open(qtbot, write)
    assert dialogs.why("Roll back", "Why is v4 taken back?", "Roll back") == "it misses Porion"
    when_open(qtbot, lambda box: press(box, "Cancel"))
    assert dialogs.why("Roll back", "Why?", "Roll back") is None


def test_new_project_and_slices_give_none_when_cancelled(dialogs, qtbot, tmp_path):
    when_open(qtbot, lambda box: press(box, "Cancel"))
    assert dialogs.new_project(TEMPLATES, str(tmp_path)) is None
    when_open(qtbot, lambda box: press(box, "Cancel"))
    assert dialogs.slices([SliceChoice("/c", "c", 4)]) is None
    when_open(qtbot, lambda box: press(box, "Import"))
    assert dialogs.slices([SliceChoice("/c", "c", 4)]) == {"/c": (None, 1)}

    def create(box):
        box.name.setText("New")
        press(box, "Create project")

    when_open(qtbot, create)
    assert dialogs.new_project(TEMPLATES, str(tmp_path)) == ("New", str(tmp_path / "New"), "ceph-19")


def comparison(verdict="better", passed=True, **more):
    return ComparisonState(
        "v4",
        20,
        "mm",
        ModelFigures("v3", 1.42, {"2": 0.78}),
        ModelFigures("v4", 1.31, {"2": 0.82}),
        (-0.11, -0.19, -0.02),
        "paired bootstrap",
        (
            LandmarkFigures("go", "Gonion", 2.0, 1.4),
            LandmarkFigures("po", "Porion", 2.1, 2.7),
            LandmarkFigures("x", "X", None, 1.0),
        ),
        (CaseFigures(5, "005", 1.5, 1.2), CaseFigures(6, "006", 1.0, 1.1), CaseFigures(7, "007", None, 1.0)),
        verdict,
        "May be promoted.",
        (GateLine("G1", True, "20 locked cases"), GateLine("G5", passed, "Porion")),
        **more,
    )


@pytest.fixture
def compare(qtbot, dark):
    dialog = CompareDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_a_better_candidate_is_promoted_with_one_click(compare, qtbot):
    compare.set_comparison(comparison())
    for signal, press in (
        (compare.promote_requested, compare.promote_button),
        (compare.discard_requested, compare.discard_button),
        (compare.keep_requested, compare.keep_button),
    ):
        with qtbot.waitSignal(signal) as caught:
            press.click()
        assert caught.args == ["v4"]


def test_what_the_gate_names_must_be_looked_at_first(compare):
    gate = (
        GateLine("G4", False, "New in: 006.", case_ids=(6,)),
        GateLine("G5", False, "Porion is worse.", landmark="po"),
    )
    compare.set_comparison(replace(comparison(), gate=gate, cases=CASES))
    assert compare.picture.case.case_id == 5 and not compare.promote_button.isEnabled()
    assert compare.missing() == "Open the cases with new gross errors before deciding."
    compare.gate.show_requested.emit(0)
    assert compare.picture.case.case_id == 6
    assert compare.missing() == "Open the Porion cases before deciding." == compare.promote_button.toolTip()
    compare.gate.show_requested.emit(1)
    assert compare.picture.case.case_id == 6, "where Porion has got worst"
    assert compare.picture.layer.current.landmark == "po"
    assert compare.missing() == "" and compare.promote_button.isEnabled()


def points(*xy):
    return tuple(xy)


CASES = (
    CaseFigures(
        5, "005", 1.5, 1.2, points((9, 9), (5, 5), None), points((9, 8), (5, 7), None), points((9, 9), (5, 6), None)
    ),
    CaseFigures(
        6, "006", 1.0, 1.1, points((9, 9), (5, 5), None), points((9, 8), (5, 6), None), points((9, 9), (5, 9), None)
    ),
)


def film(case_id):
    return ImageState(case_id, "film", np.zeros((20, 30), np.uint8), (0.0, 255.0))


def test_space_held_shows_the_other_model_and_the_arrows_go_through_the_cases(compare, qtbot):
    wanted = []
    compare.picture_requested.connect(wanted.append)
    compare.set_comparison(replace(comparison(), cases=CASES))
    assert wanted == [5]
    compare.set_picture(6, film(6))
    assert compare.picture.image is None, "an answer for another case"
    compare.set_picture(5, film(5))
    assert compare.picture.image is not None
    picture = compare.picture
    assert [marker.label for marker in picture.layer.markers] == ["corrected"] * 3
    assert (picture.layer.marker("po").x, picture.layer.marker("po").y) == (5, 6)
    QTest.keyPress(picture, Qt.Key.Key_Space)
    assert [marker.label for marker in picture.layer.markers] == ["predicted"] * 3
    assert (picture.layer.marker("po").x, picture.layer.marker("po").y) == (5, 7)
    assert "sign: v3" in compare._caption.text()
    QTest.keyRelease(picture, Qt.Key.Key_Space)
    assert picture.layer.marker("po").y == 6 and "sign: v4" in compare._caption.text()
    assert [place for place, _ in picture.truth.pairs] == [(9, 9), (5, 5)]
    QTest.keyPress(picture, Qt.Key.Key_H)
    assert not picture.layer.isVisible() and not picture.truth.isVisible()
    QTest.keyRelease(picture, Qt.Key.Key_H)
    assert picture.layer.isVisible()
    QTest.keyClick(compare.changes.table, Qt.Key.Key_Right)
    assert picture.case.case_id == 6 and wanted == [5, 6]
    QTest.keyClick(picture, Qt.Key.Key_Left)
    assert picture.case.case_id == 5
    assert not compare.grab().isNull()


def test_the_cases_can_be_put_in_order(compare):
    compare.set_comparison(replace(comparison(), cases=CASES))
    assert [case.case_id for case in compare.changes.cases] == [5, 6], "worst for the candidate first"
    compare.changes.order.setCurrentIndex(1)
    assert [case.case_id for case in compare.changes.cases] == [6, 5]
    assert compare.changes.table.item(0, 3).text() == "+0.10"


def test_a_model_in_use_can_only_be_looked_at(compare):
    compare.set_comparison(comparison(can_promote=False, can_discard=False, refusal="v4 is in use already."))
    assert not compare.promote_button.isEnabled() and not compare.discard_button.isVisible()
    assert not compare.keep_button.isVisible()
    assert compare.promote_button.toolTip() == "v4 is in use already."


def test_a_blocked_candidate_says_why_and_may_be_discarded(compare):
    compare.set_comparison(comparison(can_promote=False, refusal="Mean error 1.42 -> 1.51 mm."))
    assert not compare.promote_button.isEnabled()
    assert compare.promote_button.toolTip() == "Mean error 1.42 -> 1.51 mm."
    assert not compare.discard_button.isHidden()


def test_the_largest_change_comes_first_and_a_dot_opens_its_case(compare, qtbot):
    compare.set_comparison(comparison())
    compare.tabs.setCurrentWidget(compare.dots)
    assert [row.id for row in compare.bars._rows[:2]] == ["go", "po"]
    assert [case.case_id for case in compare.dots.cases] == [5, 6]  # a case without a figure has no dot
    QApplication.processEvents()  # the layout is renewed when its turn comes
    at = compare.dots.to_pixels((1.5, 1.2)).toPoint()
    QTest.mouseMove(compare.dots, at)
    QTest.mouseClick(compare.dots, Qt.MouseButton.LeftButton, pos=at)
    assert compare.picture.case.case_id == 5
    with qtbot.waitSignal(compare.case_requested) as signal:
        compare.open_button.click()
    assert signal.args == [5]
    assert not compare.grab().isNull()


def test_without_a_model_in_use_there_is_nothing_to_compare_with(compare):
    state = comparison()
    compare.set_comparison(
        ComparisonState("v1", 3, "px", None, ModelFigures("v1", 4.0), None, "", (), (), "too_few", "Too few cases.")
    )
    assert "no model in use" in compare._title.text()
    compare.set_comparison(state)
