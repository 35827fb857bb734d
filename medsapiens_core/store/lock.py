"""The lock of a project folder: one program writes, others may read (reliability.md 2, V1-V3).

The file `lock` names the holder (process, host, start time, user) and is held with the system's own file lock, which
a dying process gives up by itself. The text decides where that lock is not to be trusted: on a network share a holder
on another host is always believed, and on this host the process must still live and be the same one (process numbers
are used again, so its start time is compared). The file is emptied, not removed, at the end: removing it would let
two programs hold two files of the same name.
"""

from __future__ import annotations

import errno
import getpass
import os
import platform
import sys
from pathlib import Path
from typing import BinaryIO

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.store.errors import ProjectLockedError

_GUARD_BYTE = 1 << 30  # Windows locks byte ranges; this one lies behind the text, so that others can read it
_MAX_BYTES = 4096


class LockHolder(BaseModel):
    """Who holds the lock. `started` is the start of the process in seconds since 1970."""

    model_config = ConfigDict(frozen=True)
    pid: int
    host: str
    started: float
    user: str
    since: str


class ProcessIdentity(BaseModel):
    """A process that can be recognised later, even when its number has been given to another one."""

    model_config = ConfigDict(frozen=True)
    pid: int
    host: str
    started: float

    def is_alive(self) -> bool:
        """True while that very process runs on this host; also True for another host, which cannot be asked."""
        if self.host != host_name():
            return True
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < 1.0 and not _is_zombie(self.pid)
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True


def host_name() -> str:
    """Name of this computer (read from the system, not from the network)."""
    return platform.node() or "unknown host"


def user_name() -> str:
    """Name of the person logged in to the system."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this user id, as in some containers
        return "unknown"


def process_identity(pid: int | None = None) -> ProcessIdentity:
    """Identity of a running process, by default this one. Raises psutil.NoSuchProcess."""
    process = psutil.Process(pid)
    return ProcessIdentity(pid=process.pid, host=host_name(), started=process.create_time())


class ProjectLock:
    """Held from `acquire` to `release`, or until the process dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.was_left_behind = False
        self._stream: BinaryIO | None = None

    def acquire(self, *, take_over: bool = False) -> None:
        """Take the lock or raise ProjectLockedError that says who has it.

        `take_over`: whoever has it loses it; that program stops at its next write (`Database`). Afterwards
        `was_left_behind` is True when the holder before had not given the lock back, as after a crash.
        """
        stream = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644), "r+b")
        try:
            is_free = _try_lock(stream)
            holder = read_holder(self.path)
            if not take_over and (not is_free or (holder is not None and _is_held(holder))):
                raise _locked_by(holder)
            self.was_left_behind = holder is not None and not take_over and not _is_mine(holder)
            _write_holder(stream)
        except BaseException:
            stream.close()
            raise
        self._stream = stream

    def release(self) -> None:
        """Give the lock back. Does nothing when it is not held."""
        if self._stream is None:
            return
        holder = read_holder(self.path)
        if holder is None or _is_mine(holder):  # after a take-over the text is another's
            self._stream.truncate(0)
        self._stream.close()
        self._stream = None


def read_holder(path: Path) -> LockHolder | None:
    """Who the lock file names; None for a free lock or a text that a killed program left unfinished."""
    try:
        with path.open("rb") as stream:
            return LockHolder.model_validate_json(stream.read(_MAX_BYTES))
    except (FileNotFoundError, ValidationError):
        return None


def _is_held(holder: LockHolder) -> bool:
    if _is_mine(holder):
        return False  # this process had the system's lock a moment ago and gave it up without emptying the file
    return ProcessIdentity(pid=holder.pid, host=holder.host, started=holder.started).is_alive()


def _is_mine(holder: LockHolder) -> bool:
    return holder.host == host_name() and holder.pid == os.getpid()


def _write_holder(stream: BinaryIO) -> None:
    me = process_identity()
    holder = LockHolder(pid=me.pid, host=me.host, started=me.started, user=user_name(), since=utc_now())
    stream.seek(0)
    stream.truncate(0)
    stream.write(holder.model_dump_json().encode())
    stream.flush()
    os.fsync(stream.fileno())


def _locked_by(holder: LockHolder | None) -> ProjectLockedError:
    if holder is None:
        return ProjectLockedError(
            "This project is being opened by another program just now. Try again in a moment.",
            user="",
            host="",
            pid=0,
            since="",
        )
    return ProjectLockedError(
        f"This project is open on {holder.host} ({holder.user}, process {holder.pid}, since {holder.since[:16]} UTC). "
        "Two writers could lose changes. Close it there, or open it for reading. If that computer is no longer "
        "running the program, empty the file `lock` in the project folder.",
        user=holder.user,
        host=holder.host,
        pid=holder.pid,
        since=holder.since,
    )


def _is_zombie(pid: int) -> bool:
    return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(stream: BinaryIO) -> bool:
        stream.seek(_GUARD_BYTE)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    _NO_LOCKS_HERE = (errno.ENOLCK, errno.ENOTSUP)  # some shares have no such locks; then the text alone decides

    def _try_lock(stream: BinaryIO) -> bool:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno in _NO_LOCKS_HERE
        return True
