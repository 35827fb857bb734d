"""The talk with the user about imports: questions in dialogs, answers in notices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.controllers.import_controller import ImportController, ImportItem, ImportSummary, locked_text
from app.controllers.notice_board import Act, NoticeBoard
from app.session.view_state import SliceChoice
from app.translate import tr, trn
from app.views.main_window import MainWindow

SHOW_KNOWN = "show-known"
SHORT_MS, LONG_MS = 6_000, 20_000


class ImportDialogue(QObject):
    """Asks what to import and which slices, shows progress and the summary."""

    def __init__(
        self, importer: ImportController, window: MainWindow, notices: NoticeBoard, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._importer, self._window, self._notices = importer, window, notices
        self._known: list[str] = []
        self._skipped_alike: set[str] = set()  # compressions of which nothing more is told until the project is closed
        window.toasts.action_triggered.connect(self._run_toast)
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
        if summary.skipped:
            buttons: dict[str, Act] = {tr("Show list"): lambda: self._show_list(summary), tr("OK"): lambda: None}
            self._notices.show("imported", "warning", summary.text, buttons, summary.details)
        else:
            offers = [(SHOW_KNOWN, tr("Show"))] if summary.known else []
            self._known = sorted(summary.known)  # they come in the order in which they were read
            self._window.toasts.show_message(summary.text, offers, LONG_MS if offers else SHORT_MS)
        if summary.joined_locked:
            text = locked_text(summary.joined_locked)
            self._notices.show("joined-locked", "info", text, {tr("OK"): lambda: None})
        for compression, reasons in summary.compressions.items():
            if compression not in self._skipped_alike:
                self._tell_compressed(compression, reasons)

    def _tell_compressed(self, compression: str, reasons: Sequence[str]) -> None:
        """M04, once for each compression."""
        text = reasons[0]
        if len(reasons) > 1:
            text += " " + trn("%n more file is like this.", "%n more files are like this.", len(reasons) - 1)
        buttons: dict[str, Act] = {
            tr("Copy details"): lambda: QGuiApplication.clipboard().setText("\n".join(reasons)),
            tr("Skip"): lambda: None,
            tr("Skip all like this"): lambda: self._skipped_alike.add(compression),
        }
        self._notices.show(f"compressed-{compression}", "warning", text, buttons)

    def _show_list(self, summary: ImportSummary) -> None:
        self._window.dialogs.tell(tr("Files that were skipped"), summary.text, summary.details, "warning")

    def _run_toast(self, action: str) -> None:
        if action == SHOW_KNOWN:
            count = trn(
                "%n file is already in this project.", "%n files are already in this project.", len(self._known)
            )
            self._window.dialogs.tell(tr("Files that are here already"), count, "\n".join(self._known))
