"""Joins the guidance of an open project with the window and the reader's preferences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.controllers.certainty_controller import CertaintyController
from app.controllers.guidance_controller import GuidanceController
from app.controllers.limit_watch import LimitWatch
from app.controllers.measure_controller import MeasureController
from app.controllers.value_watch import ValueWatch
from app.preferences import BULK, ORDER, Preferences
from app.session.review_session import ReviewSession
from medsapiens_core.store.library import ModelLibrary

if TYPE_CHECKING:
    from app.workspace import Workspace


def make_guidance(workspace: Workspace, library: ModelLibrary) -> GuidanceController:
    """The guidance of a workspace whose session, inference and window are there already."""
    window, session, preferences = workspace.window, workspace.session, workspace.window.preferences
    measures = workspace.measuring.measures
    watch = ValueWatch(workspace.runner, workspace.project, measures, workspace)
    guidance = GuidanceController(
        workspace.runner,
        workspace.project,
        library,
        workspace.calibrations,
        session,
        view=window.image_view,
        panel=window.landmark_panel,
        model_in_use=lambda: workspace.inference.model.id if workspace.inference.model else None,
        is_unlocked=lambda: bool(preferences.value(BULK)),
        weigh=lambda: weights(measures),
        watch=watch.warnings,
        parent=workspace,
    )
    measures.known_changed.connect(lambda: session.judge_again(reorder=True))
    guidance.counted.connect(watch.count)
    watch.learned.connect(session.judge_again)
    certainty = CertaintyController(workspace.runner, workspace.project, guidance)
    guidance.known.connect(certainty.know)
    certainty.renewed.connect(workspace.worklist.reread)
    workspace.picture.working_frame.changed.connect(workspace.worklist.refresh)
    workspace.picture.working_frame.changed.connect(workspace.open_case)
    LimitWatch(
        session,
        workspace.notices,
        learn=guidance.learn,
        may_learn=lambda: guidance.may_learn,
        parent=guidance,
    )
    _Preferences(guidance, session, preferences, workspace)
    return guidance


def weights(measures: MeasureController) -> Mapping[str, float]:
    """1 for the landmarks of the open case that can tip a value over a norm limit (ux.md 6.4); norms must be chosen."""
    if measures.norms is None:
        return {}
    return {mark: 1.0 for mark, impact in measures.impacts().items() if impact.tips}


class _Preferences(QObject):
    """Follows what the reader prefers for as long as the project is open."""

    def __init__(
        self, guidance: GuidanceController, session: ReviewSession, preferences: Preferences, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._guidance, self._session, self._preferences = guidance, session, preferences
        session.order_mode = str(preferences.value(ORDER))
        preferences.changed.connect(self._follow)

    def _follow(self, key: str) -> None:
        if key == BULK.key:
            self._guidance.tell_bulk()
        elif key == ORDER.key:
            self._session.set_order_mode(str(self._preferences.value(ORDER)))
