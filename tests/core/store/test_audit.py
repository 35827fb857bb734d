from __future__ import annotations

import sqlite3

import pytest

from medsapiens_core.store import tables
from tests.core.store.building import add_case, place_all

COLUMNS = [column.name for column in tables.audit.c]


def tamper(project, *statements):
    connection = sqlite3.connect(project.database.path)
    for name in ("audit_no_update", "audit_no_delete"):
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def filled(project):
    place_all(project, add_case(project, 1))
    assert project.audit.verify() is None
    return project


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_of_any_column_is_found_at_its_row(filled, column):
    change = "seq = 1000" if column == "seq" else f"{column} = {column} || '0'"
    if column == "mono":
        change = "mono = mono + 0.001"
    tamper(filled, f"UPDATE audit SET {change} WHERE seq = 4")
    assert filled.audit.verify() == 4
    assert any("row 4" in text for text in filled.check())


def test_a_removed_row_is_found(filled):
    tamper(filled, "PRAGMA foreign_keys = OFF", "DELETE FROM audit WHERE seq = 3")
    assert filled.audit.verify() == 3


def test_two_rows_that_changed_places_are_found(filled):
    tamper(
        filled,
        "UPDATE audit SET seq = 1000 WHERE seq = 2",
        "UPDATE audit SET seq = 2 WHERE seq = 3",
        "UPDATE audit SET seq = 3 WHERE seq = 1000",
    )
    assert filled.audit.verify() == 2


def test_the_newest_rows_can_be_checked_alone(project, monkeypatch):
    monkeypatch.setattr("medsapiens_core.store.audit.TAIL", 3)
    place_all(project, add_case(project, 1))
    assert project.audit.count() > 5
    assert project.audit.verify_tail() is None
    tamper(project, "UPDATE audit SET actor = 'x' WHERE seq = 1")
    assert project.audit.verify_tail() is None
    assert project.audit.verify() == 1
    tamper_last = f"UPDATE audit SET actor = 'x' WHERE seq = {project.audit.count()}"
    connection = sqlite3.connect(project.database.path)
    connection.execute(tamper_last)
    connection.commit()
    connection.close()
    assert project.audit.verify_tail() == project.audit.count()


def test_each_act_is_told_without_names_of_files(filled):
    case_id = 1
    filled.cases.set_flag(case_id, "image quality")
    filled.cases.set_flag(case_id, None)
    rows = filled.audit.rows()
    assert [row.op for row in rows] == ["project.create", "case.add", *["annotation.edit"] * 4, *["case.flag"] * 2]
    assert rows[-1].body == {"case_id": case_id, "before": "image quality", "after": None}
    assert all(row.actor for row in rows)
    assert [row.mono for row in rows] == sorted(row.mono for row in rows)
    assert not any("film" in str(row.body) for row in rows)
    assert [row.seq for row in filled.audit.rows(after=2, limit=3)] == [3, 4, 5]
