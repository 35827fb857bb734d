from __future__ import annotations

import functools
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest

from medsapiens_core.data.snapshot import TrainingSnapshot
from medsapiens_core.store import dialect, migrate
from medsapiens_core.store.errors import DamagedProjectError, ReadOnlyProjectError
from medsapiens_core.store.project import DATABASE, Project
from tests.core.store.building import TEMPLATE, place_all, review
from tests.core.store.conftest import FIXTURES


def version_of(path):
    return dialect.read_header(path)[1]


def rows_of(path):
    """Every row of every table and column that schema 1 had, but for the bookkeeping of versions and writers."""
    columns = columns_of_schema_1()
    connection = sqlite3.connect(path)
    rows = {name: connection.execute(f"SELECT {kept} FROM {name} ORDER BY 1, 2").fetchall() for name, kept in columns}
    connection.close()
    return rows


@functools.cache
def columns_of_schema_1():
    """(table, its columns joined) as the fixture has them."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(FIXTURES / "schema_1.zip") as archive:
        archive.extractall(folder)
        connection = sqlite3.connect(next(Path(folder).rglob(DATABASE)))
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        names -= {"alembic_version", "writer"}
        info = {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in sorted(names)}
        connection.close()
    return tuple((name, ", ".join(column[1] for column in found)) for name, found in info.items())


def test_the_fixture_is_what_it_says(schema_1):
    assert version_of(schema_1 / DATABASE) == 1 < migrate.HEAD


def test_an_older_project_is_backed_up_and_upgraded_with_every_row(schema_1):
    before, old_bytes = rows_of(schema_1 / DATABASE), (schema_1 / DATABASE).read_bytes()
    with Project.open(schema_1) as project:
        assert project.info()["schema"] == migrate.HEAD
        assert project.check() == []
        assert project.cases.counts()["reviewed"] == 11
        assert rows_of(schema_1 / DATABASE) == before
    backups = list((schema_1 / "backups").iterdir())
    assert [version_of(path) for path in backups] == [1]
    assert rows_of(backups[0]) == before
    assert len(old_bytes) > 0
    assert not (schema_1 / f"{DATABASE}.migrating").exists()


def test_an_upgraded_project_can_be_worked_in_and_opens_again_without_a_further_backup(schema_1):
    with Project.open(schema_1) as project:
        case = project.cases.page("all", "added")[-1]
        annotation = review(project, case)
    with Project.open(schema_1) as project:
        assert project.annotations.load(case.id) == annotation
        assert project.check() == []
    assert len(list((schema_1 / "backups").iterdir())) == 1


def test_the_upgrade_knows_the_locked_set_of_old_snapshots(schema_1):
    with Project.open(schema_1) as project:
        snapshot_id = json.loads((project.jobs.list()[0].folder / "job.json").read_text())["snapshot"]
        old = project.snapshots.get(snapshot_id)
        assert len(old.part("locked")) == 2
        project.comparisons.add(project.jobs.list()[0].id, {"verdict": "better"}, snapshot_id=snapshot_id)
        new = project.snapshots.freeze()
        assert new.locked_sha256 == old.locked_sha256
        assert project.comparisons.looks(new.id) == 1, "both snapshots hold the same locked cases"
        assert isinstance(old, TrainingSnapshot) and asdict(old)["sha256"] == old.sha256


def test_reading_an_older_project_leaves_it_as_it_is(schema_1):
    before = (schema_1 / DATABASE).read_bytes()
    with Project.open(schema_1, read_only=True) as project:
        assert project.info()["schema"] == migrate.HEAD
        assert project.cases.count("reviewed") == 11
        with pytest.raises(ReadOnlyProjectError):
            project.cases.set_flag(1, "other")
    assert (schema_1 / DATABASE).read_bytes() == before
    assert not list((schema_1 / "backups").glob("*")) and not (schema_1 / "lock").exists()


def test_a_damaged_older_project_is_not_upgraded(schema_1):
    path = schema_1 / DATABASE
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER audit_no_update")
    connection.execute("UPDATE audit SET actor = 'x' WHERE seq = 5")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DamagedProjectError, match="left as it was"):
        Project.open(schema_1)
    assert path.read_bytes() == before


def test_leavings_of_a_killed_upgrade_are_cleared(schema_1):
    (schema_1 / f"{DATABASE}.migrating").write_bytes(b"half")
    (schema_1 / f"{DATABASE}.migrating-journal").write_bytes(b"half")
    with Project.open(schema_1) as project:
        assert project.check() == []
    assert not list(schema_1.glob("*.migrating*"))


def test_an_upgrade_may_be_killed_at_any_moment(schema_1, tmp_path):
    before = rows_of(schema_1 / DATABASE)
    seen = set()
    for number in range(6):
        folder = tmp_path / f"copy {number}.mss"
        shutil.copytree(schema_1, folder)
        command = [sys.executable, "-m", "tests.core.store.children", "migrate", str(folder), "0"]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout.readline()
        time.sleep(0.02 * number)  # not a wait for something: it chooses the moment of the kill
        child.send_signal(signal.SIGKILL)
        child.communicate()
        seen.add(version_of(folder / DATABASE))
        assert rows_of(folder / DATABASE) == before
        with Project.open(folder) as project:
            assert project.info()["schema"] == migrate.HEAD
            assert project.check() == []
            place_all(project, project.cases.page()[0], offset=3)
    assert 1 in seen, "no kill came before the end of the upgrade"


def test_projects_can_be_made_at_the_same_time(tmp_path):
    def make(number: int) -> str:
        with Project.create(tmp_path / f"p{number}", name=f"P{number}", template=TEMPLATE) as project:
            return project.name

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(make, range(8))) == [f"P{number}" for number in range(8)]
