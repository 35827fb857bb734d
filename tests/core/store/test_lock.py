from __future__ import annotations

import json
import subprocess
import sys

import psutil
import pytest

from medsapiens_core.store.errors import ProjectLockedError
from medsapiens_core.store.lock import LockHolder, ProcessIdentity, host_name, process_identity, read_holder
from medsapiens_core.store.project import Project
from tests.core.store.building import TEMPLATE


def start(folder):
    command = [sys.executable, "-m", "tests.core.store.children", "hold", str(folder), "0"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def first_word(child):
    return json.loads(child.stdout.readline())[0]


@pytest.fixture
def folder(tmp_path):
    Project.create(tmp_path / "p", name="x", template=TEMPLATE).close()
    return tmp_path / "p"


def write_holder(folder, **changes):
    me = process_identity().model_dump()
    holder = LockHolder(**{**me, "user": "ab", "since": "2026-11-24T09:12:00", **changes})
    (folder / "lock").write_text(holder.model_dump_json())


def test_the_holder_is_named_and_may_die(folder):
    child = start(folder)
    assert first_word(child) == "open"
    with pytest.raises(ProjectLockedError) as refusal:
        Project.open(folder)
    assert (refusal.value.pid, refusal.value.host) == (child.pid, host_name())
    assert str(child.pid) in str(refusal.value)
    child.kill()
    child.communicate()
    with Project.open(folder):
        assert read_holder(folder / "lock").pid == psutil.Process().pid
    assert read_holder(folder / "lock") is None


def test_of_two_that_open_at_once_one_gets_it(folder):
    for _ in range(2):
        children = [start(folder), start(folder)]
        words = sorted(first_word(child) for child in children)
        for child in children:
            child.communicate()
        assert words == ["open", "refused"]


def test_a_holder_whose_number_now_belongs_to_another_process_is_gone(folder):
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = psutil.Process(other.pid).create_time()
    write_holder(folder, pid=other.pid, started=started)
    with pytest.raises(ProjectLockedError, match="ab, process"):
        Project.open(folder)
    write_holder(folder, pid=other.pid, started=started - 500)
    Project.open(folder).close()
    other.communicate(b"\n")


def test_a_holder_on_another_host_is_believed(folder):
    write_holder(folder, host="PC-RADIO-3", pid=1, started=0.0)
    with pytest.raises(ProjectLockedError, match="PC-RADIO-3"):
        Project.open(folder)
    with Project.open(folder, read_only=True) as project:
        assert project.check() == []
    (folder / "lock").write_text("")
    Project.open(folder).close()


@pytest.mark.parametrize("text", ["", "{", "{}", "\x00" * 40])
def test_an_unfinished_text_is_no_holder(folder, text):
    (folder / "lock").write_text(text)
    Project.open(folder).close()


def test_a_process_is_recognised_by_number_and_start():
    me = process_identity()
    assert me.is_alive()
    assert not ProcessIdentity(pid=me.pid, host=me.host, started=me.started - 100).is_alive()
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not ProcessIdentity(pid=child.pid, host=me.host, started=me.started).is_alive()
