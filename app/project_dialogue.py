"""The talk with the user about imports, fine-tuning and models: questions in dialogs, answers in notices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.controllers.import_controller import ImportController, ImportItem, ImportSummary
from app.controllers.models_controller import ModelsController
from app.controllers.notice_board import NoticeBoard
from app.controllers.training_controller import TrainingController
from app.session.view_state import ComparisonState, JobState, SliceChoice
from app.views.main_window import MainWindow
from medsapiens_core.store.library import ModelEntry
from medsapiens_core.training.config import TrainingOptions

NO_MODEL = "No model for this template yet. Place the landmarks by hand: P places the next one."
LISTED = 200


class ImportDialogue(QObject):
    """Asks what to import and which slices, shows progress and the summary."""

    def __init__(
        self, importer: ImportController, window: MainWindow, notices: NoticeBoard, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._importer, self._window, self._notices = importer, window, notices
        importer.progress.connect(self._show_progress)
        importer.slices_wanted.connect(self._ask_for_slices)
        importer.finished.connect(self._show_summary)

    def ask_for_files(self) -> None:
        """Choose files."""
        paths = self._window.dialogs.image_files()
        if paths:
            self._importer.import_paths(paths)

    def ask_for_folder(self) -> None:
        """Choose a folder."""
        folder = self._window.dialogs.image_folder()
        if folder:
            self._importer.import_paths([folder])

    def _show_progress(self, done: int, total: int) -> None:
        if self._importer.is_running and total > 1:
            text = f"Importing images: {done} of {total}"
            self._notices.show("import", "info", text, {"Cancel": self._importer.cancel})

    def _ask_for_slices(self, choices: Sequence[SliceChoice]) -> None:
        answer = self._window.dialogs.slices(choices) or {}
        self._importer.choose([ImportItem(Path(path), frame, axis) for path, (axis, frame) in answer.items()])

    def _show_summary(self, summary: ImportSummary) -> None:
        self._notices.dismiss("import")
        if not summary.skipped:
            self._window.toasts.show_message(summary.text)
            return
        buttons = {"Show list": lambda: self._show_list(summary)}
        self._notices.show("imported", "warning", summary.text, buttons, summary.details)

    def _show_list(self, summary: ImportSummary) -> None:
        self._window.dialogs.tell("Files that were skipped", summary.text, summary.details, "warning")


class ModelDialogue(QObject):
    """Between the models panel, the comparison window and the two controllers behind them."""

    case_requested = Signal(int)

    def __init__(
        self,
        models: ModelsController,
        training: TrainingController,
        window: MainWindow,
        notices: NoticeBoard,
        *,
        options: TrainingOptions | None,
        refusal: Callable[[], str] = lambda: "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._models, self._training, self._refusal = models, training, refusal
        self._window, self._notices, self._options = window, notices, options
        self._corrections = 0
        self._wired: QObject | None = None
        self._wants_promotion = ""
        self._connect_panel()
        self._connect_controllers()

    def fine_tune(self) -> None:
        """Start fine-tuning from the model in use."""
        if self._models.current is None:
            self._notices.show("no-model", "info", NO_MODEL)
            return
        self._window.show_models()
        self._training.start(self._models.current, self._options)

    def is_refused(self) -> bool:
        """True, after saying why, when the person may not decide which models are used."""
        refusal = self._refusal()
        if refusal:
            self._window.dialogs.tell("Models", refusal, kind="warning")
        return bool(refusal)

    def ask_for_model(self) -> None:
        """Choose a model file to add."""
        if self.is_refused():
            return
        path = self._window.dialogs.model_file()
        if path and Path(path).suffix == ".msmodel":
            self._models.import_file(path)
        elif path:
            self._window.dialogs.tell(
                "Import model",
                f"{Path(path).name} is a checkpoint of another program. It is converted once on the command line, "
                "where its base and template can be named:",
                f'medsapiens models import "{path}" --name NAME',
            )

    # --- wiring

    def _connect_panel(self) -> None:
        panel = self._window.models_panel
        panel.stop_requested.connect(self._training.stop)
        panel.cancel_requested.connect(self._ask_to_cancel)
        panel.resume_requested.connect(self._training.resume)
        panel.remove_requested.connect(self._training.remove)
        panel.compare_job_requested.connect(self._compare_job)
        panel.compare_model_requested.connect(self._compare_model)
        panel.promote_requested.connect(self._promote)
        panel.rollback_requested.connect(self._roll_back)
        panel.export_requested.connect(self._export)

    def _connect_controllers(self) -> None:
        training, models = self._training, self._models
        training.jobs_changed.connect(self._show_jobs)
        training.corrections_changed.connect(self._show_corrections)
        training.frozen.connect(self._window.toasts.show_message)
        training.failed.connect(self._tell_failure)
        training.interrupted.connect(self._offer_resume)
        training.candidate_ready.connect(self._announce)
        models.models_changed.connect(self._window.models_panel.set_models)
        models.models_changed.connect(self._show_button)
        models.comparison_ready.connect(self._show_comparison)
        models.promoted.connect(self._tell_promoted)
        models.rolled_back.connect(self._tell_rolled_back)
        models.done.connect(self._window.toasts.show_message)
        models.failed.connect(self._tell_failure)

    # --- training

    def _show_jobs(self, jobs: Sequence[JobState]) -> None:
        self._window.models_panel.set_jobs(list(reversed(jobs)))
        active = next((job for job in jobs if job.state in ("running", "stopping")), None)
        if active is None:
            self._window.status.set_job(None, None)
        else:
            self._window.status.set_job(f"Job {active.id}: {active.phase or 'starting'}", active.progress)

    def _show_corrections(self, count: int) -> None:
        self._corrections = count
        self._show_button()

    def _show_button(self) -> None:
        count, model = self._corrections, self._models.current
        cases = "correction" if count == 1 else "corrections"
        reason = NO_MODEL if model is None else f"Nothing new since {model.name}: correct and review some cases first."
        enabled = model is not None and count > 0
        text = f"Fine-tune with {count} new {cases}" if count else "Fine-tune"
        note = f"starts from {model.name}" if model is not None else ""
        self._window.models_panel.set_finetune_button(text, enabled, reason, note)
        self._window.registry.set_condition("finetune", enabled, reason)

    def _ask_to_cancel(self, number: int) -> None:
        text = f"Cancel job {number} and discard what it has learned so far? Your cases are not touched."
        buttons = [("discard", "Cancel and discard"), ("keep", "Go on training")]
        if self._window.dialogs.ask("Cancel fine-tuning", text, buttons, "keep") == "discard":
            self._training.cancel(number)

    def _offer_resume(self, number: int, text: str) -> None:
        self._notices.show(f"job-{number}", "warning", text, {"Resume": lambda: self._training.resume(number)})

    def _announce(self, number: int, name: str) -> None:
        self._models.refresh()
        job = next(job for job in self._training.jobs if job.id == number)
        buttons = {"Compare": lambda: self._models.compare(name)}
        self._notices.show(f"job-{number}", "info", f"Fine-tuning is done. {job.text}.", buttons)

    # --- models

    def _compare_job(self, number: int) -> None:
        job = next((job for job in self._training.jobs if job.id == number), None)
        if job is not None and job.candidate is not None:
            self._compare_model(job.candidate)

    def _compare_model(self, name: str) -> None:
        self._wants_promotion = ""
        self._models.compare(name)

    def _promote(self, name: str) -> None:
        """One click where the comparison speaks for it; else the comparison is shown, which asks for a reason."""
        if self.is_refused():
            return
        if self._training.job_of_candidate(name) is None:
            self._models.promote(name, "put in use by the user, not compared in this project")
        else:
            self._wants_promotion = name
            self._models.compare(name)

    def _show_comparison(self, comparison: ComparisonState) -> None:
        wanted, self._wants_promotion = self._wants_promotion == comparison.candidate, ""
        if wanted and comparison.can_promote and not comparison.needs_reason and comparison.verdict == "better":
            self._models.promote(comparison.candidate, "better on the locked cases")
            return
        dialog = self._window.open_compare(comparison)
        if self._wired is not dialog:
            self._wired = dialog
            dialog.promote_requested.connect(self._promote_compared)
            dialog.discard_requested.connect(self._discard)
            dialog.case_requested.connect(self.case_requested)

    def _promote_compared(self, name: str, reason: str) -> None:
        if self.is_refused():
            return
        self._close_comparison()
        self._models.promote(name, reason)

    def _discard(self, name: str) -> None:
        if self.is_refused():
            return
        self._close_comparison()
        self._models.discard(name)

    def _close_comparison(self) -> None:
        dialog = self._window.compare_dialog()
        if dialog is not None:
            dialog.close()

    def _roll_back(self, _name: str) -> None:
        if not self.is_refused():
            self._models.roll_back()

    def _export(self, name: str) -> None:
        path = self._window.dialogs.save_file("Export model", f"{name}.msmodel", "Models (*.msmodel)")
        if path:
            self._models.export(name, path)

    def _tell_promoted(self, model: ModelEntry) -> None:
        text = f"{model.name} is in use. Undecided landmarks are predicted again; decided ones stay."
        self._window.toasts.show_message(text, [("rollback", "Roll back")], 10_000)

    def _tell_rolled_back(self, model: ModelEntry | None) -> None:
        self._window.toasts.show_message(f"{model.name if model else 'No model'} is in use again.")

    def _tell_failure(self, text: str) -> None:
        self._notices.show("model", "error", text)
