import re
import sqlite3
import threading

import pytest

from app.controllers.save_queue import SaveQueue
from medsapiens_core.data.annotation import placed
from medsapiens_core.store.project import Project

from ..building import add_case


@pytest.fixture
def case(project):
    return add_case(project, 1)


@pytest.fixture
def queue(runner, project):
    def write(edit, before):
        project.annotations.commit(edit, before.case_id, expected_revision=before.revision)

    queue = SaveQueue(runner, write)
    queue.notes = []
    queue.saved.connect(lambda edit, case_id, at: queue.notes.append((edit.id, at)))
    return queue


def edits(annotation, count):
    for number in range(count):
        edit = annotation.change("move", {"big": placed(number, number, None)})
        yield edit, annotation
        annotation = annotation.apply(edit)


def test_edits_reach_the_disk_in_order_and_only_then_count_as_saved(queue, project, case, qtbot):
    made = list(edits(project.annotations.load(case.id), 5))
    for edit, before in made:
        queue.commit(edit, before)
    assert queue.unsaved(case.id) is None or queue.unsaved(case.id)["big"].x == 4
    qtbot.waitUntil(lambda: len(queue.notes) == 5)
    assert [edit_id for edit_id, _ in queue.notes] == [edit.id for edit, _ in made]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d", at) for _, at in queue.notes)
    with Project.open(project.folder, read_only=True) as again:
        assert again.annotations.load(case.id)["big"].x == 4


def test_what_the_disk_refuses_is_kept_and_written_later(queue, project, case, qtbot):
    made = list(edits(project.annotations.load(case.id), 3))
    blocker = sqlite3.connect(project.folder / "project.db", isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN IMMEDIATE")
    with qtbot.waitSignal(queue.failed, timeout=20_000) as failure:
        for edit, before in made:
            queue.commit(edit, before)
    assert failure.args[1] == 3 and queue.notes == []
    assert queue.unsaved(case.id)["big"].x == 2
    blocker.execute("ROLLBACK")
    blocker.close()
    queue.retry()
    qtbot.waitUntil(lambda: len(queue.notes) == 3)
    assert queue.waiting == 0 and project.annotations.load(case.id)["big"].x == 2


def test_a_change_by_somebody_else_stops_the_writing(queue, project, case, qtbot):
    first, second = list(edits(project.annotations.load(case.id), 2))
    project.annotations.commit(first[0], case.id, expected_revision=0)
    with qtbot.waitSignal(queue.stopped) as stopped:
        queue.commit(second[0].inverse(), first[1])
    assert "changed elsewhere" in stopped.args[0]
    assert queue.waiting == 1


def test_flushing_writes_what_waits(queue, project, case):
    for edit, before in edits(project.annotations.load(case.id), 3):
        queue.commit(edit, before)
    assert queue.flush() is None
    assert project.annotations.load(case.id).revision == 3


def test_a_try_asked_for_during_one_that_fails_follows_it(runner, project, case, qtbot):
    begun, refuse = threading.Event(), threading.Event()

    def write(edit, before):
        if not refuse.is_set():
            begun.set()
            refuse.wait(20)
            raise OSError("the folder is away")
        project.annotations.commit(edit, before.case_id, expected_revision=before.revision)

    queue = SaveQueue(runner, write)
    queue._timer.setInterval(10**8)
    queue.commit(*next(edits(project.annotations.load(case.id), 1)))
    assert begun.wait(20)
    queue.retry()
    refuse.set()
    qtbot.waitUntil(lambda: queue.waiting == 0, timeout=20_000)
