"""How long a training process that was told to stop may keep silent before it is ended (reliability.md G6, G7)."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from medsapiens_core.training.progress import Heartbeat, Message

SILENCE_MS = 10_000  # without any line: the process is stuck or stopped, its heartbeat has a thread of its own
IDLE_MS = 120_000  # with heartbeats only: what it works on does not end


class StopGuard(QObject):
    """`expired()` once when a process that was told to stop gives no sign of life, or none of work."""

    expired = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.silence = QTimer(self, singleShot=True, interval=SILENCE_MS)
        self.idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        for timer in (self.silence, self.idle):
            timer.timeout.connect(self._expire)

    def begin(self) -> None:
        """The process was told to stop."""
        self.silence.start()
        self.idle.start()

    def hear(self, message: Message) -> None:
        """It has said something."""
        if self.silence.isActive():
            self.silence.start()
            if not isinstance(message, Heartbeat):
                self.idle.start()

    def end(self) -> None:
        """It has ended."""
        self.silence.stop()
        self.idle.stop()

    def _expire(self) -> None:
        self.end()
        self.expired.emit()
