from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from medsapiens_core.data.annotation import absent, placed, predicted
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.errors import UserError
from medsapiens_core.exchange import tps
from medsapiens_core.exchange.batch import ImageRef, ReadOptions, WriteOptions
from tests.core.exchange._tools import EDGES, batch, positions, reading, readings, template, templates

ABC = template("S", "Po", "Go")


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("tps") / "a.png"
    Picture.new("L", (40, 30)).save(path)
    return path


def options(picture, landmarks=ABC, **choices):
    return ReadOptions(landmarks, lambda _name: picture, choices)


def read_text(tmp_path, text, found):
    path = tmp_path / "in.tps"
    path.write_bytes(text.encode())
    return tps.read(path, found)


def test_the_text_of_the_specification(tmp_path):
    marks = {"S": (700.3, 512.75), "Po": (1200.123456, 480.987654)}
    target = tmp_path / "o.tps"
    spacing = Spacing(0.1, 0.1, SpacingSource.FIDUCIAL)
    image = ImageRef("a.png", 1935, 2400, spacing=spacing)
    report = tps.write(batch(reading(image, marks)), target, WriteOptions(ABC))
    lines = target.read_text().splitlines()
    assert lines[:6] == ["LM=3", "700.80000 1886.75000", "1200.62346 1918.51235", "NA NA", "IMAGE=a.png", "ID=1"]
    assert lines[-1] == "SCALE=0.1"
    assert report.counts == {"visible": 2, "estimated": 0, "absent": 0, "not_placed": 1}
    assert report.rounding_px == pytest.approx(5e-6)


@pytest.mark.parametrize("origin", ["corner", "centre"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_written_comes_back(tmp_path, picture, origin, data):
    landmarks = data.draw(templates())
    image = ImageRef("dir/a=ü.png", 40, 30, sha256="0" * 64, subject="P1")
    one = data.draw(readings(landmarks, image, reader='Anna, "x"\n', revision=2, note="=1;2"))
    target = tmp_path / "o.tps"
    tps.write(batch(one), target, WriteOptions(landmarks, {"origin": origin}))
    (back,) = tps.read(target, options(picture, landmarks, origin=origin)).readings
    assert positions(back).keys() == positions(one).keys()
    for name, xy in positions(one).items():
        assert positions(back)[name] == pytest.approx(xy, abs=1e-5)
    assert (back.reader, back.note, back.revision) == (one.reader, one.note, 2)
    assert (back.template_id, back.template_version) == ("t-1", 3)
    assert replace(back.image, path=None, image_id="") == image


def test_edges_and_200_landmarks(tmp_path, picture):
    landmarks = template(*(f"p{k}" for k in range(200)))
    marks = {f"p{k}": EDGES[k % len(EDGES)] for k in range(200)}
    tps.write(batch(reading("a.png", marks)), tmp_path / "o.tps", WriteOptions(landmarks))
    (back,) = tps.read(tmp_path / "o.tps", options(picture, landmarks)).readings
    assert positions(back) == marks


def test_the_two_origins_differ_by_half_a_pixel(tmp_path, picture):
    text = "LM=1\n0 0\nIMAGE=a.png\n"
    one = template("S")
    assert positions(read_text(tmp_path, text, options(picture, one)).readings[0]) == {"S": (-0.5, 29.5)}
    centre = options(picture, one, origin="centre")
    assert positions(read_text(tmp_path, text, centre).readings[0]) == {"S": (0, 29)}


def test_a_file_of_the_tps_programs(tmp_path, picture):
    text = (
        "lm=3\r\n1,5 2,25\r\nNA NA\r\n-1,0 -1,0\r\nCURVES=1\r\nPOINTS=2\r\n1,0 2,0\r\n3,0 4,0\r\n"
        "Image=C:\\Users\\x\\a.png\r\nID=7\r\nSCALE=0,25\r\nCOMMENT=left\r\n"
    )
    found = read_text(tmp_path, text, options(picture, negative="missing"))
    (one,) = found.readings
    assert positions(one) == {"S": (1.0, 27.25)}
    assert (one.image.file_name, one.image.image_id, one.note) == ("a.png", "7", "left")
    assert one.image.spacing == Spacing(0.25, 0.25, SpacingSource.UNKNOWN)


def test_negative_pairs_are_points_unless_the_user_says_otherwise(tmp_path, picture):
    found = read_text(tmp_path, "LM=1\n-1 -1\nIMAGE=a.png\n", options(picture, template("S")))
    assert positions(found.readings[0]) == {"S": (-1.5, 30.5)}
    assert "negative=missing" in found.messages[0]


def test_states_that_are_lost_are_counted(tmp_path):
    points = {"S": placed(1, 2, None, estimated=True), "Po": absent(), "Go": predicted(3, 4)}
    one = replace(reading("a.png", {}), points=points)
    report = tps.write(batch(one), tmp_path / "o.tps", WriteOptions(ABC))
    assert (tmp_path / "o.tps").read_text().splitlines()[1:4] == ["1.50000 27.50000", "NA NA", "NA NA"]
    assert len(report.losses) == 3 and report.losses[0].startswith("1 undecided")
    included = tps.write(batch(one), tmp_path / "o.tps", WriteOptions(ABC, {"undecided": "include"}))
    assert any(text.startswith("Undecided points") for text in included.losses)


def test_a_model_s_reading_stays_one(tmp_path, picture):
    one = reading("a.png", {"S": (1, 2)}, source="model", model_id="m-1", scores={"S": 0.5})
    report = tps.write(batch(one), tmp_path / "o.tps", WriteOptions(ABC))
    (back,) = tps.read(tmp_path / "o.tps", options(picture)).readings
    assert (back.source, back.model_id, back.points["S"]) == ("model", "m-1", predicted(1, 2))
    assert any("Scores" in text for text in report.losses)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (ImageRef("a.png"), "height"),
        (ImageRef("a.png", 4, 3, frame=2), "frame"),
        (ImageRef("a\nLM=1.png", 4, 3), "one line"),
    ],
)
def test_images_that_cannot_be_written_are_listed(tmp_path, image, reason):
    report = tps.write(batch(reading(image, {"S": (1, 2)})), tmp_path / "o.tps", WriteOptions(ABC))
    assert len(report.skipped) == 1 and reason in report.skipped[0][1]
    assert (tmp_path / "o.tps").read_text() == ""


@pytest.mark.parametrize("source", [SpacingSource.UNKNOWN, SpacingSource.DETECTOR, SpacingSource.ANNOTATION_FILE])
def test_a_scale_that_is_not_calibrated_is_not_written(tmp_path, source):
    image = ImageRef("a.png", 40, 30, spacing=Spacing(0.1, 0.1, source))
    tps.write(batch(reading(image, {"S": (1, 2)})), tmp_path / "o.tps", WriteOptions(ABC))
    assert "SCALE" not in (tmp_path / "o.tps").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LM=3\n1 2\n", "fewer points"),
        ("LM=3\x1f\n1 2\n", "fewer points"),  # found by bench.fuzz
        ("LM=3\n1 2\nIMAGE=a.png\n", "fewer points"),
        ("LM=1\n1 2\nIMAGE=a.png\n", "1 points, but template"),
        ("LM=3\n1 2\n3 inf\n1 1\n", "line 1: a number"),
        ("LM=3\n1 2\n3 1e999\n1 1\n", "too large"),
        ("LM=3\n1 2\n3 2000000\n1 1\nIMAGE=a.png\n", "1,000,000"),
        ("LM=3\n1 2 3\n1 2\n1 2\n", "two numbers"),
        ("LM=3\n1,5 2\n3 4\n1 1\n", "a number cannot be read"),
        ("LM=999999999\n1 2\n", "more than the 1000"),
        ("LM=99999999999999999999\n", "whole number"),
        ("LM=²\n", "whole number"),
        ("LM3=3\n1 2 3\n", "3D"),
        ("IMAGE=a.png\n", "does not begin"),
        ("PK\x03\x04", "KEY=VALUE"),
        ("\0\0", "not a text file"),
        ("POINTS=999999999\n", "more than"),
    ],
)
def test_broken_files_are_refused_with_a_reason(tmp_path, picture, text, message):
    with pytest.raises(UserError, match=message):
        read_text(tmp_path, text, options(picture))


def test_needs_a_template_and_an_image(tmp_path, picture):
    with pytest.raises(UserError, match="template"):
        read_text(tmp_path, "LM=0\n", ReadOptions())
    with pytest.raises(UserError, match="none of its images"):
        read_text(tmp_path, "LM=3\n1 2\n1 2\n1 2\nIMAGE=a.png\n", ReadOptions(ABC))
    with pytest.raises(UserError, match="corner or centre"):
        read_text(tmp_path, "", options(picture, origin="top"))


def test_a_comment_that_only_looks_like_ours_is_a_note(tmp_path, picture):
    for comment in ['{"medsapiens":1,"image":5}', "{" * 300, '{"medsapiens":1,"image":"a","spacing":[0,0,"x"]}']:
        text = f"LM=3\n1 2\n1 2\n1 2\nIMAGE=a.png\nCOMMENT={comment}\n"
        assert read_text(tmp_path, text, options(picture)).readings[0].note == comment
