"""Real landmarks through every format and back: no landmark changes by more than the format's own precision.

The films and their landmarks may not be redistributed; they are read from beside the repository and skipped elsewhere.
"""

import json
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.matching import KnownImages
from medsapiens_core.exchange.registry import MODULES, find_format
from medsapiens_core.io import read_image
from medsapiens_core.transfer.converting import convert_file
from medsapiens_core.transfer.pictures import PictureFolder
from medsapiens_core.transfer.reading import read_file
from tests.core.exchange.dicom_films import dicom_copy

DATA = Path(__file__).parents[3].parent / "shared" / "data"
SETS = {"ceph": ("ceph/train_senior.json", "ceph-19"), "spine": ("spine/train.json", "spine-68")}
COUNT = 10
EXACT_PX = 1e-9
PRECISION_PX = {"cvat": 0.0051, "tps": 1e-5, "isbi": 0.5, "dicom-sr": 0.002}  # formats.md 0.4
OPENS_PICTURES = {"slicer", "dicom-sr"}  # the others take sizes from the file: decoding films is most of the time
KEEPS_STATES = {"coco", "csv", "json"}
SUFFIX = {"coco": ".json", "labelstudio": ".json", "json": ".jsonl", "csv-wide": ".csv", "slicer": ""}
READ_BACK = sorted(set(MODULES) - {"dicom-gsps", "spreadsheet"})


def existing(name):
    return find_spec(f"medsapiens_core.exchange.{MODULES[name]}") is not None


@cache
def document(name):
    path = DATA / SETS[name][0]
    if not path.is_file():
        pytest.skip(f"the shared data set {name} is not on this computer")
    return json.loads(path.read_text(encoding="utf-8"))


def source_of(name, folder):
    """The first images of a set as a COCO file of its own, and the folder of its pictures."""
    whole = document(name)
    images = whole["images"][:COUNT]
    wanted = {image["id"] for image in images}
    marks = [mark for mark in whole["annotations"] if mark["image_id"] in wanted]
    path = folder / "source.json"
    path.write_text(json.dumps({**whole, "images": images, "annotations": marks}), encoding="utf-8")
    return path, DATA / name / "images"


def as_dicom(source, pictures, folder):
    """The same set on DICOM copies of its films."""
    value = json.loads(source.read_text(encoding="utf-8"))
    films = folder / "films"
    films.mkdir()
    for image in value["images"]:
        copy = films / f"{image['id']}.dcm"
        dicom_copy(read_image(pictures / image["file_name"]), copy)
        image["file_name"] = copy.name
    path = folder / "dicom.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path, films


@pytest.mark.parametrize("form", READ_BACK)
@pytest.mark.parametrize("name", SETS)
def test_real_landmarks_return_from_every_format(tmp_path, name, form):
    if not existing(form):
        pytest.skip(f"there is no module for {form}")
    template = find_template(SETS[name][1])
    coco, written = find_format("coco"), find_format(form)
    source, pictures = source_of(name, tmp_path)
    if form.startswith("dicom"):
        source, pictures = as_dicom(source, pictures, tmp_path)
    before = read_file(source, coco, template).batch
    target = tmp_path / ("out" if written.is_folder else "out" + SUFFIX.get(form, written.suffixes[0]))
    if form == "isbi" and len(template) != 19:
        with pytest.raises(UserError, match="19"):
            convert_file(source, target, coco, written, template=template)
        return
    images = pictures if form in OPENS_PICTURES else None
    told = convert_file(source, target, coco, written, images=images, template=template)
    assert (told["readings"], told["problems"], told["skipped"]) == (COUNT, [], [])
    after = read_file(target, written, template, find_image=PictureFolder(pictures).find).batch

    limit = PRECISION_PX.get(form, EXACT_PX)
    assert told["rounding_px"] <= limit
    images = [reading.image for reading in after.readings]
    if form == "dicom-sr":  # a report knows its image by UID; the file was found by that
        images = [replace(image, file_name=image.path.name) for image in images]
    known = KnownImages(images)
    assert len(after.readings) == COUNT
    for reading in before.readings:
        match = known.match(reading.image, trust_names=True)
        assert match.problem == ""
        back = after.readings[match.position].points
        for landmark, state in reading.points.items():
            if state.x is None:
                continue
            assert abs(back[landmark].x - state.x) <= limit and abs(back[landmark].y - state.y) <= limit, landmark
            assert form not in KEEPS_STATES or back[landmark] == state


def test_presentation_states_are_written_for_every_film(tmp_path):
    source, pictures = as_dicom(*source_of("ceph", tmp_path), tmp_path)
    template = find_template("ceph-19")
    if not existing("dicom-gsps"):
        pytest.skip("there is no module for dicom-gsps")
    coco, gsps = find_format("coco"), find_format("dicom-gsps")
    told = convert_file(source, tmp_path / "out", coco, gsps, images=pictures, template=template)
    assert (len(told["files"]), told["counts"]["visible"]) == (COUNT, COUNT * len(template))
    with pytest.raises(UserError):
        read_file(tmp_path / "out", gsps, template)
