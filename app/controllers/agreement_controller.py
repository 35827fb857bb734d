"""Agreement of readers: reads everything when asked, shows a pair, exports tables, tells how repeatable readers are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.controllers.agreement_work import Found, find, state_of, with_queue
from app.controllers.reader_desk import ReaderDesk
from app.session.agreement_state import AgreementState
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.translate import tr
from medsapiens_core.data.readers import Right
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.adjudicating import Dispute, disputes
from medsapiens_core.transfer.agreement_tables import write_agreement
from medsapiens_core.transfer.double_readings import ReadCase, repeatability
from medsapiens_core.transfer.measure_limits import MeasureLimits

CSV = "CSV (*.csv)"


class AgreementView(Protocol):
    """What this needs of the agreement window."""

    pair_chosen: SignalInstance
    case_requested: SignalInstance
    definition_requested: SignalInstance
    export_requested: SignalInstance
    settle_requested: SignalInstance
    refresh_requested: SignalInstance
    limit_changed: SignalInstance

    def set_state(self, state: AgreementState) -> None:
        """Show a pair of readers."""

    def bring_up(self) -> None:
        """Come to the front."""


class AgreementController(QObject):
    """`repeatable(figures by landmark)` follows every reading of the project, `settle_wanted()` a press of Adjudicate.

    `ask_file(title, name, kinds)` gives where a table goes, or None. `open_disputes` are what waits for a consensus,
    without the cases that the person still has to read.
    """

    repeatable = Signal(object)
    settle_wanted = Signal()
    told = Signal(str)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        desk: ReaderDesk,
        view: AgreementView,
        *,
        ask_file: Callable[[str, str, str], str | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._desk, self._view = runner, project, desk, view
        self._ask_file = ask_file
        self._found = Found((), (), None)
        self._chosen = 0
        self.open_disputes: tuple[Dispute, ...] = ()
        view.pair_chosen.connect(self._choose)
        view.export_requested.connect(self._export)
        view.refresh_requested.connect(self.refresh)
        view.settle_requested.connect(self.settle_wanted)
        view.limit_changed.connect(self._set_limit)

    @property
    def cases(self) -> tuple[ReadCase, ...]:
        """The cases that were read more than once, as they were read last."""
        return self._found.cases

    @property
    def limits(self) -> MeasureLimits | None:
        """How far readings may differ in measurements, as it was read last."""
        return self._found.limits

    def show(self) -> None:
        """Read everything and show it."""
        self._view.bring_up()
        self.refresh()

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """Read everything again."""
        self._runner.submit(
            IO, self._read, on_done=lambda read: self._take(*read, then), on_error=lambda e: self.told.emit(str(e))
        )

    def _read(self) -> tuple[Found, tuple[Dispute, ...], AgreementState]:
        found = find(self._project)
        me = self._project.person
        unread = {one.case_id for one in self._project.readings.of(me) if one.state != "reviewed"} if me else set()
        mine = [case for case in found.cases if case.row.id not in unread]
        waiting = tuple(disputes(mine, self._project.template, found.limits))
        return found, waiting, state_of(found, self._chosen, self._project.template)

    def _take(
        self, found: Found, waiting: tuple[Dispute, ...], state: AgreementState, then: Callable[[], None] | None
    ) -> None:
        self._found, self.open_disputes, self._chosen = found, waiting, state.chosen
        self._show(state)
        self.repeatable.emit(repeatability(found.pairs))
        if callable(then):
            then()

    def _show(self, state: AgreementState) -> None:
        refusals = (self._refusal("adjudicate"), self._refusal("rules"))
        self._view.set_state(with_queue(state, len(self.open_disputes), *refusals))

    def _refusal(self, right: Right) -> str:
        if self._project.read_only:
            return tr("This project is open to read only.")
        return self._desk.refusal(right)

    def _set_limit(self, measure: str, limit: float) -> None:
        """An Owner's limit of one measurement; 0 takes it away."""
        measures = self._found.measures
        if measures is None or self._refusal("rules"):
            return
        self._runner.submit(
            STORE,
            lambda: self._project.measurements.set_limit(measures.id, measure, limit or None),
            on_done=lambda _nothing: self.refresh(),
            on_error=lambda error: self.told.emit(str(error)),
        )

    def _choose(self, place: int) -> None:
        self._chosen = place
        found = self._found
        self._runner.submit(
            IO,
            lambda: state_of(found, place, self._project.template),
            on_done=self._show,
        )

    def _export(self) -> None:
        path = self._ask_file(tr("Export the agreement"), "agreement.csv", tr(CSV))
        if not path:
            return
        pairs = self._found.pairs
        self._runner.submit(
            IO,
            lambda: write_agreement(Path(path).with_suffix(".csv"), pairs),
            on_done=lambda files: self.told.emit(
                tr("{first} and {second} were written.", first=files[0].name, second=files[1].name)
            ),
            on_error=lambda error: self.told.emit(tr("The tables were not written: {reason}", reason=error)),
        )
