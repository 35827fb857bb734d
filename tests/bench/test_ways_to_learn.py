import json
from dataclasses import asdict

import pytest

from bench import ways_to_learn
from bench.jsonl import append_row, read_rows
from bench.ways_to_learn import Cell, bases, is_done, is_possible, summary, training_items
from medsapiens_core.errors import UserError
from tests.bench.building import CEPH, write_ceph, write_ceph_model
from tests.core.training.building import TEMPLATE

CELL = Cell("base@0", "ceph-19", "head", 5, 0, 15.0)


def row(way="head", count=5, seed=0, value=1.0, known=False):
    cell = Cell("base@0", "ceph-19", way, count, seed, 15.0)
    return {**asdict(cell), "mre": {"value": value}, "unit": "mm", "known_to_base": known}


def test_a_cell_is_done_only_by_a_row_with_all_of_its_settings():
    assert is_done(CELL, [row(seed=1), row()])
    for change in ({"base": "other@1"}, {"minutes": 1.0}, {"seed": 1}, {"way": "full"}, {"count": 10}):
        assert not is_done(CELL, [{**row(), **change}])


def test_the_table_gives_mean_and_range_over_seeds():
    rows = [row(value=2.0), row(seed=1, value=3.0), row("full", 10, value=None, known=True)]
    assert summary(rows) == [
        ("template", "way", "unit", "n = 5", "n = 10"),
        ("ceph-19", "head", "mm", "2.50 (2.00-3.00, 2)", "-"),
        ("ceph-19 (known to base)", "full", "mm", "-", "-"),
    ]


def test_a_base_is_named_for_all_templates_or_for_each(tmp_path):
    both = bases(["a", f"spine-68={tmp_path}"], ["ceph-19", "spine-68"])
    assert {key: str(path) for key, path in both.items()} == {"ceph-19": "a", "spine-68": str(tmp_path)}
    with pytest.raises(UserError, match="No base for spine-68"):
        bases(["ceph-19=a"], ["ceph-19", "spine-68"])


def test_prototypes_are_not_asked_for_where_the_base_has_a_trained_head(tmp_path):
    fresh = write_ceph_model(tmp_path / "fresh", TEMPLATE)
    trained = write_ceph_model(tmp_path / "trained")
    prototypes = Cell("base@0", "ceph-19", "prototypes", 5, 0, 15.0)
    assert is_possible(prototypes, fresh)
    assert not is_possible(prototypes, trained)
    assert is_possible(CELL, trained)


def test_no_film_that_is_measured_on_is_trained_on(tmp_path):
    data = write_ceph(tmp_path)
    assert [item.path.name for item in training_items(data, CEPH)] == [f"0-{k:03d}.png" for k in range(7)]


@pytest.mark.slow
def test_cells_are_trained_measured_written_and_left_out_the_next_time(tmp_path, capsys):
    data = write_ceph(tmp_path / "data")
    package = write_ceph_model(tmp_path / "models" / "blobs", TEMPLATE)
    out = tmp_path / "out"
    given = ["--base", str(package), "--data", str(data), "--out", str(out), "--templates", "ceph-19", "--json"]
    given += ["--minutes", "0.02", "--counts", "2", "--seeds", "0", "--ways"]
    assert ways_to_learn.main([*given, "head"]) == 0
    (first,) = json.loads(capsys.readouterr().out)["rows"]
    assert (first["way"], first["trained_on"], first["n_images"], first["known_to_base"]) == ("head", 2, 1, False)
    assert first["mre"]["value"] > 0
    append_row(out / "rows.jsonl", {**first, "seed": 7})  # of another call
    assert ways_to_learn.main([*given, "head", "prototypes"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [r["way"] for r in rows] == ["head", "prototypes"]
    assert rows[0] == first
    assert len(read_rows(out / "rows.jsonl")) == 3
    assert list((out / "running").iterdir()) == []
