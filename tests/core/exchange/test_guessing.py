import json

import pytest

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.guessing import guess_to_read, guess_to_write

CONTENTS = [
    ("a.json", json.dumps({"images": [], "annotations": [], "categories": []}), "coco"),
    ("a.json", json.dumps({"shapes": []}), "labelme"),
    ("a.json", json.dumps([{"data": {}}]), "labelstudio"),
    ("a.json", json.dumps({"format": "msj1"}), "json"),
    ("a.json", json.dumps({"markups": []}), "slicer"),
    ("a.mrk.json", "", "slicer"),
    ("a.fcsv", "", "slicer"),
    ("a.jsonl", "", "json"),
    ("a.XML", "", "cvat"),
    ("a.slp", "", "sleap"),
    ("a.tps", "", "tps"),
    ("a.txt", "", "isbi"),
    ("a.dcm", "", "dicom-sr"),
    ("a.csv", "format,image_file,landmark,place,x_px,y_px\n", "csv"),
    ("a.csv", "file,S_x,S_y\n", "csv-wide"),
    ("CollectedData_x.csv", "scorer,,,rev1\n", "deeplabcut"),
]


@pytest.mark.parametrize(("name", "text", "form"), CONTENTS)
def test_the_format_of_a_file_is_told_by_name_and_content(tmp_path, name, text, form):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert guess_to_read(tmp_path / name) == form
    assert guess_to_read(tmp_path) == form


@pytest.mark.parametrize(("name", "text"), [("a.json", "{}"), ("a.json", "3"), ("a.png", ""), ("a", "")])
def test_what_cannot_be_told_is_asked_for(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    for path in (tmp_path / name, tmp_path):
        with pytest.raises(UserError, match="coco, labelme"):
            guess_to_read(path)


def test_a_missing_file_and_a_mixed_folder(tmp_path):
    with pytest.raises(UserError, match="no file"):
        guess_to_read(tmp_path / "none.csv")
    for name in ("a.xml", "a.tps"):
        (tmp_path / name).touch()
    with pytest.raises(UserError, match="cannot be told"):
        guess_to_read(tmp_path)


def test_names_to_write(tmp_path):
    assert guess_to_write(tmp_path / "a.csv") == "csv"
    assert guess_to_write(tmp_path / "a.mrk.json") == "slicer"
    with pytest.raises(UserError, match="--to"):
        guess_to_write(tmp_path / "a.json")
