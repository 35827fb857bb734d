import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medsapiens_core.data.annotation import NOT_PLACED, placed
from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange import isbi
from medsapiens_core.exchange.batch import ImageRef, ReadOptions, WriteOptions
from tests.core.exchange._tools import COORDINATE, batch, positions, reading, template

CEPH = find_template("ceph-19")
SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "ceph"
TEXT = "".join(f"{835 + k},{996 - k}\n" for k in range(19)) + "1\n" * 8
FLAT = {name: (k + 0.25, 2 * k - 0.5) for k, name in enumerate(CEPH.ids)}


def write(folder, *all_readings):
    return isbi.write(batch(*all_readings), folder, WriteOptions(CEPH))


def test_one_file_of_the_challenge(tmp_path):
    (tmp_path / "001.txt").write_bytes(TEXT.replace("\n", "\r\n").encode())
    image = tmp_path / "001.bmp"
    image.touch()
    found = isbi.read(tmp_path / "001.txt", ReadOptions(find_image=lambda name: image if name == "001.bmp" else None))
    (one,) = found.readings
    assert found.landmarks == CEPH.ids
    assert positions(one)["sella"] == (835, 996) and positions(one)["articulare"] == (853, 978)
    assert (one.image, one.note) == (ImageRef("001.bmp", path=image), "ISBI classes: 1 1 1 1 1 1 1 1")
    assert write(tmp_path / "out", one).files == (tmp_path / "out" / "001.txt",)
    assert (tmp_path / "out" / "001.txt").read_text() == TEXT


def test_two_folders_are_two_readers_and_their_mean_is_a_third_reading(tmp_path):
    for folder, shift in (("400_junior", 0), ("400_senior", 3)):
        write(tmp_path / folder, reading("001.bmp", {k: (x + shift, y) for k, (x, y) in FLAT.items()}))
    first, second = isbi.read(tmp_path, ReadOptions()).readings
    assert (first.reader, second.reader) == ("400_junior", "400_senior")
    *_, mean = isbi.read(tmp_path, ReadOptions(choices={"mean": "yes"})).readings
    assert mean.reader == "mean of 400_junior and 400_senior"
    assert mean.points["sella"] == placed(1.5, 0, None)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(marks=st.lists(st.tuples(COORDINATE, COORDINATE), min_size=19, max_size=19), reader=st.sampled_from(["", "A b"]))
def test_what_is_written_comes_back_within_half_a_pixel(tmp_path, marks, reader):
    folder = tmp_path / str(hash((tuple(marks), reader)))
    report = write(folder, reading("dir/a,'\"=🦷.png", dict(zip(CEPH.ids, marks, strict=True)), reader=reader))
    (back,) = isbi.read(folder, ReadOptions()).readings
    assert back.reader == reader
    assert all(positions(back)[n] == pytest.approx(xy, abs=0.5) for n, xy in zip(CEPH.ids, marks, strict=True))
    assert report.rounding_px == 0.5


def test_incomplete_readings_are_not_written(tmp_path):
    one = reading("a.png", FLAT)
    report = write(tmp_path, replace(one, points={**one.points, "sella": NOT_PLACED}))
    assert report.files == () and "1 landmarks have no position" in report.skipped[0][1]
    again = write(tmp_path / "same", reading("a/1.png", FLAT), reading("b/1.png", FLAT))
    assert len(again.files) == 1 and "same name" in again.skipped[0][1]
    assert "frame" in write(tmp_path, reading(ImageRef("a.nii", frame=3, axis=0), FLAT)).skipped[0][1]
    with pytest.raises(UserError, match="19 landmarks"):
        isbi.write(batch(), tmp_path, WriteOptions(template("a")))
    with pytest.raises(UserError, match="19 landmarks"):
        isbi.read(tmp_path, ReadOptions(template("a")))


def test_losses_are_told(tmp_path):
    one = reading("a.png", FLAT, reader="Anna")
    one = replace(one, points={**one.points, "sella": placed(1, 2, None, estimated=True)})
    report = write(tmp_path, one, reading("a.png", FLAT, source="model", model_id="m1"))
    assert [file.parent.name for file in report.files] == ["Anna", "model m1"]
    assert len(report.losses) == 3


def test_one_based_files(tmp_path):
    (tmp_path / "1.txt").write_text(TEXT)
    (one,) = isbi.read(tmp_path, ReadOptions(choices={"origin": "one-based"})).readings
    assert positions(one)["sella"] == (834, 995)
    with pytest.raises(UserError, match="one-based"):
        isbi.read(tmp_path, ReadOptions(choices={"origin": "x"}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 lines"),
        (TEXT + "1\n", "28 lines"),
        (TEXT.replace("836,995", "836;995"), "line 2: two numbers"),
        (TEXT.replace("836,995", "836,nan"), "line 2: a number"),
        (TEXT.replace("836,995", "836,9999999"), "line 2: a coordinate"),
        (TEXT.replace("836,995", "8" * 50 + ",1"), "line 2: a number"),
        (TEXT[:-2] + "x\n", "class"),
        (TEXT * 1000, "too long"),
        ("\0" + TEXT, "not a text file"),
    ],
)
def test_broken_files_are_refused(tmp_path, text, message):
    (tmp_path / "1.txt").write_text(text)
    with pytest.raises(UserError, match=message):
        isbi.read(tmp_path / "1.txt", ReadOptions())
    (tmp_path / "2.txt").write_text(TEXT)
    found = isbi.read(tmp_path, ReadOptions())
    assert len(found.readings) == 1 and len(found.messages) == 1


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "1.txt").write_text(TEXT)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "1.txt").symlink_to(tmp_path / "outside" / "1.txt")
    (inside / "folder").symlink_to(tmp_path / "outside", target_is_directory=True)
    with pytest.raises(UserError, match="link"):
        isbi.read(inside, ReadOptions())


def test_the_shared_readings_survive(tmp_path):
    if not SHARED.is_dir():
        pytest.skip("the shared cephalometric data are not here")
    all_readings = []
    for reader in ("junior", "senior"):
        coco = json.loads((SHARED / f"test1_{reader}.json").read_text())
        names = coco["categories"][0]["keypoints"]
        for image, mark in zip(coco["images"], coco["annotations"], strict=True):
            marks = {n: tuple(mark["keypoints"][3 * k : 3 * k + 2]) for k, n in enumerate(names)}
            all_readings.append(reading(image["file_name"], marks, reader=reader))
    report = write(tmp_path, *all_readings)
    back = {(one.reader, one.image.file_name): one for one in isbi.read(tmp_path, ReadOptions()).readings}
    assert len(back) == len(all_readings) and not report.skipped
    for one in all_readings:
        again = positions(back[one.reader, Path(one.image.file_name).stem])
        assert all(again[name] == pytest.approx(xy, abs=0.5) for name, xy in positions(one).items())
