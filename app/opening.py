"""The talk with the user while a project is opened: who else has it, how old it is, how it was left (ux.md 8.4)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.case_problems import clock
from app.tasks.task_runner import IO, TaskRunner
from app.translate import tr
from app.views.main_window import MainWindow
from medsapiens_core.store.errors import NewerProjectError, ProjectLockedError
from medsapiens_core.store.opening import older_schema
from medsapiens_core.store.project import DATABASE, Project

IN_USE = '"{project}" is open on {host} ({user}, since {since}). Two writers could lose changes.'  # M15
OLDER = (  # M17
    "This project is from an older version. A backup is made first, then it is upgraded (about {seconds} s)."
)
TAKE_OVER = (
    "The other window stops at its next change and says so; what it has not saved by then is lost. "
    'Type the name of the project, "{project}", to take it over.'
)
INTERRUPTED = "The app ended unexpectedly last time. Everything up to {time} is here."  # M36
PASSES = (
    8  # a database is read or written so often by an upgrade: backup, copy, counts and full check, before and after
)
PART = 1 << 20


@dataclass(frozen=True)
class Older:
    """A project that has to be upgraded first, and about how many seconds that takes on this disk."""

    seconds: int


class ProjectOpening(QObject):
    """`opened(Project)`; `failed(text)` when a project is not opened, after the user was told."""

    opened = Signal(object)
    failed = Signal(str)

    def __init__(self, runner: TaskRunner, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner, self._window = runner, window

    def open(self, folder: Path, *, read_only: bool = False) -> None:
        """Open a folder; an older project only after the user has agreed to the upgrade."""
        self._runner.submit(
            IO,
            lambda: (None if read_only else how_old(folder)) or Project.open(folder, read_only=read_only),
            on_done=lambda found: self._looked(folder, found),
            on_error=lambda error: self.refused(folder, error),
        )

    def refused(self, folder: Path, error: Exception) -> None:
        """Say why a project is not opened, and offer what can be done."""
        self.failed.emit(str(error))
        if isinstance(error, ProjectLockedError) and error.host:
            self._ask_about_other(folder, error)
        elif isinstance(error, NewerProjectError):
            self._window.dialogs.tell(tr("Newer project"), str(error), kind="warning", close=tr("Close"))
        else:
            self._window.dialogs.tell(tr("Project not opened"), str(error), kind="warning")

    def _open(self, folder: Path, work: Callable[[], Project]) -> None:
        self._runner.submit(IO, work, on_done=self.opened.emit, on_error=lambda error: self.refused(folder, error))

    def _looked(self, folder: Path, found: Older | Project) -> None:
        if isinstance(found, Project):
            self.opened.emit(found)
            return
        buttons = [("upgrade", tr("Upgrade")), ("read", tr("Open to read")), ("cancel", tr("Cancel"))]
        text = tr(OLDER, seconds=found.seconds)
        answer = self._window.dialogs.ask(tr("Older project"), text, buttons, "upgrade")
        if answer == "upgrade":
            self._open(folder, lambda: Project.open(folder))
        elif answer == "read":
            self._open(folder, lambda: Project.open(folder, read_only=True))
        else:
            self.failed.emit(text)

    def _ask_about_other(self, folder: Path, error: ProjectLockedError) -> None:
        text = in_use_text(folder.stem, error)
        buttons = [("read", tr("Open to read")), ("again", tr("Try again")), ("take", tr("Take over.."))]
        answer = self._window.dialogs.ask(tr("Project in use"), text, buttons, "read", str(error))
        if answer == "read":
            self._open(folder, lambda: Project.open(folder, read_only=True))
        elif answer == "again":
            self.open(folder)
        elif answer == "take" and self._is_sure(folder.stem):
            self._open(folder, lambda: Project.open(folder, take_over=True))

    def _is_sure(self, name: str) -> bool:
        typed = self._window.dialogs.text(tr("Take over"), tr(TAKE_OVER, project=name))
        if typed is not None and typed != name:
            self._window.dialogs.tell(tr("Take over"), tr("That is not its name, so nothing was taken over."))
        return typed == name


def how_old(folder: Path) -> Older | None:
    """None for a project that can be opened as it is, or not at all."""
    path = folder / DATABASE
    if older_schema(path) is None:
        return None
    began = time.monotonic()
    with path.open("rb") as stream:
        while stream.read(PART):
            pass
    return Older(max(1, round(PASSES * (time.monotonic() - began))))


def in_use_text(name: str, error: ProjectLockedError) -> str:
    """M15."""
    since = clock(error.since) if _is_time(error.since) else error.since
    return tr(IN_USE, project=name, host=error.host, user=error.user, since=since)


def interrupted_text(project: Project) -> str:
    """M36, or "" for a project that was closed as it should be."""
    return tr(INTERRUPTED, time=_second(project.interrupted_utc)) if project.interrupted_utc else ""


def _is_time(utc: str) -> bool:
    try:
        datetime.fromisoformat(utc)
    except ValueError:
        return False
    return True


def _second(utc: str) -> str:
    """`10:42:07` in the reader's time zone, with the day before it when it was not today."""
    local = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone()
    is_today = local.date() == datetime.now().astimezone().date()
    return f"{local:%H:%M:%S}" if is_today else f"{local.day} {local:%b %H:%M:%S}"
