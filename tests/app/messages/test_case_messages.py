"""M06, M07 and M38: a case whose picture or landmarks are not what they were is not opened, and can be mended."""

import sqlite3

from PySide6.QtGui import QGuiApplication

from app.case_problems import clock
from medsapiens_core.data.annotation import placed

from ..building import write_png
from .conftest import LONG, notice, press


def second(application):
    return application.workspace.project.cases.page(limit=10)[1]


def forget_read_ahead(application, qtbot, case_id):
    """The picture of the next case is read while the first is looked at, and would be shown without its file."""
    loader = application.workspace.loader
    qtbot.waitUntil(lambda: case_id in loader._images, timeout=LONG)
    loader._images.pop(case_id)


def fail_to_open(application, qtbot, case_id):
    application.workspace.open_case(case_id)
    qtbot.waitUntil(lambda: notice(application, "open")[0] != "", timeout=LONG)
    return notice(application, "open")


def wait_for(application, qtbot, case_id):
    qtbot.waitUntil(lambda: application.workspace._case_on_screen() == case_id, timeout=LONG)


def test_m06_a_picture_that_was_moved_is_found_alone_or_with_all_others(opened, tmp_path, qtbot):
    row, rows = second(opened), opened.workspace.project.cases.page(limit=10)
    forget_read_ahead(opened, qtbot, row.id)
    elsewhere = tmp_path / "new drive" / "deep"
    elsewhere.mkdir(parents=True)
    for other in rows[1:]:
        other.path.rename(elsewhere / other.path.name)
    expected = (
        f"The picture of case {row.name} is not at its old place.",
        ["Find it", "Find folder for all", "Close case"],
    )
    assert fail_to_open(opened, qtbot, row.id) == expected
    press(opened, "open", "Close case")
    assert notice(opened, "open") == ("", []) and opened.workspace._case_on_screen() == rows[0].id

    fail_to_open(opened, qtbot, row.id)
    opened.answers.file = str(rows[0].path)  # another picture is refused
    press(opened, "open", "Find it")
    qtbot.waitUntil(lambda: "its bytes differ" in notice(opened, "open")[0], timeout=LONG)
    fail_to_open(opened, qtbot, row.id)
    qtbot.waitUntil(lambda: notice(opened, "open") == expected, timeout=LONG)
    opened.answers.folder = str(tmp_path / "new drive")
    press(opened, "open", "Find folder for all")
    wait_for(opened, qtbot, row.id)
    assert opened.workspace.project.cases.elsewhere() == []


def test_m07_a_picture_that_was_changed_can_be_replaced_or_taken_as_a_new_case(opened, tmp_path, qtbot):
    row = second(opened)
    forget_read_ahead(opened, qtbot, row.id)
    kept = tmp_path / "kept.png"
    kept.write_bytes(row.path.read_bytes())
    write_png(row.path, seed=99)
    assert fail_to_open(opened, qtbot, row.id) == (
        f"The picture of case {row.name} has changed since import. The landmarks belong to the old one.",
        ["Find the old file", "Import as new case", "Close case"],
    )
    with qtbot.waitSignal(opened.workspace.importer.finished, timeout=LONG):
        press(opened, "open", "Import as new case")
    assert opened.workspace.project.cases.count() == 4
    fail_to_open(opened, qtbot, row.id)
    opened.answers.file = str(kept)
    press(opened, "open", "Find the old file")
    wait_for(opened, qtbot, row.id)


def test_m38_damaged_landmarks_are_not_opened_and_come_back_from_the_record(opened, qtbot):
    project, row = opened.workspace.project, second(opened)
    annotation = project.annotations.load(row.id)
    edit = annotation.change("move", {"big": placed(30.5, 40.25, None)})
    project.annotations.commit(edit, row.id, expected_revision=0)
    with sqlite3.connect(project.database.path) as raw:  # as a failing disk, or another program, would
        raw.execute("UPDATE annotation_point SET x = 99 WHERE landmark = 'big'")
    raw.close()
    text, buttons = fail_to_open(opened, qtbot, row.id)
    assert text == (
        f"Checksum of case {row.name}'s landmarks is wrong. The case is not opened so that nothing is overwritten."
    )
    when = clock(project.annotations.history(row.id)[-1].utc)
    assert buttons == [f"Restore {when} version", "Copy details", "Skip"]
    press(opened, "open", "Copy details")
    assert f'"case": {row.id}' in QGuiApplication.clipboard().text()
    fail_to_open(opened, qtbot, row.id)
    press(opened, "open", f"Restore {when} version")
    wait_for(opened, qtbot, row.id)
    assert (project.annotations.load(row.id)["big"].x, project.annotations.load(row.id)["big"].y) == (30.5, 40.25)
    assert project.check(files=False) == []


def test_m38_nothing_is_restored_that_the_record_does_not_lead_to(opened, qtbot):
    project, row = opened.workspace.project, second(opened)
    edit = project.annotations.load(row.id).change("move", {"big": placed(1, 2, None)})
    project.annotations.commit(edit, row.id, expected_revision=0)
    with sqlite3.connect(project.database.path) as raw:
        for trigger in raw.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'annotation_revision'"
        ).fetchall():
            raw.execute(f"DROP TRIGGER {trigger[0]}")
        raw.execute("UPDATE annotation_revision SET state_hash = 'x'")
    raw.close()
    _text, buttons = fail_to_open(opened, qtbot, row.id)
    assert buttons == ["Copy details", "Skip"]
