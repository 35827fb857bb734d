"""The composition root: window, library, lanes and, for each open project, a workspace."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from app.controllers.coach import Coach
from app.controllers.notice_board import NoticeBoard
from app.finetune_dialogue import leave_while_training
from app.opening import ProjectOpening, interrupted_text
from app.package_opening import PackageOpening
from app.preferences import START
from app.rule_settings import RuleSettings
from app.sample_project import SAMPLE_PROJECTS, SampleProject, ensure_sample, sample_folder
from app.session.view_state import TemplateChoice
from app.settings_file import open_settings
from app.tasks.task_runner import IO, TaskRunner
from app.template_dialogue import TemplateDialogue
from app.thumbnails import THUMBNAIL_FOLDER, folder_bytes, forget_all
from app.translate import tr, trn
from app.views.coach_bubble import CoachBubble
from app.views.main_window import MainWindow
from app.views.menus import fill
from app.views.new_project_dialog import NEW_TEMPLATE
from app.views.settings.files_page import FilesPage
from app.workspace import Workspace
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import shipped_templates
from medsapiens_core.settings import home as default_home
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.own_templates import OwnTemplates
from medsapiens_core.store.project import Project
from medsapiens_core.store.readings import ReadingRule
from medsapiens_core.training.config import TrainingOptions
from medsapiens_core.transfer.reader_package import SUFFIX

RECENT = 8
DATABASE = "project.db"
COACHED = "coached"  # kept once the tips of the first start were followed or ended
BLIND_SHARE = 0.1  # of the cases of a new project; its Owner may change it
log = logging.getLogger(__name__)


class Application(QObject):
    """Opens, creates and closes projects. `project_opened(Workspace)`, `project_closed()`, `opening_failed(text)`."""

    project_opened = Signal(object)
    project_closed = Signal()
    opening_failed = Signal(str)

    def __init__(
        self,
        home: Path | None = None,
        *,
        library: ModelLibrary | None = None,
        training_options: TrainingOptions | None = None,
    ) -> None:
        super().__init__()
        self.home = home or default_home()
        self.home.mkdir(parents=True, exist_ok=True)
        self.settings = open_settings(self.home / "settings.ini")
        self.library = library or ModelLibrary(self.home)
        self._options = training_options
        self.runner = TaskRunner(self)
        self.window = MainWindow(self.settings)
        self.notices = NoticeBoard(self.window.notices, self)
        self.workspace: Workspace | None = None
        self.opening = ProjectOpening(self.runner, self.window, self)
        self.own_templates = OwnTemplates(self.home)
        self.templates = TemplateDialogue(
            self.runner, self.own_templates, self.window, lambda: self.workspace, parent=self
        )
        self.packages = PackageOpening(
            self.runner, self.window, self.settings, opened=self._opened, open_folder=self.open_project, parent=self
        )
        self._is_first_start = False
        self._case_to_open: int | None = None
        self._acts: dict[str, Callable[[], object]] = {
            "project.new": self._ask_for_new,
            "project.open": self._ask_for_folder,
            "package.open": self.packages.ask,
            "project.close": self.close_project,
            "template.edit": self.templates.edit,
        }
        self._connect()
        self._add_settings()

    # --- projects

    def start(self, folder: Path | None = None) -> None:
        """Show the window on a project: the given one, else the last one, else the sample."""
        self.window.show()
        recent = [path for _, path in self.recent()]
        wanted = recent[:1] if self.window.preferences.value(START) == "project" else []
        last = next((Path(path) for path in wanted if (Path(path) / DATABASE).is_file()), None)
        target = folder or last
        if target is not None:
            self.open_project(target)
        elif not recent:
            self._is_first_start = not self.window.preferences.kept(COACHED)
            self.open_sample(SAMPLE_PROJECTS[0])
        else:
            self._show_welcome()

    def open_project(self, folder: Path, *, read_only: bool = False) -> None:
        """Open a project folder; the one that is open is closed once this one is ready."""
        if self.workspace is not None and self.workspace.project.folder == folder.absolute():
            self.window.show_review()
            return
        self._show_busy(tr("Opening {name} …", name=folder.name))
        self.opening.open(folder, read_only=read_only)

    def create_project(self, folder: Path, name: str, template_id: str, then_import: list[str] | None = None) -> None:
        """Make a project and open it."""
        self.runner.submit(
            IO,
            lambda: self._make_project(folder, name, template_id),
            on_done=lambda project: self._opened(project, then_import),
            on_error=lambda error: self._not_opened(folder, error),
        )

    def _make_project(self, folder: Path, name: str, template_id: str) -> Project:
        project = Project.create(folder, name=name, template=self.own_templates.find(template_id))
        project.readings.set_rule(ReadingRule(blind_share=BLIND_SHARE))
        return project

    def open_sample(self, sample: SampleProject) -> None:
        """Open a sample project, made now if it is not there yet; the other samples are made after it."""
        self._show_busy(tr("Making the sample project …"))
        self.runner.submit(
            IO,
            ensure_sample,
            self.home,
            sample,
            on_done=self._sample_made,
            on_error=lambda error: self._not_opened(sample_folder(self.home, sample), error),
        )

    def close_project(self) -> bool:
        """Close the open project; False when the user would rather stay."""
        workspace = self.workspace
        if workspace is None:
            return True
        if not self._may_leave(workspace):
            return False
        self.templates.close()
        self.workspace = None
        workspace.close()
        workspace.deleteLater()
        self._show_welcome()
        self.project_closed.emit()
        return True

    def recent(self) -> list[tuple[str, str]]:
        """Projects used last, as (name, folder)."""
        try:
            stored = json.loads(str(self.settings.value("recent", "[]")))
            return [(str(name), str(folder)) for name, folder in stored][:RECENT]
        except (ValueError, TypeError):
            return []

    def shut_down(self) -> None:
        """End everything: for the end of the program and of tests."""
        if self.workspace is not None:
            self.workspace.close()
            self.workspace = None
        self.runner.shut_down()
        self.settings.sync()

    # --- wiring

    def _connect(self) -> None:
        window = self.window
        window.close_guard = self._may_quit
        window.action_triggered.connect(self._run)
        window.files_dropped.connect(self._dropped)
        window.recent_requested.connect(self._open_recent)
        window.toasts.action_triggered.connect(self._run_toast)
        window.closed.connect(self.shut_down)
        self.templates.published.connect(self._template_published)
        self.opening.opened.connect(self._opened)
        self.opening.failed.connect(self._opening_failed)
        samples = [(sample.name, partial(self.open_sample, sample)) for sample in SAMPLE_PROJECTS]
        fill(window.menus["Samples"], samples, "")

    def _add_settings(self) -> None:
        folder = self.home / THUMBNAIL_FOLDER
        self.window.settings_pages.add("Files", lambda: FilesPage(self._measure_kept, self._forget_kept, str(folder)))
        self.window.settings_pages.add("Review", RuleSettings(lambda: self.workspace, self).make_page)

    def _measure_kept(self, tell: Callable[[int], None]) -> None:
        self.runner.submit(IO, folder_bytes, self.home / THUMBNAIL_FOLDER, on_done=tell)

    def _forget_kept(self, tell: Callable[[int], None]) -> None:
        folder = self.home / THUMBNAIL_FOLDER
        self.runner.submit(IO, forget_all, folder, on_done=lambda _nothing: self._measure_kept(tell))

    def _run(self, action: str) -> None:
        act = self._acts.get(action)
        if act is not None:
            act()
        elif self.workspace is not None:
            self.workspace.run(action)

    def _run_toast(self, action: str) -> None:
        if self.workspace is not None:
            self.workspace.run_toast(action)

    def _open_recent(self, folder: str) -> None:
        self.open_project(Path(folder))

    def _dropped(self, paths: list[str]) -> None:
        projects = [path for path in paths if (Path(path) / DATABASE).is_file()]
        packages = [path for path in paths if path.endswith(SUFFIX)]
        if packages:
            self.packages.open(Path(packages[0]))
        elif projects:
            self.open_project(Path(projects[0]))
        elif self.workspace is not None:
            self.workspace.import_paths(paths)
        else:
            self._ask_for_new(paths)

    # --- opening

    def _opened(self, project: Project, then_import: list[str] | None = None) -> None:
        if not self.close_project():
            project.close()
            return
        self.workspace = Workspace(project, self.library, self.window, self.notices, options=self._options, parent=self)
        self.workspace.reopen_wanted.connect(self._reopen_for_another)
        self._remember(project)
        if interrupted := interrupted_text(project):
            self.notices.show("interrupted", "info", interrupted, {tr("OK"): lambda: None})
        if self._is_first_start:
            self._coach(self.workspace)
        self.workspace.start(self._case_to_open)
        self._case_to_open = None
        if then_import:
            self.workspace.import_paths(then_import)
        self.project_opened.emit(self.workspace)

    def _coach(self, workspace: Workspace) -> None:
        """Tips for whoever sees the program for the first time; they belong to the project that is open."""
        self._is_first_start = False
        bubble, preferences = CoachBubble(self.window.image_view), self.window.preferences
        coach = Coach(
            workspace.session,
            bubble,
            escape=self.window.image_view.escape_pressed,
            remember=lambda: preferences.keep(COACHED, "1"),
            parent=workspace,
        )
        coach.destroyed.connect(bubble.deleteLater)

    def _not_opened(self, folder: Path, error: Exception) -> None:
        self.opening.refused(folder, error)

    def _opening_failed(self, text: str) -> None:
        self._show_welcome_if_empty()
        self.opening_failed.emit(text)

    def _sample_made(self, folder: Path) -> None:
        self.open_project(folder)
        for sample in SAMPLE_PROJECTS:
            if sample_folder(self.home, sample) != folder:
                self.runner.submit(
                    IO, ensure_sample, self.home, sample, on_done=self._another_sample_made, on_error=self._log_sample
                )

    def _another_sample_made(self, folder: Path) -> None:
        name = next(sample.name for sample in SAMPLE_PROJECTS if sample_folder(self.home, sample) == folder)
        if str(folder) not in [known for _, known in self.recent()]:
            self._store_recent([*self.recent(), (name, str(folder))])

    def _log_sample(self, error: Exception) -> None:
        log.warning("a sample project was not made: %s", error)

    def _ask_for_new(self, then_import: list[str] | None = None) -> None:
        self.runner.submit(
            IO, self._template_choices, on_done=lambda choices: self._ask_for_project(choices, then_import)
        )

    def _template_choices(self) -> list[TemplateChoice]:
        known = {template_id for entry in self.library.list() for template_id in entry.templates}
        templates = [*self.own_templates.list(), *shipped_templates().values()]
        return [TemplateChoice(t.id, t.name, len(t), t.description, t.id in known) for t in templates]

    def _ask_for_project(
        self, choices: list[TemplateChoice], then_import: list[str] | None = None, chosen: str = ""
    ) -> None:
        answer = self.window.dialogs.new_project(choices, str(Path.home()), chosen)
        if answer is None:
            return
        name, folder, template_id = answer
        if template_id == NEW_TEMPLATE:
            self.templates.edit_new()
        else:
            self.create_project(Path(folder), name, template_id, then_import)

    def _template_published(self, template: Template, workspace: Workspace | None) -> None:
        """A new template leads on to a project of it; a new revision brings its project back as it now is."""
        if workspace is None:
            self.runner.submit(
                IO, self._template_choices, on_done=lambda found: self._ask_for_project(found, chosen=template.id)
            )
        elif workspace is self.workspace:
            text = tr("{name} is published as r{n}.", name=template.name, n=template.version)
            self._reopen(workspace, text)

    def _reopen(self, workspace: Workspace, text: str) -> None:
        folder, case = workspace.project.folder, workspace.session.case
        if self.close_project():
            self._case_to_open = case.id if case is not None else None
            self.open_project(folder)
            self.window.toasts.show_message(text)

    def _reopen_for_another(self, text: str) -> None:
        if self.workspace is not None:
            self._reopen(self.workspace, text)

    def _ask_for_folder(self) -> None:
        folder = self.window.dialogs.open_folder(tr("Open project"), str(Path.home()))
        if folder:
            self.open_project(Path(folder))

    # --- leaving

    def _may_quit(self) -> bool:
        if not self.templates.may_close():
            return False
        return self.workspace is None or self._may_leave(self.workspace)

    def _may_leave(self, workspace: Workspace) -> bool:
        if workspace.training.is_running:
            return leave_while_training(self.window, workspace.training, self.window.showMinimized)
        problem = workspace.save_all()
        if not problem:
            return True
        text = trn(
            "Not saved: {reason} If you leave now, %n change is lost.",
            "Not saved: {reason} If you leave now, %n changes are lost.",
            workspace.saves.waiting,
            reason=problem,
        )
        buttons = [("stay", tr("Stay")), ("leave", tr("Leave and lose them"))]
        return self.window.dialogs.ask(tr("Not saved"), text, buttons, "stay") == "leave"

    # --- showing

    def _show_busy(self, text: str) -> None:
        self.window.status.showMessage(text, 30_000)

    def _show_welcome(self) -> None:
        self.window.show_welcome(self.recent())

    def _show_welcome_if_empty(self) -> None:
        self.window.status.clearMessage()
        if self.workspace is None:
            self._show_welcome()

    def _remember(self, project: Project) -> None:
        self.window.status.clearMessage()
        others = [(name, folder) for name, folder in self.recent() if folder != str(project.folder)]
        self._store_recent([(project.name, str(project.folder)), *others])

    def _store_recent(self, recent: list[tuple[str, str]]) -> None:
        self.settings.setValue("recent", json.dumps(recent[:RECENT]))
        self.window.set_recent(recent[:RECENT])

    def report_defect(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """A fault of ours in a slot: log it, say it once, leave everything as it is (reliability.md C13)."""
        log.error("an unexpected error", exc_info=(kind, error, trace))
        text = tr(
            "Something went wrong in the program ({kind}). Your decisions are saved as shown.", kind=kind.__name__
        )
        self.notices.show("defect", "error", text, details=str(error))
