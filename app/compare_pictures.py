"""Reads the films of locked cases for the comparison window, and keeps a few at hand."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject

from app.controllers.case_loader import read_case_image
from app.controllers.spacing_controller import with_spacing
from app.session.presentation import image_state
from app.session.view_state import ImageState
from app.tasks.task_runner import BACKGROUND, STORE, TaskRunner
from app.views.compare_dialog import CompareDialog
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project

KEPT = 6  # films; going back and forth between two cases reads none again


class ComparePictures(QObject):
    """Answers `picture_requested` of the comparison window."""

    def __init__(
        self, runner: TaskRunner, project: Project, dialog: CompareDialog, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._dialog = runner, project, dialog
        self._films: OrderedDict[int, ImageState] = OrderedDict()
        dialog.picture_requested.connect(self._want)

    def close(self) -> None:
        """Hear the window no more: it outlives the project."""
        self._dialog.picture_requested.disconnect(self._want)
        self._films.clear()

    def _want(self, case_id: int) -> None:
        if case_id in self._films:
            self._films.move_to_end(case_id)
            self._dialog.set_picture(case_id, self._films[case_id])
            return
        self._runner.submit(
            STORE,
            self._project.cases.get,
            case_id,
            on_done=self._read,
            on_error=lambda error: self._refuse(case_id, error),
        )

    def _read(self, row: CaseRow) -> None:
        self._runner.submit(
            BACKGROUND,
            lambda: image_state(row.id, row.name, with_spacing(read_case_image(row), row)),
            on_done=lambda film: self._keep(row.id, film),
            on_error=lambda error: self._refuse(row.id, error),
        )

    def _keep(self, case_id: int, film: ImageState) -> None:
        self._films[case_id] = film
        while len(self._films) > KEPT:
            self._films.popitem(last=False)
        self._dialog.set_picture(case_id, film)

    def _refuse(self, case_id: int, error: Exception) -> None:
        self._dialog.set_picture(case_id, None, str(error))
