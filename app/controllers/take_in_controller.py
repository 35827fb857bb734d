"""Taking in readings that came back from a reader package: read, shown, stored (ux.md 10.2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.session.import_state import ImportOutcome
from app.session.package_state import IncomingRow, TakeInState
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.translate import tr, trn
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.taking_in import Incoming, IncomingCase, look_at, summary, take_in


class TakeInView(Protocol):
    """What this needs of the window."""

    wanted: SignalInstance
    left: SignalInstance

    def show_state(self, state: TakeInState) -> None:
        """What came back."""

    def show_running(self, done: int, total: int) -> None:
        """It is being stored."""

    def tell(self, text: str) -> None:
        """Say what went wrong."""

    def end(self) -> None:
        """Close the window."""


class TakeInController(QObject):
    """`finished(ImportOutcome)` after storing; `refused(text)` for a file that is not taken in at all.

    `pause()` is called before the store is written, and answers why it may not be, "" if it may.
    """

    finished = Signal(object)
    refused = Signal(str)
    _progressed = Signal(int, int)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        view: TakeInView,
        *,
        pause: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._view, self._pause = runner, project, view, pause
        self._incoming: Incoming | None = None
        view.wanted.connect(self._store)
        view.left.connect(self._forget)
        self._progressed.connect(view.show_running)

    def open(self, path: str) -> None:
        """Read a file and show what it would bring."""
        self._runner.submit(
            IO,
            look_at,
            self._project,
            Path(path),
            on_done=self._show,
            on_error=lambda error: self.refused.emit(str(error)),
        )

    def _show(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._view.show_state(take_in_state(incoming, len(self._project.template)))

    def _store(self) -> None:
        incoming = self._incoming
        if incoming is None:
            return
        problem = self._pause()
        if problem:
            self._view.tell(problem)
            return
        self._view.show_running(0, len(incoming.wanted))

        def go_on(done: int, total: int) -> bool:
            self._progressed.emit(done, total)
            return True

        def work() -> tuple[str, int]:
            return take_in(self._project, incoming, by=self._project.person, go_on=go_on)

        self._runner.submit(
            STORE,
            work,
            on_done=lambda result: self._stored(incoming, *result),
            on_error=lambda error: self._not_stored(incoming, error),
        )

    def _stored(self, incoming: Incoming, batch: str, count: int) -> None:
        self._forget()
        self._view.end()
        self.finished.emit(
            ImportOutcome(batch=batch, cases=count, refused=tuple(_left_out(incoming)), case_ids=_ids(incoming))
        )

    def _not_stored(self, incoming: Incoming, error: Exception) -> None:
        """What was stored before the error stays; the window reads all of these cases again."""
        self._forget()
        self._view.end()
        refused = ((tr("The readings"), str(error)),)
        self.finished.emit(ImportOutcome(is_stopped=True, refused=refused, case_ids=_ids(incoming)))

    def _forget(self) -> None:
        self._incoming = None


def take_in_state(incoming: Incoming, landmarks: int) -> TakeInState:
    """The window's words for what came back; the points themselves are not shown, so nobody's look is swayed."""
    counts = summary(incoming.cases)
    day = datetime.fromisoformat(incoming.utc).astimezone().strftime("%Y-%m-%d")
    parts = [
        trn("%n new reading", "%n new readings", counts["new"]) if counts["new"] else "",
        trn("%n reading changed since", "%n readings changed since", counts["again"]) if counts["again"] else "",
        trn("%n already here", "%n already here", counts["same"]) if counts["same"] else "",
        trn("%n left out", "%n left out", counts["refused"] + len(incoming.problems))
        if counts["refused"] or incoming.problems
        else "",
    ]
    still_out = incoming.handed_out - len(incoming.cases)
    if still_out > 0:
        parts.append(trn("%n not returned yet", "%n not returned yet", still_out))
    text = tr(
        "Package of {day}, {count} cases, for {reader}. In this file: {parts}.",
        day=day,
        count=incoming.handed_out,
        reader=incoming.reader,
        parts=", ".join(part for part in parts if part),
    )
    title = tr("{reader} hands back readings", reader=incoming.reader)
    rows = tuple(_row(case, landmarks) for case in incoming.cases)
    return TakeInState(title, text, rows, incoming.problems, len(incoming.wanted))


def _row(case: IncomingCase, landmarks: int) -> IncomingRow:
    if case.what == "refused":
        return IncomingRow(case.name, "refused", "–", tr("Left out. {why}", why=case.problem))
    marks = tr("{count} decided", count=landmarks)
    if case.absent:
        marks = tr("{count} decided, {absent} of them absent", count=landmarks, absent=case.absent)
    words = {
        "new": tr("A new reading, beside the ones that are there"),
        "again": trn(
            "Read again: %n landmark differs; the earlier revision is kept",
            "Read again: %n landmarks differ; the earlier revision is kept",
            len(case.changes),
        ),
        "same": tr("Is here already: nothing changes"),
    }
    return IncomingRow(case.name, case.what, marks, words[case.what])


def _left_out(incoming: Incoming) -> list[tuple[str, str]]:
    refused = [(case.name, case.problem) for case in incoming.cases if case.what == "refused"]
    return [*refused, *((problem.partition(" ")[0], problem) for problem in incoming.problems)]


def _ids(incoming: Incoming) -> tuple[int, ...]:
    return tuple(case.case_id for case in incoming.wanted)
