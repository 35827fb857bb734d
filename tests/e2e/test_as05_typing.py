"""AS05: what is typed into a text field goes into the field and nowhere else."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.views.main_window import TYPING

CTRL = Qt.KeyboardModifier.ControlModifier


def press(key, keys=Qt.KeyboardModifier.NoModifier):
    """A key goes where the focus is, as with a real keyboard."""
    QTest.keyClick(QApplication.focusWidget(), key, keys)


@pytest.fixture
def seen(open_pack, pack_a, qtbot):
    application = open_pack(pack_a)
    window, session = application.window, application.workspace.session
    qtbot.waitUntil(lambda: session.is_open and window.image_view.hasFocus(), timeout=20_000)

    def seen():
        return session.case.id, session.current, session.annotation.revision, window.image_view.camera

    return application, seen


def test_as05_typing_never_reaches_the_case(seen, qtbot):
    application, state = seen
    window, session = application.window, application.workspace.session
    before = state()

    press(Qt.Key.Key_F, CTRL)
    search = window.worklist.search
    assert search.hasFocus()
    for text in ("d", " ", "a", " ", "s", "p", "a", "c", "e", " ", "1"):
        QTest.keyClicks(QApplication.focusWidget(), text)
    assert search.text() == "d a space 1"
    assert window.status._note.text() == TYPING and TYPING.startswith("Typing")
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Delete, Qt.Key.Key_X, Qt.Key.Key_Backspace, Qt.Key.Key_Home):
        press(key)
        assert search.hasFocus() and state() == before
    press(Qt.Key.Key_PageDown)
    assert search.hasFocus() and state() == before
    press(Qt.Key.Key_Return)
    assert window.image_view.hasFocus() and state() == before
    assert window.status._note.text() == ""
    press(Qt.Key.Key_Escape)
    assert window.image_view.hasFocus() and state() == before

    press(Qt.Key.Key_D)
    assert session.current != before[1]
    assert session.case.id == before[0] and session.annotation.revision == before[2]


def test_escape_leaves_the_field_and_ctrl_z_in_it_undoes_typing_only(seen, qtbot):
    application, state = seen
    window, session = application.window, application.workspace.session
    press(Qt.Key.Key_Space)
    assert session.can_undo
    before = state()
    press(Qt.Key.Key_F, CTRL)
    QTest.keyClicks(QApplication.focusWidget(), "A0")
    press(Qt.Key.Key_Z, CTRL)
    assert window.worklist.search.text() == "" and state() == before
    press(Qt.Key.Key_Escape)
    assert window.image_view.hasFocus()
    press(Qt.Key.Key_Z, CTRL)
    assert session.annotation.revision == before[2] + 1 and not session.can_undo


def test_the_next_hit_opens_the_cases_that_are_found_one_by_one(seen, qtbot):
    application, _state = seen
    window, session = application.window, application.workspace.session
    press(Qt.Key.Key_F, CTRL)
    QTest.keyClicks(QApplication.focusWidget(), "A02")
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: application.workspace.worklist.query.search == "A02", timeout=5000)
    press(Qt.Key.Key_F3)
    qtbot.waitUntil(lambda: session.case.name.startswith("A02"), timeout=10_000)
    assert window.image_view.hasFocus()
