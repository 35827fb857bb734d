"""The locked window: covers over everything that shows a patient, until its reader is back (ux.md 10.1, P13).

Nothing is closed or changed behind the covers: what was typed, placed or shown is there again afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from app.translate import tr
from app.views.widgets import GAP, MARGIN, button, label

BOX_WIDTH = 360
LEAST = QSize(420, 300)  # of a covered window: room for the box
INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
        QEvent.Type.NativeGesture,
    }
)
HELD_BACK = INPUT | {
    QEvent.Type.KeyRelease,
    QEvent.Type.ShortcutOverride,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.ContextMenu,
    QEvent.Type.DragEnter,
    QEvent.Type.Drop,
}


class Cover(QFrame):
    """Lies over a whole window and asks who is there."""

    unlock_wanted = Signal(str)
    others_wanted = Signal()

    def __init__(self, window: QWidget, name: str, *, needs_pin: bool, others: bool) -> None:
        super().__init__(window)
        self.setProperty("role", "panel")
        self.setAutoFillBackground(True)
        self.setAccessibleName(tr("Locked"))
        self._was_least = window.minimumSize()
        self.needs_pin = needs_pin
        self.pin = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.pin.setAccessibleName(tr("PIN"))
        self.pin.setPlaceholderText(tr("PIN"))
        self.go_on = button("Unlock", primary=True) if needs_pin else button("Go on", primary=True)
        self.others = button("Somebody else…")
        self.problem = label("", "caution", wrap=True)
        self._lay_out(name)
        self.pin.setHidden(not needs_pin)
        self.others.setHidden(not others)
        self.pin.returnPressed.connect(self._ask)
        self.go_on.clicked.connect(self._ask)
        self.others.clicked.connect(self.others_wanted)
        window.installEventFilter(self)
        window.setMinimumSize(window.minimumSize().expandedTo(LEAST))
        self.resize(window.size())
        self.show()
        self.raise_()

    def take_keyboard(self) -> None:
        """Let the person type at once."""
        (self.pin if self.needs_pin else self.go_on).setFocus(Qt.FocusReason.OtherFocusReason)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes round inside: what lies behind is out of reach."""
        parts = [part for part in (self.pin, self.others, self.go_on) if not part.isHidden()]
        now = self.focusWidget()
        place = parts.index(now) if now in parts else -1
        parts[(place + (1 if forward else -1)) % len(parts)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def lift(self) -> None:
        """Take it away."""
        window = self.parentWidget()
        window.removeEventFilter(self)
        window.setMinimumSize(self._was_least)
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the window, and on top."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.ChildAdded) and watched is self.parentWidget():
            self.resize(self.parentWidget().size())
            self.raise_()
        return False

    def _ask(self) -> None:
        given = self.pin.text()
        self.pin.clear()
        self.unlock_wanted.emit(given)

    def _lay_out(self, name: str) -> None:
        box = QWidget()
        box.setFixedWidth(BOX_WIDTH)
        column = QVBoxLayout(box)
        column.setSpacing(GAP)
        column.addWidget(label("Locked", "title"))
        who = label("", wrap=True)
        who.setText(name)
        column.addWidget(who)
        column.addWidget(label("Everything is as you left it, and saved.", "caption", wrap=True))
        column.addSpacing(MARGIN)
        column.addWidget(self.pin)
        column.addWidget(self.problem)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.others)
        row.addStretch(1)
        row.addWidget(self.go_on)
        column.addLayout(row)
        outer = QVBoxLayout(self)
        outer.addWidget(box, 0, Qt.AlignmentFlag.AlignCenter)


class LockScreen(QObject):
    """Covers every window of the program, and tells when nobody has touched it for a while: `idle()`.

    `unlock_wanted(pin)` and `others_wanted()` come from the covers. `trusted` is who has just given their PIN, so that
    they are not asked twice.
    """

    idle = Signal()
    unlock_wanted = Signal(str)
    others_wanted = Signal()

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._covers: dict[QWidget, Cover] = {}
        self._name, self._needs_pin, self._others = "", False, True
        self._focus: QWidget | None = None
        self._own = 0
        self.trusted = ""
        self.clock = QTimer(self, singleShot=True)
        self.clock.timeout.connect(self.idle)
        application = _application()
        application.focusWindowChanged.connect(self._watch)
        application.focusChanged.connect(self._keep_keyboard)

    @property
    def is_locked(self) -> bool:
        """True while the covers are up."""
        return bool(self._covers)

    def set_minutes(self, minutes: int) -> None:
        """How long nobody may touch anything before `idle`; 0: for ever."""
        self.clock.stop()
        if minutes > 0:
            self.clock.start(minutes * 60_000)

    def touched(self) -> None:
        """Somebody is here."""
        if self.clock.isActive():
            self.clock.start()

    def cover(self, name: str, *, needs_pin: bool, others: bool = True) -> None:
        """Hide everything; `name` is who may come back, by PIN or by a click; `others` whether others may ask to."""
        if self.is_locked:
            return
        application = _application()
        self._name, self._needs_pin, self._others = name, needs_pin, others
        self._focus = application.focusWidget()
        popup = application.activePopupWidget()
        while popup is not None:  # a menu of a menu
            popup.close()
            popup = application.activePopupWidget()
        QToolTip.hideText()
        for window in application.topLevelWidgets():
            if window.isVisible() and window.isWindow():
                self._cover(window)
        self._cover(self._window)
        self._window.menuBar().setEnabled(False)
        application.installEventFilter(self)
        self._front().take_keyboard()

    def uncover(self) -> None:
        """Show everything again, with the keyboard where it was."""
        if not self.is_locked:
            return
        _application().removeEventFilter(self)
        for cover in self._covers.values():
            cover.lift()
        self._covers.clear()
        self._window.menuBar().setEnabled(True)
        focus, self._focus = self._focus, None
        if focus is not None and shiboken6.isValid(focus) and focus.isVisible():
            focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def tell(self, text: str) -> None:
        """Say why it stays locked."""
        for cover in self._covers.values():
            cover.problem.setText(text)
        if self.is_locked:
            self._front().take_keyboard()

    @contextmanager
    def own_dialog(self) -> Iterator[None]:
        """A dialog that is opened inside the block belongs to the lock itself, and is not covered."""
        self._own += 1
        try:
            yield
        finally:
            self._own -= 1

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While locked, for the whole program: input reaches the covers alone, and new windows are covered at once.

        While unlocked, for the system's windows: input tells that somebody is here.
        """
        kind = event.type()
        if isinstance(watched, QWindow):
            if kind in INPUT:
                self.touched()
            return False
        if not self.is_locked:
            return False
        if kind == QEvent.Type.Shortcut:
            return True
        if not isinstance(watched, QWidget):
            return False
        if kind == QEvent.Type.Show and watched.isWindow() and not self._own and self._is_to_cover(watched):
            self._cover(watched)
        return kind in HELD_BACK and self._is_covered(watched)

    def _is_to_cover(self, widget: QWidget) -> bool:
        kinds = (Qt.WindowType.Window, Qt.WindowType.Dialog, Qt.WindowType.Sheet, Qt.WindowType.Tool)
        return widget.windowType() in kinds

    def _is_covered(self, widget: QWidget) -> bool:
        cover = self._covers.get(widget.window())
        return cover is not None and widget is not cover and not cover.isAncestorOf(widget)

    def _cover(self, window: QWidget) -> None:
        if window in self._covers or not self._is_to_cover(window):
            return
        cover = Cover(window, self._name, needs_pin=self._needs_pin, others=self._others)
        cover.unlock_wanted.connect(self.unlock_wanted)
        cover.others_wanted.connect(self.others_wanted)
        cover.move(QPoint(0, 0))
        self._covers[window] = cover
        window.destroyed.connect(lambda: self._covers.pop(window, None))

    def _front(self) -> Cover:
        """The cover that can be worked: that of the dialog which blocks the others, else the main window's."""
        modal = _application().activeModalWidget()
        return self._covers.get(modal or self._window) or self._covers[self._window]

    def _keep_keyboard(self, _old: QWidget | None, now: QWidget | None) -> None:
        """What asks for the keyboard behind the covers, such as a case that has come, gets it afterwards."""
        if self.is_locked and now is not None and self._is_covered(now):
            self._focus = now
            self._front().take_keyboard()

    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            window.removeEventFilter(self)
            window.installEventFilter(self)
            self.touched()


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application
