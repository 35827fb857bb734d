import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.views.digit_entry import digit_of
from tests.app.views.states import marker

NO, SHIFT, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def numbered(view):
    view.set_markers([marker(number, 10.0 * number, 20.0) for number in range(1, 13)])
    return view


@pytest.fixture
def chosen(numbered):
    chosen = []
    numbered.number_entered.connect(chosen.append)
    return chosen


def test_an_unambiguous_number_selects_at_once(numbered, chosen):
    QTest.keyClick(numbered, Qt.Key.Key_7)
    assert chosen == [7]


def test_two_digits(numbered, chosen):
    QTest.keyClicks(numbered, "12")
    assert chosen == [12]


def test_an_ambiguous_number_selects_after_a_pause(numbered, chosen, qtbot):
    QTest.keyClick(numbered, Qt.Key.Key_1)
    assert chosen == [] and numbered.digits.typed == "1"
    qtbot.waitUntil(lambda: chosen == [1], timeout=3000)


def test_the_next_other_key_finishes_a_number_first(numbered, chosen):
    QTest.keyClick(numbered, Qt.Key.Key_1)
    QTest.keyClick(numbered, Qt.Key.Key_Right)
    assert chosen == [1]


def test_a_leading_zero_is_ignored_and_an_unknown_number_begins_anew(numbered, chosen):
    QTest.keyClicks(numbered, "03")
    assert chosen == [3]
    QTest.keyClicks(numbered, "19")
    assert chosen == [3, 9]


def test_escape_forgets_a_number(numbered, chosen):
    QTest.keyClick(numbered, Qt.Key.Key_1)
    QTest.keyClick(numbered, Qt.Key.Key_Escape)
    assert chosen == [] and numbered.digits.typed == ""


def test_digits_come_from_the_top_row_the_keypad_and_shifted_keys():
    assert digit_of(Qt.Key.Key_4, "4", NO) == "4"
    assert digit_of(Qt.Key.Key_4, "4", Qt.KeyboardModifier.KeypadModifier) == "4"
    assert digit_of(Qt.Key.Key_4, "4", SHIFT) == "4"  # AZERTY
    assert digit_of(Qt.Key.Key_4, "4", CTRL) is None
    assert digit_of(Qt.Key.Key_D, "d", NO) is None


@pytest.mark.parametrize(
    ("key", "keys", "nudge"),
    [
        (Qt.Key.Key_Right, NO, (1, 0)),
        (Qt.Key.Key_Down, SHIFT, (0, 10)),
        (Qt.Key.Key_Left, CTRL, (-0.1, 0)),
        (Qt.Key.Key_Up, NO, (0, -1)),
    ],
)
def test_arrows_nudge(view, qtbot, key, keys, nudge):
    with qtbot.waitSignal(view.nudge_requested) as signal:
        QTest.keyClick(view, key, keys)
    assert tuple(signal.args) == pytest.approx(nudge)


def test_overlays_are_hidden_while_h_is_held(view):
    QTest.keyPress(view, Qt.Key.Key_H)
    assert not view.layer.isVisible()
    QTest.keyRelease(view, Qt.Key.Key_H)
    assert view.layer.isVisible()


def test_predictions_are_shown_while_q_is_held(view):
    view.set_markers([marker(1, 200.0, 150.0, "corrected", ghost=(190.0, 140.0)), marker(2, 5.0, 5.0, "corrected")])
    QTest.keyPress(view, Qt.Key.Key_Q)
    first, second = view.layer.markers
    assert view.layer.xy_image(first) == (190, 140)
    assert view.layer.xy_image(second) is None  # placed by hand, no prediction
    QTest.keyRelease(view, Qt.Key.Key_Q)
    assert view.layer.xy_image(first) == (200, 150)


def test_auto_repeat_of_a_held_key_neither_starts_nor_ends_it(view):
    QTest.keyPress(view, Qt.Key.Key_H)
    repeat = QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_H, NO, "h", autorep=True)
    QApplication.sendEvent(view, repeat)
    assert not view.layer.isVisible()
    QTest.keyRelease(view, Qt.Key.Key_H)


def test_losing_the_focus_releases_held_keys(view):
    QTest.keyPress(view, Qt.Key.Key_H)
    QApplication.sendEvent(view, QFocusEvent(QEvent.Type.FocusOut))
    assert view.layer.isVisible()
