"""PIN and lock: the picture is hidden, everything goes on as it was, and nothing is lost (ux.md 10.1)."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.preferences import LOCK
from app.views import dialogs
from app.views.pin_dialogs import ChangePinDialog
from medsapiens_core.data.readers import Reader
from medsapiens_core.store.project import Project

from .reviewer import NONE, Reviewer
from .screen import greys

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def pack(pack_a):
    with Project.open(pack_a.folder) as project:
        project.readers.add(Reader("AB", "Anna Berg"))
        project.readers.add(Reader("CD", "Carl Dahl"), by="AB")
    return pack_a


@pytest.fixture
def arrive(pack, open_pack, qtbot, monkeypatch):
    """AB is here, unless the script says who."""
    people = {"now": "AB"}

    def who(_self, readers, _own, _text):
        return next(reader for reader in readers if reader.code == people["now"])

    monkeypatch.setattr(dialogs.Dialogs, "who", who)

    def start(case="A01"):
        return Reviewer(open_pack(pack, case), qtbot)

    start.people = people
    return start


def cover_of(reader):
    return reader.window.lock._covers[reader.window]


def picture_is_hidden(reader):
    """Nothing of the film is in what the window shows."""
    view, window = reader.view, reader.window
    area = view.rect().translated(view.mapTo(window, QPoint(0, 0)))
    shown = window.grab(area).toImage()
    sides = [shown.pixelColor(shown.width() // 4, y).rgb() for y in range(8, shown.height() - 8, 16)]
    return len(set(sides)) == 1 and window.childAt(view.mapTo(window, view.rect().center())) is not view.viewport()


def test_the_lock_hides_the_picture_and_gives_everything_back(arrive, qtbot):
    reader = arrive()
    window, session = reader.window, reader.session
    reader.key(Qt.Key.Key_1)
    reader.key(Qt.Key.Key_Right)
    reader.key(Qt.Key.Key_Z)
    before = (session.current, reader.xy(session.current), reader.view.zoom, session.annotation)
    film = greys(reader.view)

    reader.key(Qt.Key.Key_L, CTRL | SHIFT)
    assert window.lock.is_locked and picture_is_hidden(reader)
    assert window.lock._covers[window].pin.isHidden(), "AB has no PIN: a click opens the lock"
    # keys, clicks and menus reach nothing behind
    reader.key(Qt.Key.Key_Z, CTRL)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Space, Qt.Key.Key_Delete):
        QTest.keyClick(reader.view, key)
    QTest.mouseClick(reader.view.viewport(), Qt.MouseButton.LeftButton, NONE, QPoint(200, 200))
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert cover_of(reader).isAncestorOf(QApplication.focusWidget()), "Tab stays inside"
    reader.view.setFocus()
    assert cover_of(reader).isAncestorOf(QApplication.focusWidget())
    assert not window.menuBar().isEnabled() and session.annotation == before[3]

    reader.press(window, "Go on")
    assert not window.lock.is_locked and window.menuBar().isEnabled() and reader.view.hasFocus()
    assert (session.current, reader.xy(session.current), reader.view.zoom, session.annotation) == before
    assert (greys(reader.view) == film).all()
    reader.key(Qt.Key.Key_Z, CTRL)
    assert reader.xy(before[0])[0] == before[1][0] - 1, "the steps are there, too"
    reader.saved()


def test_it_locks_by_itself_and_only_the_pin_opens_it(arrive, pack, qtbot, monkeypatch):
    reader = arrive()
    window, project = reader.window, reader.workspace.project
    told = []
    monkeypatch.setattr(dialogs.Dialogs, "tell", lambda _self, _title, text, *_a, **_k: told.append(text))

    def set_pin(dialog):
        assert isinstance(dialog, ChangePinDialog)
        QTest.keyClicks(dialog.new, "2580")
        assert not dialog.go_on.isEnabled(), "it has to be typed twice"
        QTest.keyClicks(dialog.again, "2580")
        reader.press(dialog, "Save")

    reader.answer(set_pin)
    window.action("project.pin").trigger()
    reader.wait(lambda: project.pins.holders == {"AB"})
    reader.go_on()

    # a note that is being written stays as it is; nobody touches anything for a while
    assert window.lock.clock.isActive() and window.lock.clock.interval() == 15 * 60_000
    touches = []
    with monkeypatch.context() as patched:
        patched.setattr(window.lock, "touched", lambda: touches.append(True))
        QApplication.sendEvent(window.windowHandle(), QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Shift, SHIFT))
    assert touches == [True], "a key begins the time anew"
    window.action("note.case").trigger()
    field = QApplication.focusWidget()
    QTest.keyClicks(field, "half a sen")
    window.lock.clock.timeout.emit()
    assert window.lock.is_locked and picture_is_hidden(reader)
    cover = cover_of(reader)
    assert cover.pin.hasFocus() and cover.others.isHidden(), "nobody else here has a PIN"
    QTest.keyClicks(cover.pin, "1111")
    QTest.keyClick(cover.pin, Qt.Key.Key_Return)
    reader.wait(lambda: cover.problem.text() == "That is not the PIN.")
    assert window.lock.is_locked and cover.pin.text() == ""
    QTest.keyClicks(cover.pin, "2580")
    QTest.keyClick(cover.pin, Qt.Key.Key_Return)
    reader.wait(lambda: not window.lock.is_locked)
    assert QApplication.focusWidget() is field
    QTest.keyClicks(field, "tence")
    assert field.toPlainText() == "half a sentence"
    assert window.lock.clock.isActive()

    # 0 minutes: never
    window.preferences.set(LOCK, 0)
    assert not window.lock.clock.isActive()

    # the next day the project opens behind the lock
    QTest.keyClick(field, Qt.Key.Key_Escape)
    window.close()
    reader = arrive(case=None)
    assert reader.window.lock.is_locked and picture_is_hidden(reader)
    cover = cover_of(reader)
    assert cover.pin.hasFocus()
    QTest.keyClicks(cover.pin, "2580")
    QTest.keyClick(cover.pin, Qt.Key.Key_Return)
    reader.wait(lambda: not reader.window.lock.is_locked)
    assert reader.session.is_open and reader.view.hasFocus()
    assert told == []


def test_another_reader_takes_over_by_their_own_pin(arrive, pack, qtbot, monkeypatch):
    with Project.open(pack.folder) as project:
        project.pins.set("CD", "4711", by="CD")
    reader = arrive()
    window, workspace = reader.window, reader.workspace
    arrive.people["now"] = "CD"
    given = ["wrong", "4711"]
    monkeypatch.setattr(dialogs.Dialogs, "pin", lambda _self, _name, problem="": asked.append(problem) or given.pop(0))
    asked = []
    reader.key(Qt.Key.Key_L, CTRL | SHIFT)
    reader.press(window, "Somebody else…")
    reader.wait(lambda: reader.workspace is not None and reader.workspace is not workspace)
    reader.wait(lambda: reader.session.is_open)
    assert asked == ["", "That is not the PIN of CD, Carl Dahl."]
    assert window.status._reader.text() == "reader CD" and not window.lock.is_locked, "they are not asked twice"

    # CD forgot it: an Owner takes it away
    arrive.people["now"] = "AB"
    workspace = reader.workspace
    reader.click(window.status._reader)
    reader.wait(lambda: reader.workspace is not None and reader.workspace is not workspace)
    reader.wait(lambda: reader.session.is_open)
    window.action("project.people").trigger()
    people = reader.workspace.reading.people_window
    reader.wait(lambda: bool(people.boxes) and people.boxes["CD", "reader"].isVisible())
    reader.press(people, "Remove PIN")
    reader.wait(lambda: reader.workspace.project.pins.holders == frozenset())


def test_a_dialog_that_is_open_is_covered_and_still_there_afterwards(arrive, qtbot):
    reader = arrive()
    window = reader.window

    done = []

    def lock_and_open(dialog):
        try:
            look(dialog)
            done.append(True)
        finally:
            dialog.reject()  # one that stays would wait for ever

    def look(dialog):
        QTest.keyClicks(dialog.new, "25")
        window.lock.clock.timeout.emit()
        cover = window.lock._covers[dialog]
        assert cover.geometry() == dialog.rect() and dialog.focusWidget() is cover.go_on
        QTest.keyClicks(dialog.new, "80")
        assert dialog.new.text() == "25", "keys reach the cover only"
        reader.press(dialog, "Go on")
        assert dialog.isVisible() and dialog.new.text() == "25" and not window.lock.is_locked

    reader.answer(lock_and_open)
    window.action("project.pin").trigger()
    assert done and reader.workspace.project.pins.holders == frozenset()
