"""The template editor: what it opens, keeps, publishes, takes in and gives out (ux.md 2.3, 9.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app import rights
from app.session.match_state import match_state
from app.session.template_session import TemplateSession
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.translate import tr, trn
from app.views.dialogs import IMAGES, Dialogs
from app.views.main_window import MainWindow
from app.views.template_editor import TemplateEditor
from app.workspace import Workspace
from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.template import Example, Template
from medsapiens_core.data.template_draft import Draft, problems
from medsapiens_core.data.template_file import load_template
from medsapiens_core.data.template_match import same_ids, with_ids_of
from medsapiens_core.decoding import read_image
from medsapiens_core.io.example_picture import example_of
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.own_templates import OwnTemplates, write_template
from medsapiens_core.store.revisions import Changes, changes_between

FILES = "Landmark templates (*.json)"
READ_ONLY = "This project is open to read only, so its template cannot be changed."
TRAINING = "Fine-tuning is running on the present revision. Publish when it has ended, or stop it first."
OTHER_TITLE = "Other landmarks"
OTHER_FILE = (
    "This file has {known} landmarks, your template {wanted}; {same} match by their id. Labels stay with what matches. "
    "Labels of the others are kept, hidden, once this is published."
)
BY_HAND = "Say which landmark of the file is which of the template. Labels of those without a match are kept, hidden."
PICTURE = (
    "The example picture goes wherever the template goes. Choose one on which no name or date of a patient can be read."
)


class TemplateDialogue(QObject):
    """`published(Template, Workspace or None)`: a new revision is stored; a project has to be opened again."""

    published = Signal(object, object)

    def __init__(
        self,
        runner: TaskRunner,
        own: OwnTemplates,
        window: MainWindow,
        workspace: Callable[[], Workspace | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._own, self._window, self._workspace = runner, own, window, workspace
        self._of: Workspace | None = None
        self.session = TemplateSession(self)
        self.editor: TemplateEditor | None = None
        self.dialogs = window.dialogs

    def edit(self) -> None:
        """Open the editor on the open project's template, else on a new one."""
        workspace = self._workspace()
        if self.editor is not None and self.editor.isVisible():
            self.editor.raise_()
            self.editor.activateWindow()
        elif workspace is None:
            self.edit_new()
        else:
            project = workspace.project
            workspace.runner.submit(
                STORE,
                project.templates.draft,
                on_done=lambda draft: self._open(workspace, Draft.of(draft or project.template, project.template)),
                on_error=self._tell,
            )

    def edit_new(self) -> None:
        """Open the editor on an empty template that belongs to no project yet."""
        self._open(None, Draft())

    def close(self) -> None:
        """Close the editor without asking; what is not saved was asked for before."""
        if self.editor is not None:
            self.editor.close_guard = None
            self.editor.close()

    def may_close(self) -> bool:
        """False when the user would rather go on editing."""
        editor = self.editor
        return editor is None or not editor.isVisible() or self.session.is_saved or self._may_lose()

    # --- opening

    def _open(self, workspace: Workspace | None, draft: Draft) -> None:
        self._of = workspace
        published = Draft.of(draft.base, draft.base) if draft.base else draft
        self.session.open(published)
        if draft != published:  # a stored draft: saved, and different from what cases see
            self.session.open(draft)
        editor = self.editor or self._make_editor()
        editor.save_button.setVisible(workspace is not None)
        editor.set_read_only("" if workspace is None else refusal(workspace))
        editor.close_guard = self._may_lose
        editor.show()
        editor.raise_()
        (editor.table if draft.marks else editor.name).setFocus()

    def _make_editor(self) -> TemplateEditor:
        editor = TemplateEditor(self.session, self._window)
        editor.save_requested.connect(self._save_draft)
        editor.publish_requested.connect(self._publish)
        editor.import_requested.connect(self._import)
        editor.export_requested.connect(self._export)
        editor.picture_requested.connect(self._choose_picture)
        self.editor, self.dialogs = editor, Dialogs(editor)
        return editor

    def _may_lose(self) -> bool:
        text = tr("The template has changes that are not saved. Closing loses them.")
        buttons = [("stay", tr("Go on editing")), ("lose", tr("Close"))]
        return self.dialogs.ask(tr("Template not saved"), text, buttons, "stay") == "lose"

    # --- storing

    def _save_draft(self) -> None:
        template = self._finished()
        if template is not None and self._of is not None:
            store = self._of.project.templates.save_draft
            self._of.runner.submit(
                STORE, store, template, on_done=lambda _none: self._draft_saved(), on_error=self._tell
            )

    def _draft_saved(self) -> None:
        self.session.mark_saved()
        self._window.toasts.show_message(tr("The draft is saved. Cases see it once it is published."))

    def _publish(self) -> None:
        template = self._finished()
        if template is None:
            return
        if self._of is None:
            self._runner.submit(IO, self._store_new, template, on_done=self._stored_new, on_error=self._tell)
            return
        workspace, base = self._of, self.session.draft.base
        if refusal(workspace):  # another person may have taken over since
            self.dialogs.tell(tr("Not published"), refusal(workspace), kind="warning")
            return
        if workspace.training.is_running:
            self.dialogs.tell(tr("Not published"), tr(TRAINING), kind="warning")
            return
        assert base is not None
        text = consequences(base, changes_between(base, template))
        buttons = [("publish", tr("Publish as r{n}", n=template.version)), ("cancel", tr("Cancel"))]
        if self.dialogs.ask(tr("Publish the template"), text, buttons, "publish") != "publish":
            return
        problem = workspace.save_all()
        if problem:
            self._tell(problem)
            return
        self._window.status.showMessage(tr("Publishing r{n} …", n=template.version), 60_000)
        workspace.runner.submit(
            STORE,
            workspace.project.templates.publish,
            template,
            on_done=lambda new: self._published(new, workspace),
            on_error=self._tell,
        )

    def _store_new(self, template: Template) -> Template:
        named = replace(template, id=self._own.free_id(template.id))
        self._own.save(named)
        return named

    def _stored_new(self, template: Template) -> None:
        self._published(template, None)

    def _published(self, template: Template, workspace: Workspace | None) -> None:
        self.session.mark_saved()
        self.close()
        self._window.status.clearMessage()
        self.published.emit(template, workspace)

    # --- files and pictures

    def _import(self) -> None:
        path = self.dialogs.open_file(tr("Import template"), tr(FILES))
        if path:
            self._runner.submit(IO, load_template, Path(path), on_done=self._take_in, on_error=self._tell)

    def _take_in(self, template: Template) -> None:
        base = self.session.draft.base
        if base is not None and not set(base.ids) <= set(template.ids):
            matched = self._matched(base, template)
            if matched is None:
                return
            template = matched
        self.session.set(replace(Draft.of(template, base), id=base.id if base else template.id), 0)

    def _matched(self, base: Template, other: Template) -> Template | None:
        """M20 for a template file: what has the same id is the same landmark, the rest is said by hand; None: leave."""
        same = same_ids(base, other)
        text = tr(OTHER_FILE, known=len(other), wanted=len(base), same=len(same))
        buttons = [("use", tr("Use the {n}", n=len(same))), ("hand", tr("Match by hand…")), ("", tr("Cancel"))]
        answer = self.dialogs.ask(tr(OTHER_TITLE), text, buttons, "use")
        match: dict[str, str] | None = same if answer == "use" else None
        if answer == "hand":
            match = self.dialogs.match(match_state(tr(OTHER_TITLE), tr(BY_HAND), base, other))
        return None if match is None else with_ids_of(base, other, match)

    def _export(self) -> None:
        template = self._finished()
        if template is None:
            return
        path = self.dialogs.save_file(tr("Export template"), f"{template.id}.json", tr(FILES))
        if path:
            self._runner.submit(
                IO,
                write_template,
                Path(path),
                template,
                on_done=lambda _none: self._window.toasts.show_message(tr("{file} was written.", file=Path(path).name)),
                on_error=self._tell,
            )

    def _choose_picture(self) -> None:
        workspace = self._workspace()
        is_open = workspace is not None and workspace.session.is_open
        buttons = [("case", tr("Use the open case"))] if is_open else []
        buttons += [("file", tr("Choose a file…")), ("cancel", tr("Cancel"))]
        answer = self.dialogs.ask(tr("Example picture"), tr(PICTURE), buttons, buttons[0][0])
        path = self.dialogs.open_file(tr("Example picture"), tr(IMAGES)) if answer == "file" else None
        if answer == "case":
            self.use_open_case()
        elif path:
            self._runner.submit(IO, _example_from_file, Path(path), on_done=self._show_picture, on_error=self._tell)

    def use_open_case(self) -> None:
        """Take the picture of the case on screen as the example, with the points that are decided there."""
        workspace = self._workspace()
        case = workspace.session.case if workspace is not None else None
        if workspace is not None and isinstance(case, CaseRow):
            points = decided_points(workspace.session.annotation)
            self._runner.submit(IO, _example_from_case, case, points, on_done=self._show_picture, on_error=self._tell)

    def _show_picture(self, example: Example) -> None:
        self.session.set(replace(self.session.draft, example=example))

    # --- inside

    def _finished(self) -> Template | None:
        found = problems(self.session.draft)
        if found:
            self.dialogs.tell(tr("Template not complete"), found[0], "\n".join(found), "warning")
            return None
        return self.session.draft.template()

    def _tell(self, error: object) -> None:
        self._window.status.clearMessage()
        self.dialogs.tell(tr("Template"), str(error), kind="warning")


def refusal(workspace: Workspace) -> str:
    """Why the project's template cannot be changed now by this person, "" if it can."""
    return tr(READ_ONLY) if workspace.project.read_only else rights.refusal(workspace.project, "publish")


def decided_points(annotation: Annotation) -> list[tuple[str, float, float]]:
    """(landmark, x, y) of what a person has decided."""
    pairs = zip(annotation.landmark_ids, annotation.states, strict=True)
    return [(mark, s.x, s.y) for mark, s in pairs if s.is_decided and s.x is not None and s.y is not None]


def consequences(base: Template, changes: Changes) -> str:
    """What publishing does to cases, in words."""
    names = {mark.id: mark.name for mark in base.landmarks}
    parts = [tr("This becomes revision r{n} for every case of the project. No placed point moves.", n=base.version + 1)]
    if changes.added:
        text = trn(
            "%n landmark is new: cases get it as not placed, and reviewed ones are in review again.",
            "%n landmarks are new: cases get them as not placed, and reviewed ones are in review again.",
            len(changes.added),
        )
        parts.append(text)
    if changes.removed:
        gone = ", ".join(names[id_] for id_ in changes.removed[:4]) + (", …" if len(changes.removed) > 4 else "")
        parts.append(tr("Removed: {names}. What was placed there is kept, hidden.", names=gone))
    if changes.redefined:
        new = ", ".join(names[id_] for id_ in list(changes.redefined)[:4]) + (
            ", …" if len(changes.redefined) > 4 else ""
        )
        text = tr(
            "New definition: {names}. Decided points there are marked until a reader looks at them again.", names=new
        )
        parts.append(text)
    return "\n\n".join([*parts, tr("Undo steps of this session end here.")])


def _example_from_file(path: Path) -> Example:
    return example_of(read_image(path))


def _example_from_case(case: CaseRow, points: list[tuple[str, float, float]]) -> Example:
    return example_of(read_image(case.path, frame=case.frame, axis=case.axis), points)
