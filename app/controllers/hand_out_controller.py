"""Making a reader package: for whom and what, a look at pictures that may show names, and the writing (ux.md 10.2)."""

from __future__ import annotations

from pathlib import Path

from app.controllers import hand_out_work as work
from app.controllers.outgoing_controller import OutgoingController
from app.session.package_state import HandOutAnswer
from app.tasks.task_runner import STORE
from app.translate import tr
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.transfer.deidentifying import Pixels
from medsapiens_core.transfer.handing_out import Made


class HandOutController(OutgoingController):
    """`finished(Made)`."""

    _answer = HandOutAnswer("", "listed", "")
    _cases: tuple[CaseRow, ...] = ()

    def open(self, folder: Path) -> None:
        """Ask what to hand out; `folder` is where packages go unless another place is chosen."""
        self._submit(
            work.choosable,
            self._project,
            self._query(),
            self._open_case(),
            folder,
            on_done=self._view.show_form,
            lane=STORE,
        )

    def _begin(self, answer: HandOutAnswer) -> None:
        if Path(answer.target).exists() and not self._view.may_replace(answer.target):
            return
        self._answer, self._without = answer, set()
        opened = self._open_case()
        self._say(tr("Collecting"), 0, 0)
        self._submit(
            work.chosen_cases,
            self._project,
            answer.scope,
            answer.reader,
            self._query(),
            opened[0] if opened else None,
            on_done=self._collected,
            lane=STORE,
        )

    def _collected(self, cases: tuple[CaseRow, ...]) -> None:
        self._cases = cases
        if self._stop.is_set():
            self._view.show_form_again()
        elif self._answer.deidentify:
            self._find_pictures(work.to_look_at, cases)
        else:
            self._write(None)

    def _write(self, pixels: Pixels | None) -> None:
        self._say(tr("Packing"), 0, len(self._cases))
        project, answer, cases, without = self._project, self._answer, self._cases, sorted(self._without)

        def make() -> Made:
            return work.make(project, answer, cases, pixels=pixels, without=without, go_on=self._go_on)

        self._submit(make, on_done=self._written)

    def _stop_now(self) -> None:
        """Between two pictures; what is being written is thrown away then."""
        self._stop.set()

    def _go_on(self, done: int, total: int) -> bool:
        """Called on a lane: tells how far it is, answers whether to go on."""
        if not self._stop.is_set():
            self._progressed.emit(tr("Packing"), done, total)
        return not self._stop.is_set()
