"""Why a case cannot be opened, and what helps: its picture is elsewhere or another one, or its landmarks are damaged.

The case that is on screen stays there (ux.md 5.11, 8.4: M06, M07, M38).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.controllers.case_loader import ChangedPictureError, MissingPictureError
from app.controllers.notice_board import Act, NoticeBoard
from app.tasks.task_runner import STORE, TaskRunner
from app.translate import tr, trn
from app.views.dialogs import IMAGES
from app.views.main_window import MainWindow
from medsapiens_core.errors import UserError
from medsapiens_core.store import restoring
from medsapiens_core.store.errors import DamagedCaseError
from medsapiens_core.store.project import Project

NOTICE = "open"
DAMAGED = "Checksum of case {case}'s landmarks is wrong. The case is not opened so that nothing is overwritten."  # M38


class CaseProblems(QObject):
    """`open_requested(case id)` once it may work; `import_requested(path)` to take a changed picture as a new case."""

    open_requested = Signal(int)
    import_requested = Signal(str)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        *,
        window: MainWindow,
        notices: NoticeBoard,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._window, self._notices = runner, project, window, notices

    def show(self, case_id: int, error: Exception) -> None:
        """Say why a case cannot be opened."""
        if isinstance(error, MissingPictureError):
            self._show(str(error), self._finding(case_id))
        elif isinstance(error, ChangedPictureError):
            self._show(str(error), self._replacing(case_id))
        elif isinstance(error, DamagedCaseError):
            self._runner.submit(STORE, self._look, case_id, on_done=lambda known: self._show_damaged(case_id, *known))
        else:
            self._show(str(error), {})

    def _show(self, text: str, buttons: dict[str, Act]) -> None:
        self._notices.show(NOTICE, "warning", text, buttons)

    # --- pictures

    def _finding(self, case_id: int) -> dict[str, Act]:
        if self._project.read_only:
            return {tr("Close case"): lambda: None}
        return {
            tr("Find it"): lambda: self._find(case_id, tr("Where is the picture?")),
            tr("Find folder for all"): lambda: self._find_all(case_id),
            tr("Close case"): lambda: None,
        }

    def _replacing(self, case_id: int) -> dict[str, Act]:
        if self._project.read_only:
            return {tr("Close case"): lambda: None}
        return {
            tr("Find the old file"): lambda: self._find(case_id, tr("Where is the old picture?")),
            tr("Import as new case"): lambda: self._import(case_id),
            tr("Close case"): lambda: None,
        }

    def _find(self, case_id: int, title: str) -> None:
        path = self._window.dialogs.open_file(title, tr(IMAGES))
        if path:
            self._submit(
                lambda: self._project.cases.relocate(case_id, Path(path)),
                lambda _row: self.open_requested.emit(case_id),
            )

    def _find_all(self, case_id: int) -> None:
        folder = self._window.dialogs.open_folder(tr("Which folder are the pictures in now?"))
        if folder:
            self._submit(lambda: find_pictures(self._project, Path(folder)), lambda done: self._found(case_id, *done))

    def _found(self, case_id: int, found: int, missing: int) -> None:
        text = trn("%n picture was found.", "%n pictures were found.", found)
        if missing:
            text += " " + trn("%n is still missing.", "%n are still missing.", missing)
        self._window.toasts.show_message(text)
        self.open_requested.emit(case_id)

    def _import(self, case_id: int) -> None:
        self._submit(
            lambda: str(self._project.cases.get(case_id).path), lambda path: self.import_requested.emit(str(path))
        )

    # --- landmarks

    def _look(self, case_id: int) -> tuple[str, str, str]:
        reader = self._reader(case_id)
        name, template = self._project.cases.get(case_id).name, self._project.template
        return name, reader, restoring.last_good(self._project.database, template, case_id, reader=reader)

    def _show_damaged(self, case_id: int, name: str, reader: str, utc: str) -> None:
        text, buttons = tr(DAMAGED, case=name), dict[str, Act]()
        if utc and not self._project.read_only:
            buttons[tr("Restore {time} version", time=clock(utc))] = lambda: self._restore(case_id, reader)
        facts = {"case": case_id, "reader": reader, "last_change": utc}
        details = json.dumps(facts)
        buttons[tr("Copy details")] = lambda: QGuiApplication.clipboard().setText(details)
        buttons[tr("Skip")] = lambda: None
        self._show(text, buttons)

    def _restore(self, case_id: int, reader: str) -> None:
        project = self._project
        self._submit(
            lambda: restoring.restore(project.database, project.template, case_id, reader=reader),
            lambda _annotation: self.open_requested.emit(case_id),
        )

    def _reader(self, case_id: int) -> str:
        return self._project.readings.key(case_id, self._project.person) if self._project.person else ""

    def _submit(self, work: Callable[[], object], then: Callable[[Any], None]) -> None:
        self._runner.submit(STORE, work, on_done=then, on_error=lambda error: self._show(str(error), {}))


def find_pictures(project: Project, folder: Path) -> tuple[int, int]:
    """Look below a folder for every picture that is not at its place; how many were found, and how many were not.

    A picture is known by its name first and its bytes then, so a file of the same name is not taken for another.
    """
    missing = project.cases.elsewhere()
    wanted = {row.path.name for row in missing}
    places: dict[str, list[Path]] = {}
    for root, _folders, files in os.walk(folder):
        for name in wanted.intersection(files):
            places.setdefault(name, []).append(Path(root) / name)
    found = 0
    for row in missing:
        for path in places.get(row.path.name, []):
            try:
                project.cases.relocate(row.id, path)
            except (UserError, OSError):
                continue
            found += 1
            break
    return found, len(missing) - found


def clock(utc: str) -> str:
    """A stored time in the reader's time zone: `10:31`, with the day before it when it was not today."""
    local = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone()
    is_today = local.date() == datetime.now().astimezone().date()
    return f"{local:%H:%M}" if is_today else f"{local.day} {local:%b %H:%M}"
