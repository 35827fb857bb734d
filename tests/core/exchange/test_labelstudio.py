import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings

from medsapiens_core.data.annotation import AbsentReason, Decision, Place, absent, placed
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.labelstudio import FORMAT
from tests.core.exchange.pictures import NAMES, TEMPLATE, batch_of, image, model_reading, readings, same, template_of


def region(label="S", x=36.217054263565895, y=21.385416666666668, **more):
    value = {"x": x, "y": y, "width": 0.5, "keypointlabels": [label]}
    where = {"original_width": 1935, "original_height": 2400, "image_rotation": 0}
    return {
        "id": label + "1",
        "type": "keypointlabels",
        "from_name": "kp",
        "to_name": "img",
        **where,
        "value": value,
        **more,
    }


def box():
    return {**region("box"), "type": "rectanglelabels", "value": {"x": 1, "y": 2, "rectanglelabels": ["box"]}}


def task(*result, **more):
    return {
        "id": 3,
        "data": {"image": "a.png", "odd": 1},
        "meta": {},
        "annotations": [{"id": 9, "result": list(result)}],
        **more,
    }


@pytest.fixture
def saved(tmp_path):
    def save(value):
        path = tmp_path / "a.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return save


@given(readings())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip(tmp_path, reading):
    FORMAT.write(batch_of(reading), tmp_path / "a.json", WriteOptions(TEMPLATE))
    (found,) = FORMAT.read(tmp_path / "a.json", ReadOptions()).readings
    same(found, reading, 1e-9)


def test_percent(saved):
    reading = FORMAT.read(saved([task(region())]), ReadOptions()).readings[0]
    assert (reading.points["S"].x, reading.points["S"].y) == pytest.approx((700.3, 512.75), abs=1e-9)
    assert (reading.image.file_name, reading.image.width, reading.image.height) == ("a.png", 1935, 2400)


def test_foreign_file_comes_back_with_all_keys(saved, tmp_path):
    value = [task(region(meta={"text": ["x"]}), box(), region("N", origin="manual"), predictions=[], drafts=[])]
    batch = FORMAT.read(saved(value), ReadOptions())
    FORMAT.write(batch, tmp_path / "b.json", WriteOptions(template_of("SN")))
    back = json.loads((tmp_path / "b.json").read_text())
    assert back[0]["annotations"][0].pop("msl")["place"] == ["visible", "visible"]
    (annotation,) = back[0]["annotations"]
    assert (annotation.pop("was_cancelled"), annotation.pop("ground_truth")) == (False, False)
    for found, wanted in zip(annotation["result"], value[0]["annotations"][0]["result"], strict=True):
        for key in "xy":
            assert found["value"].pop(key) == pytest.approx(wanted["value"].pop(key), abs=1e-12)
    assert back == value


def test_states_survive_a_server_that_drops_our_record(tmp_path):
    points = {"S": placed(1, 2, None, estimated=True), "Po": absent(AbsentReason.ANATOMY_MISSING), "../x": absent()}
    FORMAT.write(batch_of(Reading(image(), points)), tmp_path / "a.json", WriteOptions(TEMPLATE))
    value = json.loads((tmp_path / "a.json").read_text())
    del value[0]["annotations"][0]["msl"]
    (tmp_path / "a.json").write_text(json.dumps(value))
    batch = FORMAT.read(tmp_path / "a.json", ReadOptions())
    assert batch.readings[0].points == {**points, "S": batch.readings[0].points["S"]}
    assert batch.readings[0].points["S"].place is Place.ESTIMATED
    FORMAT.write(batch, tmp_path / "b.json", WriteOptions(TEMPLATE))
    again = json.loads((tmp_path / "b.json").read_text())
    assert len(again[0]["annotations"][0]["result"]) == len(value[0]["annotations"][0]["result"])


def test_configuration(tmp_path):
    report = FORMAT.write(batch_of(Reading(image(), {})), tmp_path / "a.json", WriteOptions(TEMPLATE))
    view = ET.parse(report.files[1]).getroot()
    assert [label.get("value") for label in view.find("KeyPointLabels")] == list(NAMES)
    assert {c.get("name") for c in view.findall("Choices")} == {
        "visibility", "absent_outside_field", "absent_anatomy_missing", "absent_not_assessable",
    }  # fmt: skip


def test_people_and_models_are_told_apart(tmp_path):
    said = [Reading(image(), {"S": placed(k, 2, None)}, reader=name) for k, name in enumerate(("AB", "CD"))]
    FORMAT.write(batch_of(*said, model_reading()), tmp_path / "a.json", WriteOptions(TEMPLATE))
    (written,) = json.loads((tmp_path / "a.json").read_text())
    assert written["predictions"][0]["model_version"] == "m1"
    assert written["predictions"][0]["score"] == 0.625
    first, second, model = FORMAT.read(tmp_path / "a.json", ReadOptions()).readings
    same(first, said[0])
    same(second, said[1])
    assert (model.source, model.model_id, dict(model.scores)) == ("model", "m1", {"S": 0.75, "Po": 0.5})
    assert model.points["S"].decision is Decision.PREDICTED


def test_old_exports_and_separate_labels(saved):
    point = {**region(), "type": "keypoint", "value": {"x": 50, "y": 50, "width": 1}}
    label = {"id": "S1", "type": "labels", "value": {"labels": ["S"]}}
    value = task(point, label)
    value["completions"] = value.pop("annotations")
    value["completions"].append({"result": [region()], "was_cancelled": True})
    value["completions"][0]["completed_by"] = {"id": 4, "email": "ab@example.org"}
    (reading,) = FORMAT.read(saved([value]), ReadOptions()).readings
    assert reading.points["S"].x == pytest.approx(967)
    assert reading.reader == "ab@example.org"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://host/scans/a%20b.png?token=1", "a b.png"),
        ("/data/local-files/?d=set/a.png", "set/a.png"),
        ("/data/local-files/?d=../../a.png", "a.png"),
        ("/data/upload/1/a.png", "a.png"),
        ("s3://bucket/../a.png", "a.png"),
        ("file:///etc/a.png", "a.png"),
        (r"\\host\share\a.png", "a.png"),
        (r"C:\a.png", "a.png"),
        ("http://[bad/a.png", "a.png"),
        ("set/a.png", "set/a.png"),
    ],
)
def test_an_address_is_only_a_name(saved, tmp_path, address, name):
    batch = FORMAT.read(saved([task(region(), data={"image": address})]), ReadOptions())
    assert batch.readings[0].image.file_name == name
    FORMAT.write(batch, tmp_path / "b.json", WriteOptions(template_of("S")))
    assert json.loads((tmp_path / "b.json").read_text())[0]["data"]["image"] == address


def test_which_entry_names_the_image(saved):
    value = task(region(), data={"xray": "a.png", "text": "words"})
    assert FORMAT.read(saved([value]), ReadOptions()).readings[0].image.file_name == "a.png"
    with pytest.raises(UserError, match="not clear"):
        FORMAT.read(saved([task(region(), data={"a": "a.png", "b": "b.png"})]), ReadOptions())


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ([region(image_rotation=90)], "turned"),
        ([region(), region("N", original_width=5)], "one size"),
        ([region(original_width=[1])], "whole number"),
        ([region(original_width="1935")], "whole number"),
        ([region(x=1e300)], "not between"),
        ([region(x="50")], "not a number"),
        ([region(score="high")], "not a number"),
        ([{"type": "keypointlabels", "value": {"x": 1, "y": 1, "keypointlabels": ["S"]}}], "do not state the size"),
        ([{"type": "choices", "from_name": "absent_not_assessable", "value": {"choices": ["a\nb"]}}], "control"),
    ],
    ids=range(9),
)
def test_an_annotation_that_cannot_be_used_is_left_out(saved, result, message):
    batch = FORMAT.read(saved([task(*result), task(region())]), ReadOptions())
    assert len(batch.readings) == 1
    assert message in batch.messages[0]


@pytest.mark.parametrize(
    "odd",
    [
        region(value={"x": 1, "y": 1, "keypointlabels": ["S", "N"]}),
        region(value={"x": 1, "y": 1, "keypointlabels": "S"}),
        region(value={"x": 1, "y": 1, "keypointlabels": [["S"]]}),
        region(value=[1]),
        region("a\nb"),
        {"type": ["keypointlabels"], "from_name": ["absent_not_assessable"], "id": {}},
    ],
    ids=range(6),
)
def test_an_odd_region_is_kept_but_no_landmark(saved, tmp_path, odd):
    batch = FORMAT.read(saved([task(odd, region("Q"))]), ReadOptions())
    assert set(batch.readings[0].points) == {"Q"}
    FORMAT.write(batch, tmp_path / "b.json", WriteOptions(template_of("Q")))
    assert odd in json.loads((tmp_path / "b.json").read_text())[0]["annotations"][0]["result"]


def test_a_label_marked_twice_is_left_out(saved):
    batch = FORMAT.read(saved([task(region(), region(x=5))]), ReadOptions())
    assert not batch.readings[0].points
    assert "marked 2 times" in batch.messages[0]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "not a list"),
        ([1], "task 1"),
        ([{"annotations": []}], "data"),
        ([task(annotations=[{"result": [1]}])], "result"),
        (json.dumps([task(region())]).replace("36.2", "NaN, 36.2"), "NaN"),
        ('[{"data":' + "[" * 100, "not valid JSON"),
        ('[{"a":1,"a":2}]', "twice"),
    ],
    ids=range(7),
)
def test_hostile_files(saved, value, message):
    with pytest.raises(UserError, match=message) as caught:
        FORMAT.read(saved(value), ReadOptions())
    assert str(caught.value).startswith("a.json")
