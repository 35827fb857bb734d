"""The talk with the user about fine-tuning: whether it can start, how it goes, and what a stopped one can do next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.controllers.job_making import Wish, gigabytes, room
from app.controllers.models_controller import ModelsController
from app.controllers.notice_board import Act, NoticeBoard
from app.controllers.training_controller import TrainingController
from app.controllers.verdict import too_few_text
from app.few_shot import NO_MODEL
from app.session.finetune_state import StartCheck, StartChoice, StartState
from app.session.view_state import JobState
from app.tasks.task_runner import STORE, TaskRunner
from app.translate import tr, trn
from app.views.finetune_dialog import FinetuneDialog
from app.views.job_card import time_left
from app.views.main_window import MainWindow
from medsapiens_core.evaluation.comparison import ENOUGH_CASES
from medsapiens_core.store.library import ModelEntry
from medsapiens_core.store.project import Project
from medsapiens_core.store.readiness import FEWEST_TRAINING, Readiness, readiness
from medsapiens_core.training.config import TrainingOptions
from medsapiens_core.training.progress import NO_GPU_ROOM

SUGGESTED_FROM, SUGGESTED_SHARE = 10, 0.2  # new cases, or that share of the training cases
ACTIVE = ("running", "stopping")


@dataclass(frozen=True)
class Before:
    """What is known before a start. `next_cases` are names worth labelling next; sizes in bytes."""

    ready: Readiness
    next_cases: tuple[str, ...]
    unread: int | None
    needed: int
    free: int


class FinetuneDialogue(QObject):
    """`case_requested(case id)`: a locked case is to be read."""

    case_requested = Signal(int)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        *,
        models: ModelsController,
        training: TrainingController,
        window: MainWindow,
        notices: NoticeBoard,
        options: TrainingOptions | None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._models, self._training = runner, project, models, training
        self._window, self._notices, self._options = window, notices, options
        self._corrections = self._changed = 0
        self._ready: Readiness | None = None
        self._wish = Wish(options or TrainingOptions())
        self._told_cpu: set[int] = set()
        self.dialog = FinetuneDialog(window)
        self.dialog.start_requested.connect(self._start)
        self.dialog.fix_requested.connect(self._fix)
        self._connect()

    def fine_tune(self) -> None:
        """Look at what there is, then offer the start or say what is missing."""
        base = self._models.current
        if base is None:
            self._notices.show("no-model", "info", tr(NO_MODEL))
            return
        self._window.show_models()
        self._runner.submit(STORE, look, self._project, base, on_done=self._offer, on_error=self._tell_error)

    def close(self) -> None:
        """Take the window down with its project."""
        self.dialog.close()
        self.dialog.deleteLater()

    def _connect(self) -> None:
        training, panel = self._training, self._window.models_panel
        training.jobs_changed.connect(self._show_jobs)
        training.corrections_changed.connect(self._show_corrections)
        training.frozen.connect(self._window.toasts.show_message)
        training.failed.connect(self._tell_failed)
        training.no_room.connect(self._tell_no_room)
        training.interrupted.connect(self._offer_resume)
        self._models.models_changed.connect(self._show_button)
        panel.stop_requested.connect(training.stop)
        panel.cancel_requested.connect(self._ask_to_cancel)
        panel.resume_requested.connect(training.resume)
        panel.remove_requested.connect(training.remove)
        panel.log_requested.connect(self._show_log)

    # --- before

    def _offer(self, before: Before) -> None:
        base = self._models.current
        if base is None:
            return
        if before.ready.training < FEWEST_TRAINING:
            self._say_too_few_cases(before)
        elif before.ready.locked_read < ENOUGH_CASES:
            self._say_too_few_locked(before)
        else:
            self.dialog.set_state(start_state(base, before, self._corrections))
            self.dialog.open()
            self.dialog.start_button.setFocus()

    def _say_too_few_cases(self, before: Before) -> None:
        text = tr(
            "{count} cases can be used for training, {enough} are needed.",
            count=before.ready.training,
            enough=FEWEST_TRAINING,
        )
        if before.next_cases:
            text += " " + tr("Suggested next: {cases}.", cases=", ".join(before.next_cases))
        buttons = [("planner", tr("Open planner"))]
        buttons += [("try", tr("Train a try-out model"))] if before.ready.training else []
        self._ask(tr("Too few cases"), text, buttons, before)

    def _say_too_few_locked(self, before: Before) -> None:
        left = ENOUGH_CASES - before.ready.locked_read
        buttons = [("locked", tr("Read locked cases, {n} left", n=left)), ("try", tr("Train a try-out model"))]
        self._ask(tr("Too few locked cases"), too_few_text(before.ready.locked_read), buttons, before)

    def _ask(self, title: str, text: str, buttons: list[tuple[str, str]], before: Before) -> None:
        answer = self._window.dialogs.ask(title, text, [*buttons, ("cancel", tr("Cancel"))], buttons[0][0])
        if answer == "planner":
            self._window.action("case.planner").trigger()
        elif answer == "locked":
            self._read_locked(before)
        elif answer == "try":
            self._begin(Wish(self._options or TrainingOptions(), is_try_out=True))

    def _read_locked(self, before: Before) -> None:
        if before.unread is not None:
            self.case_requested.emit(before.unread)
            return
        text = tr(
            "This project has {n} locked cases, and all of them are read. Import more films: one patient in five is "
            "kept out of training.",
            n=before.ready.locked,
        )
        self._notices.show("locked", "info", text)

    def _start(self, choice: StartChoice) -> None:
        options = self._options or TrainingOptions()
        changes: dict[str, object] = {"device": choice.device} if choice.device != "auto" else {}
        changes |= {"minutes": float(choice.minutes)} if choice.minutes is not None else {}
        changes |= {"seed": choice.seed} if choice.seed else {}
        self._begin(Wish(options.model_copy(update=changes), with_estimated=choice.with_estimated))

    def _begin(self, wish: Wish) -> None:
        self._wish = wish
        if self._models.current is not None:
            self._training.start(self._models.current, wish=wish)

    def _fix(self, name: str) -> None:
        if name == "room":
            self._training.remove_ended()

    def _tell_no_room(self, text: str) -> None:
        """M11."""
        buttons: dict[str, Act] = {
            tr("Choose another folder"): self._choose_runs,
            tr("Clean old runs"): self._training.remove_ended,
        }
        self._notices.show("model", "error", text, buttons)

    def _choose_runs(self) -> None:
        folder = self._window.dialogs.open_folder(tr("Where are the files of a training to be kept?"))
        if folder:
            runs = Path(folder) / f"{self._project.folder.stem}.runs"
            self._runner.submit(
                STORE,
                self._project.jobs.use_folder,
                runs,
                on_done=lambda _none: self._begin(self._wish),
                on_error=self._tell_error,
            )

    def _tell_failed(self, text: str) -> None:
        """M13 has a way out; everything else only says why."""
        buttons: dict[str, Act] = {}
        if NO_GPU_ROOM in text:
            buttons = {tr("Use the CPU"): self._begin_on_cpu, tr("Cancel"): lambda: None}
        self._notices.show("model", "error", text, buttons)

    def _begin_on_cpu(self) -> None:
        self._begin(replace(self._wish, options=self._wish.options.model_copy(update={"device": "cpu"})))

    def _tell_error(self, error: Exception) -> None:
        self._notices.show("model", "error", str(error))

    # --- while it runs

    def _show_jobs(self, jobs: Sequence[JobState]) -> None:
        self._window.models_panel.set_jobs(list(reversed(jobs)))
        active = next((job for job in jobs if job.state in ACTIVE), None)
        if active is None:
            self._changed = 0
            self._window.status.set_job(None, None)
        else:
            self._tell_cpu(active)
            phase = tr(active.phase) or tr("starting")
            self._window.status.set_job(tr("Job {n}: {phase}", n=active.id, phase=phase), active.progress)

    def _tell_cpu(self, job: JobState) -> None:
        """M31, once for each job, as soon as its time is known."""
        if job.cpu_note and job.id not in self._told_cpu:
            self._told_cpu.add(job.id)
            details = job.cpu_details or tr("This computer has no GPU that PyTorch can use.")
            tell = self._window.dialogs.tell
            buttons: dict[str, Act] = {tr("Details"): lambda: tell(tr("No usable GPU"), details)}
            self._notices.show("cpu", "info", job.cpu_note, buttons, behind=True)

    def _show_corrections(self, count: int) -> None:
        self._corrections = count
        if self._training.is_running and count > self._changed:
            text = trn(
                "%n case changed after the snapshot. It counts for the next fine-tune.",
                "%n cases changed after the snapshot. They count for the next fine-tune.",
                count,
            )
            self._window.toasts.show_message(text)
        self._changed = count if self._training.is_running else 0
        self._training.ask_readiness(self._know)

    def _know(self, ready: Readiness) -> None:
        self._ready = ready
        self._show_button()

    def _show_button(self, _rows: object = None) -> None:
        count, model, ready = self._corrections, self._models.current, self._ready
        nothing = tr("Nothing new since {model}", model=model.name) if model is not None else ""
        reason = tr(NO_MODEL) if model is None else nothing
        text = trn("Fine-tune with %n new correction", "Fine-tune with %n new corrections", count)
        enabled, training = model is not None and count > 0, ready.training if ready is not None else 0
        self._window.models_panel.set_finetune_button(
            text if count else tr("Fine-tune"),
            enabled,
            reason,
            "" if model is None else since_text(model.name, self._models.since, ready),
            suggested=count >= SUGGESTED_FROM or (count > 0 and count >= SUGGESTED_SHARE * training),
        )
        self._window.registry.set_condition("finetune", enabled, reason)

    def _ask_to_cancel(self, number: int) -> None:
        text = tr(
            "Cancel job {n} and discard what it has learned so far? Your cases are not touched.",
            n=number,
        )
        buttons = [("discard", tr("Cancel and discard")), ("keep", tr("Go on training"))]
        if self._window.dialogs.ask(tr("Cancel fine-tuning"), text, buttons, "keep") == "discard":
            self._training.cancel(number)

    def _offer_resume(self, number: int, text: str) -> None:
        epoch = self._training.epoch_of(number)
        resume = tr("Resume from {epoch}", epoch=epoch) if epoch else tr("Resume")
        acts: dict[str, Act] = {resume: lambda: self._training.resume(number)}
        if epoch:
            acts[tr("Resume with less memory")] = lambda: self._training.resume(number, less_memory=True)
        acts[tr("Show log")] = lambda: self._show_log(number)
        acts[tr("Discard")] = lambda: self._training.remove(number)
        self._notices.show(f"job-{number}", "warning", text, acts)

    def _show_log(self, number: int) -> None:
        log = self._training.log_of(number)
        text = tr("The last lines of job {n} are below.", n=number) if log else tr("Job {n} left no log.", n=number)
        self._window.dialogs.tell(tr("Log of job {n}", n=number), text, log)


def look(project: Project, base: ModelEntry) -> Before:
    """What can be told before a start, on the store lane."""
    unread = project.planner.todo(1, locked=True)
    return Before(
        readiness(project.database),
        tuple(row.name for row in project.planner.todo(2, locked=False)),
        unread[0].id if unread else None,
        *room(project, base),
    )


def start_state(base: ModelEntry, before: Before, corrections: int) -> StartState:
    """The checklist of the start window."""
    ready = before.ready
    checks = (
        StartCheck(
            "cases", True, tr("{n} cases to train on (at least {least}).", n=ready.training, least=FEWEST_TRAINING)
        ),
        StartCheck(
            "locked",
            True,
            tr(
                "{read} of {all} locked cases are read (at least {least}).",
                read=ready.locked_read,
                all=ready.locked,
                least=ENOUGH_CASES,
            ),
        ),
        StartCheck("patients", True, tr("No patient is both in training and in the locked set.")),
        StartCheck(
            "room",
            before.free >= before.needed,
            tr(
                "Disk: {free} free, {needed} needed at most.",
                free=gigabytes(before.free),
                needed=gigabytes(before.needed),
            ),
            "" if before.free >= before.needed else tr("Clean old runs"),
        ),
    )
    text = trn("It learns from %n new correction", "It learns from %n new corrections", corrections)
    text += " " + tr(
        "and everything reviewed before. The cases are frozen at the start; later edits wait for the next one."
    )
    return StartState(base.name, text, checks)


def since_text(model: str, since: str, ready: Readiness | None) -> str:
    """What stands below the button: since v3, 2026-11-09.  62 training cases, 20 locked (18 read)."""
    parts = [
        tr("since {model}, {day}", model=model, day=since[:10]) if since else tr("starts from {model}", model=model)
    ]
    if ready is not None:
        parts.append(
            tr(
                "{n} training cases, {locked} locked ({read} read)",
                n=ready.training,
                locked=ready.locked,
                read=ready.locked_read,
            )
        )
    return ".  ".join(parts)


def leave_while_training(window: MainWindow, training: TrainingController, stay: Callable[[], object]) -> bool:
    """M28: the window is to close while a job runs. True when it may; `stay` is for going on in the background.

    A job that was stopped already only measures: it may be left, and is offered again at the next start.
    """
    running = next(job for job in training.jobs if job.state in ACTIVE)
    if running.state == "stopping":
        return True
    left = time_left(running.seconds_left)
    text = tr("Fine-tuning is running ({left}).", left=left) if left else tr("Fine-tuning is running.")
    buttons = [
        ("background", tr("Keep training in the background")),
        ("stop", tr("Stop and keep best")),
        ("stay", tr("Stay")),
    ]
    answer = window.dialogs.ask(tr("Fine-tuning is running"), text, buttons, "stay")
    if answer == "stop":
        training.stop(running.id)
    elif answer == "background":
        stay()
    return False
