import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image
from pycocotools.coco import COCO

from medsapiens_core.data.annotation import AbsentReason, Place, absent, placed
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.coco import FORMAT
from medsapiens_core.training.coco import read_coco
from tests.core.exchange.pictures import (
    NAMES,
    TEMPLATE,
    batch_of,
    image,
    model_reading,
    readings,
    same,
    template_of,
)

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
FOREIGN = {
    "info": {"year": 2026},
    "images": [{"id": "x", "file_name": "a.png", "width": 10, "height": 20, "license": 3}],
    "annotations": [
        {"id": 7, "image_id": "x", "category_id": 5, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0,
         "segmentation": [], "keypoints": [1.5, 2.25, 2, 3, 4, 1, 0, 0, 0], "num_keypoints": 2, "odd": {"k": None}}
    ],
    "categories": [
        {"id": 5, "name": "c", "supercategory": "s", "keypoints": ["A", "B", "C"], "skeleton": [[1, 3]], "odd": 1}
    ],
}  # fmt: skip


@pytest.fixture
def saved(tmp_path):
    def save(value, name="a.json"):
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return save


def changed(**more):
    value = json.loads(json.dumps(FOREIGN))
    value["annotations"][0].update(more)
    return value


@given(readings())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip(tmp_path, reading):
    path = tmp_path / "a.json"
    FORMAT.write(batch_of(reading), path, WriteOptions(TEMPLATE))
    back = FORMAT.read(path, ReadOptions())
    assert back.landmarks == NAMES
    same(back.readings[0], reading, 1e-12)


def test_readers_models_and_frames_of_one_image_stay_apart(tmp_path):
    said = [Reading(image(frame=k), {"S": placed(1, 2 + k, None)}, reader="AB") for k in (0, 3)]
    said += [Reading(image(), {"S": placed(5, 6, None)}, reader="CD"), model_reading()]
    report = FORMAT.write(batch_of(*said), tmp_path / "a.json", WriteOptions(TEMPLATE))
    assert report.counts == {"visible": 5, "estimated": 0, "absent": 0, "not_placed": 19}
    back = sorted(FORMAT.read(tmp_path / "a.json", ReadOptions()).readings, key=lambda r: (r.source, r.reader))
    for found, wanted in zip(back, [model_reading(), said[0], said[1], said[2]], strict=True):
        same(found, wanted)


def test_foreign_file_comes_back_with_all_keys(saved, tmp_path):
    batch = FORMAT.read(saved(FOREIGN), ReadOptions())
    FORMAT.write(batch, tmp_path / "b.json", WriteOptions(template_of("ABC")))
    back = json.loads((tmp_path / "b.json").read_text())
    assert back["annotations"][0].pop("msl")["place"] == ["visible", "estimated", "not_placed"]
    assert back == FOREIGN


def test_without_the_extension_absent_is_not_placed(saved, tmp_path):
    points = {"A": placed(0, 0, None), "B": placed(1, 2, None, estimated=True), "C": absent(AbsentReason.OUTSIDE_FIELD)}
    FORMAT.write(batch_of(Reading(image(), points)), tmp_path / "a.json", WriteOptions(template_of("ABC")))
    value = json.loads((tmp_path / "a.json").read_text())
    assert value["annotations"][0]["keypoints"] == [0.0, 0.0, 2, 1.0, 2.0, 1, 0, 0, 0]
    del value["annotations"][0]["msl"]
    batch = FORMAT.read(saved(value), ReadOptions())
    assert [batch.readings[0].points[name].place for name in "AB"] == [Place.VISIBLE, Place.ESTIMATED]
    assert "C" not in batch.readings[0].points
    assert "0, 0" in batch.messages[0]


def test_corner_origin(saved):
    points = FORMAT.read(saved(FOREIGN), ReadOptions(choices={"origin": "corner"})).readings[0].points
    assert (points["A"].x, points["A"].y) == (1.0, 1.75)


def test_pycocotools_opens_it(tmp_path):
    path = tmp_path / "a.json"
    said = [Reading(image("a.png"), {"S": placed(700.3, 512.75, None)}), Reading(image("b.png"), {})]
    FORMAT.write(batch_of(*said), path, WriteOptions(TEMPLATE))
    with contextlib.redirect_stdout(None):
        coco = COCO(str(path))
    assert coco.loadCats(1)[0]["keypoints"] == list(NAMES)
    assert coco.loadCats(1)[0]["skeleton"] == [[1, 2]]
    (first,) = coco.loadAnns(coco.getAnnIds(imgIds=[1], areaRng=[1, 1e12]))
    assert first["keypoints"][:3] == [700.3, 512.75, 2]
    assert first["bbox"] == [0, 0, 1935, 2400]


def test_training_reads_it(tmp_path):
    Image.new("L", (1935, 2400)).save(tmp_path / "a.png")
    FORMAT.write(
        batch_of(Reading(image("a.png"), {"Po": placed(7.5, 8, None)})), tmp_path / "a.json", WriteOptions(TEMPLATE)
    )
    (item,) = read_coco(tmp_path / "a.json", tmp_path, TEMPLATE)
    assert item.xy_image[1].tolist() == [7.5, 8]
    assert (item.spacing.row_mm, item.spacing.col_mm) == (0.1, 0.25)


def test_medsapiens_flavour(tmp_path):
    points = {"A": placed(1.5, 2, None), "B": placed(3, 4, None, estimated=True), "C": absent()}
    said = [Reading(image("a.png"), points, reader=reader) for reader in ("AB", "CD")]
    template = template_of("ABC")
    options = WriteOptions(template, {"flavour": "medsapiens"})
    report = FORMAT.write(batch_of(*said), tmp_path / "a.json", options)
    value = json.loads((tmp_path / "a.json").read_text())
    assert value["annotations"] == [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1935, 2400], "area": 4644000, "iscrowd": 0,
         "keypoints": [1.5, 2.0, 2, 3.0, 4.0, 2, 0, 0, 0], "num_keypoints": 2}
    ]  # fmt: skip
    assert value["categories"][0]["keypoints"] == ["K0", "K1", "K2"]
    assert value["categories"][0]["skeleton"] == []
    assert json.loads((tmp_path / "flip_pairs.json").read_text())["flip_pairs"] == []
    assert len(report.skipped) == 1
    assert any("1 points are missing" in loss for loss in report.losses)
    plain = FORMAT.read(tmp_path / "a.json", ReadOptions(template))
    assert plain.landmarks == ("K0", "K1", "K2")
    named = FORMAT.read(tmp_path / "a.json", ReadOptions(template, choices={"flavour": "medsapiens"}))
    assert named.landmarks == ("A", "B", "C")
    with pytest.raises(UserError, match="3 keypoints"):
        FORMAT.read(tmp_path / "a.json", ReadOptions(TEMPLATE, choices={"flavour": "medsapiens"}))


def test_an_image_of_unknown_size_is_skipped(tmp_path):
    unknown = Reading(type(image())("a.png"), {"S": placed(1, 2, None)})
    report = FORMAT.write(batch_of(unknown), tmp_path / "a.json", WriteOptions(TEMPLATE))
    assert [name for name, _reason in report.skipped] == ["a.png"]


def test_several_persons_need_a_choice(saved):
    value = changed()
    value["annotations"].append({**value["annotations"][0], "id": 8, "keypoints": [9, 9, 2] * 3})
    with pytest.raises(UserError, match="annotated 2 times; choose"):
        FORMAT.read(saved(value), ReadOptions())
    chosen = FORMAT.read(saved(value), ReadOptions(choices={"person": "2"}))
    assert chosen.readings[0].points["A"].x == 9


def test_several_categories_need_a_choice(saved):
    value = changed()
    value["categories"].append({"id": 6, "name": "d", "keypoints": ["Z"]})
    value["annotations"].append({"id": 8, "image_id": "x", "category_id": 6, "keypoints": [9, 9, 2]})
    with pytest.raises(UserError, match="category=NAME"):
        FORMAT.read(saved(value), ReadOptions())
    batch = FORMAT.read(saved(value), ReadOptions(choices={"category": "d"}))
    assert batch.landmarks == ("Z",)
    assert batch.messages == ("1 annotations without these keypoints were left out.",)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "COCO results"),
        ({}, "images: Field required"),
        (changed(keypoints=[1, 2]), "2 keypoint numbers instead of 9"),
        (changed(keypoints=[1, 2, 3] * 3), "visibility"),
        (changed(keypoints=[1e7, 2, 2] * 3), "not between"),
        (changed(keypoints=["1", 2, 2] * 3), "keypoints.0"),
        (changed(keypoints=[True, 2, 2] * 3), "keypoints.0"),
        (changed(image_id="y"), "not in the file"),
        ({**FOREIGN, "images": FOREIGN["images"] * 2}, "same id"),
        ({**FOREIGN, "categories": [{**FOREIGN["categories"][0], "keypoints": ["A", "A", "B"]}]}, "twice"),
        ({**FOREIGN, "categories": [{**FOREIGN["categories"][0], "keypoints": ["A", "B", "a\nb"]}]}, "control"),
        ({**FOREIGN, "categories": []}, "no category has keypoints"),
        (json.dumps(FOREIGN).replace("1.5", "NaN"), "NaN"),
        (json.dumps(FOREIGN).replace("1.5", "1e999"), "too large"),
        (json.dumps(FOREIGN).replace("1.5", "9" * 400), "too long"),
        (json.dumps(FOREIGN).replace('"odd": {"k": null}', '"odd": 1, "odd": 2'), "twice"),
        (json.dumps(FOREIGN).replace('{"k": null}', "[" * 100 + "]" * 100), "deeper"),
    ],
    ids=range(17),
)
def test_hostile_files(saved, value, message):
    with pytest.raises(UserError, match=message) as caught:
        FORMAT.read(saved(value), ReadOptions())
    assert str(caught.value).startswith("a.json")


@pytest.mark.parametrize("name", ["../../x.png", "/etc/x.png", r"\\host\share\x.png", r"C:\x.png", "x.png:y"])
def test_paths_that_lead_elsewhere_become_base_names(saved, name):
    asked = []
    value = changed()
    value["images"][0]["file_name"] = name
    batch = FORMAT.read(saved(value), ReadOptions(find_image=asked.append))
    assert batch.readings[0].image.file_name == "x.png"
    assert asked == ["x.png"]


@pytest.mark.parametrize("name", ["ceph", "chest", "hand_dha", "spine"])
def test_shared_files_come_back_unchanged(name, tmp_path):
    files = sorted((SHARED / name).rglob("*.json")) if SHARED.is_dir() else []
    files = [file for file in files if '"keypoints"' in file.read_text()[-4000:] + file.read_text()[:400_000]]
    if not files:
        pytest.skip("the shared data sets are not on this computer")
    batch = FORMAT.read(files[0], ReadOptions())
    FORMAT.write(batch, tmp_path / "a.json", WriteOptions(template_of(batch.landmarks)))
    back = FORMAT.read(tmp_path / "a.json", ReadOptions())
    assert len(back.readings) == len(batch.readings) > 0
    for found, wanted in zip(back.readings, batch.readings, strict=True):
        assert found.points == wanted.points
        assert found.image == wanted.image
