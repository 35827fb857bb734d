"""AS08: a film without a pixel size is measured in px, calibrated with the ruler, and then measured in mm."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from medsapiens_core.data.spacing import SpacingSource
from medsapiens_core.transfer.exporting import readings_of

LONG = 60_000
M01 = "No pixel size in this file. Lengths are shown in pixels; angles assume square pixels."
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def press(window, key, modifier=NONE):
    window.image_view.setFocus()
    QTest.keyClick(window.image_view, key, modifier)


def at(view, x, y):
    return view.image_to_view((x, y)).toPoint()


def drag(view, start, end):
    """From image point to image point, as exactly as the screen's pixels allow."""
    a, b = at(view, *start), at(view, *end)
    QTest.mousePress(view.viewport(), LEFT, pos=a)
    QTest.mouseMove(view.viewport(), QPoint((a.x() + b.x()) // 2, (a.y() + b.y()) // 2))
    QTest.mouseMove(view.viewport(), b)
    QTest.mouseRelease(view.viewport(), LEFT, pos=b)


def click(view, x, y):
    QTest.mouseClick(view.viewport(), LEFT, pos=at(view, x, y))


def at_one_to_one(window):
    """At 1:1 image pixels lie on screen pixels, so that a drag of 100 px is 100 px."""
    press(window, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)


def open_case(application, pack, name, qtbot):
    application.workspace.open_case(pack.ids[name])
    session = application.workspace.session
    qtbot.waitUntil(lambda: session.is_open and session.case.id == pack.ids[name], timeout=LONG)


def read_out(window, xy):
    """The millimetres in the status bar with the pointer over an image point, to about a screen pixel."""
    QTest.mouseMove(window.image_view.viewport(), at(window.image_view, *xy))
    x, y = window.status._mm.text().removesuffix(" mm").split(", ")
    return float(x), float(y)


@pytest.fixture
def at_a04(pack_a, open_pack, qtbot):
    application = open_pack(pack_a)
    open_case(application, pack_a, "A04", qtbot)
    return application


def notice(window):
    """The strip's notice about the pixel size: nothing else may cover it here."""
    return window.notices.shown


@pytest.mark.slow
def test_as08(at_a04, pack_a, qtbot):
    application, window = at_a04, at_a04.window
    view, project = window.image_view, at_a04.workspace.project
    scratch = window.spacing.scratch
    before = {name: project.cases.get(case_id) for name, case_id in pack_a.ids.items()}
    points = application.workspace.session.annotation.states

    # M01, badge px
    assert notice(window).text == M01
    assert [word for _, word in notice(window).actions] == ["Use ruler", "Enter pixel size", "Keep pixels"]
    assert window.status._spacing.text() == "px"

    # Measure 100 px: 100.0 px
    at_one_to_one(window)
    press(window, Qt.Key.Key_M)
    drag(view, (150, 200), (250, 200))
    assert scratch.layer.texts == ["100.0 px"]

    # K, draw 100 px, type 10 mm, this case
    press(window, Qt.Key.Key_K)
    assert scratch.kind == "ruler"
    drag(view, (150, 300), (250, 300))
    dialog = window.spacing.ruler
    assert dialog.isVisible()
    assert "100.0 px" in dialog._drawn.text()
    dialog.length.setFocus()
    dialog.length.selectAll()
    QTest.keyClicks(dialog.length, "10")
    assert dialog.result_text.text() == "Pixel size: ruler 0.100 mm"
    assert dialog.scope.this_case.isChecked()
    QTest.mouseClick(dialog.use_button, LEFT)
    qtbot.waitUntil(lambda: window.status._spacing.text() == "ruler 0.100 mm", timeout=LONG)

    # the reading of the line that is still there is in mm, and the tool before is back
    assert scratch.layer.texts == ["10.0 mm"]
    assert scratch.kind == "distance"
    assert notice(window) is None or notice(window).id != "spacing"

    # others are unchanged, the file and the landmarks too; who, when and how is kept
    after = {name: project.cases.get(case_id) for name, case_id in pack_a.ids.items()}
    assert {name for name in after if after[name] != before[name]} == {"A04"}
    assert after["A04"].file_spacing is None
    assert application.workspace.session.annotation.states == points
    (choice,) = project.calibrations.history(pack_a.ids["A04"])
    assert (choice.way, choice.detail["length_mm"], choice.cases_at_once) == ("ruler", 10.0, 1)
    assert choice.reader and choice.utc
    exported = [r.image for r in readings_of(project).readings if r.image.file_name.endswith("A04.png")]
    assert exported[0].spacing.source is SpacingSource.USER

    # the cursor is told in mm now; Esc leaves, and nothing of the measures is left
    qtbot.waitUntil(lambda: read_out(window, (200, 100)) == pytest.approx((20.0, 10.0), abs=0.11), timeout=LONG)
    press(window, Qt.Key.Key_Escape)
    assert scratch.kind == "" and scratch.layer.texts == []


@pytest.mark.slow
def test_the_buttons_of_the_notice_and_the_dialog_work(at_a04, pack_a, qtbot):
    window, project = at_a04.window, at_a04.workspace.project
    case_id = pack_a.ids["A04"]

    # Enter pixel size
    window.notices.action_triggered.emit("spacing", "Enter pixel size")
    qtbot.waitUntil(lambda: window.spacing.dialog is not None and window.spacing.dialog.isVisible(), timeout=LONG)
    dialog = window.spacing.dialog
    assert dialog.entered.isChecked() and not dialog.use_button.isEnabled()
    dialog.across.setFocus()
    dialog.across.selectAll()
    QTest.keyClicks(dialog.across, "0.125")
    assert dialog.down.value() == 0.125, "pixels are square until the height is typed"
    dialog.down.selectAll()
    QTest.keyClicks(dialog.down, "0.15")
    QTest.mouseClick(dialog.use_button, LEFT)
    qtbot.waitUntil(lambda: window.status._spacing.text() == "entered 0.125 x 0.150 mm", timeout=LONG)

    # the badge is a button; the choice is told, and taken back by choosing again
    QTest.mouseClick(window.status._spacing, LEFT)
    qtbot.waitUntil(dialog.isVisible, timeout=LONG)
    assert dialog._now.text() == "Pixel size: entered 0.125 x 0.150 mm"
    assert "entered by hand" in dialog._history.text()
    dialog.radios[-1].click()
    QTest.mouseClick(dialog.use_button, LEFT)
    qtbot.waitUntil(lambda: window.status._spacing.text() == "px", timeout=LONG)
    assert project.cases.get(case_id).is_spacing_set, "pixels were chosen, so M01 is not told again"
    assert window.notices.shown is None

    # a case that looks the same is not asked about again after its notice was closed
    open_case(at_a04, pack_a, "A08", qtbot)
    qtbot.waitUntil(lambda: window.notices.shown is not None, timeout=LONG)
    window.notices._dismiss_shown()
    open_case(at_a04, pack_a, "A01", qtbot)
    open_case(at_a04, pack_a, "A08", qtbot)
    assert window.notices.shown is None or window.notices.shown.id != "spacing"


@pytest.mark.slow
def test_an_angle_is_drawn_by_clicks_and_its_ends_can_be_moved(at_a04, qtbot):
    window = at_a04.window
    view, scratch = window.image_view, window.spacing.scratch
    at_one_to_one(window)
    states = at_a04.workspace.session.annotation.states
    press(window, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    for xy in ((250, 200), (150, 200), (150, 100)):
        click(view, *xy)
    assert scratch.layer.texts == ["90.0°"]
    drag(view, (150, 100), (250, 100))
    assert scratch.layer.texts == ["45.0°"]
    press(window, Qt.Key.Key_Escape)
    assert scratch.layer.texts == []
    assert at_a04.workspace.session.annotation.states == states, "landmarks under the pointer were left alone"
