"""AS04: two landmarks that have changed places are named, and one click exchanges them."""

from PySide6.QtCore import Qt

from .packs import SWAPPED_CORNERS
from .reviewer import CTRL, Reviewer

UPPER, LOWER = "upper_incisor_tip", "lower_incisor_tip"


def swap_button(reader):
    return next(line.swap for line in reader.window.landmark_panel.warnings.lines if line.swap is not None)


def test_as04_exchanged_incisor_tips_are_named_and_swapped_as_one_step(pack_a, open_pack, qtbot):
    reader = Reviewer(open_pack(pack_a, "A03"), qtbot)
    before = {mark: reader.xy(mark) for mark in (UPPER, LOWER)}
    assert {row.id for row in reader.first_rows(2)} == {UPPER, LOWER}, "warnings come first"
    assert reader.warnings() == ["Lower incisor tip and upper incisor tip may be swapped"]
    assert reader.row(UPPER).warning == reader.row(LOWER).warning != ""

    reader.click(swap_button(reader))
    assert reader.xy(UPPER) == before[LOWER] and reader.xy(LOWER) == before[UPPER]
    assert reader.label(UPPER) == reader.label(LOWER) == "corrected"
    assert reader.warnings() == []
    reader.key(Qt.Key.Key_Z, CTRL)
    assert {mark: reader.xy(mark) for mark in (UPPER, LOWER)} == before
    assert reader.label(UPPER) == reader.label(LOWER) == "predicted"
    assert reader.warnings() == ["Lower incisor tip and upper incisor tip may be swapped"]


def test_a_vertebra_with_exchanged_corners_is_named_by_the_shape_of_the_model_alone(pack_b, open_pack, qtbot):
    reader = Reviewer(open_pack(pack_b, "B03"), qtbot)
    assert reader.workspace.project.guidance.limits() is None, "no case of this project has been reviewed"
    assert {row.id for row in reader.first_rows(2)} == set(SWAPPED_CORNERS)
    (text,) = reader.warnings()
    assert "superior endplate, image left" in text and text.endswith("are on each other's side")
    reader.click(swap_button(reader))
    for mark in SWAPPED_CORNERS:
        assert reader.xy(mark) == pack_b.truth["B03"][mark]


def test_a_dismissed_warning_stays_away_when_the_case_is_opened_again(pack_a, open_pack, qtbot):
    application = open_pack(pack_a, "A03")
    reader = Reviewer(application, qtbot)
    (line,) = reader.window.landmark_panel.warnings.lines
    reader.click(line.why)
    assert line._why.isVisibleTo(line) and "usual shape" in line._why.text()
    reader.click(line.dismiss)
    assert reader.warnings() == [] and reader.row(UPPER).warning == ""
    reader.wait(lambda: reader.workspace.project.guidance.all_dismissed() != [])
    application.window.close()
    again = Reviewer(open_pack(pack_a, "A03"), qtbot)
    assert again.row(UPPER).warning == "" and again.row(LOWER).warning == ""
