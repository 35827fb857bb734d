import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings

from medsapiens_core.data.annotation import AbsentReason, Place, absent, placed
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.cvat import FORMAT
from tests.core.exchange.pictures import NAMES, TEMPLATE, batch_of, image, model_reading, readings, same, template_of

SKELETON = """<annotations><version>1.1</version>{meta}
 <image id="0" name="a.png" width="1935" height="2400">
  <skeleton label="ceph" source="manual" z_order="0">
   <points label="S" source="manual" outside="0" occluded="0" points="700.80,513.25"/>
   <points label="N" source="manual" outside="0" occluded="1" points="1,2"></points>
   <points label="Po" source="manual" outside="1" occluded="0" points="nonsense"/>
  </skeleton></image></annotations>"""
TRACKS = """<annotations><version>1.1</version>
 <meta><task><original_size><width>640</width><height>480</height></original_size><source>film.mp4</source></task></meta>
 <track id="0" label="S" source="manual">
  <points frame="0" keyframe="1" outside="0" occluded="0" points="1.5,2.5"/>
  <points frame="1" keyframe="0" outside="0" occluded="0" points="9,9"/>
  <points frame="2" keyframe="1" outside="1" occluded="0" points="9,9"/>
 </track>
 <track id="1" label="ceph"><skeleton frame="2" keyframe="1">
  <points label="N" keyframe="1" outside="0" occluded="1" points="3.5,4.5"/>
  <points label="Po" keyframe="0" outside="0" occluded="0" points="9,9"/></skeleton></track></annotations>"""


@pytest.fixture
def saved(tmp_path):
    def save(text):
        path = tmp_path / "a.xml"
        path.write_text(text, encoding="utf-8")
        return path

    return save


def plain(marks, image='id="0" name="a.png" width="10" height="20"'):
    return f"<annotations><image {image}>{marks}</image></annotations>"


@given(readings())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip(tmp_path, reading):
    report = FORMAT.write(batch_of(reading), tmp_path / "a.xml", WriteOptions(TEMPLATE))
    (found,) = FORMAT.read(tmp_path / "a.xml", ReadOptions()).readings
    same(found, reading, report.rounding_px * 1.001)


def test_as_cvat_writes_it(saved):
    batch = FORMAT.read(saved(SKELETON.format(meta="")), ReadOptions())
    points = batch.readings[0].points
    assert batch.landmarks == ("S", "N", "Po")
    assert (points["S"].x, points["S"].y) == pytest.approx((700.3, 512.75))
    assert points["N"].place is Place.ESTIMATED
    assert points["Po"] == absent()
    assert (batch.readings[0].image.width, batch.readings[0].image.height) == (1935, 2400)
    centre = FORMAT.read(saved(SKELETON.format(meta="")), ReadOptions(choices={"origin": "centre"})).readings[0]
    assert centre.points["S"].x == 700.8


def test_what_cvat_keeps_is_enough_for_all_but_the_reason(tmp_path):
    points = {
        "S": placed(1, 2, None),
        "Po": absent(AbsentReason.OUTSIDE_FIELD),
        NAMES[2]: placed(3, 4, None, estimated=True),
    }
    FORMAT.write(batch_of(Reading(image(), points)), tmp_path / "a.xml", WriteOptions(TEMPLATE))
    tree = ET.parse(tmp_path / "a.xml")
    marks = {mark.get("label"): mark for mark in tree.iter("points")}
    assert list(marks) == ["S", "Po", NAMES[2]]
    assert marks["S"].get("points") == "1.5000,2.5000"
    assert (marks["Po"].get("outside"), marks[NAMES[2]].get("occluded")) == ("1", "1")
    tree.getroot().remove(tree.find("meta"))
    tree.write(tmp_path / "b.xml")
    back = FORMAT.read(tmp_path / "b.xml", ReadOptions()).readings[0]
    assert back.points == {**points, "Po": absent()}


def test_label_definition(tmp_path):
    report = FORMAT.write(batch_of(Reading(image(), {})), tmp_path / "a.xml", WriteOptions(TEMPLATE))
    assert report.files == (tmp_path / "a.xml", tmp_path / "a.labels.json")
    (label,) = json.loads(report.files[1].read_text())
    assert (label["name"], label["type"]) == ("ceph", "skeleton")
    assert [sub["name"] for sub in label["sublabels"]] == list(NAMES)
    svg = ET.fromstring(f"<svg>{label['svg']}</svg>")
    assert [dot.get("data-label-name") for dot in svg.iter("circle")] == list(NAMES)
    assert [(line.get("data-node-from"), line.get("data-node-to")) for line in svg.iter("line")] == [("1", "2")]


def test_one_reading_for_each_image(tmp_path):
    said = [Reading(image(), {"S": placed(1, 2, None)}), model_reading(), Reading(image("f.dcm", frame=2), {})]
    said += [Reading(image("odd\x01.png"), {}), Reading(type(image())("unknown.png"), {})]
    report = FORMAT.write(batch_of(*said), tmp_path / "a.xml", WriteOptions(TEMPLATE))
    assert {name for name, _reason in report.skipped} == {"set/a.png", "f.dcm", "odd\x01.png", "unknown.png"}
    assert len(FORMAT.read(tmp_path / "a.xml", ReadOptions()).readings) == 1


def test_only_keyframes_of_a_video_count(saved):
    first, second = FORMAT.read(saved(TRACKS), ReadOptions()).readings
    assert (first.image.file_name, first.image.frame, first.image.width) == ("film.mp4", 0, 640)
    assert first.points == {"S": placed(1, 2, None)}
    assert second.image.frame == 2
    assert second.points == {"S": absent(), "N": placed(3, 4, None, estimated=True)}


def test_what_cannot_be_told_apart_is_left_out(saved):
    many = '<points label="S" points="1,2;3,4"/><points label="N" points="1,2"/><points label="N" points="3,4"/>'
    batch = FORMAT.read(saved(plain(many)), ReadOptions())
    assert not batch.readings[0].points
    assert len(batch.messages) == 2
    with pytest.raises(UserError, match="no image"):
        FORMAT.read(saved(plain('<skeleton label="a"/><skeleton label="a"/>')), ReadOptions())


@pytest.mark.parametrize("tag", ["<rotation>90</rotation>", "<flipped>True</flipped>"])
def test_turned_pictures_are_refused(saved, tag):
    with pytest.raises(UserError, match="turned"):
        FORMAT.read(saved(SKELETON.format(meta=f"<meta><task>{tag}</task></meta>")), ReadOptions())


def bomb():
    entities = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 10))
    return f'<!DOCTYPE a [<!ENTITY e0 "ha">{entities}]><annotations>&e9;</annotations>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (bomb(), "document type or entities"),
        ('<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><annotations/>', "document type"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotations>&x;</annotations>', "document type"),
        ("<annotations>" + "<a>" * 100_000, "deeper than 64"),
        ("<annotations><image>", "not valid XML"),
        ("", "not valid XML"),
        ("<a/>", "not a CVAT file"),
        ("<annotations/>", "no image"),
        ('<?xml version="1.0" encoding="nonsense"?><annotations/>', "not valid XML"),
        (plain('<points label="S" points="nan,1"/>'), "number cannot"),
        (plain('<points label="S" points="1e999,1"/>'), "too large"),
        (plain('<points label="S" points="1e7,1"/>'), "not between"),
        (plain(f'<points label="S" points="{"1" * 41},1"/>'), "number cannot"),
        (plain("", 'id="0" name="a.png" width="1.5" height="20"'), "whole number"),
        (plain("", 'id="0" name="a.png" width="1" height="2" rotation="90"'), "turned"),
        ('<annotations><track label="S"><points keyframe="1" frame="-1" points="1,2"/></track></annotations>', "frame"),
    ],
    ids=range(16),
)
def test_hostile_files(saved, text, message):
    with pytest.raises(UserError, match=message) as caught:
        FORMAT.read(saved(text), ReadOptions())
    assert str(caught.value).startswith("a.xml")


def test_bad_names(saved):
    marks = f'<points label="a&#10;b" points="1,2"/><points points="1,2"/><points label="{"x" * 201}" points="1,2"/>'
    batch = FORMAT.read(saved(plain(marks, 'id="0" name="../../x.png"')), ReadOptions())
    assert batch.readings[0].image.file_name == "x.png"
    assert not batch.readings[0].points
    assert len(batch.messages) == 3
    with pytest.raises(UserError, match="XML forbids"):
        FORMAT.write(batch, saved(""), WriteOptions(template_of(["a\uffff"])))


def test_our_record_damaged_by_others_does_no_harm(saved):
    for record in ("{", "[1]", '{"v":1,"landmarks":["S"],"place":[]}', '{"v":9,"landmarks":[],"place":[]}'):
        text = SKELETON.format(meta=f'<meta><msl image="0">{record}</msl></meta>')
        assert FORMAT.read(saved(text), ReadOptions()).readings[0].points["S"].place is Place.VISIBLE
