"""One open database: reading and writing transactions, and the guard against a second writer (reliability.md V4)."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from medsapiens_core.store import dialect
from medsapiens_core.store.errors import (
    DamagedProjectError,
    DiskFullError,
    NotSavedError,
    ProjectTakenOverError,
    ProjectUnreachableError,
    ReadOnlyProjectError,
)
from medsapiens_core.store.tables import writer

LEAST_ROOM = 1_000_000  # bytes for the journal of a change; at most it holds the whole database


class Database:
    """Transactions on one file. Usable from any thread; writes run one after the other.

    Every writing transaction compares the stored epoch with the one it knows and raises it. When they differ,
    somebody else has written in spite of the lock: this instance then never writes again.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self.read_only = path, read_only
        self._engine = dialect.open_engine(path, read_only=read_only)
        self._writing_engine = dialect.for_writing(self._engine)
        self._write_lock = threading.RLock()
        self._epoch: int | None = None
        self._file = _identity(path)
        self._is_away = False
        self.was_left_behind = False  # by a program that ended without closing it; told by whoever opens it

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database throughout."""
        with self._in_words(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that is on disk when the block ends, or has not happened when it raises."""
        if self.read_only:
            raise ReadOnlyProjectError("This project is open for reading only. Open it for writing to change it.")
        with self._write_lock, self._in_words():
            self._require_same_file()
            with self._writing_engine.begin() as connection:
                epoch = self._raise_epoch(connection)
                yield connection
            self._epoch = epoch

    def claim(self) -> None:
        """Raise the epoch, so that a writer that came before and missed its lock's loss stops at its next write."""
        with self.write():
            pass

    def _raise_epoch(self, connection: sa.Connection) -> int:
        stored = int(connection.execute(sa.select(writer.c.epoch)).scalar_one())
        if self._epoch is not None and stored != self._epoch:
            self.read_only = True
            raise ProjectTakenOverError(
                "Another program has written to this project, so this window has stopped writing. "
                "Nothing of the other program's work was changed. Close the project and open it again."
            )
        connection.execute(sa.update(writer).values(epoch=stored + 1))
        return stored + 1

    def _require_same_file(self) -> None:
        """Refuse to write into a file that no longer has its name: what is saved there would be lost.

        A folder that is gone may come back, as a share does. The file is then a new one for the system; the epoch in
        it tells whether somebody wrote meanwhile.
        """
        now = _identity(self.path)
        if now is None and not self.path.parent.exists():
            self._engine.dispose()  # a handle from before must not be believed afterwards
            self._is_away = True
            raise ProjectUnreachableError(
                "The connection to the project folder is lost, so the last change was not saved. It can be tried again "
                "once the drive is connected."
            )
        if self._is_away and now is not None:
            self._is_away, self._file = False, now
        if now != self._file:
            self.read_only = True
            raise ProjectTakenOverError(
                "The project's database was replaced or removed while it was open, so this window has stopped writing. "
                "Check that the drive is connected, then close the project and open it again."
            )

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.OperationalError as error:
            self._engine.dispose()  # after a failed sync the same handle must not be believed (reliability.md C9)
            if dialect.is_disk_full(error):
                free, needed = shutil.disk_usage(self.path.parent).free, max(self.path.stat().st_size, LEAST_ROOM)
                raise DiskFullError(free=free, needed=needed) from error
            raise NotSavedError(
                f"The project's database could not be used ({error.orig}), so the last change was not saved. Check "
                "that the disk is connected and not full, then try again."
            ) from error
        except sa.exc.DatabaseError as error:
            if type(error) is not sa.exc.DatabaseError:
                raise
            raise DamagedProjectError(
                f"The project's database is damaged ({error.orig}). Nothing was changed. Close the project and copy "
                "the newest file of its `backups` folder over project.db."
            ) from error

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
