"""What helps while there are few labels: fill the rest, one-shot proposals, the planner; built and wired here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.controllers.fill_controller import FillController
from app.controllers.one_shot_controller import OneShotController
from app.controllers.planner_controller import REASONS, PlannerController
from app.translate import tr, trn
from app.views.planner_window import PlannerWindow
from medsapiens_core.store.library import ModelEntry

if TYPE_CHECKING:
    from app.workspace import Workspace

UNDO = "undo-fill"
NO_MODEL = "No model for this template yet. Place the landmarks by hand, or place 3 and press Fill the rest."  # M32
NOTICE = "m32"


class FewShot(QObject):
    """Parts: `filling`, `one_shot`, `planner` with its `planner_window`."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        window, runner, project = workspace.window, workspace.runner, workspace.project
        self.filling = FillController(
            runner,
            project,
            workspace.session,
            view=window.image_view,
            notices=workspace.notices,
            set_condition=window.registry.set_condition,
            model_id=self._model_id,
            parent=self,
        )
        self.one_shot = OneShotController(
            runner, project, workspace.library, may_run=self._may_learn_examples, parent=self
        )
        self.planner_window = PlannerWindow(window)
        self.planner = PlannerController(
            runner, project, self.planner_window, ask_reason=self._ask_why_left_out, parent=self
        )
        self._connect_planner()
        self.filling.told.connect(self._tell)
        self.filling.anchors_changed.connect(workspace.review.show)
        self.one_shot.ready.connect(self._use_examples)
        self.one_shot.failed.connect(lambda text: workspace.notices.show("one-shot", "info", text))

    def acts(self) -> dict[str, Callable[[], object]]:
        """What the actions of the menus do."""
        return {"landmark.fill": self.filling.fill, "landmark.live": self._set_live, "case.planner": self._show_planner}

    def start(self) -> None:
        """Learn the shape, and say what to do where there is no model."""
        self._set_live()
        self.filling.refresh_source()

    def models_read(self) -> None:
        """It is known whether there is a model for the template."""
        workspace = self._workspace
        if workspace.models.current is not None:
            workspace.notices.dismiss(NOTICE)
        elif not workspace.project.read_only:
            workspace.notices.show(
                NOTICE, "info", tr(NO_MODEL), {tr("Place next"): lambda: workspace.run("landmark.place")}
            )
            self.one_shot.consider()

    def reviews_changed(self) -> None:
        """Another set of cases is reviewed."""
        self.filling.refresh_source()
        self.one_shot.consider()

    def run_toast(self, action: str) -> bool:
        """Do what the button of a toast says; False if it is not one of ours."""
        if action == UNDO:
            self.filling.undo()
        return action == UNDO

    def close(self) -> None:
        """End the children, and the window."""
        self.one_shot.close()
        self.planner.close()
        self.planner_window.close()
        self.planner_window.deleteLater()

    def _model_id(self) -> str | None:
        model = self._workspace.inference.model
        return None if model is None else model.id

    def _may_learn_examples(self) -> bool:
        return self._workspace.models.current is None and not self._workspace.training.is_running

    def _use_examples(self, entry: ModelEntry, count: int) -> None:
        workspace = self._workspace
        workspace.notices.dismiss(NOTICE)
        workspace.notices.dismiss("one-shot")
        workspace.inference.set_model(entry)
        workspace.window.registry.set_condition("model", True)
        examples = trn("1-shot, %n example", "1-shot, %n examples", count)
        workspace.window.status.set_model(examples, entry.id)

    def _connect_planner(self) -> None:
        workspace, window = self._workspace, self._workspace.window
        self.planner.open_requested.connect(self._open_from_planner)
        self.planner.explained.connect(lambda text: window.dialogs.tell(tr("Why these cases"), text))
        self.planner.failed.connect(lambda text: workspace.notices.show("planner", "warning", text))
        self.planner_window.finetune_requested.connect(window.action("model.finetune").trigger)

    def _show_planner(self) -> None:
        self.planner_window.show()
        self.planner_window.raise_()
        self.planner_window.activateWindow()
        self.planner.show()

    def _open_from_planner(self, case_id: int) -> None:
        self._workspace.open_case(case_id)
        self._workspace.window.activateWindow()
        self._workspace.window.image_view.setFocus()

    def _ask_why_left_out(self) -> str | None:
        return self._workspace.window.dialogs.reason(
            tr("Leave this case out"), tr("Why should the planner not propose it?"), [tr(reason) for reason in REASONS]
        )

    def _set_live(self) -> None:
        self.filling.set_live(self._workspace.window.action("landmark.live").isChecked())

    def _tell(self, text: str) -> None:
        self._workspace.window.toasts.show_message(text, [(UNDO, tr("Undo"))], 10_000)
