"""The settings window, its controls and the page of keys, in a real window."""

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QSpinBox

from app import theme
from app.actions import ACTIONS
from app.preferences import ADVANCE, PREFERENCES, Preference, Preferences
from app.views.main_window import MainWindow
from app.views.settings.controls import make_control
from app.views.settings.keys_page import KeysPage
from app.views.shortcut_help import ShortcutHelp
from tests.app.views import mouse

SHIFT = Qt.KeyboardModifier.ShiftModifier
ROWS = {row.id: row for row in ACTIONS}


@pytest.fixture
def settings(window, qtbot):
    window.action("app.settings").trigger()
    shown = window.settings_pages.shown
    yield shown
    window.set_theme("dark")
    if window.settings_pages.shown is not None:
        shown.close()


def back_to_the_image(window, settings, qtbot):
    settings.close()
    window.activateWindow()
    window.image_view.setFocus()
    qtbot.waitUntil(window.image_view.hasFocus)


def page_of(settings):
    settings.show_page("Keys")
    return settings.page().findChild(KeysPage)


def test_every_row_of_the_table_has_a_control_that_shows_and_sets_it(window, settings):
    kinds = {bool: QCheckBox, int: QSpinBox, str: QLineEdit}
    for row in PREFERENCES:
        control = settings.findChild(QComboBox if row.choices else kinds[type(row.default)], row.key)
        assert control is not None and control.accessibleName() == row.text


def test_theme_and_text_size_are_in_use_at_once(window, settings, qapp):
    settings.show_page("General")
    combo = settings.findChild(QComboBox, "theme")
    combo.setCurrentIndex(combo.findData("contrast"))
    combo.activated.emit(combo.currentIndex())
    assert window.theme_name == "contrast" and window.action("view.theme_contrast").isChecked()
    assert theme.current().window == "#000000"
    settings.findChild(QSpinBox, "font").setValue(150)
    assert theme.px(12) == 18 and "font-size: 20px" in qapp.styleSheet()
    window.action("view.theme_light").trigger()
    assert combo.currentData() == "light"
    window.preferences.set(next(row for row in PREFERENCES if row.key == "font"), 100)


def test_a_control_ends_with_its_window(window, qtbot):
    preferences = Preferences()
    box = make_control(ADVANCE, preferences)
    qtbot.addWidget(box)
    box.setChecked(True)
    assert preferences.value(ADVANCE) is True
    box.deleteLater()
    QApplication.sendPostedEvents(None, 52)
    preferences.set(ADVANCE, False)  # nobody is left who would fail


def test_a_line_of_text_is_taken_when_it_is_done(qtbot):
    preferences = Preferences()
    row = Preference("initials", "Reader", "Initials", "")
    field = make_control(row, preferences)
    qtbot.addWidget(field)
    field.show()
    QTest.keyClicks(field, " AB ")
    assert preferences.value(row) == ""
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert preferences.value(row) == "AB"


def test_the_settings_open_at_a_page_and_only_once(window, settings):
    window.settings_pages.open("Keys")
    assert window.settings_pages.shown is settings
    assert settings.list.currentItem().text() == "Keys"
    assert "Measurements" not in settings.titles()  # a page without a row is not shown


def test_a_feature_may_add_a_page(window, qtbot):
    box = []
    window.settings_pages.add("Measurements", lambda: box.append(QCheckBox("Norms")) or box[0])
    shown = window.settings_pages.open("Measurements")
    assert shown.list.currentItem().text() == "Measurements"
    assert shown.page().findChild(QCheckBox).text() == "Norms"
    shown.close()


def test_a_new_key_works_at_once_everywhere(window, settings, qtbot):
    page = page_of(settings)
    page.choose("landmark.grab")
    QTest.keyClick(page.capture, Qt.Key.Key_G, SHIFT)
    assert page.verdict.text() == "Shift+G is free for “Grab”."
    page.replace.click()
    assert window.registry.keys.keys(ROWS["landmark.grab"]) == ("Shift+G",)
    entry = next(e for e in window.menus["Landmark"].actions() if e.text().startswith("&Grab"))
    assert entry.text() == "&Grab\tShift+G"
    assert "Shift+G" in window.action("landmark.grab").toolTip()
    sheet = ShortcutHelp(window.registry)
    qtbot.addWidget(sheet)
    sheet.search.setText("Shift+G")
    assert sheet.shown() == ["landmark.grab"]
    back_to_the_image(window, settings, qtbot)
    QTest.keyClick(window.image_view, Qt.Key.Key_G)
    assert not window.image_view.is_grabbing
    QTest.keyClick(window.image_view, Qt.Key.Key_G, SHIFT)
    assert window.image_view.is_grabbing
    window.image_view.cancel_gesture()


def test_a_clash_shows_both_rows_and_refuses_to_save(window, settings):
    page = page_of(settings)
    page.choose("landmark.grab")
    QTest.keyClick(page.capture, Qt.Key.Key_E)
    assert "“Grab” (Image) and “Estimated” (Image)" in page.verdict.text()
    assert not page.replace.isEnabled() and not page.add.isEnabled()
    page.choose("edit.undo")
    QTest.keyClick(page.capture, Qt.Key.Key_Down)
    assert "whole window" in page.verdict.text() and not page.replace.isEnabled()
    assert window.registry.keys.own == {}


def test_a_second_key_no_key_and_back(window, settings):
    page = page_of(settings)
    page.choose("landmark.clear")
    QTest.keyClick(page.capture, Qt.Key.Key_D, Qt.KeyboardModifier.AltModifier)
    page.add.click()
    assert window.registry.keys.keys(ROWS["landmark.clear"]) == ("Del", "Alt+D")
    page.remove.click()
    assert window.registry.keys.keys(ROWS["landmark.clear"]) == ()
    page.reset.click()
    assert window.registry.keys.own == {}
    assert not page.reset_all.isEnabled()


def test_a_reset_that_would_clash_is_refused(window, settings):
    page = page_of(settings)
    page.choose("landmark.grab")
    page.remove.click()
    page.choose("landmark.place")
    QTest.keyClick(page.capture, Qt.Key.Key_G)
    page.replace.click()
    page.choose("landmark.grab")
    page.reset.click()
    assert "“Place next unplaced”" in page.verdict.text()
    page.reset_all.click()
    assert window.registry.keys.own == {}


def test_fixed_keys_cannot_be_changed(settings):
    page = page_of(settings)
    page.choose("image.nudge")
    assert page.current is None and not page.capture.isEnabled()


def test_own_keys_and_held_keys_are_there_at_the_next_start(window, tmp_path, qtbot):
    path = str(tmp_path / "settings.ini")
    first = MainWindow(QSettings(path, QSettings.Format.IniFormat))
    qtbot.addWidget(first)
    first.settings_pages.set_keys(first.registry.keys.with_keys(ROWS["image.hide"], ["F4"]))
    again = MainWindow(QSettings(path, QSettings.Format.IniFormat))
    qtbot.addWidget(again)
    assert again.registry.keys.keys(ROWS["image.hide"]) == ("F4",)
    QTest.keyPress(again.image_view, Qt.Key.Key_F4)
    assert not again.image_view.layer.isVisible()
    QTest.keyRelease(again.image_view, Qt.Key.Key_F4)
    assert again.image_view.layer.isVisible()


def test_single_letters_off(window, settings, qtbot):
    done = []
    window.action_triggered.connect(done.append)
    page = page_of(settings)
    box = settings.findChild(QCheckBox, "letters")
    box.click()
    back_to_the_image(window, settings, qtbot)
    view = window.image_view
    for key in (Qt.Key.Key_X, Qt.Key.Key_H, Qt.Key.Key_1):
        QTest.keyPress(view, key)
    assert done == [] and view.layer.isVisible() and view.digits.typed == ""
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert done == ["landmark.confirm"]
    assert page is not None


def test_the_wheel_can_zoom_the_other_way(window, settings):
    view = window.image_view
    zoom = view.zoom
    mouse.wheel(view, (200, 200), 1)
    assert view.zoom > zoom
    combo = settings.findChild(QComboBox, "wheel")
    combo.setCurrentIndex(combo.findData("out"))
    combo.activated.emit(combo.currentIndex())
    mouse.wheel(view, (200, 200), 1)
    assert view.zoom == pytest.approx(zoom)
