import base64
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from medsapiens_core.data.annotation import AbsentReason, Place, absent, placed
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.labelme import FORMAT
from tests.core.exchange.pictures import NAMES, TEMPLATE, batch_of, image, readings, same, template_of

FOREIGN = {
    "version": "2.4.0",
    "flags": {"done": True},
    "checked": False,
    "shapes": [
        {"label": "A", "points": [[700.8, 513.25]], "group_id": 4, "description": "d", "shape_type": "point",
         "flags": {}, "score": 0.9, "attributes": {"x": 1}, "mask": None},
        {"label": "box", "points": [[1, 2], [3, 4]], "shape_type": "rectangle", "flags": {}},
        {"label": "B", "points": [[-3.5, 9]], "group_id": None, "shape_type": "point", "flags": {"occluded": True}},
    ],
    "imagePath": "a.png",
    "imageData": None,
    "imageHeight": 2400,
    "imageWidth": 1935,
}  # fmt: skip


@pytest.fixture
def saved(tmp_path):
    def save(value, name="a.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return save


def with_shape(**more):
    return {**FOREIGN, "shapes": [{**FOREIGN["shapes"][0], **more}]}


@given(readings())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip(tmp_path, reading):
    report = FORMAT.write(batch_of(reading), tmp_path, WriteOptions(TEMPLATE))
    (found,) = FORMAT.read(tmp_path, ReadOptions()).readings
    same(found, reading, 1e-10)
    report.files[0].unlink()


def test_half_a_pixel(saved):
    reading = FORMAT.read(saved(FOREIGN), ReadOptions()).readings[0]
    assert (reading.points["A"].x, reading.points["A"].y) == pytest.approx((700.3, 512.75))
    assert reading.points["B"].place is Place.ESTIMATED
    centre = FORMAT.read(saved(FOREIGN), ReadOptions(choices={"origin": "centre"})).readings[0]
    assert centre.points["A"].x == 700.8


def test_foreign_file_comes_back_with_all_keys(saved, tmp_path):
    batch = FORMAT.read(saved(FOREIGN), ReadOptions())
    FORMAT.write(batch, tmp_path / "out", WriteOptions(template_of("AB")))
    back = json.loads((tmp_path / "out" / "a.json").read_text())
    assert back.pop("msl")["place"] == ["visible", "estimated"]
    assert back["shapes"][0].pop("points")[0] == pytest.approx([700.8, 513.25])
    assert back["shapes"] == [{k: v for k, v in FOREIGN["shapes"][0].items() if k != "points"}, *FOREIGN["shapes"][1:]]
    assert {**back, "shapes": 0} == {**FOREIGN, "shapes": 0}


def test_absent_has_no_shape(tmp_path):
    points = {"A": absent(), "B": placed(1, 2, None)}
    report = FORMAT.write(batch_of(Reading(image("a.png"), points)), tmp_path, WriteOptions(template_of("AB")))
    value = json.loads(report.files[0].read_text())
    assert value["shapes"] == [
        {"label": "B", "points": [[1.5, 2.5]], "group_id": None, "description": "", "shape_type": "point",
         "flags": {"occluded": False}}
    ]  # fmt: skip
    assert value["imageData"] is None
    assert "1 absent points" in report.losses[0]
    del value["msl"]
    report.files[0].write_text(json.dumps(value))
    assert set(FORMAT.read(report.files[0], ReadOptions()).readings[0].points) == {"B"}


def test_a_moved_point_stays_moved(tmp_path):
    report = FORMAT.write(
        batch_of(Reading(image("a.png"), {"A": placed(1, 2, None), "B": absent()})),
        tmp_path,
        WriteOptions(template_of("AB")),
    )
    value = json.loads(report.files[0].read_text())
    value["shapes"][0]["points"] = [[10, 20]]
    value["shapes"].append({**value["shapes"][0], "label": "B", "points": [[5.5, 5.5]]})
    value["imagePath"] = "other.png"
    report.files[0].write_text(json.dumps(value))
    (reading,) = FORMAT.read(tmp_path, ReadOptions()).readings
    assert reading.points["A"] == placed(9.5, 19.5, None)
    assert reading.points["B"] == placed(5, 5, None)
    assert reading.image.file_name == "other.png"
    assert reading.image.sha256 is None


def test_folders_and_equal_names_stay_apart(tmp_path):
    said = [
        Reading(image(name), {"S": placed(k, k, None)}, reader=str(k))
        for k, name in enumerate(["a/x.png", "b/x.png", "b/x.png", "b/x.dcm"])
    ]
    frame = Reading(image("f.dcm", frame=3), {})
    report = FORMAT.write(batch_of(*said, frame), tmp_path, WriteOptions(TEMPLATE))
    assert [file.relative_to(tmp_path).as_posix() for file in report.files] == [
        "a/x.json", "b/x.json", "b/x-2.json", "b/x-3.json",
    ]  # fmt: skip
    assert [name for name, _reason in report.skipped] == ["f.dcm"]
    assert json.loads(report.files[1].read_text())["imagePath"] == "x.png"
    back = sorted(FORMAT.read(tmp_path, ReadOptions()).readings, key=lambda r: r.reader)
    assert [reading.image.file_name for reading in back] == ["a/x.png", "b/x.png", "b/x.png", "b/x.dcm"]


def test_damaged_files_do_not_stop_a_folder(saved, tmp_path):
    saved(FOREIGN, "good.json")
    saved("[NaN]", "nan.json")
    saved({"a": 1}, "other.json")
    saved("[" * 200 + "]" * 200, "deep.json")
    batch = FORMAT.read(tmp_path, ReadOptions())
    assert len(batch.readings) == 1
    assert [message.split(" ")[0] for message in batch.messages] == ["deep.json", "nan.json", "other.json"]


def test_a_folder_without_any(tmp_path):
    with pytest.raises(UserError, match="no LabelMe file"):
        FORMAT.read(tmp_path, ReadOptions())
    with pytest.raises(UserError, match="neither"):
        FORMAT.read(tmp_path / "missing", ReadOptions())


def test_a_link_out_of_the_folder_is_not_followed(saved, tmp_path):
    saved(FOREIGN, "in/a.json")
    outside = saved(FOREIGN, "b.json")
    (tmp_path / "in" / "link.json").symlink_to(outside)
    assert len(FORMAT.read(tmp_path / "in", ReadOptions()).readings) == 1


def test_image_data_is_never_looked_at(saved):
    value = {**FOREIGN, "imageData": base64.b64encode(b"\x80pickle").decode()}
    assert FORMAT.read(saved(value), ReadOptions()).readings[0].points
    report = FORMAT.write(
        FORMAT.read(saved(value), ReadOptions()), saved(value).parent / "out", WriteOptions(template_of("AB"))
    )
    assert json.loads(report.files[0].read_text())["imageData"] is None


def test_a_label_marked_twice_is_left_out(saved):
    value = {**FOREIGN, "shapes": [FOREIGN["shapes"][0]] * 2}
    batch = FORMAT.read(saved(value), ReadOptions())
    assert not batch.readings[0].points
    assert "landmark A is marked 2 times, at (700.3, 512.8) and at (700.3, 512.8)" in batch.messages[0]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"label": "a\nb"}, "control"),
        ({"label": None}, "no name"),
        ({"label": ["A"]}, "no name"),
        ({"label": "x" * 201}, "longer"),
        ({"points": [[1, 2], [3, 4]]}, "exactly one"),
        ({"points": [1, 2]}, "exactly one"),
        ({"points": None}, "exactly one"),
    ],
    ids=range(7),
)
def test_a_bad_shape_is_left_out(saved, tmp_path, shape, message):
    batch = FORMAT.read(saved(with_shape(**shape)), ReadOptions())
    assert not batch.readings[0].points
    assert message in batch.messages[0]
    FORMAT.write(batch, tmp_path / "out", WriteOptions(template_of("A")))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "not a LabelMe file"),
        ({**FOREIGN, "shapes": {}}, "shapes"),
        ({**FOREIGN, "shapes": [1]}, "shapes.0"),
        ({**FOREIGN, "imageWidth": -1}, "imageWidth"),
        (with_shape(points=[[1e300, 0]]), "not between"),
        (with_shape(points=[["1", 0]]), "not a number"),
        (json.dumps(FOREIGN).replace("700.8", "NaN"), "NaN"),
        (json.dumps(FOREIGN).replace('"group_id": 4', '"group_id": 4, "group_id": 5'), "twice"),
    ],
    ids=range(8),
)
def test_hostile_files(saved, value, message):
    with pytest.raises(UserError, match=message):
        FORMAT.read(saved(value), ReadOptions())


@pytest.mark.parametrize("name", ["../../x.png", "/etc/x.png", r"\\host\share\x.png", r"C:\x.png", "..\\x.png"])
def test_paths_that_lead_elsewhere_become_base_names(saved, name):
    assert FORMAT.read(saved({**FOREIGN, "imagePath": name}), ReadOptions()).readings[0].image.file_name == "x.png"


def test_names_never_become_paths(tmp_path):
    reading = Reading(image("../../evil.png"), {"../x": placed(1, 2, None)})
    report = FORMAT.write(batch_of(reading), tmp_path / "out", WriteOptions(TEMPLATE))
    assert report.files == (tmp_path / "out" / "evil.json",)
    assert set(FORMAT.read(tmp_path / "out", ReadOptions()).readings[0].points) == {"../x"}
    assert "../x" in NAMES


def test_a_file_that_labelme_has_saved():
    """Ours, opened and saved by labelme 6.3.1's own LabelFile; the one white pixel of its image is at (12, 7)."""
    path = Path(__file__).parent / "fixtures" / "labelme-6.3.1.json"
    (reading,) = FORMAT.read(path, ReadOptions()).readings
    assert reading.points == {
        "S": placed(12, 7, None),
        "N": placed(-0.5, 29.5, None, estimated=True),
        "Po": absent(AbsentReason.OUTSIDE_FIELD),
    }
    assert (reading.reader, reading.reviewed, reading.image.width, reading.image.height) == ("AB", True, 40, 30)
