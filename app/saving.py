"""What the window says and does about saving: the line in the status bar, and what waits when the disk refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QObject

from app.controllers.notice_board import NoticeBoard
from app.controllers.save_queue import SaveQueue
from app.session.review_session import ReviewSession
from app.tasks.task_runner import TaskRunner
from app.translate import tr, trn
from app.views.main_window import MainWindow
from medsapiens_core.data.annotation import Annotation, Edit
from medsapiens_core.store.project import Project

NOTICE = "not-saved"


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

    def _not_saved(self, reason: str, waiting: int) -> None:
        self._window.status.set_saved(tr("NOT SAVED ({n} waiting)", n=waiting))
        text = trn(
            "Not saved: {reason} Your last change is kept in memory and tried again. Do not close the app.",
            "Not saved: {reason} Your last %n changes are kept in memory and tried again. Do not close the app.",
            waiting,
            reason=reason,
        )
        self._notices.show(NOTICE, "error", text, {tr("Save again"): self.queue.retry})

    def _stop_writing(self, reason: str) -> None:
        self._session.read_only = True
        self._window.image_view.set_editable(False)
        self._window.registry.set_condition("writable", False, reason)
        self._window.status.set_saved(tr("NOT SAVED ({n} waiting)", n=self.queue.waiting))
        self._notices.show(NOTICE, "error", tr("Not saved: {reason}", reason=reason))
