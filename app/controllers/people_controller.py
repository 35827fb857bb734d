"""People and rules of a project: shows them, and stores what an Owner changes (ux.md 1, 3.2, 6.5, 10.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.controllers.reader_desk import ReaderDesk
from app.session.people_state import Asked, PeopleState
from app.tasks.task_runner import STORE, TaskRunner
from app.translate import tr
from medsapiens_core.data.readers import Reader, Role
from medsapiens_core.store.project import Project

SHARE, LOCKED = "share", "locked"


class PeopleView(Protocol):
    """What this needs of the window about people."""

    reader_added: SignalInstance
    reader_changed: SignalInstance
    readings_wanted: SignalInstance
    readings_unwanted: SignalInstance
    blind_changed: SignalInstance
    pin_unwanted: SignalInstance

    def set_state(self, state: PeopleState) -> None:
        """Show who reads and by which rules."""

    def tell(self, text: str) -> None:
        """Say why something was not done, or what was."""

    def bring_up(self) -> None:
        """Come to the front."""


class PeopleController(QObject):
    """`changed()` follows every change that is stored."""

    changed = Signal()

    def __init__(
        self, runner: TaskRunner, project: Project, desk: ReaderDesk, view: PeopleView, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._desk, self._view = runner, project, desk, view
        view.reader_added.connect(self._add)
        view.reader_changed.connect(self._change)
        view.readings_wanted.connect(self._ask_for_readings)
        view.readings_unwanted.connect(self._take_back)
        view.blind_changed.connect(self._set_blind)
        view.pin_unwanted.connect(self._remove_pin)

    def show(self) -> None:
        """Read everything and show it."""
        self._view.bring_up()
        self._refresh()

    def _refresh(self) -> None:
        self._runner.submit(STORE, self._read, on_done=self._view.set_state, on_error=self._tell)

    def _read(self) -> PeopleState:
        """On the store lane."""
        project = self._project
        me = self._desk.me
        known = project.readers.known or ((me,) if me is not None else ())
        readings = {reader.code: project.readings.of(reader.code) for reader in known}
        rule = project.readings.rule()
        return PeopleState(
            readers=known,
            me=me.code if me is not None else "",
            refusal=tr("This project is open to read only.") if project.read_only else self._desk.refusal("people"),
            share=len(project.readings.proposal()),
            locked=len(project.readings.proposal(locked=True)),
            asked=tuple(
                Asked(code, len(own), sum(one.state == "reviewed" for one in own))
                for code, own in readings.items()
                if own
            ),
            blind_percent=round(rule.blind_share * 100),
            pins=project.pins.holders,
        )

    # --- intents

    def _add(self, code: str, name: str, roles: tuple[Role, ...]) -> None:
        self._do(lambda by: self._project.readers.add(Reader(code, name, roles), by=by))

    def _change(self, code: str, name: str, roles: tuple[Role, ...]) -> None:
        self._do(lambda by: self._project.readers.change(code, name=name, roles=roles, by=by))

    def _ask_for_readings(self, code: str, which: str) -> None:
        def work(by: str) -> None:
            cases = self._project.readings.proposal(locked=which == LOCKED)
            self._project.readings.assign(cases, code, by=by)

        self._do(work)

    def _take_back(self, code: str) -> None:
        def work(by: str) -> None:
            readings = self._project.readings
            readings.withdraw([one.case_id for one in readings.of(code)], code, by=by)

        self._do(work)

    def _remove_pin(self, code: str) -> None:
        self._do(lambda by: self._project.pins.remove(code, by=by))

    def _set_blind(self, percent: int) -> None:
        def work(by: str) -> None:
            rule = self._project.readings.rule()
            self._project.readings.set_rule(replace(rule, blind_share=percent / 100), by=by)

        self._do(work)

    # --- inside

    def _do(self, work: Callable[[str], object]) -> None:
        refusal = self._desk.refusal("people")
        if refusal:
            self._view.tell(refusal)
            self._refresh()
            return

        def whole() -> None:
            self._desk.register()
            work(self._desk.me.code if self._desk.me is not None else "")

        self._runner.submit(STORE, whole, on_done=self._done, on_error=self._tell)

    def _done(self, _nothing: Any) -> None:
        self.changed.emit()
        self._refresh()

    def _tell(self, error: Exception) -> None:
        self._view.tell(str(error))
        self._refresh()
