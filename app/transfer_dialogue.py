"""Files in and out of one project: images, landmarks of other tools, and what is dropped onto the window."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.controllers.landmark_export_controller import LandmarkExportController
from app.controllers.landmark_export_controller import outcome_text as export_text
from app.controllers.landmark_import_controller import LandmarkImportController
from app.controllers.landmark_import_words import outcome_text
from app.package_dialogue import PackageDialogue
from app.project_dialogue import ImportDialogue
from app.session.export_state import ExportOutcome
from app.session.import_state import ImportOutcome
from app.tasks.task_runner import IO, STORE
from app.translate import tr, trn
from app.views.transfer.export_window import ExportWindow
from app.views.transfer.import_window import ImportWindow
from medsapiens_core.exchange.registry import find_format
from medsapiens_core.store.imports import ImportRecord
from medsapiens_core.transfer.handing_back import SUFFIX as READINGS_SUFFIX
from medsapiens_core.transfer.importing import undo_import
from medsapiens_core.transfer.label_files import may_hold_landmarks

if TYPE_CHECKING:
    from app.workspace import Workspace

RECENT_KEY, RECENT = "recent_landmarks", 8
NOTICE, EXPORTED = "landmarks-imported", "landmarks-exported"
FOLDER_KEY = "export_folder"
OFFERED = 50  # imports that can be chosen to take back


class TransferDialogue(QObject):
    """Parts: `images` asks for pictures; `landmarks` with its `import_window`, and `exporter` with its `export_window`,
    are made when first needed.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self.images = ImportDialogue(workspace.importer, workspace.window, workspace.notices, self)
        self.import_window: ImportWindow | None = None
        self.landmarks: LandmarkImportController | None = None
        self.export_window: ExportWindow | None = None
        self.exporter: LandmarkExportController | None = None
        self._after_images: list[str] = []
        self._reopen: int | None = None
        self.packages = PackageDialogue(workspace, self)
        workspace.importer.finished.connect(lambda _summary: self._go_on_with_landmarks())

    def acts(self) -> dict[str, Callable[[], object]]:
        """What the actions of the menu do."""
        return {
            "import.files": self.images.ask_for_files,
            "import.folder": self.images.ask_for_folder,
            "import.landmarks": self.import_landmarks,
            "export.landmarks": self.export_landmarks,
            "import.undo": self.ask_what_to_take_back,
            **self.packages.acts(),
        }

    def take(self, paths: Sequence[str]) -> None:
        """Take in what was dropped: pictures and folders first, then files of landmarks with their questions."""
        self._workspace.runner.submit(IO, _sorted_out, list(paths), on_done=self._take_sorted)

    def import_landmarks(self, paths: Sequence[str] = ()) -> None:
        """Open the window that asks, compares and writes."""
        if self.import_window is not None and self.import_window.isVisible():
            self.import_window.raise_()
            return
        window, landmarks = self._parts()
        window.begin()
        landmarks.open(paths)

    def close(self) -> None:
        """The project is closed."""
        self.packages.close()
        if self.landmarks is not None:
            self.landmarks.close()
        if self.import_window is not None:
            self.import_window.end()
            self.import_window.deleteLater()
            self.import_window = None
        if self.exporter is not None:
            self.exporter.close()
        if self.export_window is not None:
            self.export_window.end()
            self.export_window.deleteLater()
            self.export_window = None

    # --- exporting

    def export_landmarks(self) -> None:
        """Open the window that asks what to write, and where."""
        workspace = self._workspace
        problem = workspace.save_all()  # what is on screen is what is exported
        if problem:
            workspace.notices.show(EXPORTED, "warning", tr("Not saved yet, so nothing is exported: {why}", why=problem))
            return
        if self.export_window is None or self.exporter is None:
            self.export_window = ExportWindow(workspace.window)
            self.exporter = LandmarkExportController(
                workspace.runner,
                workspace.project,
                self.export_window,
                query=lambda: workspace.worklist.query,
                open_case=self.open_case,
                parent=self,
            )
            self.exporter.finished.connect(self._exported)
        if self.export_window.isVisible():
            self.export_window.raise_()
            return
        self.exporter.open(self.export_folder())

    def open_case(self) -> tuple[int, str] | None:
        """Id and name of the case on screen."""
        case = self._workspace.session.case
        return None if case is None else (case.id, str(getattr(case, "name", case.id)))

    def export_folder(self) -> Path:
        """Where the last export went, while it is there."""
        settings = self._workspace.window.settings
        folder = Path(str(settings.value(FOLDER_KEY, ""))) if settings is not None else Path()
        return folder if folder.is_absolute() and folder.is_dir() else Path.home()

    def remember_folder(self, path: Path) -> None:
        """The next export begins where this file was written."""
        settings = self._workspace.window.settings
        if settings is not None:
            settings.setValue(FOLDER_KEY, str(path.parent))

    def _exported(self, outcome: ExportOutcome) -> None:
        path = Path(outcome.path)
        self.remember_folder(path)
        text = export_text(outcome)
        folder = QUrl.fromLocalFile(str(path.parent))
        buttons: dict[str, Callable[[], object]] = {tr("Open folder"): lambda: QDesktopServices.openUrl(folder)}
        if outcome.told:
            details = "\n".join(outcome.told)
            buttons[tr("What was lost")] = lambda: self._workspace.window.dialogs.tell(
                tr("What the file does not say"), text, details
            )
        self._workspace.notices.show(EXPORTED, "info", text, buttons)

    # --- importing

    def _take_sorted(self, found: tuple[list[str], list[str]]) -> None:
        labels, others = found
        returned = [path for path in labels if path.endswith(READINGS_SUFFIX)]
        if returned:  # these have a place of their own to go to, and questions of their own
            self.packages.take_in(returned[0])
            return
        self._after_images = labels
        if others:
            self._workspace.importer.import_paths(others)
        else:
            self._go_on_with_landmarks()

    def _go_on_with_landmarks(self) -> None:
        labels, self._after_images = self._after_images, []
        if labels:
            self.import_landmarks(labels)

    def _parts(self) -> tuple[ImportWindow, LandmarkImportController]:
        workspace = self._workspace
        if self.import_window is None or self.landmarks is None:
            self.import_window = ImportWindow(workspace.window)
            self.landmarks = LandmarkImportController(
                workspace.runner,
                workspace.project,
                self.import_window,
                pause=self.pause,
                recent=self._recent,
                parent=self,
            )
            self.landmarks.finished.connect(self._imported)
            self.landmarks.cases_added.connect(self._cases_added)
            self.landmarks.files_read.connect(self._remember)
        return self.import_window, self.landmarks

    def pause(self) -> str:
        """Put the open case away, so that nothing else writes to it meanwhile; why not, if that cannot be."""
        workspace = self._workspace
        problem = workspace.save_all()
        if problem:
            return tr("Your last changes are not saved yet, so nothing is imported: {why}", why=problem)
        self._reopen = workspace.session.case.id if workspace.session.case is not None else None
        workspace.loader.cancel()
        workspace.session.close_case()
        return ""

    def _imported(self, outcome: ImportOutcome) -> None:
        self.changed_on_disk(outcome.case_ids)
        buttons: dict[str, Callable[[], object]] = {}
        if outcome.batch and outcome.cases:
            buttons[tr("Undo import")] = lambda: self.take_back(outcome.batch)
        if outcome.refused:
            details = "\n".join(why if why.startswith(name) else f"{name}: {why}" for name, why in outcome.refused)
            buttons[tr("Show list")] = lambda: self._tell_list(outcome_text(outcome), details)
        kind = "warning" if outcome.refused or outcome.is_stopped else "info"
        self._workspace.notices.show(NOTICE, kind, outcome_text(outcome), buttons)

    def _tell_list(self, text: str, details: str) -> None:
        self._workspace.window.dialogs.tell(tr("What was left out"), text, details, "warning")

    def changed_on_disk(self, case_ids: Sequence[int]) -> None:
        """Read again what an import, or taking one back, has changed; the case that was open comes back."""
        workspace = self._workspace
        workspace.session.forget_steps(case_ids)
        if self._reopen is not None:
            workspace.open_case(self._reopen)
        self._reopen = None
        workspace.worklist.reread()
        workspace.training.count_corrections()
        workspace.few_shot.reviews_changed()
        workspace.guidance.reviewed()
        workspace.inference.refill()

    def _cases_added(self) -> None:
        self._workspace.worklist.reread()
        self._workspace.inference.refill()

    # --- taking back

    def ask_what_to_take_back(self) -> None:
        """Choose one of the imports of this project."""
        self._workspace.runner.submit(STORE, self._workspace.project.imports.records, on_done=self._ask_which)

    def _ask_which(self, records: list[ImportRecord]) -> None:
        dialogs, title = self._workspace.window.dialogs, tr("Take back an import")
        if not records:
            dialogs.tell(title, tr("No landmarks have been imported into this project."))
            return
        latest = records[::-1][:OFFERED]
        texts = [f"{number}.  {_record_text(record)}" for number, record in enumerate(latest, 1)]
        text = tr("Its changes are undone, but for landmarks that were changed again since.")
        chosen = dialogs.choose(title, text, texts)
        if chosen is not None:
            self.take_back(latest[texts.index(chosen)].id)

    def take_back(self, batch: str) -> None:
        """Undo one import."""
        workspace = self._workspace
        problem = self.pause()
        if problem:
            workspace.notices.show(NOTICE, "warning", problem)
            return
        workspace.runner.submit(
            STORE,
            lambda: (undo_import(workspace.project, batch), _cases_of(workspace, batch)),
            on_done=lambda result: self._taken_back(*result),
            on_error=self._not_taken_back,
        )

    def _taken_back(self, result: tuple[int, list[str]], case_ids: list[int]) -> None:
        undone, kept = result
        self.changed_on_disk(case_ids)
        text = trn("The import of %n case was taken back.", "The import of %n cases was taken back.", undone)
        if kept:
            text += " " + trn("%n case stays as it is.", "%n cases stay as they are.", len(kept))
            buttons = {tr("Show list"): lambda: self._tell_list(text, "\n".join(kept))}
            self._workspace.notices.show(NOTICE, "warning", text, buttons)
        else:
            self._workspace.notices.dismiss(NOTICE)
            self._workspace.window.toasts.show_message(text)

    def _not_taken_back(self, error: Exception) -> None:
        self.changed_on_disk(())
        self._workspace.notices.show(NOTICE, "error", str(error))

    # --- files used last

    def _recent(self) -> list[str]:
        settings = self._workspace.window.settings
        try:
            stored = json.loads(str(settings.value(RECENT_KEY, "[]"))) if settings is not None else []
        except ValueError:
            return []
        return [path for path in map(str, stored) if Path(path).exists()][:RECENT]

    def _remember(self, paths: list[str]) -> None:
        settings = self._workspace.window.settings
        if settings is not None:
            others = [path for path in self._recent() if path not in paths]
            settings.setValue(RECENT_KEY, json.dumps([*paths, *others][:RECENT]))


def _sorted_out(paths: list[str]) -> tuple[list[str], list[str]]:
    """Files of landmarks, and everything else."""
    labels = [path for path in paths if Path(path).is_file() and may_hold_landmarks(Path(path))]
    return labels, [path for path in paths if path not in labels]


def _cases_of(workspace: Workspace, batch: str) -> list[int]:
    return list(dict.fromkeys(case_id for case_id, _, _ in workspace.project.imports.edits(batch)))


def _record_text(record: ImportRecord) -> str:
    at = datetime.fromisoformat(record.utc).astimezone().strftime("%Y-%m-%d %H:%M")
    title = find_format(str(record.body["format"])).title
    if "package" in record.body:
        title = tr("Readings of {reader}, from a package", reader=record.body.get("reader", ""))
    cases = trn("%n case", "%n cases", int(record.body.get("cases", 0)))
    taken = tr("predictions") if record.body.get("as") == "prediction" else tr("decisions")
    return f"{at}  ·  {title}  ·  {cases}  ·  {taken}"
