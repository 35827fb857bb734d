"""Exporting landmarks: what, in which format, where; and, where names are taken out, a look at every picture first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.controllers import landmark_export_work as work
from app.controllers.case_access import ListQuery
from app.controllers.landmark_import_words import format_choices
from app.session.export_state import ExportAnswer, ExportOutcome, ExportState, LookState
from app.tasks.task_runner import IO, Task, TaskRunner
from app.translate import tr, trn
from medsapiens_core.exchange.batch import Batch
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.deidentifying import Pixels, ToLookAt
from medsapiens_core.transfer.label_files import writable_formats
from medsapiens_core.transfer.selecting import in_the_way


class ExportView(Protocol):
    """What this needs of the window of an export."""

    export_requested: SignalInstance
    look_started: SignalInstance
    looks_refused: SignalInstance
    look_answered: SignalInstance
    frame_requested: SignalInstance
    back_requested: SignalInstance
    stop_requested: SignalInstance
    left: SignalInstance

    def show_form(self, state: ExportState) -> None:
        """Everything that can be chosen."""

    def show_form_again(self) -> None:
        """The form as it was left."""

    def ask_to_look(self, text: str) -> None:
        """Pictures have to be looked at before the export goes on."""

    def show_look(self, state: LookState) -> None:
        """One picture to look at."""

    def show_running(self, text: str, done: int, total: int, *, can_stop: bool) -> None:
        """Something is at work; `total` 0: nobody knows how long."""

    def may_replace(self, path: str) -> bool:
        """Ask whether what is there already may be replaced."""

    def tell(self, text: str) -> None:
        """Say what went wrong."""

    def end(self) -> None:
        """Close the window."""


class LandmarkExportController(QObject):
    """`finished(ExportOutcome)`. `query()` is the worklist as filtered, `open_case()` id and name of the open case."""

    finished = Signal(object)
    _progressed = Signal(str, int, int)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        view: ExportView,
        *,
        query: Callable[[], ListQuery] = ListQuery,
        open_case: Callable[[], tuple[int, str] | None] = lambda: None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._view = runner, project, view
        self._query, self._open_case = query, open_case
        self._stop = Event()
        self._task: Task | None = None
        self._answer = ExportAnswer("", "")
        self._batch = Batch((), ())
        self._pictures: list[ToLookAt] = []
        self._without: set[str] = set()
        self._place = 0
        self._connect()

    def open(self, folder: Path) -> None:
        """Ask what to export; `folder` is where files go unless another one is chosen."""
        self._submit(work.choosable, self._project, self._query(), on_done=lambda found: self._show(folder, found))

    def close(self) -> None:
        """Drop what is on its way; a file that is being written is finished."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()

    # --- what and where

    def _show(self, folder: Path, found: work.Choosable) -> None:
        template, opened = self._project.template, self._open_case()
        self._view.show_form(
            ExportState(
                format_choices(writable_formats(), reading=False),
                tr("{name}, revision {number}", name=template.name, number=template.version),
                found.all_cases,
                found.listed,
                opened[1] if opened else "",
                found.slots,
                str(folder / _file_name(self._project.name)),
            )
        )

    def _export(self, answer: ExportAnswer) -> None:
        if in_the_way(Path(answer.target)) and not self._view.may_replace(answer.target):
            return
        self._answer, self._without = answer, set()
        opened = self._open_case()
        self._say(tr("Collecting"), 0, 0)
        open_id = opened[0] if opened else None
        self._submit(work.collect, self._project, answer, self._query(), open_id, self._go_on, on_done=self._collected)

    def _collected(self, batch: Batch) -> None:
        if self._stop.is_set():
            self._view.show_form_again()
            return
        self._batch = batch
        if self._answer.deidentify:
            self._say(tr("Looking for pictures that may show names"), 0, 0)
            self._submit(work.to_look_at, batch, on_done=self._ask_to_look)
        else:
            self._write(None)

    # --- pictures that may show a name

    def _ask_to_look(self, pictures: list[ToLookAt]) -> None:
        self._pictures = pictures
        if not pictures:
            self._write(None)
            return
        self._view.ask_to_look(
            trn(
                "Text burned into the picture cannot be ruled out in %n image. Look at it and leave out what "
                "identifies the patient.",
                "Text burned into the picture cannot be ruled out in %n images. Look at each and leave out what "
                "identifies the patient.",
                len(pictures),
            )
        )

    def _look(self, place: int, frame: int = 0) -> None:
        self._place = place
        self._submit(work.look, self._pictures, place, frame, on_done=self._view.show_look)

    def _looked(self, keep: bool) -> None:
        if not keep:
            self._without.add(self._pictures[self._place].name)
        if self._place + 1 < len(self._pictures):
            self._look(self._place + 1)
        else:
            self._write("looked-at")

    # --- writing

    def _write(self, pixels: Pixels | None) -> None:
        self._view.show_running(tr("Writing"), 0, 0, can_stop=False)
        self._submit(
            work.write,
            self._project,
            self._batch,
            self._answer,
            pixels,
            sorted(self._without),
            on_done=self._written,
        )

    def _written(self, outcome: ExportOutcome) -> None:
        self._view.end()
        self.finished.emit(outcome)

    # --- inside

    def _connect(self) -> None:
        view = self._view
        view.export_requested.connect(self._export)
        view.look_started.connect(lambda: self._look(0))
        view.looks_refused.connect(lambda: self._write("leave-out"))
        view.look_answered.connect(self._looked)
        view.frame_requested.connect(lambda frame: self._look(self._place, frame))
        view.back_requested.connect(view.show_form_again)
        view.stop_requested.connect(self._stop_now)
        view.left.connect(self.close)
        self._progressed.connect(self._say)

    def _stop_now(self) -> None:
        self.close()
        self._view.show_form_again()

    def _go_on(self, done: int, total: int) -> bool:
        """Called on a lane: tells how far it is, answers whether to go on."""
        if not self._stop.is_set() and total:
            self._progressed.emit(tr("Collecting"), done, total)
        return not self._stop.is_set()

    def _say(self, text: str, done: int, total: int) -> None:
        self._view.show_running(text, done, total, can_stop=True)

    def _submit(self, act: Callable[..., Any], *args: Any, on_done: Callable[[Any], None]) -> None:
        self._stop.clear()
        self._task = self._runner.submit(IO, act, *args, on_done=on_done, on_error=self._failed)

    def _failed(self, error: Exception) -> None:
        self._view.show_form_again()
        self._view.tell(str(error))


def outcome_text(outcome: ExportOutcome) -> str:
    """What came of an export, in a sentence or two."""
    readings = trn("%n reading", "%n readings", outcome.readings)
    images = trn("%n picture", "%n pictures", outcome.images)
    name = Path(outcome.path).name
    text = tr("{readings} of {images} were written to {name}.", readings=readings, images=images, name=name)
    if outcome.deidentified in ("looked-at", "ruled out"):
        text += " " + tr("Patient identity removed.")
    elif outcome.deidentified:
        text += " " + tr("Patient identity removed; pictures that nobody has looked at were left out.")
    return text


def _file_name(text: str) -> str:
    """The text without what file systems do not take."""
    return "".join("_" if sign in '\\/:*?"<>|' or ord(sign) < 32 else sign for sign in text).strip(" .") or "landmarks"
