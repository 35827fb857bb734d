"""Three tips at the first opening of the program, each taken away by doing what it says (ux.md 2.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, SignalInstance

from app.session.review_session import ReviewSession
from app.translate import tr
from medsapiens_core.data.annotation import BULK, Edit

TIPS = {
    "confirm": "Space confirms the landmark with the cross and goes on to the next.",
    "correct": "Drag a landmark that is wrong to its place. That decides it, too.",
    "review": "Return ends the case once every landmark is decided, and opens the next.",
}
CONFIRMED, CORRECTED = ("confirm", BULK), ("move", "nudge", "place")


class Bubble(Protocol):
    """What this needs of the bubble."""

    ended: SignalInstance

    def tell(self, number: int, of: int, text: str) -> None:
        """Tell a tip."""

    def hide(self) -> None:
        """Tell nothing."""


class Coach(QObject):
    """`remember()` is called once the tips were followed, or were ended by Esc or the button: they never come again."""

    def __init__(
        self,
        session: ReviewSession,
        bubble: Bubble,
        *,
        escape: SignalInstance,
        remember: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bubble, self._remember = bubble, remember
        self._left = list(TIPS)
        session.edit_committed.connect(self._edited)
        session.case_opened.connect(self._show)
        session.case_closed.connect(self._hide)
        bubble.ended.connect(self.end)
        escape.connect(self.end)
        if session.is_open:
            self._show()

    def end(self) -> None:
        """Tell nothing more."""
        if self._left:
            self._left = []
            self._remember()
        self._hide()

    def _edited(self, edit: Edit) -> None:
        done = _tip_of(edit)
        if done in self._left:
            self._left.remove(done)
            if self._left:
                self._show()
            else:
                self._remember()
                self._hide()

    def _show(self, _case: object = None) -> None:
        if self._left:
            self._bubble.tell(len(TIPS) - len(self._left) + 1, len(TIPS), tr(TIPS[self._left[0]]))

    def _hide(self) -> None:
        self._bubble.hide()


def _tip_of(edit: Edit) -> str:
    if edit.reviewed == (False, True):
        return "review"
    if edit.undoes is not None:
        return ""
    return "confirm" if edit.kind in CONFIRMED else "correct" if edit.kind in CORRECTED else ""
