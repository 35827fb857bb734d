"""Blind readings: predictions stay hidden until the case is reviewed, then both sets are shown (ux.md 6.5, 10.3)."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal, SignalInstance

from app.controllers.fill_words import BLIND
from app.controllers.notice_board import NoticeBoard
from app.session.review_session import ReviewSession
from app.tasks.task_runner import STORE, TaskRunner
from app.translate import tr
from medsapiens_core.data.annotation import Edit
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.store.project import Project

NOTICE = "blind"
HOW = "P places the landmarks by hand."
SECOND = "Second reading: what others and the model said of this case is hidden."
REFUSED = ("case.predict", "view.heatmap", "view.ghost", "view.ellipses", "landmark.revert", "landmark.fill")


class BlindView(Protocol):
    """What this needs of the image view."""

    is_blind: bool
    predictions_refused: SignalInstance


class SetCondition(Protocol):
    """Switches actions on, or off with a reason."""

    def __call__(self, name: str, met: bool, reason: str = "") -> None:
        """Say whether a condition holds."""


class BlindController(QObject):
    """`told(text)` answers what is refused; `revealed(text)` follows a review that has shown the prediction."""

    told = Signal(str)
    revealed = Signal(str)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        session: ReviewSession,
        *,
        view: BlindView,
        notices: NoticeBoard,
        set_condition: SetCondition,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._session = runner, project, session
        self._view, self._notices, self._set_condition = view, notices, set_condition
        session.case_opened.connect(self._show)
        session.case_closed.connect(self._show)
        session.edit_committed.connect(self._edited)
        view.predictions_refused.connect(self._refuse)
        self._show()

    @property
    def will_reveal(self) -> bool:
        """True when reviewing the open case now would show its prediction."""
        session = self._session
        is_first = session.is_open and session.is_blind and not session.annotation.reader
        return is_first and not session.annotation.reviewed

    def refuses(self, action: str) -> bool:
        """True, after saying why, for what would show a prediction of a case that is read blind."""
        if not (self._session.is_open and self._session.is_blind and action in REFUSED):
            return False
        self._refuse()
        return True

    def close(self) -> None:
        """The project is closed."""
        self._view.predictions_refused.disconnect(self._refuse)
        self._view.is_blind = False

    def _refuse(self) -> None:
        self.told.emit(self._why())

    def _why(self) -> str:
        is_second = self._session.is_open and bool(self._session.annotation.reader)
        return tr(SECOND) if is_second else tr(BLIND)

    def _show(self, _case: object = None) -> None:
        session = self._session
        blind = session.is_open and session.is_blind
        self._view.is_blind = blind
        self._set_condition("sighted", not blind, self._why() if blind else "")
        if blind and not session.annotation.reviewed:
            self._notices.show(NOTICE, "info", f"{self._why()} {tr(HOW)}")
        else:
            self._notices.dismiss(NOTICE)

    def _edited(self, edit: Edit) -> None:
        session = self._session
        if edit.kind != "review" or not session.is_blind or session.annotation.reader or session.case is None:
            return
        case_id = session.case.id
        self._runner.submit(
            STORE,
            self._project.predictions.latest,
            case_id,
            on_done=lambda prediction: self._reveal(case_id, prediction),
        )

    def _reveal(self, case_id: int, prediction: Prediction | None) -> None:
        session = self._session
        if session.case is None or session.case.id != case_id or not session.is_blind:
            return
        session.reveal(prediction)
        self._show()
        name = getattr(session.case, "name", tr("The case"))
        self.revealed.emit(tr("{name} marked reviewed.", name=name) + " " + self._what_is_shown(prediction))

    def _what_is_shown(self, prediction: Prediction | None) -> str:
        session = self._session
        if prediction is None:
            return tr("It has no prediction to compare with.")
        spacing = getattr(session.case, "spacing", None)
        cell = np.ones(2) if spacing is None else np.array([spacing.col_mm, spacing.row_mm])
        apart = np.linalg.norm((session.annotation.xy_image - prediction.xy_image) * cell, axis=1)
        if not np.isfinite(apart).any():
            return tr("It has no prediction to compare with.")
        distance = f"{float(np.nanmean(apart)):.1f} {'px' if spacing is None else 'mm'}"
        return tr(
            "Your points stand; dotted rings show the model's, {distance} away on average. Return goes on.",
            distance=distance,
        )
