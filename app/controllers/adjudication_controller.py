"""Goes through the differences between readers, one by one, and stores what the adjudicator decides (ux.md 10.5)."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal, SignalInstance

from app.controllers.agreement_controller import AgreementController
from app.controllers.case_loader import read_case_image
from app.controllers.reader_desk import ReaderDesk
from app.controllers.spacing_controller import with_spacing
from app.session import presentation
from app.session.agreement_state import Choice, SettleState
from app.session.view_state import ImageState
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.translate import tr
from medsapiens_core.data.annotation import PointState, placed
from medsapiens_core.data.image import Image
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.adjudicating import Dispute, Taken, agreed, finish, rest_of, settle, take_back
from medsapiens_core.transfer.double_readings import ReadCase
from medsapiens_core.transfer.measure_limits import Difference

NO_MEAN = "One of them has no place, so there is no mean."


class AdjudicationView(Protocol):
    """What this needs of the adjudication window."""

    saved: SignalInstance
    own_placed: SignalInstance
    finished: SignalInstance
    skipped: SignalInstance
    taken_back: SignalInstance

    def set_image(self, image: ImageState | None) -> None:
        """Show the picture of a case."""

    def set_state(self, state: SettleState | None) -> None:
        """Show a difference, or that all are settled."""

    def bring_up(self) -> None:
        """Come to the front."""


class AdjudicationController(QObject):
    """`told(text)` says what was not done and why; `changed()` follows every step that is stored."""

    told = Signal(str)
    changed = Signal()

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        desk: ReaderDesk,
        agreement: AgreementController,
        *,
        view: AdjudicationView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._desk = runner, project, desk
        self._agreement, self._view = agreement, view
        self._later: set[tuple[int, str]] = set()
        self._case: ReadCase | None = None
        self._dispute: Dispute | None = None
        self._own: tuple[float, float] | None = None
        self._shown_case: int | None = None
        view.saved.connect(self._save)
        view.own_placed.connect(self._place)
        view.finished.connect(self._finish)
        view.skipped.connect(self._skip)
        view.taken_back.connect(self._take_back)

    def show(self) -> None:
        """Begin with the worst case; what was left for later comes again."""
        refusal = self._desk.refusal("adjudicate")
        if refusal:
            self.told.emit(refusal)
            return
        self._later.clear()
        self._view.bring_up()
        self._agreement.refresh(self._next)

    # --- which one

    def _next(self) -> None:
        """The same case first, then the worst one; a case whose differences are settled waits to be finished."""
        self._own = None
        here = self._case.row.id if self._case is not None else None
        waiting = [one for one in self._agreement.open_disputes if (one.case.row.id, one.landmark) not in self._later]
        mine = [one for one in waiting if one.case.row.id == here]
        unfinished = [case for case in self._agreement.cases if self._is_unfinished(case)]
        begun = [case for case in unfinished if case.row.id == here]
        if mine:
            self._show(mine[0].case, mine[0])
        elif begun:
            self._show(begun[0], None)
        elif waiting:
            self._show(waiting[0].case, waiting[0])
        elif unfinished:
            self._show(unfinished[0], None)
        else:
            self._case = self._dispute = self._shown_case = None
            self._view.set_image(None)
            self._view.set_state(None)

    def _is_unfinished(self, case: ReadCase) -> bool:
        """Settled, at least in part, without an open difference, and not finished yet."""
        is_open = any(one.case.row.id == case.row.id for one in self._agreement.open_disputes)
        begun = case.consensus is not None and not case.consensus.reviewed and case.consensus.decided_count > 0
        return begun and not is_open and (case.row.id, "") not in self._later

    def _show(self, case: ReadCase, dispute: Dispute | None) -> None:
        self._case, self._dispute = case, dispute
        if self._shown_case == case.row.id:
            self._show_state()
            return
        row = case.row
        self._runner.submit(
            IO, read_case_image, row, on_done=lambda image: self._show_picture(row.id, image), on_error=self._tell
        )

    def _show_picture(self, case_id: int, image: Image) -> None:
        case = self._case
        if case is not None and case.row.id == case_id:
            self._shown_case = case_id
            self._view.set_image(presentation.image_state(case_id, case.row.name, with_spacing(image, case.row)))
            self._show_state()

    def _show_state(self) -> None:
        if self._case is not None:
            self._view.set_state(self._state(self._case, self._dispute))

    # --- what is shown

    def _state(self, case: ReadCase, dispute: Dispute | None) -> SettleState:
        template = self._project.template
        waiting = self._agreement.open_disputes
        here = sum(one.case.row.id == case.row.id for one in waiting)
        rest = len(rest_of(case, template, self._agreement.limits))
        common = {"left": len(waiting), "left_in_case": here, "rest": rest, "can_finish": here == 0}
        if dispute is None:
            what = tr("Its differences are settled. Say what to take for the rest.")
            return SettleState(case.row.id, case.row.name, "", tr("Finish this case"), "", what, (), (), **common)
        mark = template.landmarks[template.index[dispute.landmark]]
        named = (("A", _xy(dispute.a)), ("B", _xy(dispute.b)), ("own", self._own))
        return SettleState(
            case.row.id,
            case.row.name,
            mark.id,
            mark.name,
            mark.definition or tr("This landmark has no definition yet."),
            _what(dispute),
            tuple((who, *xy) for who, xy in named if xy is not None),
            _choices(dispute),
            **common,
        )

    # --- intents

    def _place(self, x: float, y: float) -> None:
        self._own = (x, y)
        self._show_state()

    def _save(self, choice: str, reason: str) -> None:
        dispute = self._dispute
        state = self._chosen_state(choice)
        if dispute is None or state is None:
            return
        self._store(lambda by: settle(self._project, dispute, state, by=by, reason=reason))

    def _chosen_state(self, choice: str) -> PointState | None:
        dispute = self._dispute
        if dispute is None:
            return None
        if choice == "own":
            return None if self._own is None else placed(*self._own, None)
        return agreed(dispute.a, dispute.b, _taken(choice))

    def _finish(self, choice: str) -> None:
        case = self._case
        if case is not None:
            template, limits = self._project.template, self._agreement.limits
            self._store(lambda by: finish(self._project, case, template, _taken(choice), by=by, limits=limits))

    def _skip(self) -> None:
        if self._case is not None:
            self._later.add((self._case.row.id, self._dispute.landmark if self._dispute is not None else ""))
            self._case = None if self._dispute is None else self._case
            self._next()

    def _take_back(self) -> None:
        case = self._case
        if case is not None:
            self._store(lambda by: take_back(self._project, case.row.id, by=by))

    def _store(self, work: Any) -> None:
        refusal = self._desk.refusal("adjudicate")
        if refusal or self._project.read_only:
            self.told.emit(refusal or tr("This project is open to read only: nothing can be changed."))
            return
        me = self._desk.me.code if self._desk.me is not None else ""
        self._runner.submit(STORE, lambda: work(me), on_done=self._stored, on_error=self._tell)

    def _stored(self, done: object) -> None:
        if done is False:
            self.told.emit(tr("Nothing was settled in this case yet."))
            return
        self.changed.emit()
        self._agreement.refresh(self._next)

    def _tell(self, error: Exception) -> None:
        self.told.emit(str(error))


def _taken(choice: str) -> Taken:
    return "b" if choice == "b" else "mean" if choice == "mean" else "a"


def _xy(state: PointState) -> tuple[float, float] | None:
    return None if state.x is None or state.y is None else (state.x, state.y)


def _what(dispute: Dispute) -> str:
    if np.isfinite(dispute.distance):
        text = tr("A and B lie {distance} {unit} apart.", distance=f"{dispute.distance:.1f}", unit=dispute.unit)
        return text if dispute.measure is None else f"{text} {_measured(dispute.measure)}"
    absent = "A" if dispute.a.x is None else "B"
    return tr("{who} calls it absent; the other has placed it.", who=absent)


def _measured(found: Difference) -> str:
    a, b, limit = (f"{value:.{found.decimals}f}" for value in (found.a, found.b, found.limit))
    return tr("That is within tolerance, but {name} is {a} for A and {b} for B ({unit}), limit {limit}.",
              name=found.name, a=a, b=b, unit=found.unit or "1", limit=limit)  # fmt: skip


def _choices(dispute: Dispute) -> tuple[Choice, ...]:
    def text(side: str, state: PointState) -> str:
        if state.x is None:
            return tr("Take {side} (absent)", side=side)
        shape = tr("ring") if side == "A" else tr("triangle")
        return tr("Take {side} ({shape})", side=side, shape=shape)

    mean = "" if dispute.can_mean else tr(NO_MEAN)
    return (
        Choice("a", text("A", dispute.a)),
        Choice("b", text("B", dispute.b)),
        Choice("mean", tr("Take the mean"), mean),
    )
