"""What belongs to the picture of an open project: frames, heatmap, 95 % regions, own grey windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.controllers.frame_controller import FrameController
from app.controllers.heatmap_controller import HeatmapController
from app.controllers.match_controller import MatchController
from app.controllers.photo_notice import PhotoNotice
from app.controllers.regions_controller import RegionsController
from app.controllers.working_frame import WorkingFrame
from app.tasks.task_runner import STORE
from app.translate import tr
from medsapiens_core.data.image import Image
from medsapiens_core.store.cases import CaseRow

if TYPE_CHECKING:
    from app.workspace import Workspace


class PictureParts(QObject):
    """Made with the workspace, started when it starts, told of every case that comes on screen."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        window, session, notices = workspace.window, workspace.session, workspace.notices
        runner, project, inference = workspace.runner, workspace.project, workspace.inference
        self._runner, self._project, self._window = runner, project, window
        view, set_condition = window.image_view, window.registry.set_condition
        self.regions = RegionsController(runner, workspace.calibrations, session, set_condition, self)
        self.heatmaps = HeatmapController(session, view, inference, self)
        self.matching = MatchController(
            runner, project, inference, dialogs=window.dialogs, notices=notices, parent=self
        )
        self.frames = FrameController(
            runner, view, window.frames, notices=notices, set_condition=set_condition, parent=self
        )
        self._photo = PhotoNotice(notices, self)
        self.frames.refused.connect(window.toasts.show_message)
        self.working_frame = WorkingFrame(runner, project, session, window.dialogs, self)
        self.frames.use_wanted.connect(self.working_frame.use)
        self.working_frame.told.connect(window.toasts.show_message)
        window.presets.store_requested.connect(self._keep_window)

    def start(self) -> None:
        """Read what is kept with the project."""
        self.regions.refresh()
        self._runner.submit(STORE, self._project.own_windows.all, on_done=self._window.presets.set_own)

    def open(self, row: CaseRow, image: Image) -> None:
        """A case has come on screen."""
        self.frames.open(row, image)
        self._photo.open(image)

    def close(self) -> None:
        """The project is closed: nothing of it stays in the window."""
        self.frames.close()
        self._window.image_view.set_heatmap(None)
        self._window.image_view.set_heatmap_note("")
        self._window.presets.set_own({})
        self._window.registry.set_condition("calibrated", False)

    def _keep_window(self, slot: int, modality: str, low: float, high: float) -> None:
        if self._project.read_only:
            self._window.toasts.show_message(tr("This project is open to read only: the window was not kept."))
            return
        keep = self._project.own_windows.keep
        self._runner.submit(STORE, keep, modality, slot, low, high, on_done=self._window.presets.set_own)
        self._window.status.showMessage(tr("Kept as own {slot}", slot=slot), 2000)
