"""The talk with the user about imports: questions in dialogs, answers in notices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.import_controller import ImportController, ImportItem, ImportSummary
from app.controllers.notice_board import NoticeBoard
from app.session.view_state import SliceChoice
from app.translate import tr
from app.views.main_window import MainWindow

LISTED = 200


class ImportDialogue(QObject):
    """Asks what to import and which slices, shows progress and the summary."""

    def __init__(
        self, importer: ImportController, window: MainWindow, notices: NoticeBoard, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._importer, self._window, self._notices = importer, window, notices
        importer.progress.connect(self._show_progress)
        importer.slices_wanted.connect(self._ask_for_slices)
        importer.finished.connect(self._show_summary)

    def ask_for_files(self) -> None:
        """Choose files."""
        paths = self._window.dialogs.image_files()
        if paths:
            self._importer.import_paths(paths)

    def ask_for_folder(self) -> None:
        """Choose a folder."""
        folder = self._window.dialogs.image_folder()
        if folder:
            self._importer.import_paths([folder])

    def _show_progress(self, done: int, total: int) -> None:
        if self._importer.is_running and total > 1:
            text = tr("Importing images: {done} of {total}", done=done, total=total)
            self._notices.show("import", "info", text, {tr("Cancel"): self._importer.cancel})

    def _ask_for_slices(self, choices: Sequence[SliceChoice]) -> None:
        answer = self._window.dialogs.slices(choices) or {}
        self._importer.choose([ImportItem(Path(path), frame, axis) for path, (axis, frame) in answer.items()])

    def _show_summary(self, summary: ImportSummary) -> None:
        self._notices.dismiss("import")
        if not summary.skipped:
            self._window.toasts.show_message(summary.text)
            return
        buttons = {tr("Show list"): lambda: self._show_list(summary)}
        self._notices.show("imported", "warning", summary.text, buttons, summary.details)

    def _show_list(self, summary: ImportSummary) -> None:
        self._window.dialogs.tell(tr("Files that were skipped"), summary.text, summary.details, "warning")
