"""The talk about pixel sizes: between the controller, its dialogs, and the scratch tool on the image."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.controllers.notice_board import NoticeBoard
from app.controllers.spacing_controller import SpacingController
from app.session.scratch import ANGLE, DISTANCE
from app.tasks.task_runner import TaskRunner
from app.views.main_window import MainWindow
from medsapiens_core.data.image import Image
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project


class SpacingDialogue(QObject):
    """`changed(CaseRow, Image)`: the open case has another pixel size, which the image carries."""

    changed = Signal(object, object)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        window: MainWindow,
        notices: NoticeBoard,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._views = window.spacing
        self.controller = controller = SpacingController(runner, project, window.spacing, notices, parent=self)
        controller.changed.connect(self.changed)
        controller.told.connect(window.toasts.show_message)
        controller.failed.connect(lambda text: notices.show("failure", "error", text))
        notices.dismissed.connect(controller.dismissed)
        window.spacing.answered.connect(controller.answered)
        window.spacing.ruler_requested.connect(controller.calibrate)
        window.spacing.scratch.ruler_drawn.connect(controller.ruler_drawn)

    def acts(self) -> dict[str, Callable[[], object]]:
        """What the actions of the menu do."""
        return {
            "measure.distance": lambda: self._views.start_tool(DISTANCE),
            "measure.angle": lambda: self._views.start_tool(ANGLE),
            "measure.calibrate": self.controller.calibrate,
            "measure.pixel_size": self.controller.show,
        }

    def open(self, row: CaseRow, image: Image) -> None:
        """A case is on screen; `image` is as its file says."""
        self.controller.open(row, image)

    def close(self) -> None:
        """The project is closed."""
        self.controller.close()
        self._views.close()
