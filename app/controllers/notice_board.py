"""Lines in the notice strip with buttons that do something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.session.view_state import Notice

Act = Callable[[], object]


class NoticeView(Protocol):
    """What this needs of the notice strip."""

    action_triggered: SignalInstance
    dismissed: SignalInstance

    def show_notice(self, notice: Notice) -> None:
        """Show a notice, or replace the one with its id."""

    def dismiss(self, notice_id: str) -> None:
        """Take one away."""

    def clear(self) -> None:
        """Take all away."""


class NoticeBoard(QObject):
    """Shows notices and runs what their buttons stand for. `dismissed(id)`: the reader closed one."""

    dismissed = Signal(str)

    def __init__(self, view: NoticeView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._acts: dict[tuple[str, str], Act] = {}
        view.action_triggered.connect(self._run)
        view.dismissed.connect(self.dismissed)

    def show(
        self,
        notice_id: str,
        kind: str,
        text: str,
        buttons: Mapping[str, Act] | None = None,
        details: str = "",
        *,
        behind: bool = False,
    ) -> None:
        """Show a line; `buttons` maps the words on a button to what it does; `behind` lets others go before it."""
        words = tuple(buttons or {})
        for word, act in (buttons or {}).items():
            self._acts[notice_id, word] = act
        self._view.show_notice(Notice(notice_id, kind, text, tuple((word, word) for word in words), details, behind))

    def dismiss(self, notice_id: str) -> None:
        """Take a line away."""
        self._view.dismiss(notice_id)

    def clear(self) -> None:
        """Take all lines away."""
        self._acts.clear()
        self._view.clear()

    def _run(self, notice_id: str, word: str) -> None:
        act = self._acts.get((notice_id, word))
        if act is not None:
            self._view.dismiss(notice_id)
            act()
