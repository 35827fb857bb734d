from __future__ import annotations

import shutil
import sqlite3
import struct

import pytest

from medsapiens_core.store import migrate
from medsapiens_core.store.errors import (
    DamagedProjectError,
    NewerProjectError,
    ProjectExistsError,
    ProjectLockedError,
    ProjectNotFoundError,
    ReadOnlyProjectError,
)
from medsapiens_core.store.project import DATABASE, Project
from tests.core.store.building import TEMPLATE, add_case, place_all, review, write_picture


def folder_bytes(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_new_project_holds_what_it_was_given(project):
    assert (project.name, project.template) == ("Skulls", TEMPLATE)
    assert project.info()["schema"] == migrate.HEAD
    assert project.check() == []


def test_a_project_is_never_made_over_something(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ProjectExistsError):
        Project.create(tmp_path, name="x", template=TEMPLATE)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_may_become_a_project(tmp_path):
    (tmp_path / "new").mkdir()
    Project.create(tmp_path / "new", name="x", template=TEMPLATE).close()
    assert [p.name for p in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("kind", ["gone", "file", "empty folder"])
def test_a_missing_project_is_not_created_by_opening(tmp_path, kind):
    place = tmp_path / "project"
    if kind == "file":
        place.write_text("not a folder")
    elif kind == "empty folder":
        place.mkdir()
    before = folder_bytes(tmp_path)
    with pytest.raises(ProjectNotFoundError, match="Nothing was created"):
        Project.open(place)
    assert folder_bytes(tmp_path) == before
    assert not place.exists() or place.is_file() or not any(place.iterdir())


@pytest.mark.parametrize("ahead", [1, 100])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_schema_is_refused_and_left_as_it_is(tmp_path, ahead, read_only):
    Project.create(tmp_path / "p", name="x", template=TEMPLATE).close()
    database = tmp_path / "p" / DATABASE
    content = bytearray(database.read_bytes())
    content[60:64] = struct.pack(">I", migrate.HEAD + ahead)
    database.write_bytes(content)
    before = folder_bytes(tmp_path)
    with pytest.raises(NewerProjectError) as refusal:
        Project.open(tmp_path / "p", read_only=read_only)
    assert (refusal.value.found, refusal.value.known) == (migrate.HEAD + ahead, migrate.HEAD)
    assert folder_bytes(tmp_path) == before


def damage_truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_zero_page(path):
    content = bytearray(path.read_bytes())
    content[4096:8192] = bytes(4096)
    path.write_bytes(content)


def damage_header(path):
    path.write_bytes(b"not a database" + path.read_bytes()[14:])


def damage_foreign(path):
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close()


def run_sql(*statements):
    def damage(path):
        connection = sqlite3.connect(path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    return damage


DAMAGES = {
    "truncated": damage_truncate,
    "zeroed page": damage_zero_page,
    "header": damage_header,
    "foreign database": damage_foreign,
    "hostile trigger": run_sql("CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM cases; END"),
    "hostile view": run_sql("CREATE VIEW v AS SELECT * FROM cases"),
    "guard removed": run_sql("DROP TRIGGER audit_no_delete"),
    "foreign table": run_sql("CREATE TABLE other (x)"),
    "table gone": run_sql("DROP TABLE comparison"),
    "template changed": run_sql("UPDATE template SET json = replace(json, 'SELLA', 'NASION')"),
    "facts gone": run_sql("DELETE FROM meta WHERE key = 'salt'"),
    "audit changed": run_sql(
        "DROP TRIGGER audit_no_update",
        "UPDATE audit SET actor = 'somebody' WHERE seq = 2",
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_database_is_refused_and_left_as_it_is(tmp_path, name):
    with Project.create(tmp_path / "p", name="x", template=TEMPLATE) as project:
        place_all(project, add_case(project, 1))
    path = tmp_path / "p" / DATABASE
    DAMAGES[name](path)
    before = path.read_bytes()
    with pytest.raises(DamagedProjectError):
        Project.open(tmp_path / "p")
    assert path.read_bytes() == before
    with pytest.raises(DamagedProjectError):  # and the lock was given back
        Project.open(tmp_path / "p")


def test_everything_is_there_after_reopening(tmp_path):
    with Project.create(tmp_path / "p", name="x", template=TEMPLATE) as project:
        case = add_case(project, 1)
        annotation = review(project, case)
        history, row = project.annotations.history(case.id), project.cases.get(case.id)
    with Project.open(tmp_path / "p") as again:
        assert again.annotations.load(case.id) == annotation
        assert again.annotations.history(case.id) == history
        assert again.cases.get(case.id) == row
        assert again.check() == []


def test_reading_is_possible_while_another_writes_and_changes_nothing(project):
    case = add_case(project, 1)
    with Project.open(project.folder, read_only=True) as reader:
        annotation = place_all(project, case)
        assert reader.annotations.load(case.id) == annotation
        assert reader.read_only and not project.read_only
        with pytest.raises(ReadOnlyProjectError):
            reader.cases.set_flag(case.id, "other")
    with pytest.raises(ProjectLockedError, match="Close it there"):
        Project.open(project.folder)


def test_a_moved_project_finds_the_pictures_inside_it(tmp_path):
    with Project.create(tmp_path / "old", name="x", template=TEMPLATE) as project:
        inside = add_case(project, 1)
        outside = project.cases.add(write_picture(tmp_path / "films" / "b.png", 2))
    shutil.move(tmp_path / "old", tmp_path / "elsewhere")
    with Project.open(tmp_path / "elsewhere") as project:
        assert project.cases.get(inside.id).path == tmp_path / "elsewhere" / "pictures" / "film 1.png"
        assert project.cases.get(outside.id).path == tmp_path / "films" / "b.png"
        assert project.check() == []


def test_check_names_cases_whose_pictures_are_gone_or_changed(project):
    gone, changed, sound = (add_case(project, number) for number in range(3))
    gone.path.unlink()
    changed.path.write_bytes(sound.path.read_bytes())
    problems = project.check()
    assert [text.split(":")[0] for text in problems] == [f"Case {gone.id}", f"Case {changed.id}"]
    assert "missing" in problems[0] and "changed" in problems[1]
    assert not any("film" in text for text in problems), "file names may hold patient data"
    assert project.check(files=False) == []


def test_a_moved_picture_can_be_found_again_but_not_replaced(project, tmp_path):
    from medsapiens_core.store.errors import ProjectError

    case = add_case(project, 1)
    moved = case.path.rename(tmp_path / "moved.png")
    other = write_picture(tmp_path / "other.png", 9).provenance.path
    with pytest.raises(ProjectError, match="not the picture"):
        project.cases.relocate(case.id, other)
    assert project.cases.relocate(case.id, moved).path == moved
    assert project.check() == []
