"""After a correction by drag, go on to the next undecided landmark, for those who prefer it (ux.md 13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, SignalInstance

from app.session.review_session import ReviewSession

PAUSE_MS = 400


class DragView(Protocol):
    """What this controller needs of the image view."""

    landmark_moved: SignalInstance


class AutoAdvance(QObject):
    """Waits a moment after the drop, so that the result is seen; anything else that the reader does calls it off."""

    def __init__(
        self, session: ReviewSession, view: DragView, is_on: Callable[[], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._is_on = session, is_on
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._go_on)
        session.annotation_changed.connect(self._call_off)
        session.current_changed.connect(self._call_off)
        session.case_closed.connect(self._timer.stop)
        view.landmark_moved.connect(self._dropped)  # after the session: the move itself must not call it off

    def _dropped(self, landmark: str, _x: float, _y: float) -> None:
        if self._is_on() and landmark == self._session.current:
            self._timer.start()

    def _call_off(self, _value: object) -> None:
        self._timer.stop()

    def _go_on(self) -> None:
        session = self._session
        if session.is_open and session.annotation[session.current].is_decided:
            session.go_to_next_undecided()
