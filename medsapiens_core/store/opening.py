"""Open the database of a project: refuse, lock, migrate and check, in that order (formats.md 8.2, V1-V6, V12)."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

from medsapiens_core.store import audit, dialect, migrate, tables
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import DamagedProjectError, NewerProjectError
from medsapiens_core.store.lock import ProjectLock

LOCK = "lock"


def open_database(path: Path, stack: ExitStack, *, read_only: bool, take_over: bool = False) -> Database:
    """The checked database; `stack` gives back what was taken. Nothing is written before all refusals are past."""
    _refuse_foreign(path)
    lock = ProjectLock(path.with_name(LOCK))
    if not read_only:
        lock.acquire(take_over=take_over)
        stack.callback(lock.release)
    try:
        found = _refuse_foreign(path)  # again, since the program that had the lock may have upgraded it
        if found < migrate.HEAD:
            path = _upgraded(path, found, stack, read_only)
        database = Database(path, read_only=read_only)
        database.was_left_behind = lock.was_left_behind
        stack.callback(database.close)
        _check(database)
    except (sqlite3.DatabaseError, dialect.DatabaseError, UnicodeDecodeError) as error:  # damaged names, too
        raise _damaged(type(error.__cause__ or error).__name__) from error
    return database


def older_schema(path: Path) -> int | None:
    """The schema version of a project.db that has to be upgraded before it is written; None for every other file."""
    header = dialect.read_header(path) if path.is_file() else None
    if header is None or header[0] != dialect.APPLICATION_ID or header[1] >= migrate.HEAD:
        return None
    return header[1]


def _refuse_foreign(path: Path) -> int:
    header = dialect.read_header(path)
    if header is None or header[0] != dialect.APPLICATION_ID:
        raise _damaged("project.db is not a MedSapiens database")
    _refuse_newer(header[1])
    return header[1]


def _refuse_newer(found: int) -> None:
    if found > migrate.HEAD:
        raise NewerProjectError(
            f"This project was saved by a newer version (format {found}; this version reads up to {migrate.HEAD}). "
            "Nothing was changed. Update the app to open it.",
            found=found,
            known=migrate.HEAD,
        )


def _upgraded(path: Path, found: int, stack: ExitStack, read_only: bool) -> Path:
    if not read_only:
        migrate.migrate_file(path, path.with_name("backups"), found)
        return path
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="medsapiens-")))
    migrate.upgrade_to_copy(path, folder / path.name)
    return folder / path.name


def _check(database: Database) -> None:
    with database.read() as connection:
        _refuse_newer(dialect.schema_version(connection))
        problems = dialect.quick_check(connection) + _schema_problems(connection)
        expected: dict[str, str] = {}
        for table in tables.APPEND_ONLY:
            expected |= {n: f"CREATE TRIGGER {n} {sql}" for n, sql in dialect.append_only_triggers(table).items()}
        expected |= {n: f"CREATE TRIGGER {n} {sql}" for n, sql in dialect.counting_triggers().items()}
        if dialect.active_objects(connection) != expected:
            problems.append("its triggers or views are not the known ones")
    if problems:
        raise _damaged(problems[0])
    bad = audit.AuditLog(database).verify_tail()
    if bad is not None:
        raise _damaged(f"row {bad} of the audit log was changed or is missing")


def _schema_problems(connection: sa.Connection) -> list[str]:
    inspector = sa.inspect(connection)
    found = {name: {column["name"] for column in inspector.get_columns(name)} for name in inspector.get_table_names()}
    known = {name: set(table.c.keys()) for name, table in tables.metadata.tables.items()}
    known["alembic_version"] = {"version_num"}
    return [] if found == known else ["its tables are not the known ones"]


def _damaged(reason: str) -> DamagedProjectError:
    return DamagedProjectError(
        f"The project's database is damaged or was changed by another program ({reason}). It was not opened, and "
        "nothing was changed. Copy the newest file of the project's `backups` folder over project.db, or ask for help."
    )
