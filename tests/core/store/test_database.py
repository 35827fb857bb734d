from __future__ import annotations

import re
import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql

from medsapiens_core import store
from medsapiens_core.data.annotation import placed
from medsapiens_core.store import dialect, migrate, tables
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import ProjectTakenOverError
from medsapiens_core.store.project import DATABASE, Project
from tests.core.store.building import TEMPLATE, add_case, commit, place_all, review

SOURCES = [path for path in Path(store.__file__).parent.rglob("*.py") if path.name != "dialect.py"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_sql_that_only_sqlite_knows_stays_in_one_module(path):
    text = path.read_text()
    words = (
        r"PRAGMA|sqlite_master|sqlite_schema|BEGIN IMMEDIATE|INSERT OR|ROWID|CREATE TRIGGER (?!\{)|VACUUM|strftime\("
    )
    assert re.findall(words, text) == []
    assert "sqlalchemy.dialects" not in text


def test_every_table_and_index_can_be_made_on_postgresql():
    for table in tables.metadata.sorted_tables:
        assert sa.schema.CreateTable(table).compile(dialect=postgresql.dialect())
        for index in table.indexes:
            assert sa.schema.CreateIndex(index).compile(dialect=postgresql.dialect())


def test_the_migrations_make_the_tables_that_the_code_uses(project):
    with project.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
        version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
        assert int(version) == migrate.HEAD == dialect.schema_version(connection)


def test_a_connection_is_as_safe_as_the_library_allows(project):
    with project.database.read() as connection:
        value = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "foreign_keys", "trusted_schema", "secure_delete", "mmap_size", "journal_mode")
        }
    assert value["synchronous"] == 2  # FULL
    assert (value["foreign_keys"], value["trusted_schema"], value["secure_delete"]) == (1, 0, 1)
    assert value["mmap_size"] in (0, None)
    assert value["journal_mode"] == ("wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "delete")


def test_wal_only_on_a_local_disk_with_a_library_free_of_the_reset_defect(tmp_path):
    assert not dialect.is_network_folder(tmp_path)
    assert dialect.journal_mode(False, (3, 51, 2)) == "DELETE"
    assert dialect.journal_mode(False, (3, 51, 3)) == "WAL"
    assert dialect.journal_mode(True, (3, 51, 3)) == "DELETE"


@pytest.mark.parametrize("table", tables.APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "REPLACE INTO {0} SELECT * FROM {0}"])
def test_history_cannot_be_rewritten(project, table, verb):
    case = add_case(project, 1, patient="p")
    from tests.core.store.building import predict

    predict(project, case)
    review(project, case)
    snapshot = project.snapshots.freeze()
    project.comparisons.add(project.jobs.enqueue("finetune", {}).id, {"verdict": "better"}, snapshot_id=snapshot.id)
    project.calibrations.choose([case.id], "pixels", None, reader="AB")
    column = next(iter(tables.metadata.tables[table].c)).name
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), project.database.write() as connection:
        connection.exec_driver_sql(verb.format(table, column, column))


def test_a_failed_transaction_leaves_nothing_behind(project):
    case = add_case(project, 1)
    rows = project.audit.count()
    with pytest.raises(RuntimeError), project.database.write() as connection:
        connection.execute(sa.update(tables.cases).values(modality="CT"))
        raise RuntimeError
    assert project.cases.get(case.id).modality == "DX"
    assert project.audit.count() == rows


def test_a_writer_whose_lock_was_ignored_stops(project):
    case = add_case(project, 1)
    annotation = project.annotations.load(case.id)
    intruder = Database(project.folder / DATABASE)
    intruder.claim()
    with pytest.raises(ProjectTakenOverError):
        commit(project, annotation, annotation.change("move", {"sella": placed(1, 1, None)}))
    assert project.read_only
    assert project.annotations.load(case.id) == annotation
    intruder.claim()
    intruder.close()


def test_a_second_window_after_the_lock_file_was_deleted_wins_alone(project):
    case = add_case(project, 1)
    (project.folder / "lock").unlink()
    with Project.open(project.folder) as second:
        after = place_all(second, case)
        with pytest.raises(ProjectTakenOverError):
            place_all(project, case, offset=5)
        assert second.annotations.load(case.id) == after
        assert second.check() == []


def test_nothing_is_saved_into_a_database_that_was_replaced(project, tmp_path):
    case = add_case(project, 1)
    shutil.copy(project.folder / DATABASE, tmp_path / "copy.db")
    (tmp_path / "copy.db").replace(project.folder / DATABASE)
    with pytest.raises(ProjectTakenOverError, match="replaced or removed"):
        place_all(project, case)


def test_no_error_text_of_the_database_holds_a_path(tmp_path):
    with Project.create(tmp_path / "p", name="x", template=TEMPLATE) as project:
        case = add_case(project, 1)
        twice = {"image_sha256": case.image_sha256, "frame": 0, "axis": tables.NO_AXIS}
        with pytest.raises(sa.exc.IntegrityError) as failure, project.database.write() as connection:
            row = connection.execute(sa.select(tables.cases)).mappings().one()
            connection.execute(sa.insert(tables.cases).values({**row, "id": 99, **twice}))
        assert "film" not in str(failure.value)
