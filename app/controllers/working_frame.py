"""Another frame or slice of a file becomes the one that is worked on (ux.md 5.9).

Landmarks belong to a frame, so the frame becomes a case of its own and nothing that was decided is lost or moved. Its
positions may begin as proposals; a model does not replace them unless it is asked to (F5).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.session.review_session import ReviewSession
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.translate import tr, trn
from medsapiens_core.data.annotation import Annotation, utc_now
from medsapiens_core.data.image import Image
from medsapiens_core.data.prediction import OTHER_FRAME, Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.decoding import read_image
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.predictions import frame_model_id
from medsapiens_core.store.project import Project

TITLE = "Use this frame"
DECIDED = (
    "One decided landmark of this case belongs to frame {old} and stays there.",
    "%n decided landmarks of this case belong to frame {old} and stay there.",
)
OWN_CASE = "Frame {new} becomes a case of its own."
NOTHING_DECIDED = (
    "Nothing is decided on frame {old}. Frame {new} becomes the case to work on; the case of frame {old} is flagged, "
    "so that it is neither shown as to do nor trained on."
)
FLAG = "another frame is used"
READ_ONLY = "This project is open to read only: the frame was not changed."


class Ask(Protocol):
    """What this controller needs of the dialogs."""

    def ask(self, title: str, text: str, buttons: list[tuple[str, str]], default: str, details: str = "") -> str:
        """The id of the button that was chosen, "" for none."""


class WorkingFrame(QObject):
    """`changed(case id)`: this case is to be opened; it is new, or was there already. `told(text)` says something."""

    changed = Signal(int)
    told = Signal(str)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        session: ReviewSession,
        dialogs: Ask,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._session, self._dialogs = runner, project, session, dialogs
        self._is_at_work = False

    def use(self, row: CaseRow, frame: int) -> None:
        """Work on another frame of the open case's file; asks what to do with the landmarks."""
        if self._project.read_only:
            self.told.emit(tr(READ_ONLY))
        elif not self._is_at_work and frame != row.frame:
            find = self._project.cases.find
            self._runner.submit(
                STORE, find, row.image_sha256, frame, row.axis, on_done=lambda known: self._found(row, frame, known)
            )

    def _found(self, row: CaseRow, frame: int, known: CaseRow | None) -> None:
        case = self._session.case
        if case is None or case.id != row.id:
            return
        if known is not None:
            self.told.emit(tr("Frame {new} is a case already.", new=frame + 1))
            self.changed.emit(known.id)
            return
        annotation = self._session.annotation
        answer = self._ask(row, frame, annotation)
        if answer:
            self._is_at_work = True
            taken = annotation if answer == "keep" else None
            self._read(row, frame, lambda image: made_case(self._project, row, image, annotation, taken))

    def _ask(self, row: CaseRow, frame: int, annotation: Annotation) -> str:
        facts = {"old": row.frame + 1, "new": frame + 1}
        decided = annotation.decided_count
        if not decided:
            buttons = [("fresh", tr("Use frame {new}", **facts)), ("", tr("Cancel"))]
            return self._dialogs.ask(tr(TITLE), tr(NOTHING_DECIDED, **facts), buttons, "fresh")
        text = f"{trn(DECIDED[0], DECIDED[1], decided, **facts)} {tr(OWN_CASE, **facts)}"
        buttons = [("fresh", tr("Begin without landmarks")), ("", tr("Cancel"))]
        if row.part != "locked":  # those are read without a proposal
            buttons.insert(0, ("keep", tr("Take the positions as proposals")))
        return self._dialogs.ask(tr(TITLE), text, buttons, buttons[0][0])

    def _read(self, row: CaseRow, frame: int, make: Callable[[Image], CaseRow]) -> None:
        def store(image: Image) -> None:
            self._runner.submit(STORE, make, image, on_done=self._made, on_error=self._failed)

        self._runner.submit(
            IO,
            lambda: read_image(row.path, frame=frame, axis=row.axis),
            on_done=store,
            on_error=self._failed,
        )

    def _made(self, row: CaseRow) -> None:
        self._is_at_work = False
        self.told.emit(tr("Frame {new} is a case of its own now.", new=row.frame + 1))
        self.changed.emit(row.id)

    def _failed(self, error: Exception) -> None:
        self._is_at_work = False
        self.told.emit(tr("The frame was not changed: {reason}", reason=error))


def made_case(project: Project, old: CaseRow, image: Image, before: Annotation, taken: Annotation | None) -> CaseRow:
    """Make the case of another frame; `taken` gives its points as proposals. Runs on the store lane.

    An old case without any decision is flagged. The pixel size that a person has set holds for the new case, too.
    """
    row = project.cases.add(image, path=old.path)
    choices = project.calibrations.history(old.id)
    if old.is_spacing_set and choices:
        last = choices[-1]
        project.calibrations.choose([row.id], last.way, last.spacing, reader=last.reader, detail=last.detail)
    if taken is not None:
        prediction = as_proposals(taken, project.template, row, old.frame)
        project.predictions.add(prediction, row.id)
        annotation = project.annotations.load(row.id)
        edit = annotation.from_prediction(prediction)
        project.annotations.commit(edit, row.id, expected_revision=annotation.revision)
    if not before.decided_count and not old.flagged:
        project.cases.set_flag(old.id, FLAG)
    return project.cases.get(row.id)


def as_proposals(annotation: Annotation, template: Template, row: CaseRow, frame: int) -> Prediction:
    """The points of an annotation of frame `frame` as a prediction for another frame; without scores or regions."""
    return Prediction(
        id=uuid.uuid4().hex,
        image_sha256=row.image_sha256,
        template_id=template.id,
        template_version=template.version,
        model_id=frame_model_id(frame),
        xy_image=annotation.xy_image,
        scores=np.full(len(template), np.nan),
        covariance=None,
        created_utc=utc_now(),
        seconds=0.0,
        origins=(OTHER_FRAME,) * len(template),
    )
