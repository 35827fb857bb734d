"""Small pictures for the worklist, made in a lane of their own, the row that was looked at last first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtGui import QImage

from app.controllers.case_loader import read_case_image
from app.tasks.task_runner import BACKGROUND, STORE, TaskRunner
from app.thumbnails import Grey, keep_thumbnail, make_thumbnail, read_thumbnail, thumbnail_path
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project

PREVIEW_SIDE = 840  # pixels: 420 logical ones at twice the resolution
WAITING = 60  # rows; what was asked for longer ago has been scrolled away


class PictureList(Protocol):
    """What this controller needs of the list model."""

    thumbnail_needed: SignalInstance

    def receive_thumbnail(self, case_id: int, picture: QImage | None) -> None:
        """Show a small picture, or none for good."""

    def forget_request(self, case_id: int) -> None:
        """Let a picture that is not on its way any more be asked for again."""


class ThumbnailController(QObject):
    """One picture at a time, so that opening a case never waits for it. `keep` tells whether they go to disk."""

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        model: PictureList,
        *,
        folder: Path,
        keep: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._model = runner, project, model
        self._folder, self._keep = folder, keep
        self._waiting: dict[int, None] = {}
        self._busy = False
        model.thumbnail_needed.connect(self._want)

    def preview(self, case_id: int, show: Callable[[int, QImage | None], None]) -> None:
        """Read the film of a case at a size to look at; `show(case id, picture or None)` follows."""
        self._runner.submit(
            STORE,
            self._project.cases.get,
            case_id,
            on_done=lambda row: self._runner.submit(
                BACKGROUND,
                lambda: make_thumbnail(read_case_image(row), PREVIEW_SIDE),
                on_done=lambda grey: show(case_id, to_qimage(grey)),
                on_error=lambda _error: show(case_id, None),
            ),
            on_error=lambda _error: show(case_id, None),
        )

    def _want(self, case_id: int) -> None:
        self._waiting.pop(case_id, None)
        self._waiting[case_id] = None
        while len(self._waiting) > WAITING:
            forgotten = next(iter(self._waiting))
            del self._waiting[forgotten]
            self._model.forget_request(forgotten)
        self._next()

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        case_id, _ = self._waiting.popitem()
        self._busy = True
        self._runner.submit(
            STORE,
            self._project.cases.get,
            case_id,
            on_done=self._make,
            on_error=lambda _error: self._done(case_id, None),
        )

    def _make(self, row: CaseRow) -> None:
        self._runner.submit(
            BACKGROUND,
            thumbnail_of,
            row,
            self._folder if self._keep() else None,
            on_done=lambda grey: self._done(row.id, grey),
            on_error=lambda _error: self._done(row.id, None),  # opening the case says what is wrong with its picture
        )

    def _done(self, case_id: int, grey: Grey | None) -> None:
        self._busy = False
        self._model.receive_thumbnail(case_id, None if grey is None else to_qimage(grey))
        self._next()


def thumbnail_of(row: CaseRow, folder: Path | None) -> Grey:
    """The small picture of a case, kept in `folder` unless that is None. Raises UserError as opening the case does."""
    path = None if folder is None else thumbnail_path(folder, row)
    kept = None if path is None else read_thumbnail(path)
    if kept is not None:
        return kept
    grey = make_thumbnail(read_case_image(row))
    if path is not None:
        keep_thumbnail(path, grey)
    return grey


def to_qimage(grey: Grey) -> QImage:
    """A picture that owns its bytes."""
    rows, columns = grey.shape
    return QImage(grey.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8).copy()
