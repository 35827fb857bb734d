"""What the review says to the reader in passing: strip, toasts, and what their buttons do (ux.md 3.1, 8.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.translate import tr
from medsapiens_core.data.annotation import Edit

if TYPE_CHECKING:
    from app.workspace import Workspace

HINT = "not-placed"
ASK_MS, GO_BACK_MS = 60_000, 10_000


class ReviewMessages(QObject):
    """Listens to session and guidance; `run(action)` does what the button of a toast says, False if not ours."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window, self._notices = workspace.window, workspace.notices
        self._session, self._guidance = workspace.session, workspace.guidance
        self._acts: dict[str, Callable[[], object]] = {
            "undo": self._session.undo,
            "first-undecided": lambda: self._session.go_to_undecided(0, template_order=True),
            "keep": lambda: None,
        }
        session, guidance = self._session, self._guidance
        session.hint.connect(lambda text: self._notices.show(HINT, "info", text))
        session.edit_committed.connect(self._edited)
        session.case_opened.connect(lambda _case: self._notices.dismiss(HINT))
        session.case_closed.connect(lambda: self._notices.dismiss(HINT))
        session.undecided_left.connect(lambda text: self._toast(text, [("first-undecided", tr("Go to first"))]))
        session.reopened.connect(self._reopened)
        guidance.told.connect(self._window.toasts.show_message)
        guidance.asked.connect(lambda text: self._window.toasts.show_message(text, ms=ASK_MS))
        guidance.answered.connect(self._window.toasts.hide)
        guidance.bulk_changed.connect(self._bulk_changed)
        self._window.image_view.escape_pressed.connect(guidance.cancel_preview)

    def run(self, action: str) -> bool:
        """Do what a button of ours says."""
        act = self._acts.get(action)
        if act is not None:
            act()
        return act is not None

    def marked_reviewed(self, name: str, case_id: int | None) -> None:
        """Say it, and offer to go back."""
        text = tr("{name} marked reviewed.", name=name)
        self._window.toasts.show_message(text, [(f"open:{case_id}", tr("Go back"))], GO_BACK_MS)

    def _toast(self, text: str, buttons: list[tuple[str, str]]) -> None:
        self._window.toasts.show_message(text, buttons)

    def _edited(self, edit: Edit) -> None:
        self._notices.dismiss(HINT)
        twin = self._twin(edit)
        if twin:
            self._toast(twin, [("undo", tr("Undo")), ("keep", tr("Keep"))])

    def _twin(self, edit: Edit) -> str:
        """M34 when a landmark was put onto another one."""
        if edit.kind not in ("move", "place") or len(edit.changes) != 1:
            return ""
        moved = edit.changes[0].landmark
        names = {mark.id: mark.name for mark in self._session.template.landmarks}
        for warning in self._session.guide.by_landmark.get(moved, []):
            if warning.code == "W4":
                first, second = (names[mark] for mark in warning.landmarks)
                return tr("{first} and {second} are at the same point.", first=first, second=second)
        return ""

    def _reopened(self, reviewed_at: str) -> None:
        day = _day(reviewed_at) if reviewed_at else ""
        text = tr("Reopened. The review of {day} is kept.", day=day) if day else tr("Reopened. The review is kept.")
        self._toast(text, [("undo", tr("Undo"))])

    def _bulk_changed(self, reason: str) -> None:
        self._window.registry.set_condition("bulk", not reason, reason)


def _day(utc: str) -> str:
    """A time such as 2026-11-12T08:00 as "12 Nov", in the reader's time zone."""
    local = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone()
    return f"{local.day} {local:%b}"
