"""Importing landmarks: files, unknown names, doubtful pictures, a preview of every change, and only then the writing.

Each step that has nothing to ask is passed over. Nothing is stored before `Import` is pressed; reading, comparing and
writing run on lanes, and each can be stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any, cast

from PySide6.QtCore import QObject, Signal

from app.controllers import landmark_import_words as words
from app.controllers import landmark_import_work as work
from app.controllers.landmark_import_draft import Draft
from app.controllers.landmark_import_view import ImportView
from app.session.import_state import (
    FILES,
    NAMES,
    PICTURES,
    PREVIEW,
    FilesAnswer,
    FilesState,
    ImportOutcome,
    NamesState,
    PicturePreview,
    PictureRow,
    PicturesState,
)
from app.tasks.task_runner import IO, STORE, Task, TaskRunner
from app.translate import tr, trn
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.mapping import read_map
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.binding import PictureQuestion, bound_by_hand, picture_questions
from medsapiens_core.transfer.importing import ImportPlan
from medsapiens_core.transfer.label_files import LabelFiles, guess_format, readable_formats
from medsapiens_core.transfer.preview import Choice, Preview, preview, to_plan
from medsapiens_core.transfer.sources import add_pictures


class LandmarkImportController(QObject):
    """`finished(ImportOutcome)`; `cases_added()` after pictures were added; `files_read(paths)` for the recent files.

    `pause()` is called before the store is written, and answers why it may not be, "" if it may; `finished` ends it.
    """

    finished = Signal(object)
    cases_added = Signal()
    files_read = Signal(list)
    _progressed = Signal(str, int, int)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        view: ImportView,
        *,
        pause: Callable[[], str] = lambda: "",
        recent: Callable[[], Sequence[str]] = list,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._view = runner, project, view
        self._pause, self._recent = pause, recent
        self._stop = Event()
        self._task: Task | None = None
        self._clear()
        self._connect()

    @property
    def is_writing(self) -> bool:
        """True while the store is written."""
        return self._is_writing

    def open(self, paths: Sequence[str] = ()) -> None:
        """Begin an import, with files that were chosen or dropped already."""
        self._clear()
        self.look_at(paths)

    def look_at(self, paths: Sequence[str]) -> None:
        """Tell the format of files, and show them on the first page."""
        self._show_files(FilesState(self._formats, tuple(paths), recent=tuple(self._recent())))
        if paths:
            chosen = [Path(path) for path in paths]
            self._submit(IO, guess_format, chosen, on_done=lambda name: self._guessed(paths, name, ""), quiet=True)

    def close(self) -> None:
        """Drop what is on its way."""
        self._stop.set()
        if self._task is not None and not self._is_writing:
            self._task.cancel()

    # --- files

    def _guessed(self, paths: Sequence[str], name: str, problem: str) -> None:
        self._show_files(FilesState(self._formats, tuple(paths), name, problem, tuple(self._recent())))

    def _show_files(self, state: FilesState) -> None:
        self._draft.page = FILES
        self._view.show_files(state)

    def _read(self, answer: FilesAnswer) -> None:
        self._draft.answer = answer
        self._draft.given, self._draft.cases = {}, {}
        self._say(tr("Reading"), 0, len(answer.paths))
        self._submit(IO, work.read_files, self._project, answer, self._teller(tr("Reading")), on_done=self._were_read)

    def _were_read(self, files: LabelFiles) -> None:
        if files.is_stopped:
            self._back_to(FILES)
            return
        self._draft.files = files
        if not files.batch.readings:
            reasons = [f"{name}: {why}" if name not in why else why for name, why in files.refused]
            text = "\n".join(reasons) or tr("There are no landmarks in these files.")
            self._guessed(self._draft.answer.paths, self._draft.answer.format, text)
            return
        self.files_read.emit(list(self._draft.answer.paths))
        if work.unclear_names(files.batch, self._project.template):
            self._show_names()
        else:
            self._use_names()

    # --- names

    def _show_names(self) -> None:
        template, batch = self._project.template, self._draft.files.batch
        rows = work.name_rows(batch, template, self._draft.given)
        known = len(batch.landmarks) - len(rows)
        self._draft.page = NAMES
        marks = tuple((mark.id, mark.name) for mark in template.landmarks)
        self._view.show_names(NamesState(template.name, marks, rows, known))
        self._check_names(self._draft.given)

    def _check_names(self, given: Mapping[str, str]) -> None:
        self._draft.given = dict(given)
        still_open, twice = work.names_problem(self._draft.files.batch, self._project.template, given)
        problem = ""
        if twice:
            problem = tr("Two names mean {landmark}. Leave one of them out.", landmark=twice[0])
        elif still_open:
            problem = trn("%n name has no answer yet.", "%n names have no answer yet.", still_open)
        self._view.show_names_problem(problem)

    def _use_names(self) -> None:
        try:
            self._draft.batch, names = work.understood(
                self._draft.files.batch, self._project.template, self._draft.given
            )
        except UserError as error:
            self._view.tell(str(error))
            return
        self._draft.missing = names.missing
        self._draft.cases = {}
        self._ask_about_pictures()

    def _load_map(self, path: str) -> None:
        try:
            said = read_map(Path(path))
            work.understood(self._draft.files.batch, self._project.template, said)
        except UserError as error:
            self._view.tell(str(error))
            return
        asked = set(work.unclear_names(self._draft.files.batch, self._project.template))
        self._draft.given = {**self._draft.given, **{name: mark for name, mark in said.items() if name in asked}}
        self._show_names()

    def _save_map(self, path: str) -> None:
        try:
            work.save_map(Path(path), self._draft.given)
        except UserError as error:
            self._view.tell(str(error))

    # --- pictures

    def _ask_about_pictures(self) -> None:
        self._say(tr("Looking for the pictures"), 0, 0)
        self._submit(IO, picture_questions, self._project, self._draft.batch, on_done=self._pictures_known)

    def _pictures_known(self, questions: list[PictureQuestion], note: str = "") -> None:
        self._draft.questions = questions
        if not questions:
            self._compare()
            return
        rows = tuple(PictureRow(q.position, q.name, q.problem, q.offered, q.by_name, q.scalable) for q in questions)
        self._draft.page = PICTURES
        self._view.show_pictures(PicturesState(rows, len(self._draft.batch.readings) - len(rows), note))

    def _use_pictures(self, chosen: Mapping[int, int]) -> None:
        self._say(tr("Comparing"), 0, 0)
        self._submit(IO, work.cases_of, self._project, dict(chosen), on_done=self._bind)

    def _bind(self, cases: dict[int, Any]) -> None:
        self._draft.cases = cases
        self._compare()

    def _add_pictures(self, folder: str) -> None:
        self._say(tr("Adding pictures"), 0, 0)

        def add() -> tuple[int, list[str]]:
            return add_pictures(self._project, self._draft.batch, Path(folder), dry_run=False)

        self._submit(IO, add, on_done=self._pictures_added)

    def _pictures_added(self, result: tuple[int, list[str]]) -> None:
        count, notes = result
        if count:
            self.cases_added.emit()
        note = trn("%n picture was added.", "%n pictures were added.", count)
        text = " ".join([note, *notes[:3]])
        self._submit(
            IO,
            picture_questions,
            self._project,
            self._draft.batch,
            on_done=lambda questions: self._pictures_known(questions, text),
        )

    # --- preview

    def _compare(self, *, keep: bool = False) -> None:
        if not keep:
            self._draft.choices, self._draft.swapped = {}, {}
        bound = bound_by_hand(self._draft.batch, self._draft.cases)
        self._say(tr("Comparing"), 0, 0)
        self._submit(
            IO, preview, self._project, bound, self._draft.kind, dict(self._draft.swapped), on_done=self._compared
        )

    def _compared(self, shown: Preview) -> None:
        self._draft.shown = shown
        self._draft.choices = {case.position: self._draft.choices.get(case.position, "keep") for case in shown.cases}
        self._draft.page = PREVIEW
        self._show_preview()
        if shown.cases:
            known = {case.position for case in shown.cases}
            self._choose_row(self._draft.row if self._draft.row in known else shown.cases[0].position)

    def _show_preview(self) -> None:
        draft, template = self._draft, self._project.template
        state = words.preview_state(
            draft.shown,
            template,
            draft.choices,
            draft.swapped,
            refused=draft.refused(),
            notes=draft.notes(template),
        )
        self._view.show_preview(state)

    def _choose_row(self, number: int) -> None:
        case = next((case for case in self._draft.shown.cases if case.position == number), None)
        if case is None:
            return
        template, is_other = self._project.template, number != self._draft.row or self._draft.film_of != case.case.id
        self._draft.row, self._draft.film_of = number, case.case.id
        self._view.show_points(number, words.point_rows(case, template), words.drawn_points(case, template))
        if is_other:
            self._runner.submit(IO, work.film, case.case, number, on_done=self._show_film)

    def _show_film(self, film: PicturePreview) -> None:
        if film.id == self._draft.row and self._draft.page == PREVIEW:
            self._view.show_film(film)

    def _set_choice(self, numbers: Sequence[int], choice: str) -> None:
        self._draft.choices.update({number: cast(Choice, choice) for number in numbers})
        self._show_preview()

    def _set_swapped(self, number: int, swapped: bool) -> None:
        self._draft.swapped[number] = swapped
        self._compare(keep=True)

    # --- writing

    def _write(self) -> None:
        problem = self._pause()
        if problem:
            self._view.tell(problem)
            return
        self._is_writing = True
        plan = to_plan(self._draft.shown, self._draft.choices)
        self._say(tr("Importing"), 0, len(plan.cases))
        self._submit(
            STORE,
            work.write_plan,
            self._project,
            plan,
            self._draft.answer,
            self._draft.given,
            self._teller(tr("Importing")),
            on_done=lambda result: self._written(plan, *result),
            on_error=lambda error: self._not_written(plan, error),
        )

    def _written(self, plan: ImportPlan, batch: str, written: int) -> None:
        self._is_writing = False
        self._view.end()
        draft = self._draft
        told = words.outcome(batch, plan, written, shown=draft.shown, choices=draft.choices, refused=draft.refused())
        self.finished.emit(told)

    def _not_written(self, plan: ImportPlan, error: Exception) -> None:
        """What was stored before the error stays; the window reads all of these cases again."""
        self._is_writing = False
        self._view.end()
        refused = ((tr("The import"), str(error)),)
        ids = tuple(dict.fromkeys(planned.case.id for planned in plan.cases))
        self.finished.emit(ImportOutcome(is_stopped=True, refused=refused, case_ids=ids))

    # --- inside

    def _clear(self) -> None:
        self._draft = Draft()
        self._formats = words.format_choices(readable_formats(), reading=True)
        self._is_writing = False

    def _connect(self) -> None:
        view = self._view
        view.files_changed.connect(self.look_at)
        view.read_requested.connect(self._read)
        view.names_changed.connect(self._check_names)
        view.names_done.connect(self._use_names)
        view.map_load_requested.connect(self._load_map)
        view.map_save_requested.connect(self._save_map)
        view.pictures_done.connect(self._use_pictures)
        view.pictures_folder_chosen.connect(self._add_pictures)
        view.row_chosen.connect(self._choose_row)
        view.choice_changed.connect(self._set_choice)
        view.swap_changed.connect(self._set_swapped)
        view.import_requested.connect(self._write)
        view.back_requested.connect(self._go_back)
        view.stop_requested.connect(self._stop_now)
        view.left.connect(self.close)
        self._progressed.connect(view.show_running)

    def _go_back(self) -> None:
        self._back_to(self._draft.page_before(self._project.template))

    def _back_to(self, page: str) -> None:
        if page == PICTURES:
            self._pictures_known(self._draft.questions)
        elif page == NAMES:
            self._show_names()
        elif page == PREVIEW:
            self._draft.page = page
            self._show_preview()
        else:
            self._guessed(self._draft.answer.paths, self._draft.answer.format, "")

    def _stop_now(self) -> None:
        self._stop.set()
        if not self._is_writing and self._task is not None:
            self._task.cancel()
            self._back_to(self._draft.page)

    def _say(self, text: str, done: int, total: int) -> None:
        self._view.show_running(text, done, total)

    def _teller(self, text: str) -> Callable[[int, int], bool]:
        """Called on a lane: tells how far it is, answers whether to go on."""

        def tell(done: int, total: int) -> bool:
            if not self._stop.is_set():
                self._progressed.emit(text, done, total)
            return not self._stop.is_set()

        return tell

    def _submit(
        self,
        lane: str,
        act: Callable[..., Any],
        *args: Any,
        on_done: Callable[[Any], None],
        on_error: Callable[[Exception], None] | None = None,
        quiet: bool = False,
    ) -> None:
        self._stop.clear()
        fail = on_error or (lambda error: self._failed(error, quiet=quiet))
        self._task = self._runner.submit(lane, act, *args, on_done=on_done, on_error=fail)

    def _failed(self, error: Exception, *, quiet: bool) -> None:
        if not quiet:
            self._back_to(self._draft.page)
        self._view.tell(str(error))
