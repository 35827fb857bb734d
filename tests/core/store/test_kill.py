"""Kill the program in the middle of its work; whatever it had called saved must be there (reliability.md C1, C6)."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time

from medsapiens_core.data.annotation import PointState
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project
from tests.core.store.building import TEMPLATE, add_case, predict
from tests.core.store.test_library import write_package

KILLS = 15


def run_and_kill(act, folder, seed, rng, most_lines):
    """What a child process said before it was killed: after a random number of lines, a random moment later."""
    command = [sys.executable, "-m", "tests.core.store.children", act, str(folder), str(seed)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    heard = [child.stdout.readline() for _ in range(1 + rng.randint(0, most_lines))]
    time.sleep(rng.uniform(0.0, 0.03))  # not a wait for something: it chooses the moment of the kill
    child.send_signal(signal.SIGKILL)
    rest = child.communicate()[0]
    assert child.returncode == -signal.SIGKILL
    lines = [*heard, *rest.splitlines(keepends=True)]
    return [json.loads(line) for line in lines if line.endswith("\n")][1:]


def test_every_saved_edit_survives(tmp_path):
    folder = tmp_path / "p"
    with Project.create(folder, name="x", template=TEMPLATE) as project:
        for number in range(4):
            predict(project, add_case(project, number))
    rng, said_in_all = random.Random(20261124), 0
    revisions = {}
    for number in range(KILLS):
        said = run_and_kill("edit", folder, number, rng, 9)
        said_in_all += len(said)
        newest = {(case_id, mark): (state, revision) for case_id, mark, state, revision in said}
        with Project.open(folder) as project:  # the lock of the dead process does not stand in the way
            for (case_id, mark), (state, revision) in newest.items():
                then = project.annotations.at_revision(case_id, revision)
                assert then[mark] == PointState.from_json(state)
                revisions[case_id] = max(revision, revisions.get(case_id, 0))
            for case_id, revision in revisions.items():
                assert project.annotations.load(case_id).revision >= revision
                assert len(project.annotations.history(case_id)) == project.annotations.load(case_id).revision
            assert project.audit.verify() is None
            assert project.check() == []
    assert said_in_all > 2 * KILLS, "too few edits were saved for the kills to mean anything"


def test_one_model_is_in_use_before_and_after(tmp_path):
    write_package(tmp_path / "embedded" / "base", templates=("test-4",))
    library = ModelLibrary(tmp_path, embedded=tmp_path / "embedded")
    for name in ("a", "b"):
        library.add(write_package(tmp_path / "made" / name, templates=("test-4",), seed=name), name)
    rng, rows = random.Random(7), 0
    for number in range(KILLS // 2):
        said = run_and_kill("promote", tmp_path, number, rng, 4)
        rows = max(rows, *(count for _, count in said)) if said else rows
        history = library.history()
        assert len(history) in (rows, rows + 1), "at most the change in hand is there without having been told"
        if said and len(history) == rows:
            assert library.current("test-4").name == said[-1][0]
        assert sum(entry.state == "promoted" for entry in library.list()) == 1
        assert [row.seq for row in history] == list(range(1, len(history) + 1))
        rows = len(history)
    assert rows > KILLS // 2


def test_a_full_disk_refuses_the_change_and_loses_nothing(tmp_path):
    folder = tmp_path / "p"
    with Project.create(folder, name="x", template=TEMPLATE) as project:
        add_case(project, 1)
    command = [sys.executable, "-m", "tests.core.store.children", "fill_disk", str(folder), "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    full, still, saved = [json.loads(line) for line in done.stdout.splitlines()]
    assert full[0] == "full" and "not saved" in full[2]
    assert still == ["still", True]
    assert saved == ["saved", full[1] + 1, []]
