"""What the window says and does about saving: the line in the status bar, and what waits when the disk refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.notice_board import NoticeBoard
from app.controllers.save_queue import SaveQueue
from app.session.review_session import ReviewSession
from app.tasks.task_runner import STORE, TaskRunner
from app.translate import tr, trn
from app.views.main_window import MainWindow
from medsapiens_core.data.annotation import Annotation, Edit
from medsapiens_core.store.copying import save_copy
from medsapiens_core.store.errors import DiskFullError, ProjectUnreachableError, megabytes
from medsapiens_core.store.project import Project

NOTICE, COPY = "not-saved", "saved-copy"


class Saving(QObject):
    """The queue to the disk is `queue`. `register` runs before the first edit is written, on the store lane."""

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        session: ReviewSession,
        *,
        window: MainWindow,
        notices: NoticeBoard,
        register: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._project, self._session, self._register = project, session, register
        self._window, self._notices = window, notices
        self._runner = runner
        self._error: Exception | None = None
        self.queue = SaveQueue(runner, self._write, parent)
        self.queue.saved.connect(self._saved)
        self.queue.failed.connect(self._not_saved)
        self.queue.stopped.connect(self._stop_writing)

    def now(self) -> None:
        """Write what waits, or say that all is saved."""
        if self.queue.waiting:
            self.queue.retry()
        else:
            saved = tr("Saved {at}", at=f"{datetime.now():%H:%M:%S}")
            self._window.status.set_saved(saved)
            self._window.toasts.show_message(saved, ms=2000)

    def _write(self, edit: Edit, before: Annotation) -> None:
        self._register()
        commit = self._project.annotations.commit
        commit(edit, before.case_id, expected_revision=before.revision, reader=before.reader)

    def _saved(self, _edit: Edit, _case_id: int, at: str) -> None:
        waiting = self.queue.waiting
        said = tr("Saving ({n} waiting)", n=waiting) if waiting else tr("Saved {at}", at=at)
        self._window.status.set_saved(said)
        if not waiting:
            self._notices.dismiss(NOTICE)

    def _not_saved(self, error: Exception, waiting: int) -> None:
        self._error = error
        self._window.status.set_saved(tr("NOT SAVED ({n} waiting)", n=waiting))
        if isinstance(error, ProjectUnreachableError):
            text, buttons = lost_text(waiting), {tr("Try now"): self.queue.retry}
        else:
            text = full_text(error, waiting) if isinstance(error, DiskFullError) else refused_text(error, waiting)
            buttons = {tr("Save again"): self.queue.retry, tr("Save a copy elsewhere"): self._save_elsewhere}
        self._notices.show(NOTICE, "error", text, buttons)

    def _save_elsewhere(self) -> None:
        """Put a copy of the project, with what waits, on another disk."""
        edits = self.queue.pending()
        self._not_saved_again()  # the strip stays until the disk takes the changes
        folder = self._window.dialogs.open_folder(tr("Where is the copy to go?"))
        if folder:
            name = f"{self._project.folder.stem} {datetime.now():%Y-%m-%d %H%M%S}{self._project.folder.suffix}"
            self._runner.submit(
                STORE,
                save_copy,
                self._project,
                Path(folder) / name,
                edits,
                on_done=lambda target: self._copied(target, len(edits)),
                on_error=lambda error: self._notices.show(COPY, "error", str(error)),
            )

    def _not_saved_again(self) -> None:
        if self._error is not None and self.queue.waiting:
            self._not_saved(self._error, self.queue.waiting)

    def _copied(self, target: Path, count: int) -> None:
        text = trn(
            "A copy with your last change is in {folder}.",
            "A copy with your last %n changes is in {folder}.",
            count,
            folder=target,
        )
        self._notices.show(COPY, "info", text)

    def _stop_writing(self, reason: str) -> None:
        self._session.read_only = True
        self._window.image_view.set_editable(False)
        self._window.registry.set_condition("writable", False, reason)
        self._window.status.set_saved(tr("NOT SAVED ({n} waiting)", n=self.queue.waiting))
        self._notices.show(NOTICE, "error", tr("Not saved: {reason}", reason=reason))


def full_text(error: DiskFullError, waiting: int) -> str:
    """M10."""
    return trn(
        "Not saved: the disk is full ({free} free, {needed} needed). Your last change is kept in memory. "
        "Free some space; do not close the app.",
        "Not saved: the disk is full ({free} free, {needed} needed). Your last %n changes are kept in memory. "
        "Free some space; do not close the app.",
        waiting,
        free=megabytes(error.free),
        needed=megabytes(error.needed),
    )


def refused_text(error: Exception, waiting: int) -> str:
    """The like of M10 for any other reason."""
    return trn(
        "Not saved: {reason} Your last change is kept in memory and tried again; do not close the app.",
        "Not saved: {reason} Your last %n changes are kept in memory and tried again; do not close the app.",
        waiting,
        reason=error,
    )


def lost_text(waiting: int) -> str:
    """M37."""
    return tr(
        "The connection to the project folder is lost. Changes are kept on this computer and written when it returns "
        "({n} waiting).",
        n=waiting,
    )
