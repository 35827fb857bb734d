"""`medsapiens measure` on a real project: what the tables hold (ux.md 11.5; AS07's CSV row)."""

import csv
import json

import cv2
import pytest

from medsapiens_core.cli import main
from medsapiens_core.data.annotation import absent, placed, predicted
from medsapiens_core.io.phantom import make_phantom
from medsapiens_core.io.read import read_image
from medsapiens_core.measurements.tables import TABLES
from medsapiens_core.store.project import Project

from .building import CEPH


@pytest.fixture
def project(tmp_path):
    """One reviewed film with an absent Menton, one still in review."""
    folder = tmp_path / "ceph"
    pixels, marks = make_phantom("skull", 1)
    with Project.create(folder, name="Ceph", template=CEPH) as opened:
        for number in (1, 2):
            path = tmp_path / f"=film {number}.png"
            cv2.imwrite(str(path), pixels + number)
            case = opened.cases.add(read_image(path), path=path)
            states = {mark: placed(*marks[mark], None) for mark in CEPH.ids}
            states |= {"menton": absent(), "gonion": placed(*marks["gonion"], None, estimated=True)}
            if number == 2:
                states["sella"] = predicted(*marks["sella"])
            annotation = opened.annotations.load(case.id)
            edit = annotation.change("move", states)
            annotation = opened.annotations.commit(edit, case.id, expected_revision=0)
            if number == 1:
                opened.annotations.commit(annotation.mark_reviewed(), case.id, expected_revision=1)
    return folder


def rows_of(path):
    raw = path.read_bytes()
    assert raw.decode("utf-8")
    return list(csv.DictReader(raw.decode("utf-8").splitlines()))


def test_four_tables_with_reasons_units_and_provenance(project, tmp_path, capsys):
    out = tmp_path / "tables"
    assert main(["measure", "--project", str(project), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["readings"] == 1
    tables = {name: rows_of(out / f"{name}.csv") for name in TABLES}
    menton = next(row for row in tables["landmarks-long"] if row["landmark"] == "menton")
    assert (menton["x_px"], menton["y_px"], menton["reason"]) == ("", "", "absent")
    assert menton["spacing_source"] == "none" and menton["coordinates"].startswith("pixel centre")
    assert menton["case"].startswith("'="), "a name that a spreadsheet would take for a formula"
    wide = tables["landmarks-wide"][0]
    assert wide["menton x (px)"] == "" and wide["menton reason"] == "absent"
    assert float(wide["sella x (px)"]) > 0 and wide["sella origin"] == "hand"
    values = {row["measure"]: row for row in tables["measurements-long"]}
    assert values["FMA"]["value"] == "" and values["FMA"]["reason"] == "absent: Menton"
    assert values["SN-GoGn"]["estimated"] == "Gonion"
    assert float(values["SNA"]["value"]) > 70 and values["SNA"]["unit"] == "deg"
    row = tables["measurements-wide"][0]
    assert row["SNA (deg)"] == values["SNA"]["value"] and row["FMA reason"] == "absent: Menton"
    assert row["state"] == "reviewed"


def test_a_single_file_and_cases_in_review_on_request(project, tmp_path):
    out = tmp_path / "one.csv"
    command = ["measure", "--project", str(project), "--out", str(out)]
    assert main([*command, "--table", "measurements-long", "--all", "--set", "tweed"]) == 0
    rows = rows_of(out)
    assert {row["state"] for row in rows} == {"reviewed", "in review"}
    assert {row["set"] for row in rows} == {"tweed"}
    assert {row["reason"] for row in rows if row["measure"] == "FMA"} == {"absent: Menton"}


def test_nothing_is_overwritten_and_unknown_sets_are_named(project, tmp_path, capsys):
    out = tmp_path / "one.csv"
    out.write_text("mine")
    assert main(["measure", "--project", str(project), "--out", str(out)]) == 2
    assert out.read_text() == "mine"
    assert main(["measure", "--project", str(project), "--out", str(tmp_path / "x"), "--set", "nonsense"]) == 2
    assert "ceph-basic, tweed" in capsys.readouterr().err


def test_the_chosen_set_and_locks_are_kept_in_the_project(project):
    with Project.open(project) as opened:
        opened.measurements.choose(set_id="tweed", norms_id="")
        opened.measurements.set_locks(1, {"major": (3, 9)})
        opened.measurements.save_set({"id": "mine", "name": "Mine"})
    with Project.open(project, read_only=True) as opened:
        assert opened.measurements.choice() == {"set": "tweed", "norms": ""}
        assert opened.measurements.locks(1) == {"major": (3, 9)}
        assert opened.measurements.sets() == [{"id": "mine", "name": "Mine"}]
    with Project.open(project) as opened:
        opened.measurements.set_locks(1, {})
        opened.measurements.remove_set("mine")
        assert opened.measurements.locks(1) == {} and opened.measurements.sets() == []
        assert opened.check() == []
