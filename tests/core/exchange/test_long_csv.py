import csv
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medsapiens_core.data.annotation import AbsentReason, Place, absent, placed, predicted
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.formula_guard import guard, unguard
from medsapiens_core.exchange.guessing import guess_to_read
from medsapiens_core.exchange.long_csv import FORMAT
from medsapiens_core.exchange.long_csv_rows import COLUMNS
from medsapiens_core.exchange.registry import find_format
from tests.core.exchange.own_files import HOSTILE_TEXTS, TEMPLATE, batches, states_of, template_of

OPTIONS = WriteOptions(TEMPLATE, {"undecided": "include"})
SMALL = template_of(("S", "Po"))
EXAMPLE = """format,image_id,image_file,image_sha256,width,height,landmark,index,place,x_px,y_px,decision
msl1,5f0c,set1/a.png,{sha},1935,2400,S,0,visible,700.3,512.75,corrected
msl1,5f0c,set1/a.png,{sha},1935,2400,Po,2,absent,,,corrected
""".format(sha="9b" * 32)


def read_back(path):
    return FORMAT.read(path, ReadOptions())


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches())
def test_what_is_written_is_read_again(tmp_path, batch):
    path = tmp_path / "a.csv"
    report = FORMAT.write(batch, path, OPTIONS)
    assert report.files == (path,) and report.rounding_px == 0
    assert sum(report.counts.values()) == len(batch.readings) * len(TEMPLATE)
    back = read_back(path)
    assert len(back.readings) == len(batch.readings)
    for before, after in zip(batch.readings, back.readings, strict=True):
        assert states_of(before) == states_of(after)
        expected = replace(before, points=after.points, scores=dict(before.scores))
        assert (expected.image, expected.scores) == (after.image, after.scores)
        for name in ("reader", "source", "model_id", "reviewed", "decided_utc", "revision", "note", "template_id"):
            assert getattr(expected, name) == getattr(after, name), name
    FORMAT.write(back, tmp_path / "b.csv", OPTIONS)
    assert (tmp_path / "b.csv").read_bytes() == path.read_bytes()


@given(st.one_of(st.sampled_from(HOSTILE_TEXTS), st.text(st.sampled_from("'=+-@\t\r\n\0＝＋－＠ab"), max_size=6)))
def test_the_formula_guard_can_be_taken_back_and_leaves_no_formula(text):
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"))


def test_the_example_of_the_specification_is_read(tmp_path):
    (tmp_path / "a.csv").write_text("\ufeff" + EXAMPLE, encoding="utf-8")
    batch = read_back(tmp_path / "a.csv")
    (reading,) = batch.readings
    assert (reading.image.file_name, reading.image.width, reading.image.height) == ("set1/a.png", 1935, 2400)
    assert reading.points == {"S": placed(700.3, 512.75, None), "Po": absent(AbsentReason.NOT_ASSESSABLE)}
    assert batch.landmarks == ("S", "Po")


def test_millimetres_only_where_the_spacing_deserves_it(tmp_path):
    spacings = [Spacing(0.1, 0.2, source) for source in (SpacingSource.FIDUCIAL, SpacingSource.DETECTOR)]
    readings = [
        Reading(ImageRef(f"{k}.png", spacing=size), {"S": placed(10, 30, None)})
        for k, size in enumerate([*spacings, None])
    ]
    FORMAT.write(Batch(tuple(readings), ("S", "Po")), tmp_path / "a.csv", WriteOptions(SMALL))
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["landmark"] == "S"]
    assert list(rows[0]) == list(COLUMNS)
    assert [(float(r["x_mm"]), float(r["y_mm"])) for r in rows[:1]] == [(2.0, 3.0)]
    assert [(r["x_mm"], r["row_mm"], r["spacing_source"], r["spacing_trust"]) for r in rows[1:]] == [
        ("", "0.1", "detector", "uncorrected"),
        ("", "", "", ""),
    ]


def test_a_spreadsheet_gets_semicolons_and_decimal_commas_and_is_not_read_again(tmp_path):
    path = tmp_path / "sheet.csv"
    reading = Reading(ImageRef("=a;b.png", 30, 40), {"S": placed(10.25, -0.5, None)}, "AB")
    sheet = find_format("spreadsheet")
    sheet.write(Batch((reading,), ("S",)), path, WriteOptions(template_of(("S",))))
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbffor_spreadsheets;")
    header, row = csv.reader(data.decode("utf-8-sig").splitlines(), delimiter=";")
    found = dict(zip(header, row, strict=True))
    assert (found["x_px"], found["y_px"], found["for_spreadsheets"]) == ("10,25", "-0,5", "not for import")
    assert found["image_file"] == "'=a;b.png"
    assert sheet.read is None
    with pytest.raises(UserError, match="written for spreadsheets"):
        guess_to_read(path)
    with pytest.raises(UserError):
        FORMAT.read(path, ReadOptions())


def test_undecided_points_need_to_be_asked_for(tmp_path):
    batch = Batch((Reading(ImageRef("a.png"), {"S": predicted(1, 2), "Po": placed(3, 4, None)}),), ("S", "Po"))
    report = FORMAT.write(batch, tmp_path / "a.csv", WriteOptions(SMALL))
    assert report.counts[Place.NOT_PLACED] == 1
    assert "undecided" in report.losses[0]
    assert set(read_back(tmp_path / "a.csv").readings[0].points) == {"S", "Po"}
    assert read_back(tmp_path / "a.csv").readings[0].points["S"].place is Place.NOT_PLACED


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("msl1,5f0c,set1/a.png", "msl9,5f0c,set1/a.png", "column format"),
        ("700.3", "1e999", "x_px"),
        ("700.3", "nan", "x_px"),
        ("700.3", "2000000", "x_px"),
        ("700.3", "", "line 2"),
        ("Po,2", "S,2", "already in line 2"),
        ("1935,2400,Po", "1935,2401,Po", "height differs from line 2"),
        ("visible", "hidden", "column place"),
        ("absent,,,corrected", "absent,,,corrected,more", "13 cells"),
        ("corrected", "guessed", "column decision"),
        ("place,x_px", "where,x_px", "no column place"),
        ("width,height", "width,width", "occurs twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, old, new, message):
    assert old in EXAMPLE
    (tmp_path / "a.csv").write_text(EXAMPLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError, match=message):
        read_back(tmp_path / "a.csv")


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b'format,"x\n', b"a\0b,c\n1,2\n"])
def test_what_is_no_table_is_refused(tmp_path, data):
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(UserError, match=r"a\.csv"):
        read_back(tmp_path / "a.csv")
