"""A model that was trained on other landmarks than the template has now: asked once, then used for what it knows (M20).

Its points are put in the template's order; landmarks that it does not know stay as they are, to be placed by hand.
Nothing that is stored changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject

from app.controllers.inference_controller import InferenceController
from app.controllers.notice_board import NoticeBoard
from app.session.match_state import MatchState, match_state
from app.tasks.task_runner import STORE, TaskRunner
from app.translate import tr
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_match import checked, same_ids
from medsapiens_core.models.package_files import read_templates
from medsapiens_core.store.library import ModelEntry
from medsapiens_core.store.project import Project

NOTICE = "other-landmarks"
TITLE = "Other landmarks"
M20 = "This model knows {known} landmarks, your template {wanted}; {same} match by their id."
NOT_USED = "{model} knows other landmarks than this template, so it proposes nothing."
BY_HAND = (
    "Say which landmark of {model} stands for which of the template. Those without a match are placed by hand; nothing "
    "that is stored changes."
)


class Ask(Protocol):
    """What this controller needs of the dialogs."""

    def ask(self, title: str, text: str, buttons: list[tuple[str, str]], default: str, details: str = "") -> str:
        """The id of the button that was chosen, "" for none."""

    def match(self, state: MatchState) -> dict[str, str] | None:
        """What stands for what, None for no answer."""


@dataclass(frozen=True)
class _Found:
    """The model's own template where it has other landmarks, and what was said of it before."""

    other: Template | None
    match: dict[str, str] | None


class MatchController(QObject):
    """`use(model)` puts a model in use for predictions, whatever landmarks it knows."""

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        inference: InferenceController,
        *,
        dialogs: Ask,
        notices: NoticeBoard,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._inference = runner, project, inference
        self._dialogs, self._notices = dialogs, notices
        self._wanted: ModelEntry | None = None

    def use(self, model: ModelEntry | None) -> None:
        """Predict with this model from now on; asks when its landmarks differ and nobody has said how."""
        self._wanted = model
        self._notices.dismiss(NOTICE)
        if model is None:
            self._inference.set_model(None)
        else:
            self._runner.submit(
                STORE,
                self._read,
                model,
                on_done=lambda found: self._decide(model, found),
                on_error=lambda _error: self._decide(model, _Found(None, None)),  # predicting will say what is wrong
            )

    def _read(self, model: ModelEntry) -> _Found:
        template = self._project.template
        other = read_templates(model.folder).get(template.id)
        if other is None or set(other.ids) == set(template.ids):
            return _Found(None, None)
        stored = self._project.model_matches.get(model.id)
        return _Found(other, None if stored is None else checked(stored, template, other))

    def _decide(self, model: ModelEntry, found: _Found) -> None:
        if model is not self._wanted:
            return
        if found.other is None:
            self._inference.set_model(model)
        elif found.match is not None:
            self._inference.set_model(model, found.other, found.match)
        else:
            self._ask(model, found.other)

    def _ask(self, model: ModelEntry, other: Template) -> None:
        template = self._project.template
        same = same_ids(template, other)
        text = tr(M20, known=len(other), wanted=len(template), same=len(same))
        buttons = [("use", tr("Use the {n}", n=len(same)))] if same else []
        buttons += [("hand", tr("Match by hand…")), ("", tr("Cancel"))]
        answer = self._dialogs.ask(tr(TITLE), text, buttons, buttons[0][0])
        match: dict[str, str] | None = same if answer == "use" else None
        if answer == "hand":
            words = tr(BY_HAND, model=model.name)
            match = self._dialogs.match(match_state(tr(TITLE), words, template, other))
        if match is None:
            self._inference.set_model(None)
            again = {tr("Match landmarks"): lambda: self.use(model)}
            self._notices.show(NOTICE, "warning", tr(NOT_USED, model=model.name), again)
            return
        if not self._project.read_only:
            self._runner.submit(STORE, self._project.model_matches.put, model.id, match)
        self._inference.set_model(model, other, match)
