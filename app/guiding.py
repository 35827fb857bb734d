"""Joins the guidance of an open project with the window and the reader's preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.controllers.guidance_controller import GuidanceController
from app.preferences import BULK, ORDER, Preferences
from app.session.review_session import ReviewSession
from medsapiens_core.store.library import ModelLibrary

if TYPE_CHECKING:
    from app.workspace import Workspace


def make_guidance(workspace: Workspace, library: ModelLibrary) -> GuidanceController:
    """The guidance of a workspace whose session, inference and window are there already."""
    window, session, preferences = workspace.window, workspace.session, workspace.window.preferences
    guidance = GuidanceController(
        workspace.runner,
        workspace.project,
        library,
        session,
        view=window.image_view,
        panel=window.landmark_panel,
        model_in_use=lambda: workspace.inference.model.id if workspace.inference.model else None,
        is_unlocked=lambda: bool(preferences.value(BULK)),
        parent=workspace,
    )
    _Preferences(guidance, session, preferences, workspace)
    return guidance


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
