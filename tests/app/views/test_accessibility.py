"""Screen readers, the focus ring, text sizes and the wheel: what must hold for every control of the window."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QScrollBar,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.session.case_list_model import CaseListModel
from app.session.landmark_list_model import LandmarkListModel
from app.theme import THEMES
from app.views.announce import announce
from app.views.widgets import make_quiet
from tests.app.views.states import case, row

NONE = Qt.MouseButton.NoButton


@pytest.fixture
def filled(window):
    window.cases = CaseListModel(window)
    window.worklist.set_model(window.cases)
    window.cases.reset(3)
    window.cases.receive_page(window.cases.generation, 0, [case(number, "in_review", 3) for number in (1, 2, 3)])
    landmarks = LandmarkListModel(window)
    landmarks.set_rows([row(1), row(2, "corrected", warning="At the edge of the image")])
    window.landmark_panel.set_model(landmarks)
    return window


def spoken_by(table):
    return [table.child(place).text(QAccessible.Text.Name) for place in range(table.childCount())]


def turn_wheel(widget):
    at = QPointF(widget.rect().center())
    keys = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(at, at, QPoint(), QPoint(0, 120), NONE, keys, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(widget, event)


def test_a_screen_reader_hears_rows_in_words(filled):
    cases = QAccessible.queryAccessibleInterface(filled.worklist.list)
    assert cases.text(QAccessible.Text.Name) == "Cases"
    assert "case 1, In review, 3 of 12 decided" in spoken_by(cases)
    landmarks = QAccessible.queryAccessibleInterface(filled.landmark_panel.list)
    nasion = next(text for text in spoken_by(landmarks) if "Nasion, corrected" in text)
    assert nasion.endswith("warning: At the edge of the image")


def test_an_announcement_is_made_only_with_a_screen_reader(window):
    announce(window, "Gonion: confirmed.")
    QAccessible.setActive(True)
    announce(window, "Gonion: confirmed.")
    QAccessible.setActive(False)


def test_no_control_changes_under_a_wheel_that_only_passes_over_it(filled):
    controls = [
        *filled.findChildren(QComboBox),
        *filled.findChildren(QAbstractSpinBox),
        *(part for part in filled.findChildren(QAbstractSlider) if not isinstance(part, QScrollBar)),
    ]
    assert controls
    for control in controls:
        before = control.currentIndex() if isinstance(control, QComboBox) else control.value()
        turn_wheel(control)
        after = control.currentIndex() if isinstance(control, QComboBox) else control.value()
        assert after == before, control.accessibleName()


def test_a_quiet_spin_box_turns_only_with_the_focus(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    column = QVBoxLayout(holder)
    box, slider = make_quiet(QSpinBox()), make_quiet(QSlider())
    column.addWidget(box)
    column.addWidget(slider)
    holder.show()
    slider.setFocus()
    qtbot.waitUntil(slider.hasFocus)
    turn_wheel(box)
    assert box.value() == 0
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    turn_wheel(box)
    assert box.value() == 1


@pytest.mark.parametrize("name", THEMES)
def test_the_image_shows_when_it_has_the_keyboard(window, qtbot, name):
    window.set_theme(name)
    view = window.image_view

    def edge():
        picture = view.viewport().grab().toImage()
        return picture.pixelColor(1, picture.height() // 2).name()

    qtbot.waitUntil(view.hasFocus)
    assert edge() == theme.RING_ON_FILM.lower()
    window.worklist.focus_search()
    assert edge() != theme.RING_ON_FILM.lower()
    window.set_theme("dark")


@pytest.mark.parametrize("size", [100, 150, 200])
def test_larger_text_makes_larger_rows(filled, qapp, size):
    filled.preferences.set(next(r for r in filled.preferences.rows("General") if r.key == "font"), size)
    rows = filled.worklist.list
    assert rows.sizeHintForRow(0) == round(46 * size / 100)
    assert not rows.grab().toImage().isNull()
    filled.preferences.set(next(r for r in filled.preferences.rows("General") if r.key == "font"), 100)


def test_space_in_the_worklist_looks_at_a_case_without_opening_it(filled, qtbot):
    panel, asked, opened = filled.worklist, [], []
    panel.preview_requested.connect(asked.append)
    panel.case_activated.connect(opened.append)
    panel.list.setFocus(Qt.FocusReason.TabFocusReason)
    panel.list.setCurrentIndex(panel.list.model().index(1, 0))
    QTest.keyClick(panel.list, Qt.Key.Key_Space)
    assert asked == [2] and opened == [] and panel.preview.isVisible() and panel.list.hasFocus()
    panel.preview.set_picture(1, QImage(8, 8, QImage.Format.Format_Grayscale8))  # of a row looked at before
    assert panel.preview._picture.pixmap().isNull()
    panel.preview.set_picture(2, QImage(8, 4, QImage.Format.Format_Grayscale8))
    assert panel.preview._picture.pixmap().width() == 2 * panel.preview._picture.pixmap().height()
    QTest.keyClick(panel.list, Qt.Key.Key_Down)
    assert not panel.preview.isVisible()
    QTest.keyClick(panel.list, Qt.Key.Key_Space)
    panel.preview.set_picture(3, None)
    assert "cannot be shown" in panel.preview._picture.text()
    QTest.keyClick(panel.list, Qt.Key.Key_Space)
    assert not panel.preview.isVisible()
