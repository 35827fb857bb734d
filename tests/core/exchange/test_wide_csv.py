import csv

import pytest
from hypothesis import HealthCheck, given, settings

from medsapiens_core.data.annotation import Decision, Place, absent, placed
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.wide_csv import FORMAT
from tests.core.exchange.own_files import HOSTILE_NAMES, TEMPLATE, batches, template_of

SMALL = template_of(("S", "Po"))


def read(path, **choices):
    return FORMAT.read(path, ReadOptions(SMALL, choices=choices))


def write_lines(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches())
def test_positions_and_names_return(tmp_path, batch):
    FORMAT.write(batch, tmp_path / "a.csv", WriteOptions(TEMPLATE, {"undecided": "include"}))
    back = FORMAT.read(tmp_path / "a.csv", ReadOptions())
    assert back.landmarks == HOSTILE_NAMES
    for before, after in zip(batch.readings, back.readings, strict=True):
        positions = {name: (s.x, s.y) for name, s in before.points.items() if s.x is not None}
        assert {name: (s.x, s.y) for name, s in after.points.items()} == positions
        assert (before.image.file_name, before.image.width, before.image.height) == (
            after.image.file_name,
            after.image.width,
            after.image.height,
        )
        assert (before.reader, before.source, before.model_id) == (after.reader, after.source, after.model_id)
        decision = Decision.PREDICTED if before.source == "model" else Decision.CORRECTED
        assert {s.decision for s in after.points.values()} <= {decision}


def test_what_is_lost_is_said(tmp_path):
    points = {"S": placed(1, 2, None, estimated=True), "Po": absent()}
    report = FORMAT.write(Batch((Reading(ImageRef("a.png"), points),), ()), tmp_path / "a.csv", WriteOptions(SMALL))
    assert len(report.losses) == 2
    with (tmp_path / "a.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["S_x"], row["S_y"], row["Po_x"], row["Po_y"]) == ("1.0", "2.0", "", "")


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("image_path,1_x,1_y,2_x,2_y", ("1", "2")),
        ("file,p1x,p1y,p2x,p2y", ("p1", "p2")),
        ("any,S_x,S_y,left_eye_x,left_eye_y", ("S", "left_eye")),
        ("S_x,S_y,Po_y,Po_x,filename", None),
    ],
)
def test_columns_are_found_by_their_pattern(tmp_path, header, names):
    if names is None:
        batch = read(write_lines(tmp_path / "a.csv", header, "1,2,4,3,b.png"))
        assert batch.readings[0].points["Po"] == placed(3, 4, None)
        assert batch.readings[0].image.file_name == "b.png"
        return
    batch = read(write_lines(tmp_path / "a.csv", header, "x/a.png,1,2.5,NaN,NA", "b.png,3,4,5,6"))
    assert batch.landmarks == names
    assert batch.readings[0].points == {names[0]: placed(1, 2.5, None)}
    assert batch.readings[1].points[names[1]].place is Place.VISIBLE


def test_semicolons_and_other_origins(tmp_path):
    path = write_lines(tmp_path / "a.csv", "file;width;height;p1x;p1y;p2x;p2y", "a.png;10;20;1;1;2;2")
    for origin, x in (("centre", 1), ("corner", 0.5), ("one-based", 0)):
        assert read(path, origin=origin).readings[0].points["p1"].x == x
    assert read(path, names="order").landmarks == ("S", "Po")
    with pytest.raises(UserError, match="no origin"):
        read(path, origin="middle")


@pytest.mark.parametrize(
    ("lines", "choices", "message"),
    [
        (("file,a,b", "x.png,1,2"), {}, "no pairs of columns"),
        (("file,p1x,p1y", "x.png,1,"), {}, "line 2: a number cannot be read"),
        (("file,p1x,p1y", "x.png,1,1e7"), {}, "coordinate is not between"),
        (("file,p1x,p1y", ",1,2"), {}, "which image"),
        (("file,width,p1x,p1y", "x.png,ten,1,2"), {}, "column width"),
        (("file,p1x,p1y", "x.png,1,2"), {"names": "order"}, "1 points, but there is a template of 2"),
    ],
)
def test_what_is_wrong_is_refused(tmp_path, lines, choices, message):
    with pytest.raises(UserError, match=message):
        read(write_lines(tmp_path / "a.csv", *lines), **choices)
