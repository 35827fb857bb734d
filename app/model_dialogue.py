"""The talk with the user about models: comparisons, promotion, taking back, import and export."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.compare_pictures import ComparePictures
from app.controllers.models_controller import ModelsController
from app.controllers.notice_board import Act, NoticeBoard
from app.controllers.training_controller import TrainingController
from app.session.comparison_state import ComparisonState
from app.tasks.task_runner import TaskRunner
from app.translate import tr, trn
from app.views import menus
from app.views.main_window import MainWindow
from medsapiens_core.store.library import ModelEntry
from medsapiens_core.store.project import Project

ROLL_BACK = "rollback"
CONVERT = 'medsapiens models import "{path}" --name NAME'  # a command, the same in every language
TOAST_MS = 10_000
CODE_SUFFIXES = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle")
CODE = (  # M18
    '"{file}" can run program code when opened, so it is not loaded. '
    "Only .safetensors models with a model card are accepted."
)
NOTHING_TO_COMPARE = "No model was trained in this project yet, so there is nothing to compare. Fine-tune makes one."


class ModelDialogue(QObject):
    """Between the models panel, the comparison window and the two controllers behind them.

    `case_requested(case id)` to open; `try_out_requested(ModelEntry)`: predict the case on screen with this model.
    """

    case_requested = Signal(int)
    try_out_requested = Signal(object)  # ModelEntry

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        *,
        models: ModelsController,
        training: TrainingController,
        window: MainWindow,
        notices: NoticeBoard,
        refusal: Callable[[], str] = lambda: "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._models, self._training, self._refusal = models, training, refusal
        self._window, self._notices = window, notices
        self._unasked = ""
        self._dialog = window.make_compare()
        self._pictures = ComparePictures(runner, project, self._dialog, self)
        self._connect()

    def is_refused(self) -> bool:
        """True, after saying why, when the person may not decide which models are used."""
        refusal = self._refusal()
        if refusal:
            self._window.dialogs.tell(tr("Models"), refusal, kind="warning")
        return bool(refusal)

    def ask_for_model(self) -> None:
        """Choose a model file to add."""
        if self.is_refused():
            return
        path = self._window.dialogs.model_file()
        if path and Path(path).suffix == ".msmodel":
            self._models.import_file(path)
        elif path and runs_code(Path(path)):
            self._refuse_code(path)
        elif path:
            self._tell_how_to_convert(path)

    def _refuse_code(self, path: str) -> None:
        """M18."""
        buttons = [("other", tr("Choose another")), ("how", tr("How to convert"))]
        answer = self._window.dialogs.ask(tr("Import model"), tr(CODE, file=Path(path).name), buttons, "other")
        if answer == "other":
            self.ask_for_model()
        elif answer == "how":
            self._tell_how_to_convert(path)

    def _tell_how_to_convert(self, path: str) -> None:
        self._window.dialogs.tell(
            tr("Import model"),
            tr(
                "{file} is a checkpoint of another program. It is converted once on the command line, where its "
                "base and template can be named:",
                file=Path(path).name,
            ),
            CONVERT.format(path=path),
        )

    def ask_to_roll_back(self) -> None:
        """Ask why, then put the model before in use again."""
        if self.is_refused():
            return
        current = self._models.current
        name = current.name if current is not None else tr("the model in use")
        reason = self._window.dialogs.why(
            tr("Roll back"),
            tr(
                "Why is {model} taken back? The model before it is in use again at once. Nothing is deleted; decided "
                "landmarks stay as they are.",
                model=name,
            ),
            tr("Roll back"),
        )
        if reason is not None:
            self._models.roll_back(reason)

    def compare_newest(self) -> None:
        """Show the models, and how the newest candidate of this project did."""
        self._window.show_models()
        known = {row.name for row in self._models.rows if row.can_compare}
        newest = next((job.candidate for job in reversed(self._training.jobs) if job.candidate in known), None)
        if newest is None:
            self._window.toasts.show_message(tr(NOTHING_TO_COMPARE))
        else:
            self._compare(newest)

    def close(self) -> None:
        """Take the comparison window down with its project."""
        self._pictures.close()
        self._dialog.close()

    # --- wiring

    def _connect(self) -> None:
        panel, models, dialog = self._window.models_panel, self._models, self._dialog
        panel.compare_job_requested.connect(self._compare_job)
        panel.compare_model_requested.connect(self._compare)
        panel.promote_requested.connect(self._promote_from_list)
        panel.rollback_requested.connect(lambda _name: self.ask_to_roll_back())
        panel.export_requested.connect(self._export)
        panel.card_requested.connect(models.show_card)
        models.models_changed.connect(panel.set_models)
        models.models_changed.connect(lambda _rows: self._fill_menu())
        models.comparison_ready.connect(self._show_comparison)
        models.card_ready.connect(self._show_card)
        models.promoted.connect(self._tell_promoted)
        models.rolled_back.connect(self._tell_rolled_back)
        models.done.connect(self._window.toasts.show_message)
        models.failed.connect(self._tell_failure)
        self._training.candidate_ready.connect(self._announce)
        dialog.promote_requested.connect(self._promote_compared)
        dialog.discard_requested.connect(self._discard)
        dialog.keep_requested.connect(self._keep)
        dialog.case_requested.connect(self.case_requested)

    def _fill_menu(self) -> None:
        entries: list[menus.Entry] = [
            (entry.name, partial(self.try_out_requested.emit, entry)) for entry in self._models.others()
        ]
        menus.fill(self._window.menus["TryOut"], entries, tr("No other model for this template"))

    # --- a candidate

    def _announce(self, _number: int, name: str) -> None:
        """A job has ended: its comparison comes up, without taking the keyboard from the reader."""
        self._models.refresh()
        self._unasked = name
        self._models.compare(name)

    def _compare_job(self, number: int) -> None:
        job = next((job for job in self._training.jobs if job.id == number), None)
        if job is not None and job.candidate is not None:
            self._compare(job.candidate)

    def _compare(self, name: str) -> None:
        self._unasked = ""
        self._models.compare(name)

    def _show_comparison(self, comparison: ComparisonState) -> None:
        unasked, self._unasked = self._unasked == comparison.candidate, ""
        self._window.open_compare(comparison, quietly=unasked)
        if unasked:
            self._say_result(comparison)

    def _say_result(self, comparison: ComparisonState) -> None:
        name = comparison.candidate
        acts: dict[str, Act] = {tr("Compare"): partial(self._compare, name)}
        acts[tr("Keep as try-out")] = partial(self._keep, name)
        acts[tr("Discard {model}", model=name)] = partial(self._discard, name)
        kind = "info" if comparison.can_promote else "warning"
        self._notices.show(f"result-{name}", kind, comparison.verdict_text, acts)

    def _promote_from_list(self, name: str) -> None:
        """What was compared here is looked at first; a model from elsewhere needs a reason."""
        if self.is_refused():
            return
        if self._training.job_of_candidate(name) is not None:
            self._compare(name)
            return
        text = tr(
            "{model} was not compared with the model in use in this project. Write why you promote anyway.", model=name
        )
        reason = self._window.dialogs.why(tr("Promote {model}", model=name), text, tr("Promote"))
        if reason is not None:
            self._models.promote(name, reason)

    def _promote_compared(self, name: str) -> None:
        if self.is_refused():
            return
        comparison = self._dialog.comparison
        reason: str | None = ""
        if comparison is not None and comparison.reason_text:
            title = tr("Promote {model}", model=name)
            reason = self._window.dialogs.why(title, comparison.reason_text, tr("Promote"))
        if reason is not None:
            self._dialog.close()
            self._notices.dismiss(f"result-{name}")
            self._models.promote(name, reason)

    def _discard(self, name: str) -> None:
        if not self.is_refused():
            self._keep(name)
            self._models.discard(name)

    def _keep(self, name: str) -> None:
        self._notices.dismiss(f"result-{name}")
        self._dialog.close()

    def _export(self, name: str) -> None:
        path = self._window.dialogs.save_file(tr("Export model"), f"{name}.msmodel", tr("Models (*.msmodel)"))
        if path:
            self._models.export(name, path)

    def _show_card(self, name: str, text: str) -> None:
        self._window.dialogs.tell(tr("Model card of {model}", model=name), text)

    def _tell_promoted(self, model: ModelEntry, waiting: int) -> None:
        text = tr("{model} in use.", model=model.name)
        if waiting:
            text += " " + trn("%n case is being re-predicted.", "%n cases are being re-predicted.", waiting)
        self._window.toasts.show_message(text, [(ROLL_BACK, tr("Roll back"))], TOAST_MS)

    def _tell_rolled_back(self, model: ModelEntry | None) -> None:
        text = tr("{model} is in use again.", model=model.name) if model else tr("No model is in use.")
        self._window.toasts.show_message(text)

    def _tell_failure(self, text: str) -> None:
        """M19 is one of these."""
        copy: Act = lambda: QGuiApplication.clipboard().setText(text)  # noqa: E731
        self._notices.show("model", "error", text, {tr("OK"): lambda: None, tr("Copy details"): copy})


def runs_code(path: Path) -> bool:
    """True for a file of pickled objects, or a zip of them: opening one runs what it says."""
    if path.suffix.lower() in CODE_SUFFIXES:
        return True
    with contextlib.suppress(OSError), path.open("rb") as stream:
        return stream.read(2)[:1] == b"\x80"  # a pickle of any protocol since 2
    return False
