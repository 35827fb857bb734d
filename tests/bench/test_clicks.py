"""The cheap part of the click table: what needs no training, in the real window."""

import json

import pytest

from bench import clicks
from bench.click_runs import RUNS, Counted


@pytest.mark.parametrize("task", ["T1", "T3", "T4", "T5", "T7", "T8"])
def test_a_target_is_counted_and_reached(task, tmp_path, qapp):
    target = next(target for target in clicks.TARGETS if target.task == task)
    row = clicks.measure(target, RUNS[task])
    assert row.reached, row
    assert row.task in clicks.table([row]) and "yes" in clicks.table([row])


def test_every_target_has_a_script_and_a_limit():
    assert [target.task for target in clicks.TARGETS] == list(RUNS) == [f"T{n}" for n in range(1, 10)]
    assert all(target.text for target in clicks.TARGETS)
    for target in clicks.TARGETS:
        assert target.is_reached(Counted())
        assert not target.is_reached(Counted(keys=99, clicks=99, lost=99))


def test_the_table_says_no_where_a_target_is_missed(capsys):
    target = clicks.Target("T3", "Correct one", keys=0, clicks=1)
    row = clicks.measure(target, lambda _folder: Counted(keys=2, clicks=1))
    assert not row.reached and clicks.table([row]).splitlines()[1].split()[-1] == "no"
    assert json.loads(json.dumps(clicks.asdict(row)))["keys"] == 2


def test_a_script_that_does_not_come_to_its_end_costs_one_line_of_the_table():
    def stuck(_folder):
        raise TimeoutError("nothing came")

    row = clicks.measure(clicks.TARGETS[0], stuck)
    assert not row.reached and "not finished: nothing came" in clicks.table([row])
