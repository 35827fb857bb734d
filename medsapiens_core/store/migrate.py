"""Bring a database to the newest schema: Alembic, run on a copy, with a backup first (formats.md 8.3, C3, V6)."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.store import audit, dialect
from medsapiens_core.store.errors import DamagedProjectError
from medsapiens_core.whole_files import sync_file, sync_folder

SCRIPTS = Path(__file__).parent / "migrations"
HEAD = 9
_ALEMBIC = threading.Lock()  # its command context is global to the process


def build(path: Path) -> None:
    """Make a new database file at the newest schema. `path` must not exist."""
    engine = dialect.open_engine(path, create=True)
    try:
        dialect.mark_new(engine)
        upgrade(engine)
    finally:
        engine.dispose()


def upgrade(engine: sa.Engine, to: int = HEAD) -> None:
    """Run the missing scripts and store the schema version, all in one transaction."""
    from alembic import command  # takes as long to load as the rest of the store, and only this needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with _ALEMBIC, dialect.for_writing(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, str(to))
        dialect.set_schema_version(connection, to)


def migrate_file(path: Path, backups: Path, found: int) -> Path:
    """Back up the database, upgrade a copy, check it, and put it in the place of the old one. Returns the backup.

    Whenever this is killed, `path` holds the whole old or the whole new database. Raises DamagedProjectError, with
    the old database in place, when the copy does not pass the checks.
    """
    backups.mkdir(exist_ok=True)
    kept = backups / f"project-schema{found}-{utc_now()[:19].replace(':', '')}.db"
    copy = path.with_name(path.name + ".migrating")
    _remove_database(copy)
    try:
        dialect.backup(path, kept)
        dialect.backup(kept, copy)
        _upgrade_copy(copy)
    except (sqlite3.Error, dialect.DatabaseError) as error:
        raise DamagedProjectError(
            f"The project could not be brought to the newest format ({type(error).__name__}). It was not changed."
        ) from error
    sync_file(kept)
    sync_file(copy)
    copy.replace(path)
    sync_folder(path.parent)
    return kept


def upgrade_to_copy(source: Path, target: Path) -> None:
    """Write an upgraded copy of an older database, for reading; the old one stays as it is."""
    dialect.backup(source, target)
    _upgrade_copy(target)


def _upgrade_copy(copy: Path) -> None:
    engine = dialect.open_engine(copy)
    try:
        before = _row_counts(engine)
        upgrade(engine)
        after = _row_counts(engine)
        with engine.begin() as connection:
            problems = dialect.quick_check(connection, full=True)
            bad = audit.first_bad_row(connection)
        lost = [name for name, count in before.items() if after.get(name, -1) < count]
        if problems or lost or bad is not None:
            raise DamagedProjectError(
                "The upgraded copy of the project did not pass its checks, so the project was left as it was "
                f"({len(problems)} structure problems, {len(lost)} tables with missing rows, audit row {bad})."
            )
    finally:
        engine.dispose()


def _row_counts(engine: sa.Engine) -> dict[str, int]:
    with engine.begin() as connection:
        names = sa.inspect(connection).get_table_names()
        counts = {n: connection.execute(sa.select(sa.func.count()).select_from(sa.table(n))) for n in names}
        return {name: int(result.scalar_one()) for name, result in counts.items()}


def _remove_database(path: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
