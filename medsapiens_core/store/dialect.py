"""Everything that only SQLite knows: connections, pragmas, transactions, checks, backup, triggers (formats.md 8.2).

No other module of the store holds SQLite-only SQL, so that the same tables and queries run on PostgreSQL: a server
needs its own version of these functions and of nothing else.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

APPLICATION_ID = 0x4D535331  # "MSS1"
SAFE_WAL_VERSION = (3, 51, 3)  # older libraries can corrupt a WAL database when two connections write at once
BUSY_SECONDS = 5.0
CACHE_KB = 16_384  # an index of 100,000 cases has 5 MB; the 2 MB by default would be read anew for every page
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs"})
HEADER_BYTES = 100
_HEADER_MAGIC = b"SQLite format 3\x00"
_WRITES = "medsapiens_writes"

DatabaseError = sa.exc.DatabaseError


def journal_mode(network: bool, version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """`WAL` on a local disk with a library free of the WAL-reset defect, else `DELETE`."""
    return "WAL" if version >= SAFE_WAL_VERSION and not network else "DELETE"


def is_network_folder(folder: Path) -> bool:
    """True when the folder lies on a network share as far as the system tells."""
    path = folder.absolute()
    if str(path).startswith("\\\\"):
        return True
    mounts = [part for part in psutil.disk_partitions(all=True) if path.is_relative_to(part.mountpoint)]
    nearest = max(mounts, key=lambda part: len(part.mountpoint), default=None)
    return nearest is not None and nearest.fstype.lower() in NETWORK_FILE_SYSTEMS


def read_header(path: Path) -> tuple[int, int] | None:
    """Return (application_id, user_version) from the bytes of the file, opening no database; None if it is none."""
    with path.open("rb") as stream:
        header = stream.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(_HEADER_MAGIC):
        return None
    return int.from_bytes(header[68:72]), int.from_bytes(header[60:64])


def open_engine(path: Path, *, read_only: bool = False, create: bool = False) -> sa.Engine:
    """An engine on one database file. Never creates the file unless `create`; read-only refuses every change.

    Read-only still opens the file for writing where it may, since only so can SQLite roll back what a killed
    program left half done; `query_only` then forbids changes of ours. A medium without write access is opened as is.
    """
    writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    mode = "rwc" if create else "rw" if writable or not read_only else "ro"
    uri = f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if mode == 'ro' else ''}"
    network = is_network_folder(path.parent)

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        _set_pragmas(connection, network, read_only)
        return connection

    engine = sa.create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=QueuePool,
        hide_parameters=True,
        pool_reset_on_return="rollback",
    )
    sa.event.listen(engine, "begin", _begin)
    return engine


def contains(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """SQL: the column holds the text, letter by letter; a pattern match takes several times as long."""
    found: sa.ColumnElement[bool] = sa.func.instr(column, text) > 0
    return found


def for_writing(engine: sa.Engine) -> sa.Engine:
    """The same engine whose transactions take the write lock at once, so that they never fail half way for it."""
    return engine.execution_options(**{_WRITES: True})


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_pragmas(connection: sqlite3.Connection, network: bool, read_only: bool) -> None:
    pragmas = [
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "cell_size_check=ON",
        "mmap_size=0",
        f"cache_size=-{CACHE_KB}",
        "secure_delete=ON",
        "recursive_triggers=ON",  # else INSERT OR REPLACE would slip past the triggers of append-only tables
        f"synchronous={'EXTRA' if network else 'FULL'}",
    ]
    if sys.platform == "darwin":
        pragmas += ["fullfsync=ON", "checkpoint_fullfsync=ON"]
    pragmas.append("query_only=ON" if read_only else f"journal_mode={journal_mode(network)}")
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}").close()


def is_disk_full(error: sa.exc.DBAPIError) -> bool:
    """True when the database says that there is no room for what was to be written."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def mark_new(engine: sa.Engine) -> None:
    """Write our application id into a new database."""
    with for_writing(engine).begin() as connection:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def schema_version(connection: sa.Connection) -> int:
    """The schema version stored in the file's header."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def set_schema_version(connection: sa.Connection, version: int) -> None:
    """Store the schema version, inside the running transaction."""
    connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")


def quick_check(connection: sa.Connection, *, full: bool = False) -> list[str]:
    """Problems of the file's structure; empty when sound. `full` also compares indexes with tables (slower)."""
    rows = connection.exec_driver_sql("PRAGMA integrity_check(20)" if full else "PRAGMA quick_check(20)").scalars()
    problems = [str(row) for row in rows if row != "ok"]
    if full:
        problems += [
            f"row of {row[0]} points nowhere" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
        ]
    return problems


def make_append_only(connection: sa.Connection, table: str) -> None:
    """Forbid UPDATE and DELETE on a table."""
    for name, sql in append_only_triggers(table).items():
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {sql}")


def append_only_triggers(table: str) -> dict[str, str]:
    """Trigger name -> its text after the name."""
    return {
        f"{table}_no_{verb.lower()}": f"BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    }


def count_cases(connection: sa.Connection) -> None:
    """Let the table `case_count` follow the table `cases`."""
    for name, sql in counting_triggers().items():
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {sql}")


def counting_triggers() -> dict[str, str]:
    """Trigger name -> its text after the name. The counts never read more than the one case that changes."""
    more = (
        "INSERT INTO case_count (state, part, flagged, n) VALUES (new.state, new.part, new.flagged, 1) "
        "ON CONFLICT (state, part, flagged) DO UPDATE SET n = n + 1;"
    )
    less = "UPDATE case_count SET n = n - 1 WHERE state = old.state AND part = old.part AND flagged = old.flagged;"
    return {
        "cases_counted_insert": f"AFTER INSERT ON cases BEGIN {more} END",
        "cases_counted_delete": f"AFTER DELETE ON cases BEGIN {less} END",
        "cases_counted_update": f"AFTER UPDATE OF state, part, flagged ON cases BEGIN {less} {more} END",
    }


def active_objects(connection: sa.Connection) -> dict[str, str]:
    """Name -> text of everything in the schema that can act by itself: triggers and views."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_schema WHERE type IN ('trigger', 'view')")
    return {str(name): str(sql) for name, sql in rows}


def backup(source: Path, target: Path) -> None:
    """Copy a database while it may be in use, then check the copy. Raises sqlite3.DatabaseError."""
    origin = sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
    copy = sqlite3.connect(target)
    try:
        copy.execute("PRAGMA synchronous=FULL").close()
        origin.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE").close()
        verdict: Any = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != ("ok",):
            raise sqlite3.DatabaseError("the copy is damaged")
    finally:
        copy.close()
        origin.close()


def library_version() -> str:
    """Version of the SQLite library."""
    return sqlite3.sqlite_version
