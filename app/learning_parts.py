"""Fine-tuning and models of one open project: the controllers, and the talk with the user about them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.controllers.models_controller import ModelsController
from app.controllers.notice_board import NoticeBoard
from app.controllers.training_controller import TrainingController
from app.finetune_dialogue import FinetuneDialogue
from app.model_dialogue import ROLL_BACK, ModelDialogue
from app.tasks.task_runner import TaskRunner
from app.views.main_window import MainWindow
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project
from medsapiens_core.training.config import TrainingOptions


class LearningParts(QObject):
    """`case_requested(case id)` to put on screen; `try_out_requested(ModelEntry)` to predict the open case with it."""

    case_requested = Signal(int)
    try_out_requested = Signal(object)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        library: ModelLibrary,
        *,
        window: MainWindow,
        notices: NoticeBoard,
        options: TrainingOptions | None,
        refusal: Callable[[], str] = lambda: "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.training = TrainingController(runner, project, library, self)
        self.models = ModelsController(
            runner,
            project,
            library,
            job_of_candidate=self.training.job_of_candidate,
            is_try_out=self.training.try_out,
            parent=self,
        )
        self.training.jobs_changed.connect(lambda _jobs: self.models.renew())
        self._about_models = ModelDialogue(
            runner,
            project,
            models=self.models,
            training=self.training,
            window=window,
            notices=notices,
            refusal=refusal,
            parent=self,
        )
        self.tuning = FinetuneDialogue(
            runner,
            project,
            models=self.models,
            training=self.training,
            window=window,
            notices=notices,
            options=options,
            parent=self,
        )
        self._about_models.try_out_requested.connect(self.try_out_requested)
        for talk in (self._about_models, self.tuning):
            talk.case_requested.connect(self.case_requested)

    def acts(self) -> dict[str, Callable[[], object]]:
        """What the actions of the menus do."""
        return {
            "model.finetune": self.tuning.fine_tune,
            "model.compare": self._about_models.compare_newest,
            "model.import": self._about_models.ask_for_model,
        }

    def run_toast(self, action: str) -> bool:
        """Do what the button of a toast says; False if it is not one of ours."""
        if action == ROLL_BACK:
            self._about_models.ask_to_roll_back()
        return action == ROLL_BACK

    def close(self) -> None:
        """Take the windows down and end the training's process."""
        self._about_models.close()
        self.tuning.close()
        self.training.close()
