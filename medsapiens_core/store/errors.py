"""What the store refuses, in words for the person who can mend it. No image path or patient data in any text."""

from __future__ import annotations

from medsapiens_core.errors import UserError


class ProjectError(UserError):
    """A project cannot be used as asked."""


class ProjectNotFoundError(ProjectError):
    """No project lies in this folder (a missing drive never becomes an empty project)."""


class ProjectExistsError(ProjectError):
    """A new project would overwrite something."""


class ProjectLockedError(ProjectError):
    """Another program has the project open for writing; `user`, `host`, `pid`, `since` say who."""

    def __init__(self, message: str, *, user: str, host: str, pid: int, since: str) -> None:
        super().__init__(message)
        self.user, self.host, self.pid, self.since = user, host, pid, since


class ProjectTakenOverError(ProjectError):
    """Another program has written to the project although this one holds its lock; this one stops writing."""


class NewerProjectError(ProjectError):
    """The project was written by a newer version; `found` and `known` are schema versions."""

    def __init__(self, message: str, *, found: int, known: int) -> None:
        super().__init__(message)
        self.found, self.known = found, known


class DamagedProjectError(ProjectError):
    """The database is not what it should be; nothing was changed."""


class DamagedCaseError(ProjectError):
    """The landmarks of one case do not match the record of their last change; the case is not opened."""


class ReadOnlyProjectError(ProjectError):
    """A change was asked for in a project that is open for reading only."""


class NotSavedError(ProjectError):
    """The disk refused a change (full, gone, locked); the change has not happened and may be tried again."""


class DiskFullError(NotSavedError):
    """There is no room for a change; `free` and `needed` are bytes (needed: at most, for the journal of the change)."""

    def __init__(self, *, free: int, needed: int) -> None:
        amounts = f"{megabytes(free)} free, {megabytes(needed)} needed"
        super().__init__(f"The disk is full ({amounts}), so the last change was not saved. Free some space.")
        self.free, self.needed = free, needed


class ProjectUnreachableError(NotSavedError):
    """The project's folder is gone, as a share is whose connection is lost; a change may be tried again."""


class StaleRevisionError(ProjectError):
    """An edit was made against other states than the stored ones; nothing was changed."""


class UnknownRecordError(ProjectError):
    """A case, prediction, job or snapshot with this id is not in the project."""


class LibraryError(UserError):
    """A model cannot be added, found, changed or put in use as asked."""


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e6:.0f} MB"
