import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QWidget,
)

from app.action_registry import is_for_window
from app.actions import ACTIONS
from app.session.case_list_model import CaseListModel
from app.session.landmark_list_model import LandmarkListModel
from app.views.main_window import TYPING, MainWindow
from app.views.shortcut_help import ShortcutHelp
from tests.app.views import mouse
from tests.app.views.states import case, image, marker, row

ROOT = Path(__file__).parents[3]


@pytest.fixture
def done(window):
    done = []
    window.action_triggered.connect(done.append)
    return done


@pytest.fixture
def filled(window):
    """With 30 cases and 5 landmarks in the lists."""
    window.cases = CaseListModel(window)
    window.worklist.set_model(window.cases)
    window.cases.reset(30)
    window.cases.receive_page(window.cases.generation, 0, [case(number) for number in range(1, 31)])
    landmarks = LandmarkListModel(window)
    landmarks.set_rows([row(number) for number in range(1, 6)])
    window.landmark_panel.set_model(landmarks)
    return window


def click_row(view, number):
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.model().index(number, 0)).center()
    )


def test_opening_the_window_loads_no_torch():
    heavy = ("torch", "cv2", "scipy", "sqlalchemy")
    code = f"import app.views.main_window, sys; print([name for name in {heavy} if name in sys.modules])"
    child = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "[]"


@pytest.mark.parametrize("row", [row for row in ACTIONS if not row.keys_only], ids=lambda row: row.id)
def test_every_action_either_acts_in_the_window_or_is_passed_on(window, done, row):
    assert (row.id in window.view_actions.ids()) == is_for_window(row.id)
    if not is_for_window(row.id):
        window.action(row.id).trigger()
        assert done == [row.id]


@pytest.mark.parametrize(
    ("key", "keys", "action"),
    [
        (Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, "landmark.confirm"),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "case.review"),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier, "case.review_stay"),
        (Qt.Key.Key_X, Qt.KeyboardModifier.NoModifier, "landmark.absent"),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier, "landmark.clear"),
        (Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier, "landmark.next_template"),
        (Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, "case.next"),
        (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, "edit.undo"),
        (Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier, "model.finetune"),
    ],
)
def test_keys_on_the_image(window, done, key, keys, action):
    QTest.keyClick(window.image_view, key, keys)
    assert done == [action]


def test_a_key_whose_action_is_off_says_why(window, done):
    window.registry.set_condition("revert", False, "No prediction here.")
    QTest.keyClick(window.image_view, Qt.Key.Key_R)
    assert done == []
    assert window.status.currentMessage() == "No prediction here."


def test_typing_in_the_search_field_changes_no_case(window, done, qtbot):
    """AS05."""
    QTest.keyClick(window.image_view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.worklist.search.hasFocus()
    assert window.status._note.text() == TYPING
    QTest.keyClicks(window.worklist.search, "d a x 1")
    QTest.keyClick(window.worklist.search, Qt.Key.Key_PageDown)
    with qtbot.waitSignal(window.worklist.search_changed) as signal:
        QTest.keyClick(window.worklist.search, Qt.Key.Key_Return)
    assert signal.args == ["d a x 1"]
    assert done == []
    assert window.image_view.hasFocus()
    QTest.keyClick(window.image_view, Qt.Key.Key_D)
    assert done == ["landmark.next"]


def test_escape_empties_the_search_and_returns_to_the_image(window):
    window.worklist.focus_search()
    QTest.keyClicks(window.worklist.search, "abc")
    QTest.keyClick(window.worklist.search, Qt.Key.Key_Escape)
    assert window.worklist.search.text() == ""
    assert window.image_view.hasFocus()


def test_a_click_on_anything_leaves_the_focus_on_the_image(filled):
    """Rule 1 of ux.md 4.1: a click works a control without taking the focus; only Tab and F6 can."""
    click_row(filled.landmark_panel.list, 2)
    click_row(filled.worklist.list, 3)
    for chip in filled.worklist.filters.values():
        QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
    buttons = [b for b in filled.findChildren(QAbstractButton) if b.isVisible() and b.isEnabled()]
    assert len(buttons) > 20
    for widget in (*buttons, filled.worklist.list, filled.landmark_panel.list, *filled.findChildren(QComboBox)):
        owner = widget.parentWidget()
        inside_field = isinstance(owner, QLineEdit)  # the clear button of a field
        assert inside_field or not widget.focusPolicy() & Qt.FocusPolicy.ClickFocus, widget.accessibleName()
    assert filled.image_view.hasFocus()


def test_rows_choose_by_click_and_by_keyboard(filled, qtbot):
    with qtbot.waitSignal(filled.landmark_panel.row_selected) as signal:
        click_row(filled.landmark_panel.list, 2)
    assert signal.args == ["orbitale"]
    with qtbot.waitSignal(filled.worklist.case_activated) as signal:
        click_row(filled.worklist.list, 3)
    assert signal.args == [4]
    landmarks = filled.landmark_panel.list
    landmarks.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(filled.landmark_panel.row_selected) as signal:
        QTest.keyClick(landmarks, Qt.Key.Key_Down)
    assert signal.args == ["porion"]
    with qtbot.waitSignal(filled.landmark_panel.row_confirmed) as signal:
        QTest.keyClick(landmarks, Qt.Key.Key_Space)
    assert signal.args == ["porion"]
    QTest.keyClick(landmarks, Qt.Key.Key_Escape)
    assert filled.image_view.hasFocus()


def test_keys_in_a_list_do_not_reach_the_image_actions(filled, done):
    filled.landmark_panel.list.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_X, Qt.Key.Key_Return, Qt.Key.Key_PageDown, Qt.Key.Key_Delete):
        QTest.keyClick(filled.landmark_panel.list, key)
    assert done == []


def test_f6_goes_round_the_panes(filled):
    panes = [filled.image_view, filled.landmark_panel.list, filled.worklist.list, filled.image_view]
    for pane in panes[1:]:
        filled.action("pane.next").trigger()
        assert pane.hasFocus()
    filled.action("pane.previous").trigger()
    assert filled.worklist.list.hasFocus()


def test_the_loupe_and_the_status_bar_follow_the_image(window):
    view, loupe = window.image_view, window.landmark_panel.loupe
    assert loupe._target == (200.0, 150.0)
    mouse.move(view, view.camera.to_view((100.0, 50.0)), Qt.MouseButton.NoButton)
    assert loupe._target == pytest.approx((100, 50))
    assert window.status._cursor.text() == "x 100.00  y 50.00"
    assert window.status._mm.text() == "10.0, 10.0 mm"
    view.cursor_left.emit()
    assert loupe._target == (200.0, 150.0)
    view.set_window(100, 300)
    assert window.status.window_field.text() == "W 200  L 200"
    assert loupe._window == (100, 300)
    window.action("view.invert").trigger()
    assert loupe._inverted and view.inverted
    view.set_markers([marker(1, 200.0, 150.0), marker(2, 300.0, 140.0, current=True)])
    assert loupe._target == (300.0, 140.0)


def test_without_a_pixel_size_nothing_is_shown_in_millimetres(window):
    window.image_view.set_image(image(case_id=2))
    window.image_view.cursor_moved.emit(10.0, 10.0, 5)
    assert window.status._spacing.text() == "px"
    assert not window.status._mm.isVisible()


def test_presets(window):
    assert [name for name, _, _ in window.presets.entries] == [
        "As the file says",
        "Full range",
        "Bone",
        "Soft tissue",
    ]
    QTest.keyClick(window.image_view, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(window.image_view, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    assert window.image_view.window_range == (100.0, 900.0)
    window.menus["Presets"].actions()[0].trigger()
    assert window.image_view.window_range == window.image_view.image.window


@pytest.mark.parametrize("key", [Qt.Key.Key_N, Qt.Key.Key_Y, Qt.Key.Key_J, Qt.Key.Key_F, Qt.Key.Key_Z, Qt.Key.Key_W])
def test_view_keys_change_what_is_seen_and_nothing_else(window, done, key):
    view = window.image_view

    def seen():
        layer = view.layer
        return layer.names, layer.show_ghosts, layer.show_lines, view.camera, view.window_range

    view.look_at((10, 10), 3.0)
    before = seen()
    QTest.keyClick(view, key)
    assert seen() != before
    assert done == []


def test_menu_entries_of_image_keys_carry_no_shortcut_but_mirror_their_action(window, done):
    entries = {entry.text().split("\t")[0]: entry for entry in window.menus["Landmark"].actions()}
    confirm = entries["&Confirm"]
    assert confirm.text().endswith("\tSpace")
    assert confirm.shortcut().isEmpty()
    confirm.trigger()
    assert done == ["landmark.confirm"]
    window.registry.set_condition("landmark", False)
    assert not confirm.isEnabled()


def test_the_context_menu_offers_decisions_on_the_marker(window, done, qtbot):
    pressed = []
    window.image_view.landmark_pressed.connect(pressed.append)
    window.image_view.set_markers([marker(1, 301.0, 150.0), marker(2, 300.0, 150.0, "confirmed", current=True)])
    window.image_view.context_requested.emit("nasion", 300.0, 150.0)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    texts = [action.text() for action in menu.actions()]
    assert pressed == ["nasion"]
    assert "2  Nasion" in texts and "&Absent\tX" in texts
    assert "N&ote…" in texts and "Large definition &card\tShift+C" in texts
    next(action for action in menu.actions() if action.text() == "&Absent\tX").trigger()
    assert done == ["landmark.absent"]
    assert "Select 1  Sella" in texts
    next(action for action in menu.actions() if action.text() == "Select 1  Sella").trigger()
    assert pressed == ["nasion", "sella"]
    menu.actions()[-1].trigger()
    assert QGuiApplication.clipboard().text() == "300.00, 150.00"
    menu.close()
    window.registry.set_condition("landmark", False)  # nothing may still listen from the closed menu
    window.registry.set_condition("landmark", True)


def test_the_context_menu_of_the_image_places_one_landmark_of_those_left(window, done, qtbot):
    pressed = []
    window.image_view.landmark_pressed.connect(pressed.append)
    left = [marker(1, None, None, "not placed"), marker(2, None, None, "absent"), marker(3, None, None, "not placed")]
    window.image_view.set_markers([*left, marker(4, 10.0, 10.0, current=True)])
    window.image_view.context_requested.emit(None, 200.0, 150.0)
    menu = QApplication.activePopupWidget()
    places = next(action.menu() for action in menu.actions() if action.text() == "Place")
    assert [action.text()[:1] for action in places.actions()] == ["1", "3"]
    places.actions()[1].trigger()
    assert pressed == [left[2].landmark] and done == ["landmark.place"]
    menu.close()


def test_the_theme_is_switched_and_remembered(window, tmp_path, qtbot, qapp):
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    first = MainWindow(settings)
    qtbot.addWidget(first)
    with qtbot.waitSignal(first.theme_changed):
        first.action("view.theme_light").trigger()
    first.registry.set_condition("case", True)
    first.action("view.lines").trigger()
    first.show_review()
    first.action("view.worklist").trigger()
    first.action("view.names").trigger()
    first.close()
    again = MainWindow(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(again)
    again.show_review()
    assert again.theme_name == "light"
    assert again.action("view.theme_light").isChecked()
    assert not again.action("view.lines").isChecked() and not again.image_view.layer.show_lines
    assert again.image_view.layer.names == "none"
    assert again.worklist_dock.isHidden() and not again.landmark_dock.isHidden()
    again.action("view.reset_layout").trigger()
    assert not again.worklist_dock.isHidden()
    again.set_theme("dark")


def test_the_guard_can_keep_the_window_open(window, qtbot):
    window.close_guard = lambda: False
    assert not window.close()
    window.close_guard = lambda: True
    with qtbot.waitSignal(window.closed):
        assert window.close()


def test_files_may_be_dropped_anywhere(window, qtbot, tmp_path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/a.dcm")])
    args = (QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    with qtbot.waitSignal(window.files_dropped) as signal:
        window.dropEvent(QDropEvent(*args))
    assert signal.args == [[str(tmp_path)]]
    with qtbot.waitSignal(window.files_dropped):
        window.worklist.dropEvent(QDropEvent(*args))


def test_recent_projects_are_offered_in_menu_and_welcome_page(window, qtbot):
    window.show_welcome([("Ceph & co", "/data/ceph")], "No GPU.")
    assert window.worklist_dock.isHidden()
    with qtbot.waitSignal(window.recent_requested) as signal:
        window.menus["Recent"].actions()[0].trigger()
    assert signal.args == ["/data/ceph"]
    entry = next(b for b in window.welcome.findChildren(QAbstractButton) if b.text().startswith("Ceph && co"))
    with qtbot.waitSignal(window.recent_requested):
        entry.click()
    window.show_review()
    assert not window.worklist_dock.isHidden()


def test_the_project_is_named_and_read_only_forbids_moves(window):
    window.set_project("Ceph", "Lateral skull", read_only=True)
    assert window.windowTitle().startswith("Ceph  (read only)")
    assert not window.image_view._editable
    window.set_project(None, None)
    assert window.windowTitle() == "MedSapiens Studio"


def test_the_models_dock_opens_and_closes(window, qtbot):
    window.status.models_requested.emit()
    assert window.models_dock.isVisible() and window.action("view.models").isChecked()
    window.models_panel.close_requested.emit()
    assert not window.models_dock.isVisible() and not window.action("view.models").isChecked()


def test_the_key_sheet_lists_every_key_and_greys_what_is_off(window, qtbot):
    window.registry.set_condition("undo", False)
    window.action("help.keys").trigger()
    sheet = window.findChild(ShortcutHelp)
    assert set(sheet.shown()) == {row.id for row in ACTIONS if row.shortcuts}
    undo = next(part for part in sheet.findChildren(QLabel) if part.text() == "Undo")
    assert not undo.isEnabled() and "Nothing to undo" in undo.toolTip()
    sheet.search.setText("nudge")
    assert sheet.shown() == ["image.nudge", "image.nudge_far", "image.nudge_fine"]
    sheet.close()


def test_everything_a_person_can_reach_has_a_name(filled):
    for widget in filled.findChildren(QWidget):
        focusable = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible()
        owner = widget.parentWidget()
        is_viewport = isinstance(owner, QAbstractScrollArea) and owner.viewport() is widget
        if focusable and not is_viewport and type(widget).__module__.startswith(("app.", "PySide6")):
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            assert text or widget.accessibleName() or widget.toolTip(), widget


def test_labels_never_read_text_as_markup(filled):
    labels = [part for part in filled.findChildren(QLabel) if part.text()]
    assert len(labels) > 10
    assert all(part.textFormat() is Qt.TextFormat.PlainText for part in labels)


def test_in_the_smallest_window_the_panel_below_covers_nothing(window, qtbot):
    window.show()
    window.show_review()
    window.resize(window.minimumSize())
    for action_id in window.bottom.action_ids:
        window.show_page(action_id)
        QApplication.processEvents()
        below, beside = (dock.geometry() for dock in (window.models_dock, window.landmark_dock))
        assert window.width() == window.minimumSize().width()
        assert not below.intersects(beside), action_id
