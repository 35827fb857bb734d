"""The measurement editor: what the user changes, what is refused, what is saved."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.views.measure_editor import UNSAVED, MeasureEditor
from medsapiens_core.data.template_file import find_template
from medsapiens_core.measurements.definitions import Kind
from medsapiens_core.measurements.set_file import set_from_json, shipped_sets

CEPH = find_template("ceph-19")
LANDMARKS = [(mark.id, mark.name) for mark in CEPH.landmarks]


@pytest.fixture
def editor(qtbot):
    made = MeasureEditor(LANDMARKS, lambda _measures, measure: f"preview of {measure.name}")
    qtbot.addWidget(made)
    made.edit(shipped_sets()["ceph-basic"], CEPH.id, is_own=False, was_shipped=True)
    made.show()
    return made


def choose(box, text):
    """As a user does: the entry is activated."""
    row = box.findText(text)
    assert row >= 0, text
    box.setCurrentIndex(row)
    box.activated.emit(row)


def test_a_new_distance_is_made_saved_and_comes_back(editor, qtbot):
    QTest.mouseClick(editor.add, Qt.MouseButton.LeftButton)
    editor.name.selectAll()
    QTest.keyClicks(editor.name, "Chin length")
    choose(editor.operands.boxes[0], "Gonion")
    choose(editor.operands.boxes[1], "Menton")
    editor.decimals.setValue(2)
    assert editor.value.text() == "preview of Chin length"
    with qtbot.waitSignal(editor.saved) as saved:
        QTest.mouseClick(editor.save, Qt.MouseButton.LeftButton)
    made = set_from_json(saved.args[0])
    measure = made.measures[-1]
    assert (measure.name, measure.kind, measure.points) == ("Chin length", Kind.DISTANCE, (("gonion",), ("menton",)))
    assert measure.decimals == 2 and made.id == "ceph-basic"
    assert len(made.measures) == 1 + len(shipped_sets()["ceph-basic"].measures)


@pytest.mark.parametrize("text", ["Point to line", "Angle of 3 points", "Ratio of 2 distances", "Sum or difference"])
def test_every_kind_can_be_chosen_and_is_a_usable_set(editor, text):
    QTest.mouseClick(editor.add, Qt.MouseButton.LeftButton)
    choose(editor.kind, text)
    assert "Not possible" not in editor.fault.text()
    assert editor.kind.currentText() == text
    assert editor.operands.boxes


def test_what_others_rest_on_cannot_be_removed(editor):
    editor.list.setCurrentRow(0)
    QTest.mouseClick(editor.remove, Qt.MouseButton.LeftButton)
    assert editor.fault.text() == "Not possible: ANB is worked out from it. Change that one first."
    assert editor.measures == shipped_sets()["ceph-basic"]


def test_esc_keeps_unsaved_changes_and_discard_drops_them(editor):
    editor.decimals.setValue(3)
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert editor.isVisible() and editor.fault.text() == UNSAVED
    QTest.mouseClick(editor.discard, Qt.MouseButton.LeftButton)
    assert not editor.isVisible() and not editor.is_dirty


def test_a_project_without_a_set_begins_with_one_measurement(qtbot):
    editor = MeasureEditor(LANDMARKS, lambda _measures, measure: measure.name)
    qtbot.addWidget(editor)
    editor.edit(None, "mine", is_own=False, was_shipped=False)
    assert len(editor.measures.measures) == 1 and editor.measures.templates == ("mine",)
    assert editor.save.isEnabled()
