"""AS06: a click leaves the keyboard on the image; only F6 and Tab take it to a list. Keys that step through cases."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def press(key, keys=Qt.KeyboardModifier.NoModifier):
    """A key goes where the focus is, as with a real keyboard."""
    QTest.keyClick(QApplication.focusWidget(), key, keys)


@pytest.fixture
def application(open_pack, pack_a, qtbot):
    application = open_pack(pack_a)
    session = application.workspace.session
    qtbot.waitUntil(lambda: session.is_open and application.window.image_view.hasFocus(), timeout=20_000)
    return application


def click_row(view, row):
    index = view.model().index(row, 0)
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())


def test_as06_a_click_on_a_row_leaves_the_arrows_to_the_image(application, qtbot):
    window, session = application.window, application.workspace.session
    landmarks = window.landmark_panel.list
    model = landmarks.model()

    click_row(landmarks, 3)
    chosen = model.row_at(3).id
    assert session.current == chosen and window.image_view.hasFocus()
    x, y = session.annotation[chosen].x, session.annotation[chosen].y
    press(Qt.Key.Key_Right)
    assert (session.annotation[chosen].x, session.annotation[chosen].y) == (x + 1, y)
    assert session.current == chosen and landmarks.currentIndex().row() == model.position_of(chosen)

    for _ in range(6):
        press(Qt.Key.Key_F6)
        if landmarks.hasFocus():
            break
    assert landmarks.hasFocus()
    assert "border: 2px solid" in QApplication.instance().styleSheet().split("QListView:focus")[1][:120]
    row = landmarks.currentIndex().row()
    press(Qt.Key.Key_Down)
    following = model.row_at(row + 1).id
    assert landmarks.currentIndex().row() == row + 1 and session.current == following
    before = session.annotation[following]
    assert before.label == "predicted"
    press(Qt.Key.Key_Space)
    assert session.annotation[following].label == "confirmed"
    assert landmarks.hasFocus()
    press(Qt.Key.Key_Escape)
    assert window.image_view.hasFocus()


def test_f6_and_shift_f6_go_round_every_pane_on_screen(application):
    window = application.window
    seen = []
    for _ in range(8):
        press(Qt.Key.Key_F6)
        seen.append(QApplication.focusWidget())
        if seen[-1] is window.image_view:
            break
    assert window.landmark_panel.list in seen and window.worklist.list in seen and seen[-1] is window.image_view
    press(Qt.Key.Key_F6, SHIFT)
    assert QApplication.focusWidget() is seen[-2] if len(seen) > 1 else True
    window.image_view.setFocus()


def test_home_and_end_go_to_the_first_and_last_undecided(application):
    session = application.workspace.session
    press(Qt.Key.Key_End)
    assert session.current == session.order[-1]
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_End)
    assert session.current == session.order[-2]
    press(Qt.Key.Key_Home)
    assert session.current == session.order[0]


def test_shift_page_keys_pass_over_what_is_reviewed(application, qtbot):
    """A11 to A20 are read already: after A10 comes A21, and before A21 comes A10."""
    workspace = application.workspace
    session, rows = workspace.session, {}
    for row in workspace.project.cases.page("all", "added", limit=100):
        rows[row.name.split(".")[0]] = row.id
    workspace.open_case(rows["A10"])
    qtbot.waitUntil(lambda: session.case.id == rows["A10"], timeout=10_000)
    press(Qt.Key.Key_PageDown, SHIFT)
    qtbot.waitUntil(lambda: session.case.id == rows["A21"], timeout=10_000)
    press(Qt.Key.Key_PageUp, SHIFT)
    qtbot.waitUntil(lambda: session.case.id == rows["A10"], timeout=10_000)
    workspace.open_case(rows["A01"])
    qtbot.waitUntil(lambda: session.case.id == rows["A01"], timeout=10_000)
    press(Qt.Key.Key_PageUp, SHIFT)
    qtbot.waitUntil(lambda: "No case to do" in application.window.toasts.text, timeout=5000)


def test_ctrl_s_says_when_it_was_saved(application):
    press(Qt.Key.Key_S, CTRL)
    assert application.window.status._saved.text().startswith("Saved ")
    assert application.window.toasts.text == application.window.status._saved.text()


def test_undo_says_in_the_menu_what_it_takes_back(application):
    window, session = application.window, application.workspace.session
    name = session.template.landmarks[session.template.index[session.current]].name
    press(Qt.Key.Key_Right)
    assert window.action("edit.undo").text() == f"&Undo nudge {name}"
    press(Qt.Key.Key_Z, CTRL)
    assert window.action("edit.undo").text() == "&Undo"
    assert window.action("edit.redo").text() == f"&Redo nudge {name}"


def test_held_keys_end_when_a_menu_a_dialog_or_another_window_takes_the_keyboard(application, qtbot):
    window = application.window
    view = window.image_view
    for take in (lambda: window.action("app.settings").trigger(), window.worklist.focus_search):
        view.setFocus()
        qtbot.waitUntil(view.hasFocus, timeout=5000)
        QTest.keyPress(view, Qt.Key.Key_H)
        assert not view.layer.isVisible()
        take()
        qtbot.waitUntil(view.layer.isVisible, timeout=5000)
        if window.settings_pages.shown is not None:
            window.settings_pages.shown.close()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            window.activateWindow()


def test_a_correction_may_go_on_by_itself(application, qtbot):
    """Settings > Review: off by default, on = the next undecided landmark 400 ms after the drop."""
    workspace, window = application.workspace, application.window
    session = workspace.session
    first = session.current
    window.image_view.landmark_moved.emit(first, 100.0, 100.0)
    assert session.current == first and not workspace._advance._timer.isActive()
    session.undo()
    window.settings_pages.open("Review").findChild(object, "advance").click()
    window.settings_pages.shown.close()
    window.image_view.landmark_moved.emit(first, 100.0, 100.0)
    assert session.current == first
    qtbot.waitUntil(lambda: session.current != first, timeout=5000)
    assert not session.annotation[session.current].is_decided
