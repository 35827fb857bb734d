"""PINs and the lock of the open project: when the window locks, who unlocks it (ux.md 10.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.preferences import LOCK
from app.tasks.task_runner import IO, STORE
from app.translate import tr
from medsapiens_core.data.readers import Reader
from medsapiens_core.errors import UserError

if TYPE_CHECKING:
    from app.controllers.reader_desk import ReaderDesk
    from app.workspace import Workspace

MANY = 3  # wrong PINs, after which the way out is told
FORGOTTEN = (
    "Forgotten? An Owner takes it away in Project > People, or whoever may change the folder by the command "
    "medsapiens project remove-pin."
)


class LockParts(QObject):
    """Made before the desk, which asks it for the PIN of whoever has one."""

    def __init__(self, workspace: Workspace, desk: Callable[[], ReaderDesk]) -> None:
        super().__init__(workspace)
        self._workspace, self._desk = workspace, desk
        self._screen = workspace.window.lock
        self._wrong = 0
        self._is_checking = False
        self._screen.idle.connect(self.lock)
        self._screen.unlock_wanted.connect(self._unlock)
        self._screen.others_wanted.connect(self._change_person)
        workspace.window.preferences.changed.connect(self._preference_changed)
        workspace.session.edit_committed.connect(self._screen.touched)

    def acts(self) -> dict[str, Callable[[], object]]:
        """What is done here of the actions of the menus."""
        return {"project.lock": self.lock, "project.pin": self.change_pin}

    def start(self) -> None:
        """Whoever has a PIN gives it before anything is seen, unless they just did."""
        me = self._me()
        trusted, self._screen.trusted = self._screen.trusted, ""
        if me is not None and me.code in self._workspace.project.pins.holders and trusted != self._mark(me):
            self.lock()
        self._set_minutes()

    def close(self) -> None:
        """The project is closed: nothing of it is on screen any more."""
        self._screen.uncover()
        self._screen.set_minutes(0)
        for signal, slot in (
            (self._screen.idle, self.lock),
            (self._screen.unlock_wanted, self._unlock),
            (self._screen.others_wanted, self._change_person),
            (self._workspace.window.preferences.changed, self._preference_changed),
        ):
            signal.disconnect(slot)

    def lock(self) -> None:
        """Hide everything until the reader is back; whatever is on its way goes on."""
        self._wrong = 0
        me = self._me()
        needs_pin = me is not None and me.code in self._workspace.project.pins.holders
        name = me.label if me is not None else tr("Nobody has said who is reading.")
        self._screen.cover(name, needs_pin=needs_pin, others=not needs_pin or bool(self._others()))

    def prove(self, reader: Reader) -> bool:
        """Let a person who has a PIN give it; False when they do not."""
        pins = self._workspace.project.pins
        if reader.code not in pins.holders:
            return True
        problem = ""
        while True:
            with self._screen.own_dialog():
                given = self._workspace.window.dialogs.pin(reader.label, problem)
            if given is None:
                return False
            if pins.fits(reader.code, given):
                self._screen.trusted = self._mark(reader)
                return True
            problem = tr("That is not the PIN of {name}.", name=reader.label)

    def change_pin(self) -> None:
        """Set, change or take away one's own PIN."""
        workspace, me = self._workspace, self._me()
        dialogs, title = workspace.window.dialogs, tr("My PIN")
        if me is None or workspace.project.readers.find(me.code) is None:
            dialogs.tell(
                title, tr("Decide something first, or add yourself in Project > People: then you can have one.")
            )
            return
        has_pin = me.code in workspace.project.pins.holders
        answer = dialogs.new_pin(me.label, has_pin=has_pin)
        if answer is None:
            return
        before, new = answer

        def work() -> str:
            pins = workspace.project.pins
            if has_pin and not pins.fits(me.code, before):
                raise UserError(tr("That was not your PIN until now, so nothing was changed."))
            if not new:
                pins.remove(me.code, by=me.code)
                return tr("You have no PIN any more.")
            pins.set(me.code, new, by=me.code)
            return tr("Your PIN is set. It is asked for when the project opens and when the window was locked.")

        workspace.runner.submit(
            STORE,
            work,
            on_done=workspace.window.toasts.show_message,
            on_error=lambda error: dialogs.tell(title, str(error), kind="warning"),
        )

    # --- inside

    def _unlock(self, pin: str) -> None:
        me, pins = self._me(), self._workspace.project.pins
        if me is None or me.code not in pins.holders:
            self._open()
        elif not self._is_checking:
            self._is_checking = True
            self._workspace.runner.submit(
                IO, pins.fits, me.code, pin, on_done=self._checked, on_error=self._not_checked
            )

    def _checked(self, fits: bool) -> None:
        self._is_checking = False
        if fits:
            self._open()
            return
        self._wrong += 1
        text = tr("That is not the PIN.")
        if self._wrong >= MANY:
            text += " " + tr(FORGOTTEN)
        self._screen.tell(text)

    def _open(self) -> None:
        self._screen.uncover()
        self._set_minutes()

    def _not_checked(self, error: Exception) -> None:
        self._is_checking = False
        self._screen.tell(str(error))

    def _change_person(self) -> None:
        """Somebody else takes over; the covers stay until they have, because the project opens again as them.

        A lock that a PIN holds gives way to a PIN only, so that nobody opens it by making up a new reader.
        """
        me, desk = self._me(), self._desk()
        with self._screen.own_dialog():
            if me is None or me.code not in self._workspace.project.pins.holders:
                desk.choose()
            else:
                others = {reader.label: reader for reader in self._others()}
                dialogs = self._workspace.window.dialogs
                chosen = dialogs.choose(tr("Somebody else"), tr("Readers who have a PIN:"), list(others))
                if chosen is not None:
                    desk.take_over(others[chosen])
        if self._screen.is_locked:
            self._screen.tell("")

    def _others(self) -> list[Reader]:
        """Those beside the person here who could open a lock that a PIN holds."""
        project, me = self._workspace.project, self._me()
        known = (reader for reader in project.readers.known if reader.code in project.pins.holders)
        return [reader for reader in known if me is None or reader.code != me.code]

    def _me(self) -> Reader | None:
        return self._desk().me

    def _mark(self, reader: Reader) -> str:
        return f"{self._workspace.project.uid} {reader.code}"

    def _preference_changed(self, key: str) -> None:
        if key == LOCK.key:
            self._set_minutes()

    def _set_minutes(self) -> None:
        self._screen.set_minutes(int(self._workspace.window.preferences.value(LOCK)))
