"""Who sits at the computer, for the open project: found out, asked for, registered, remembered (ux.md 10.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from app import rights
from app.preferences import FULL_NAME, INITIALS, Preferences
from app.session.review_session import ReviewSession
from app.tasks.task_runner import STORE, TaskRunner
from app.translate import tr
from medsapiens_core.data.readers import ALL_ROLES, Reader, Right, code_from
from medsapiens_core.errors import UserError
from medsapiens_core.store.lock import user_name
from medsapiens_core.store.project import Project

Ask = Callable[[Sequence[Reader], Reader, str], Reader | None]
WHO = "Several people read in this project. Who are you? It is recorded with every decision."
UNKNOWN = "Nothing was changed: choose first who you are, in the status bar."


class ReaderDesk(QObject):
    """`me` is the person, None while that is not known. `reopen_wanted(text)`: another person reads from now on.

    `ask(readers, proposal, text)` lets the person choose one of the readers or give new initials and a name;
    `prove(reader)` asks for the PIN of whoever has one.
    """

    shown = Signal(object)  # Reader or None
    reopen_wanted = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        session: ReviewSession,
        preferences: Preferences,
        *,
        ask: Ask,
        prove: Callable[[Reader], bool] = lambda _reader: True,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._session = runner, project, session
        self._preferences, self._ask, self._prove = preferences, ask, prove
        self.me = self._find()
        self._use()

    @property
    def own(self) -> Reader:
        """Who this computer's settings say its user is; the account's name where they say nothing."""
        name = str(self._preferences.value(FULL_NAME)).strip()
        wanted = str(self._preferences.value(INITIALS)).strip()
        try:
            return Reader(wanted or code_from(name or user_name()), name, ALL_ROLES)
        except UserError:  # initials that no list could show
            return Reader(code_from(wanted or name or user_name()), name[:80], ALL_ROLES)

    def start(self) -> None:
        """Ask at once where several people read, since what is shown depends on who looks."""
        if self.me is None and len(self._project.readers.known) > 1:
            chosen = self._ask(self._project.readers.known, self.own, tr(WHO))
            if chosen is not None and self._prove(chosen):
                self._take(chosen, self._taken_at_the_start)
        self.shown.emit(self.me)

    def choose(self) -> None:
        """Let another person take over."""
        chosen = self._ask(self._project.readers.known, self.me or self.own, tr("Who is reading?"))
        if chosen is not None:
            self.take_over(chosen)

    def take_over(self, reader: Reader) -> None:
        """Let another person take over, if they can prove who they are."""
        if (self.me is None or reader.code != self.me.code) and self._prove(reader):
            self._take(reader, self._taken)

    def refusal(self, right: Right) -> str:
        """Why the person may not do something, "" if they may."""
        return rights.refusal(self._project, right)

    def refusal_to_write(self) -> str:
        """Why nothing may be changed: nobody has said who they are, in spite of being asked now; "" otherwise."""
        if self.me is not None:
            return ""
        self.choose()
        return tr(UNKNOWN) if self.me is None else ""

    def register(self) -> None:
        """Make whoever changes something first in a project its Owner. Runs on the store lane."""
        if not self._project.readers.known and self.me is not None:
            self._project.readers.add(self.me)

    @property
    def _key(self) -> str:
        return f"reader/{self._project.uid}"

    def _find(self) -> Reader | None:
        readers = self._project.readers
        if not readers.known:
            return self.own
        return readers.find(self._preferences.kept(self._key)) or readers.find(self.own.code)

    def _use(self) -> None:
        code = self.me.code if self.me is not None else ""
        self._session.who = code
        self._project.read_as(code)

    def _take(self, chosen: Reader, then: Callable[[Reader], None]) -> None:
        """Known readers are taken at once, others registered first; without anybody registered there is nothing to."""
        readers = self._project.readers
        known = readers.find(chosen.code)
        if known is not None:
            then(known)
        elif self._project.read_only:
            then(chosen)
        else:
            self._runner.submit(
                STORE, self._add, chosen, on_done=then, on_error=lambda error: self.failed.emit(str(error))
            )

    def _add(self, chosen: Reader) -> Reader:
        """On the store lane. The person before becomes the Owner, if nobody is registered yet."""
        self.register()
        return self._project.readers.find(chosen.code) or self._project.readers.add(chosen)

    def _taken_at_the_start(self, chosen: Reader) -> None:
        self._preferences.keep(self._key, chosen.code)
        self.me = chosen
        self._use()
        self.shown.emit(self.me)

    def _taken(self, chosen: Reader) -> None:
        self._preferences.keep(self._key, chosen.code)
        self.reopen_wanted.emit(tr("{name} is reading now.", name=chosen.label))
