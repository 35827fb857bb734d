"""Setting a case aside with a reason, and taking that back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from app.tasks.task_runner import STORE, TaskRunner
from app.translate import tr
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project

FLAG_REASONS = ("Image quality", "Wrong side", "Wrong patient?", "Other")


class AsksForReason(Protocol):
    """What this needs of the dialogs."""

    def reason(self, title: str, text: str, choices: Sequence[str]) -> str | None:
        """One of the choices, or words of one's own."""


class FlagController(QObject):
    """`changed(case id)` once a flag was set or taken away."""

    changed = Signal(int)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        dialogs: AsksForReason,
        on_screen: Callable[[], int | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._dialogs, self._on_screen = runner, project, dialogs, on_screen

    def toggle(self) -> None:
        """Flag the case on screen, or take its flag away."""
        case_id = self._on_screen()
        if case_id is not None:
            self._runner.submit(STORE, self._project.cases.get, case_id, on_done=self._flag_or_unflag)

    def _flag_or_unflag(self, row: CaseRow) -> None:
        reason = None
        if not row.flagged:
            reason = self._dialogs.reason(
                tr("Flag this case"),
                tr("Why is {case} flagged?", case=row.name),
                [tr(reason) for reason in FLAG_REASONS],
            )
            if reason is None:
                return
        done = self._project.cases.set_flag
        self._runner.submit(STORE, done, row.id, reason, on_done=lambda _row: self.changed.emit(row.id))
