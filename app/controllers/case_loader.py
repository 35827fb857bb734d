"""Opening a case: read the picture on the io lane, then the landmarks on the store lane, keep a few pictures at hand.

The case on screen stays until the next one is complete; a later request makes an earlier one void.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.controllers.case_access import CaseDetail, load_case
from app.tasks.task_runner import IO, STORE, Task, TaskRunner
from app.translate import tr
from medsapiens_core.data.image import Image
from medsapiens_core.decoding import read_image
from medsapiens_core.errors import UnreadableImageError, UserError
from medsapiens_core.io.pyramid import build_pyramid
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project

KEPT_PIXELS = 2**27  # of pictures kept decoded, the open one not counted
CHANGED = "The picture of case {case} has changed since import. The landmarks belong to the old one."  # M07
MISSING = "The picture of case {case} is not at its old place."  # M06


class MissingPictureError(UserError):
    """The picture of a case is not where it was."""


class ChangedPictureError(UserError):
    """There is another picture in the place of a case's own."""


class CaseLoader(QObject):
    """`loaded(CaseDetail, Image)`; `refused(case id, error)` when a case cannot be opened; `settled(case id)` after
    either.
    """

    loaded = Signal(object, object)
    refused = Signal(int, object)
    settled = Signal(int)

    def __init__(self, runner: TaskRunner, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._project = project
        self._images: OrderedDict[int, Image] = OrderedDict()
        self._reading: set[int] = set()
        self._wanted: int | None = None
        self._landmarks: Task | None = None

    @property
    def reads_landmarks_of(self) -> int | None:
        """The case whose landmarks are on their way from the store to the screen."""
        return self._wanted if self._landmarks is not None else None

    @property
    def is_busy(self) -> bool:
        """True while a case is on its way to the screen."""
        return self._wanted is not None

    def open(self, case_id: int) -> None:
        """Load a case for the screen; what was wanted before is not any more."""
        self.cancel()
        self._wanted = case_id
        self._runner.submit(
            STORE,
            self._project.cases.get,
            case_id,
            on_done=self._continue,
            on_error=lambda error: self._refuse(case_id, error),
        )

    def cancel(self) -> None:
        """Want nothing."""
        abandoned, self._wanted = self._wanted, None
        if self._landmarks is not None:
            self._landmarks.cancel()
            self._landmarks = None
        if abandoned is not None:
            self.settled.emit(abandoned)

    def prefetch(self, row: CaseRow) -> None:
        """Read a picture that will probably be wanted next."""
        if row.id not in self._images and row.id not in self._reading:
            self._reading.add(row.id)
            self._runner.submit(
                IO,
                read_case_image,
                row,
                on_done=lambda image: self._keep(row.id, image),
                on_error=lambda error: self._refuse(row.id, error),
            )

    def _continue(self, row: CaseRow) -> None:
        if row.id == self._wanted:
            if row.id not in self._images:
                self.prefetch(row)
            elif self._landmarks is None:  # a picture read ahead may have arrived first and begun this already
                self._read_landmarks(row.id)

    def _keep(self, case_id: int, image: Image) -> None:
        self._reading.discard(case_id)
        self._images[case_id] = image
        self._images.move_to_end(case_id)
        while len(self._images) > 1 and sum(kept.pixels.size for kept in self._images.values()) > KEPT_PIXELS:
            del self._images[next(kept for kept in self._images if kept != self._wanted)]
        if case_id == self._wanted and self._landmarks is None:
            self._read_landmarks(case_id)

    def _read_landmarks(self, case_id: int) -> None:
        self._landmarks = self._runner.submit(
            STORE,
            load_case,
            self._project,
            case_id,
            on_done=self._finish,
            on_error=lambda error: self._refuse(case_id, error),
        )

    def _finish(self, detail: CaseDetail) -> None:
        case_id = detail.row.id
        self._wanted, self._landmarks = None, None
        self._images.move_to_end(case_id)
        self.loaded.emit(detail, self._images[case_id])
        self.settled.emit(case_id)

    def _refuse(self, case_id: int, error: Exception) -> None:
        self._reading.discard(case_id)
        if case_id == self._wanted:
            self._wanted, self._landmarks = None, None
            self.refused.emit(case_id, error)
            self.settled.emit(case_id)


def read_case_image(row: CaseRow) -> Image:
    """Read the picture of a case. Raises UserError when it is missing, changed or unreadable."""
    if not row.path.exists():
        raise MissingPictureError(tr(MISSING, case=row.name))
    try:
        image = read_image(row.path, frame=row.frame, axis=row.axis)
    except UnreadableImageError as error:
        raise UserError(tr("{case} cannot be shown: {reason}", case=row.name, reason=error)) from error
    if image.provenance.sha256 != row.image_sha256:
        raise ChangedPictureError(tr(CHANGED, case=row.name))
    return replace(image, pyramid=build_pyramid(image.pixels, image.padding_value))
