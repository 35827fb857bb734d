"""Everything that belongs to one open project: built when it is opened, taken down as a whole when it is closed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.case_problems import CaseProblems
from app.controllers.announcer import Announcer
from app.controllers.auto_advance import AutoAdvance
from app.controllers.card_controller import CardController
from app.controllers.case_access import CaseDetail, first_case
from app.controllers.case_loader import CaseLoader
from app.controllers.doubt_controller import DoubtController
from app.controllers.flag_controller import FlagController
from app.controllers.import_controller import ImportController
from app.controllers.inference_controller import InferenceController
from app.controllers.notice_board import NoticeBoard
from app.controllers.review_controller import ReviewController
from app.controllers.spacing_controller import with_spacing
from app.controllers.thumbnail_controller import ThumbnailController
from app.controllers.worklist_controller import WorklistController
from app.empty_window import show_nothing
from app.few_shot import FewShot
from app.guiding import make_guidance
from app.learning_parts import LearningParts
from app.measure_dialogue import MeasureDialogue
from app.picture_parts import PictureParts
from app.preferences import ADVANCE, THUMBNAILS
from app.reading_parts import ReadingParts
from app.review_messages import ReviewMessages
from app.saving import Saving
from app.session.case_like import renew_case
from app.session.review_session import ReviewSession
from app.spacing_dialogue import SpacingDialogue
from app.tasks.task_runner import STORE, TaskRunner
from app.thumbnails import THUMBNAIL_FOLDER
from app.transfer_dialogue import TransferDialogue
from app.translate import tr
from app.views.announce import announce
from app.views.main_window import MainWindow
from medsapiens_core.data.annotation import Annotation, Edit
from medsapiens_core.data.image import Image
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.library import ModelEntry, ModelLibrary
from medsapiens_core.store.project import Project
from medsapiens_core.training.config import TrainingOptions
from medsapiens_core.transfer.calibrations import Calibrations

NOTHING_BEFORE = "No case to do comes before this one in the list."
READ_ONLY = "This project is open to read only. Nothing can be changed."


class Workspace(QObject):
    """The open project. `ready()` once the first case is on screen or the project turned out to be empty.

    `reopen_wanted(text)`: another person reads, so the project has to be opened again, and the text said.
    """

    ready = Signal()
    reopen_wanted = Signal(str)

    def __init__(
        self,
        project: Project,
        library: ModelLibrary,
        window: MainWindow,
        notices: NoticeBoard,
        *,
        options: TrainingOptions | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.project, self.library, self.window, self.notices = project, library, window, notices
        self.runner = TaskRunner(self)
        self.calibrations = Calibrations(library, project.template)
        self.session = ReviewSession(project.template, self._commit, parent=self)
        self.session.read_only = project.read_only
        self.reading = ReadingParts(self)
        self.saving = Saving(
            self.runner,
            project,
            self.session,
            window=window,
            notices=notices,
            register=self.reading.desk.register,
            parent=self,
        )
        self.saves = self.saving.queue
        self.loader = CaseLoader(self.runner, project, self)
        self.problems = CaseProblems(self.runner, project, window=window, notices=notices, parent=self)
        set_condition = window.registry.set_condition
        self.worklist = WorklistController(self.runner, project, window.worklist, self)
        self.worklist.searched.connect(lambda text: set_condition("search", bool(text)))
        self._thumbnails = ThumbnailController(
            self.runner,
            project,
            self.worklist.model,
            folder=library.home / THUMBNAIL_FOLDER,
            keep=lambda: bool(window.preferences.value(THUMBNAILS)),
            parent=self,
        )
        self.review = ReviewController(self.session, window.image_view, window.landmark_panel, set_condition, self)
        self._advance = AutoAdvance(
            self.session, window.image_view, lambda: bool(window.preferences.value(ADVANCE)), self
        )
        self._announcer = Announcer(self.session, lambda text: announce(window.image_view, text), self)
        self._doubt = DoubtController(self.session, notices, self)
        self.inference = InferenceController(
            self.runner,
            project,
            library.home / "base",
            on_screen=self._case_on_screen,
            loading=lambda: self.loader.reads_landmarks_of,
            has_unsaved=lambda case_id: self.saves.unsaved(case_id) is not None,
            parent=self,
        )
        self.measuring = MeasureDialogue(
            self.runner, project, self.calibrations, self.session, window=window, notices=notices
        )
        self.picture = PictureParts(self)
        self.learning = LearningParts(
            self.runner,
            project,
            library,
            window=window,
            notices=notices,
            options=options,
            refusal=lambda: self.reading.desk.refusal("models"),
            parent=self,
        )
        self.training, self.models = self.learning.training, self.learning.models
        self.importer = ImportController(self.runner, project, self)
        self.transfer = TransferDialogue(self)
        self.cards = CardController(self.runner, project, self.session, window.landmark_panel.card, self)
        self.few_shot = FewShot(self)
        self.guidance = make_guidance(self, library)
        self._say = ReviewMessages(self, self)
        self.spacing = SpacingDialogue(self.runner, project, window, notices, self)
        self.flagging = FlagController(self.runner, project, window.dialogs, self._case_on_screen, self)
        self._acts = self._make_acts()
        self._connect()
        self._show_project()

    def start(self, case_id: int | None = None) -> None:
        """Read what there is, and open a case, by default the first one to do."""
        self.reading.start()
        self.guidance.refresh()  # before the first case is read, so that it is shown in its order at once
        self.worklist.refresh()
        self.training.recover()
        self.models.refresh(self.few_shot.models_read)
        self.few_shot.start()
        self.picture.start()
        if case_id is None:
            self.runner.submit(STORE, first_case, self.project, self.worklist.query, on_done=self._open_first)
        else:
            self.open_case(case_id)

    def open_case(self, case_id: int) -> None:
        """Put a case on screen."""
        if case_id != self._case_on_screen():
            self.loader.open(case_id)

    def run(self, action: str) -> bool:
        """Do what an action of the menus says; False when it is not about an open project."""
        if self.picture.frames.refuses(action) or self.reading.refuses(action):
            return True
        act = self._acts.get(action)
        if act is not None:
            act()
            return True
        return self.review.run(action)

    def import_paths(self, paths: list[str]) -> None:
        """Take in files and folders."""
        if self.project.read_only:
            self.notices.show("read-only", "warning", tr(READ_ONLY))
        else:
            self.transfer.take(paths)

    def save_all(self) -> str:
        """Write what waits; the reason when something is left, else ""."""
        error = self.saves.flush()
        return "" if error is None else str(error)

    def close(self) -> None:
        """Take everything down: children end, the store finishes, the project is free for others."""
        self.importer.cancel()
        self.transfer.close()
        self.loader.cancel()
        was_training = self.training.is_running
        self.few_shot.close()
        self.inference.close()
        self.learning.close()
        if was_training:
            self.runner.call(STORE, self.project.jobs.recover)
        self.runner.shut_down()
        self.session.close_case()
        self.review.close()
        self.cards.close()
        self.spacing.close()
        self.picture.close()
        self.reading.close()
        self.project.close()
        show_nothing(self.window, self.notices)

    # --- building

    def _make_acts(self) -> dict[str, Callable[[], object]]:
        window_card = self.window.landmark_panel.card
        return {
            "case.review": self._review_and_go_on,
            "landmark.bulk": self.guidance.bulk,
            "landmark.learn_limits": self.guidance.learn,
            "case.next": lambda: self.worklist.step(1),
            "case.previous": lambda: self.worklist.step(-1),
            "case.next_to_do": self.worklist.open_next_to_do,
            "case.previous_to_do": self.worklist.open_previous_to_do,
            "worklist.next_hit": self.worklist.open_next_hit,
            "project.save": self.saving.now,
            "case.flag": self.flagging.toggle,
            "case.predict": self._predict,
            "note.landmark": lambda: window_card.write_note(self.session.current),
            "note.case": lambda: window_card.write_note(""),
            **self.spacing.acts(),
            **self.transfer.acts(),
            **self.few_shot.acts(),
            **self.learning.acts(),
            **self.measuring.acts,
            **self.reading.acts(),
        }

    def _connect(self) -> None:
        self.session.message.connect(self.window.toasts.show_message)
        self.window.worklist.preview_requested.connect(self._preview)
        self.saves.saved.connect(self._saved)
        self.loader.loaded.connect(self._loaded)
        self.loader.refused.connect(self._refused)
        self.problems.open_requested.connect(self.open_case)
        self.problems.import_requested.connect(lambda path: self.import_paths([path]))
        self.loader.settled.connect(self.inference.settle)
        self.worklist.open_requested.connect(self.open_case)
        self.worklist.next_known.connect(self._prefetch)
        self.worklist.nothing_left.connect(self._tell_all_done)
        self.worklist.nothing_before.connect(lambda: self.window.toasts.show_message(tr(NOTHING_BEFORE)))
        self.session.undo_changed.connect(self._show_undo_texts)
        self.inference.arrived.connect(self.session.receive_prediction)
        self.inference.predicted.connect(self.worklist.case_changed)
        self.inference.failed.connect(self._tell_prediction_failed)
        self.inference.told.connect(self.window.toasts.show_message)
        self.flagging.changed.connect(self._flag_changed)
        self.spacing.changed.connect(self.review.show_image)
        self.spacing.changed.connect(lambda _row, image: self.measuring.measures.open(image))
        self.spacing.changed.connect(lambda row, _image: renew_case(self.session, row))
        self.importer.case_added.connect(self._case_added)
        self.cards.noted.connect(self.worklist.case_changed)
        self.importer.finished.connect(self._imported)
        self.models.current_changed.connect(self._model_changed)
        self.learning.case_requested.connect(self.open_case)
        self.learning.try_out_requested.connect(self._predict)
        self.runner.failed.connect(self._tell_failure)

    def _show_project(self) -> None:
        project, window = self.project, self.window
        window.set_project(project.name, project.template.name, project.read_only)
        window.show_review()
        self.notices.clear()
        window.registry.set_condition("project", True)
        window.registry.set_condition("writable", not project.read_only)
        if project.read_only:
            self.notices.show("read-only", "warning", tr(READ_ONLY))

    def _show_undo_texts(self) -> None:
        session = self.session
        undo, redo = (session.undo_text, session.redo_text) if session.is_open else ("", "")
        self.window.set_undo_texts(undo, redo)

    def _commit(self, edit: Edit, before: Annotation) -> None:
        self.saves.commit(edit, before)

    def _saved(self, edit: Edit, case_id: int, _at: str) -> None:
        self.worklist.case_changed(case_id)
        if edit.reviewed[0] != edit.reviewed[1]:
            self.training.count_corrections()
            self.few_shot.reviews_changed()
            self.guidance.reviewed()

    # --- the open case

    def _case_on_screen(self) -> int | None:
        return self.session.case.id if self.session.case is not None else None

    def _open_first(self, row: CaseRow | None) -> None:
        if row is None:
            self.ready.emit()
        elif not self.session.is_open:
            self.open_case(row.id)

    def _loaded(self, detail: CaseDetail, image: Image) -> None:
        case_id = detail.row.id
        annotation = self.saves.unsaved(case_id) or detail.annotation
        known = {p.id: p for p in (detail.shown, detail.newest) if p is not None}
        shown = known.get(annotation.prediction_id or "")
        self.notices.dismiss("open")
        image_in_use = with_spacing(image, detail.row)
        self.review.open(detail.row, image_in_use)
        self.measuring.measures.open(image_in_use)
        self.picture.open(detail.row, image_in_use)
        self.session.open_case(detail.row, annotation, shown, detail.history, blind=detail.is_blind)
        self.reading.open(detail)
        self.session.set_stale(detail.stale)
        self.cards.open(detail.row, detail.notes)
        self.spacing.open(detail.row, image)
        self.worklist.set_current(case_id)
        if self._is_newer(detail) and not detail.is_blind:
            self.session.receive_prediction(detail.newest)
        self.inference.reorder()
        self.ready.emit()

    def _is_newer(self, detail: CaseDetail) -> bool:
        """True for a stored prediction of the model in use that was not shown, e.g. because the program was killed."""
        model, newest, shown = self.inference.model, detail.newest, detail.shown
        if model is None or newest is None or newest.model_id != model.id or self.project.read_only:
            return False
        return shown is None or shown.model_id != model.id

    def _refused(self, case_id: int, error: Exception) -> None:
        self.problems.show(case_id, error)
        self.ready.emit()

    def _preview(self, case_id: int) -> None:
        self._thumbnails.preview(case_id, self.window.worklist.preview.set_picture)

    def _prefetch(self, row: CaseRow | None) -> None:
        if row is not None:
            self.loader.prefetch(row)

    def _review_and_go_on(self) -> None:
        if self.guidance.cancel_preview() or not self.session.is_open:
            return
        stays = self.reading.will_reveal  # then both sets are looked at before the next case
        if not self.session.mark_reviewed() or stays:
            return
        case = self.session.case
        name = getattr(case, "name", tr("The case"))
        self._say.marked_reviewed(name, self._case_on_screen())
        self.worklist.open_next_to_do()

    def run_toast(self, action: str) -> None:
        """Do what the button of a toast says."""
        word, _, number = action.partition(":")
        if word == "open":
            self.open_case(int(number))
        elif not (self.few_shot.run_toast(action) or self.learning.run_toast(action)):
            self._say.run(action)

    def _flag_changed(self, case_id: int) -> None:
        self.worklist.case_changed(case_id)
        self.training.count_corrections()
        self.few_shot.reviews_changed()

    def _predict(self, try_out: ModelEntry | None = None) -> None:
        case = self.session.case
        if isinstance(case, CaseRow):
            self.inference.predict(case) if try_out is None else self.inference.try_out(case, try_out)

    # --- what happens beside

    def _case_added(self, row: CaseRow) -> None:
        self.worklist.refresh_soon()
        self.inference.refill()
        if not self.session.is_open and not self.loader.is_busy:
            self.open_case(row.id)

    def _imported(self) -> None:
        self.worklist.refresh()
        self.inference.refill()

    def _model_changed(self, model: ModelEntry | None) -> None:
        self.window.registry.set_condition("model", model is not None)
        self.picture.matching.use(model)
        self.guidance.refresh()
        self.picture.regions.refresh()
        self.window.status.set_model(model.name if model else tr("no model"), model.id if model else "")
        if model is not None:
            self.notices.dismiss("no-model")
        self.few_shot.models_read()

    def _tell_all_done(self) -> None:
        self.window.toasts.show_message(tr("Every case is reviewed or flagged."))

    def _tell_prediction_failed(self, text: str) -> None:
        self.notices.show("prediction", "warning", text)

    def _tell_failure(self, text: str) -> None:
        self.notices.show("failure", "error", text)
