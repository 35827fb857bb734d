"""The models of this computer: which is in use, promote, roll back, compare, import and export. One click each."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.controllers.candidate import comparison_state
from app.controllers.model_cards import model_card
from app.session.comparison_state import ComparisonState
from app.session.view_state import ModelRow
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.translate import tr
from medsapiens_core.errors import UserError
from medsapiens_core.store.errors import LibraryError
from medsapiens_core.store.library import ModelEntry, ModelLibrary
from medsapiens_core.store.project import Project

STATES = {"promoted": "in use", "candidate": "candidate", "retired": "was in use"}
TRY_OUT = "try-out"
MANY = 1_000_000  # cases


@dataclass(frozen=True)
class _Shelf:
    """What the library holds for one template; `below` is the id of the model that rolling back puts in use.

    `problem` says why no model can be used; `since` is when the current one was put in use (UTC), "" if never.
    """

    entries: tuple[ModelEntry, ...]
    current: ModelEntry | None
    below: str | None
    problem: str = ""
    since: str = ""


class ModelsController(QObject):
    """Signals: `models_changed(list[ModelRow])`, `current_changed(ModelEntry or None)`,
    `promoted(ModelEntry, cases to predict again)`, `rolled_back(ModelEntry or None)`,
    `comparison_ready(ComparisonState)`, `card_ready(model name, text)`, `done(text)`, `failed(text)`.

    `is_try_out` tells which models are never put in use.
    """

    models_changed = Signal(object)
    current_changed = Signal(object)
    promoted = Signal(object, int)
    rolled_back = Signal(object)
    comparison_ready = Signal(object)
    card_ready = Signal(str, str)
    done = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        library: ModelLibrary,
        *,
        job_of_candidate: Callable[[str], str | None],
        is_try_out: Callable[[str], bool] = lambda _name: False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._library = runner, project, library
        self._job_of_candidate, self._is_try_out = job_of_candidate, is_try_out
        self.current: ModelEntry | None = None
        self.since = ""
        self._shelf = _Shelf((), None, None)
        self.rows: list[ModelRow] = []

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """Read the library again."""
        self._runner.submit(STORE, self._read, on_done=lambda shelf: self._show(shelf, then), on_error=self._fail)

    def others(self) -> list[ModelEntry]:
        """The models that know the template and are not in use."""
        return [entry for entry in self._shelf.entries if self.current is None or entry.id != self.current.id]

    def renew(self) -> None:
        """Jobs have changed, and with them which models can be compared."""
        rows = [self._row(entry, self._shelf) for entry in self._shelf.entries]
        if rows != self.rows:
            self.rows = rows
            self.models_changed.emit(rows)

    def promote(self, name: str, reason: str = "") -> None:
        """Put a model in use for this project's template."""
        self._runner.submit(STORE, self._promote, name, reason, on_done=self._promoted, on_error=self._fail)

    def roll_back(self, reason: str = "") -> None:
        """Put the model before it in use again."""
        self._runner.submit(STORE, self._roll_back, reason, on_done=self._rolled_back, on_error=self._fail)

    def compare(self, name: str) -> None:
        """Show how a candidate of this project did against the model it started from."""
        job_id = self._job_of_candidate(name)
        if job_id is None:
            self.failed.emit(
                tr("{model} was not trained in this project, so there is no comparison to show.", model=name)
            )
            return
        self._runner.submit(STORE, self._compare, name, job_id, on_done=self._compared, on_error=self._fail)

    def _compared(self, comparison: ComparisonState) -> None:
        self.comparison_ready.emit(comparison)

    def show_card(self, name: str) -> None:
        """Read a model's card and what was decided about it."""
        self._runner.submit(
            STORE,
            model_card,
            self._library,
            name,
            self._project.template.id,
            on_done=lambda text: self.card_ready.emit(name, text),
            on_error=self._fail,
        )

    def import_file(self, path: str) -> None:
        """Add a model from a `.msmodel` file."""
        self._runner.submit(IO, self._library.import_archive, Path(path), on_done=self._imported, on_error=self._fail)

    def export(self, name: str, path: str) -> None:
        """Write a model as a `.msmodel` file."""
        done = tr("{model} was written to {path}.", model=name, path=path)
        self._runner.submit(
            IO,
            self._library.export,
            name,
            Path(path),
            on_done=lambda _none: self.done.emit(done),
            on_error=self._fail,
        )

    def discard(self, name: str) -> None:
        """Delete a candidate."""
        self._runner.submit(
            STORE, self._library.remove, name, on_done=lambda _none: self.refresh(), on_error=self._fail
        )

    # --- on the lanes

    def _read(self) -> _Shelf:
        template_id = self._project.template.id
        entries = tuple(entry for entry in self._library.list() if template_id in entry.templates)
        below = self._below(template_id, entries)
        try:
            current = self._library.current(template_id)
            rows = [row for row in self._library.history() if row.template_id == template_id]
            return _Shelf(entries, current, below, since=rows[-1].utc if rows and current is not None else "")
        except LibraryError as error:
            return _Shelf(entries, None, below, str(error))

    def _below(self, template_id: str, entries: tuple[ModelEntry, ...]) -> str | None:
        stack: list[str | None] = [next((entry.id for entry in entries if entry.embedded), None)]
        for row in self._library.history():
            if row.template_id == template_id and row.kind == "promote":
                stack.append(row.model_id)
            elif row.template_id == template_id:
                stack.pop()
        return stack[-2] if len(stack) > 1 else None

    def _promote(self, name: str, reason: str) -> tuple[ModelEntry, int]:
        entry = self._library.promote(name, [self._project.template.id], by=getpass.getuser(), reason=reason)
        self._project.audit.note("model.promote", {"model_id": entry.id, "reason": reason})
        return entry, len(self._project.predictions.pending(entry.id, MANY))

    def _roll_back(self, reason: str) -> ModelEntry | None:
        template_id = self._project.template.id
        left = self._library.current(template_id)
        self._library.rollback(template_id, by=getpass.getuser(), reason=reason)
        current = self._library.current(template_id)
        told = {"from": left and left.id, "to": current and current.id, "reason": reason}
        self._project.audit.note("model.rollback", told)
        return current

    def _compare(self, name: str, job_id: str) -> ComparisonState:
        comparison = self._project.comparisons.get(job_id)
        if comparison is None:
            raise UserError(tr("There is no comparison of {model} in this project.", model=name))
        names = {int(c["case_id"]): self._project.cases.get(int(c["case_id"])).name for c in comparison["cases"]}
        snapshot_id = self._project.comparisons.snapshot_of(job_id)
        return comparison_state(
            name,
            comparison,
            self._project.template,
            names,
            in_use=self.current is not None and self.current.name == name,
            uses=0 if snapshot_id is None else self._project.comparisons.looks(snapshot_id),
            is_try_out=self._is_try_out(name),
        )

    # --- answers

    def _show(self, shelf: _Shelf, then: Callable[[], None] | None) -> None:
        before, self.current = self.current, shelf.current
        self._shelf, self.since = shelf, shelf.since
        self.rows = [self._row(entry, shelf) for entry in shelf.entries]
        self.models_changed.emit(self.rows)
        if (before and before.id) != (shelf.current and shelf.current.id):
            self.current_changed.emit(shelf.current)
        if shelf.problem:
            self.failed.emit(shelf.problem)
        if then is not None:
            then()

    def _row(self, entry: ModelEntry, shelf: _Shelf) -> ModelRow:
        in_use = shelf.current is not None and entry.id == shelf.current.id
        try_out = self._is_try_out(entry.name)
        state = STATES["promoted"] if in_use else TRY_OUT if try_out else STATES[entry.state]
        parts = [tr(state)]
        parts += [tr("came with the program")] if entry.embedded else []
        parts += [tr("from {model}", model=entry.parent.split("@")[0])] if entry.parent else []
        return ModelRow(
            entry.name,
            entry.id,
            entry.state,
            in_use,
            entry.templates,
            ", ".join(parts),
            can_promote=not in_use and not try_out,
            can_rollback=entry.id == shelf.below and not in_use,
            can_compare=self._job_of_candidate(entry.name) is not None,
        )

    def _promoted(self, done: tuple[ModelEntry, int]) -> None:
        self.refresh(lambda: self.promoted.emit(*done))

    def _rolled_back(self, entry: ModelEntry | None) -> None:
        self.refresh(lambda: self.rolled_back.emit(entry))

    def _imported(self, entry: ModelEntry) -> None:
        self.refresh(lambda: self.done.emit(tr("{model} was added as a candidate.", model=entry.name)))

    def _fail(self, error: Any) -> None:
        self.failed.emit(str(error))
