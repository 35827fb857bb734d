"""Typing a landmark's number (ux.md 4.2): it selects at once when no longer number can follow, else after a pause."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

PAUSE_MS = 600


class DigitEntry(QObject):
    """Collects digits. `entered(int)` gives a number that exists, `changed(str)` what is typed so far."""

    entered = Signal(int)
    changed = Signal(str)

    def __init__(self, numbers: Callable[[], Iterable[int]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = numbers
        self._typed = ""
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self.finish)

    @property
    def typed(self) -> str:
        """The digits typed so far."""
        return self._typed

    def add(self, digit: str) -> None:
        """Take one digit; a leading 0 is ignored, a number that does not exist begins anew."""
        known = {str(number) for number in self._numbers()}
        typed = (self._typed + digit).lstrip("0")
        if not any(number.startswith(typed) for number in known):
            typed = digit.lstrip("0")
        self._set(typed if any(number.startswith(typed) for number in known) else "")
        longer = any(number.startswith(self._typed) and number != self._typed for number in known)
        if self._typed and not longer:
            self.finish()
        elif self._typed:
            self._timer.start()

    def finish(self) -> None:
        """Select what is typed; called before the next other key acts."""
        typed = self._typed
        self.cancel()
        if typed and int(typed) in set(self._numbers()):
            self.entered.emit(int(typed))

    def cancel(self) -> bool:
        """Forget what is typed; True if there was something."""
        self._timer.stop()
        was = bool(self._typed)
        self._set("")
        return was

    def _set(self, typed: str) -> None:
        if typed != self._typed:
            self._typed = typed
            self.changed.emit(typed)


def digit_of(key: int, native_text: str, modifiers: Qt.KeyboardModifier) -> str | None:
    """The digit of a key press: top row, keypad, or Shift + top row where digits are shifted (AZERTY)."""
    if modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
        return None
    if Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
        return str(int(key) - int(Qt.Key.Key_0))
    return native_text if len(native_text) == 1 and native_text in "0123456789" else None
