import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest

from tests.app.views import mouse
from tests.app.views.mouse import MIDDLE, RIGHT, at_image
from tests.app.views.states import image, marker

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def said(view):
    """Everything the view emits, in order."""
    said = []
    for name in ("landmark_pressed", "landmark_moved", "place_requested", "context_requested", "case_step_requested"):
        getattr(view, name).connect(lambda *values, name=name: said.append((name, *values)))
    return said


def moves(said):
    return [entry[1:] for entry in said if entry[0] == "landmark_moved"]


def test_a_click_without_a_drag_changes_nothing(view, said):
    start = at_image(view, 200, 150)
    mouse.drag(view, start, (start[0] + 2.9, start[1]))
    assert said == [("landmark_pressed", "sella")]


def test_a_drag_moves_the_point_by_what_the_pointer_moved(view, said):
    x, y = at_image(view, 200, 150)
    mouse.drag(view, (x + 5.5, y - 3.25), (x + 9, y), (x + 25.5, y + 6.75))  # grabbed off-centre, at 200 %
    assert moves(said) == [("sella", pytest.approx(210.0), pytest.approx(155.0))]


def test_the_point_follows_while_dragging_and_is_reported_once(view, said):
    dragged = []
    view.landmark_dragging.connect(lambda *values: dragged.append(values))
    x, y = at_image(view, 200, 150)
    mouse.press(view, (x, y))
    mouse.move(view, (x + 20, y))
    assert view.layer.xy_image(view.layer.marker("sella")) == pytest.approx((210, 150))
    assert dragged[-1] == ("sella", pytest.approx(210), pytest.approx(150))
    assert not moves(said)
    mouse.release(view, (x + 20, y))
    assert len(moves(said)) == 1


def test_escape_puts_a_dragged_point_back(view, said):
    x, y = at_image(view, 200, 150)
    mouse.press(view, (x, y))
    mouse.move(view, (x + 20, y))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    mouse.release(view, (x + 20, y))
    assert not moves(said)
    assert view.layer.xy_image(view.layer.marker("sella")) == (200, 150)


def test_control_makes_ten_times_finer_steps(view, said):
    x, y = at_image(view, 200, 150)
    mouse.drag(view, (x, y), (x + 20, y + 10), keys=CTRL)
    assert moves(said) == [("sella", pytest.approx(201.0), pytest.approx(150.5))]


def test_shift_keeps_to_the_larger_axis(view, said):
    x, y = at_image(view, 200, 150)
    mouse.drag(view, (x, y), (x + 20, y + 9), keys=SHIFT)
    assert moves(said) == [("sella", pytest.approx(210.0), pytest.approx(150.0))]


def test_a_point_stops_at_the_edge_of_the_image(view, said):
    view.fit()
    start = at_image(view, 200, 150)
    mouse.drag(view, start, (start[0], start[1] + 5), (start[0] - 5000, start[1]))
    assert moves(said)[0][1] == -0.5


def test_an_undecided_point_can_be_dragged_at_once(view, said):
    x, y = at_image(view, 250, 100)
    mouse.drag(view, (x, y), (x + 10, y))
    assert said[0] == ("landmark_pressed", "orbitale")
    assert moves(said) == [("orbitale", pytest.approx(255.0), pytest.approx(100.0))]


def test_a_settled_point_is_only_selected_and_the_drag_pans(view, said):
    before = view.camera.centre
    x, y = at_image(view, 300, 150)
    mouse.drag(view, (x, y), (x + 10, y))
    assert said == [("landmark_pressed", "nasion")]
    assert view.camera.centre == pytest.approx((before[0] - 5, before[1]))


def test_a_press_takes_the_nearest_within_12_pixels(view, said):
    view.set_markers([marker(1, 200, 150), marker(2, 204, 150)])
    x, y = at_image(view, 203, 150)
    mouse.drag(view, (x, y), (x + 1, y))
    far = at_image(view, 204, 150)
    mouse.drag(view, (far[0] + 12.5, far[1]), (far[0] + 13, far[1]))
    assert said == [("landmark_pressed", "nasion")]


def test_dragging_empty_film_pans(view, said):
    before = view.camera.centre
    mouse.drag(view, (60, 60), (70, 60), (100, 80))
    assert view.camera.centre == pytest.approx((before[0] - 20, before[1] - 10))
    assert not said


def test_nothing_moves_in_a_view_that_is_read_only(view, said):
    view.set_editable(False)
    x, y = at_image(view, 200, 150)
    mouse.drag(view, (x, y), (x + 20, y))
    view.begin_grab()
    view.begin_place("Menton")
    assert not moves(said)
    assert not view.is_grabbing and not view.is_placing


def test_the_wheel_zooms_at_the_pointer(view):
    at = (300.25, 200.75)
    before = view.camera.to_image(at)
    mouse.wheel(view, at, 1)
    assert view.zoom == pytest.approx(2.0 * 1.15)
    assert view.camera.to_image(at) == pytest.approx(before)
    mouse.wheel(view, at, -1)
    assert view.zoom == pytest.approx(2.0)


def test_right_drag_changes_window_and_level(view, said):
    mouse.drag(view, (100, 100), (110, 100), (300, 100), button=RIGHT)
    low, high = view.window_range
    assert high - low == pytest.approx(2 * 4095)
    assert (high + low) / 2 == pytest.approx(4095 / 2)
    mouse.drag(view, (100, 100), (100, 110), (100, 300), button=RIGHT)
    assert sum(view.window_range) / 2 == pytest.approx(4095 / 2 + 4095)
    assert not said


def test_right_click_asks_for_the_menu(view, said):
    x, y = at_image(view, 300, 150)
    mouse.drag(view, (x + 1, y), (x + 1, y), button=RIGHT)
    mouse.drag(view, (50, 50), (50, 50), button=RIGHT)
    assert said[0] == ("context_requested", "nasion", pytest.approx(300.5), pytest.approx(150))
    assert said[1][1] is None


def test_double_click_zooms_to_a_marker_or_fits(view):
    mouse.double_click(view, at_image(view, 300, 150))
    assert view.camera.centre == pytest.approx((300, 150))
    assert view.zoom == pytest.approx(600 / 400)
    mouse.double_click(view, (5, 5))
    assert view.zoom == pytest.approx(view.camera.fit_zoom)


def test_side_buttons_step_through_cases(view, said):
    for button in (Qt.MouseButton.BackButton, Qt.MouseButton.ForwardButton):
        mouse.press(view, (50, 50), button)
    assert said == [("case_step_requested", -1), ("case_step_requested", 1)]


def test_grab_follows_without_a_button_until_a_click(view, said):
    mouse.move(view, at_image(view, 220, 160), Qt.MouseButton.NoButton)
    view.begin_grab()
    assert view.layer.xy_image(view.layer.marker("sella")) == pytest.approx((220, 160))
    mouse.move(view, at_image(view, 222, 161), Qt.MouseButton.NoButton)
    mouse.press(view, at_image(view, 222, 161))
    mouse.release(view, at_image(view, 222, 161))
    assert moves(said) == [("sella", pytest.approx(222), pytest.approx(161))]
    assert not view.is_grabbing


def test_grab_is_dropped_by_space_and_undone_by_escape(view, said):
    for key, count in ((Qt.Key.Key_Escape, 0), (Qt.Key.Key_Space, 1)):
        view.begin_grab()
        mouse.move(view, at_image(view, 230, 160), Qt.MouseButton.NoButton)
        QTest.keyClick(view, key)
        assert not view.is_grabbing
        assert len(moves(said)) == count


def test_the_film_can_be_panned_while_grabbing(view, said):
    view.begin_grab()
    mouse.drag(view, (100, 100), (110, 100), (120, 100), button=MIDDLE)
    assert view.is_grabbing
    assert not moves(said)


def test_placing_commits_on_release_and_repeats(view, said):
    view.begin_place("Menton")
    mouse.press(view, at_image(view, 100, 100))
    mouse.move(view, at_image(view, 110, 105))
    assert not said
    mouse.release(view, at_image(view, 110, 105))
    mouse.drag(view, at_image(view, 50, 60), at_image(view, 50, 60))
    assert said == [
        ("place_requested", pytest.approx(110), pytest.approx(105)),
        ("place_requested", pytest.approx(50), pytest.approx(60)),
    ]


def test_escape_before_the_release_cancels_the_place_a_second_one_leaves_the_tool(view, said, qtbot):
    view.begin_place("Menton")
    mouse.press(view, at_image(view, 100, 100))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    mouse.release(view, at_image(view, 100, 100))
    assert not said and view.is_placing
    with qtbot.waitSignal(view.tool_cancelled):
        QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.is_placing


def test_backspace_takes_back_the_last_place(view, qtbot):
    view.begin_place("Menton")
    with qtbot.waitSignal(view.place_back_requested):
        QTest.keyClick(view, Qt.Key.Key_Backspace)


def test_another_case_ends_the_gesture(view, said):
    x, y = at_image(view, 200, 150)
    mouse.press(view, (x, y))
    mouse.move(view, (x + 20, y))
    view.set_image(image(case_id=2))
    mouse.release(view, (x + 30, y))
    assert not moves(said)


def test_the_pointer_is_read_out_and_forgotten(view, qtbot):
    with qtbot.waitSignal(view.cursor_moved) as signal:
        mouse.move(view, at_image(view, 10.25, 0), Qt.MouseButton.NoButton)
    x, y, value = signal.args
    assert (x, y) == pytest.approx((10.25, 0))
    assert value == view.image.pixels[0, 10]
    with qtbot.waitSignal(view.cursor_left):
        view.leaveEvent(QEvent(QEvent.Type.Leave))


def test_the_view_follows_the_current_landmark_once_zoomed(view, qtbot):
    view.toggle_zoom()
    assert view.camera.centre == pytest.approx((200, 150))
    view.set_markers([marker(1, 200, 150), marker(2, 300, 150, current=True)])
    qtbot.waitUntil(lambda: not view.motion.is_gliding)
    assert view.camera.centre == pytest.approx((300, 150))
    view.toggle_zoom()
    assert view.zoom == pytest.approx(2.0)


def test_a_landmark_outside_is_brought_into_view_a_visible_one_moves_nothing(view, qtbot):
    view.look_at((50, 50), 8.0)
    view.set_markers([marker(1, 52, 52, current=True)])
    assert view.camera.centre == (50, 50)
    view.set_markers([marker(2, 300, 150, current=True)])
    qtbot.waitUntil(lambda: not view.motion.is_gliding)
    assert view.image_to_view((300, 150)).x() == pytest.approx(800 * 0.9)
    assert view.zoom == 8.0
