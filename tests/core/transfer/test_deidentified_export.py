"""De-identified exports: planted names are found in no byte and no file name, and nothing goes without a look."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pydicom
import pytest
import tifffile

from medsapiens_core import cli, decoding
from medsapiens_core.data.annotation import placed
from medsapiens_core.data.template_file import find_template
from medsapiens_core.decoding import decoder, pool
from medsapiens_core.decoding.pool import DecoderPool
from medsapiens_core.deidentify.pseudonyms import Pseudonyms
from medsapiens_core.io import read_image
from medsapiens_core.store.project import Project
from tests.core.deidentify.test_deidentify import BORN, FAMILY, GIVEN, NUMBER, planted

CHEST = find_template("chest-6")
READER = "Dr. Pelikan-Wolkenstein"
NAMES = (FAMILY, GIVEN, NUMBER, BORN, "Pelikan", "Wolkenstein", "Ostrich")
FORMATS = ["coco", "labelme", "cvat", "labelstudio", "slicer", "deeplabcut", "sleap", "tps", "csv", "csv-wide", "json",
           "dicom-sr", "dicom-gsps"]  # fmt: skip
SUFFIX = {"coco": ".json", "labelstudio": ".json", "json": ".jsonl", "cvat": ".xml", "sleap": ".slp", "tps": ".tps",
          "csv": ".csv", "csv-wide": ".csv"}  # fmt: skip


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


@pytest.fixture
def project(tmp_path):
    """Films of one named patient, a picture with a name in every text it can hold, and what a named reader said."""
    folder = tmp_path / f"{FAMILY} {NUMBER}"
    folder.mkdir()
    films = [planted(folder, "CT_small.dcm", SOPInstanceUID=f"1.2.3.{k}", BurnedInAnnotation="NO") for k in (1, 2)]
    unclear = planted(folder, "MR_small_RLE.dcm", SOPInstanceUID="1.2.3.3")
    noise = np.random.default_rng(0).integers(0, 60000, (60, 80), dtype=np.uint16)
    texts = PIL.PngImagePlugin.PngInfo()
    texts.add_text("Comment", f"{GIVEN} {FAMILY}")
    PIL.Image.fromarray(noise).save(folder / f"{FAMILY}.png", pnginfo=texts)
    tifffile.imwrite(folder / "Ostrich.tif", noise.astype(np.float32) / 7, description=FAMILY, software=GIVEN)
    path = tmp_path / "p.mss"
    with Project.create(path, name=f"study of {FAMILY}", template=CHEST) as made:
        for file in [*films, unclear, folder / f"{FAMILY}.png", folder / "Ostrich.tif"]:
            case = made.cases.add(read_image(file))
            annotation = made.annotations.load(case.id)
            marks = {mark: placed(5.25 + k, 7 + k, None) for k, mark in enumerate(CHEST.ids)}
            edit = annotation.change("place", marks)
            made.annotations.commit(replace(edit, reader=READER), case.id, expected_revision=annotation.revision)
            made.notes.set(case.id, CHEST.ids[0], f"looks like {FAMILY}")
    return path


def hits(*roots: Path) -> list[str]:
    """Where a planted name stands: in bytes, in any common encoding and case, or in a file's name."""
    found = []
    for root in roots:
        for path in [root, *root.rglob("*")]:
            spelled = {name.encode(code) for name in NAMES for code in ("utf-8", "utf-16-le", "utf-16-be")}
            data = path.read_bytes().lower() if path.is_file() else b""
            found += [f"{path.name}: {name!r}" for name in spelled if name.lower() in data]
            found += [f"name of {path.name}" for name in NAMES if name.lower() in path.name.lower()]
    return found


def export(project: Path, out: Path, form: str, *more: object) -> int:
    return run("export", "--project", project, "--format", form, "--out", out, "--deidentify", *more)


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_names_anybody(project, tmp_path, form, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    out = tmp_path / "gone" / f"out{SUFFIX.get(form, '')}"
    assert export(project, out, form, "--pixels", "looked-at") == 0, capsys.readouterr().err
    assert hits(out.parent) == []
    assert len(hits(tmp_path / f"{FAMILY} {NUMBER}")) > 10  # the search finds what is there
    assert not [name for name in NAMES if name in caplog.text]
    told = json.loads(out.with_name(f"{out.name}.report.json").read_text())
    assert told["deidentified"]["pictures"] == 5
    assert out.exists()


def test_pseudonyms_agree_between_pictures_and_exports(project, tmp_path, capsys):
    for name in ("a.json", "b.json"):
        assert export(project, tmp_path / name, "coco", "--pixels", "looked-at") == 0
    first, second = (tmp_path / name for name in ("a.json.images", "b.json.images"))
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    assert sorted({Path(name).suffix for name in names}) == [".dcm", ".png", ".tif"]
    films = [pydicom.dcmread(path) for path in sorted(first.glob("*.dcm"))]
    assert len({film.PatientID for film in films}) == 1
    assert {film.PatientIdentityRemoved for film in films} == {"YES"}
    with Project.open(project, read_only=True) as opened:
        pseudonyms = Pseudonyms(opened.secret)
    assert films[0].PatientID == pseudonyms.subject(NUMBER)
    value = json.loads((tmp_path / "a.json").read_text())
    about = [mark["msl"]["about"] for mark in value["annotations"]]
    assert {one["reader"] for one in about} == {pseudonyms.person(READER)}
    assert sorted(one["image"] for one in about) == names
    assert len({one["subject"] for one in about}) == 3  # the patient of the films, and two pictures of nobody


def test_pixels_and_points_are_those_of_the_originals(project, tmp_path):
    assert export(project, tmp_path / "a.csv", "csv", "--pixels", "looked-at") == 0
    with Project.open(project, read_only=True) as opened:
        originals = [read_image(case.path) for case in opened.cases.page(sort="added")]
    copies = [read_image(path) for path in (tmp_path / "a.csv.images").iterdir()]
    for original in originals:
        same = [
            c for c in copies if c.pixels.dtype == original.pixels.dtype and np.array_equal(c.pixels, original.pixels)
        ]
        assert len(same) >= 1
    assert run("convert", tmp_path / "a.csv", tmp_path / "b.json", "--to", "coco", "--images",
               tmp_path / "a.csv.images") == 0  # fmt: skip
    points = [mark["keypoints"][:2] for mark in json.loads((tmp_path / "b.json").read_text())["annotations"]]
    assert points == [[5.25, 7.0]] * 5


def test_nothing_goes_before_somebody_has_looked(project, tmp_path, capsys):
    out = tmp_path / "a.json"
    assert export(project, out, "coco") == 2
    told = capsys.readouterr().err
    assert "cannot be ruled out in 3 pictures" in told
    assert "--pixels looked-at" in told and "--pixels leave-out" in told
    assert not list(tmp_path.glob("a.json*"))

    assert export(project, out, "coco", "--pixels", "leave-out") == 0
    assert "left out: Ostrich.tif: nobody has looked" in capsys.readouterr().err
    report = json.loads((tmp_path / "a.json.report.json").read_text())
    assert (report["readings"], report["deidentified"]["pictures"]) == (2, 2)
    assert hits(out.with_name("a.json.report.json")) == []


def test_a_picture_that_shows_a_name_can_stay_here(project, tmp_path, capsys):
    out = tmp_path / "a.json"
    assert export(project, out, "coco", "--pixels", "looked-at", "--without", "Ostrich.tif") == 0
    assert not list((tmp_path / "a.json.images").glob("*.tif"))
    assert export(project, tmp_path / "b.json", "coco", "--without", "nothing.png") == 2
    assert "no picture nothing.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--option", "verifier=Ostrich", "--pixels", "looked-at"), "would name people"),
        (("--pixels", "hidden"), "hidden"),
    ],
)
def test_what_would_name_somebody_is_refused(project, tmp_path, capsys, more, message):
    assert export(project, tmp_path / "a", "dicom-sr", *more) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("a*"))


def test_a_copy_that_still_holds_a_name_stays_here_and_the_report_does_not_name_it(project, tmp_path, capsys):
    with Project.open(project, read_only=True) as opened:
        film = next(case.path for case in opened.cases.page(sort="added"))
    data = pydicom.dcmread(film)
    data.PixelData = FAMILY.encode() + data.PixelData[len(FAMILY) :]
    data.save_as(film)
    out = tmp_path / "gone" / "a.json"
    assert export(project, out, "coco", "--pixels", "looked-at") == 0
    assert f"left out: {film.name}: a name is still in the copy" in capsys.readouterr().err
    assert hits(out.parent) == []
    assert "a name is still in the copy" in (out.parent / "a.json.report.json").read_text()


FAULTY = """
import os, sys, time
from medsapiens_core.decoding import child
real = child.answer
def answer(line, pictures):
    if b'"op":"{op}"' in line and b"{name}" in line:
        {act}
    return real(line, pictures)
child.answer = answer
from medsapiens_core.worker import main
sys.exit(main(["decode"]))
"""


@pytest.fixture
def faulty_decoders(tmp_path, monkeypatch):
    """Decoders that fail with one file, in one kind of request."""
    pools = []

    def use(op, name, act):
        script = tmp_path / "decoder.py"
        script.write_text(FAULTY.format(op=op, name=name, act=act))
        pools.append(DecoderPool([sys.executable, str(script)]))
        usual = decoder.usual_limit
        monkeypatch.setattr(decoder, "usual_limit", lambda asked: 1.0 if name in str(asked.path) else usual(asked))
        monkeypatch.setattr(pool, "_POOL", pools[-1])

    yield use
    for one in pools:
        one.close()


@pytest.mark.parametrize("act", ["os.abort()", "time.sleep(600)"])
def test_a_file_that_ends_or_stalls_the_child_stays_here_and_the_others_go(
    project, tmp_path, capsys, faulty_decoders, act
):
    told = "took too long and was stopped" if "sleep" in act else "makes its decoder stop working"
    with Project.open(project, read_only=True) as opened:
        film = next(case.path for case in opened.cases.page(sort="added"))
    faulty_decoders("clean", film.name, act)
    out = tmp_path / "gone" / "a.json"
    assert export(project, out, "coco", "--pixels", "looked-at") == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if film.name in line]
    assert len(lines) == 1 and told in lines[0]
    report = json.loads((out.parent / "a.json.report.json").read_text())
    assert (report["readings"], report["deidentified"]["pictures"]) == (4, 4)
    assert any(told in text for text in report["messages"])
    assert hits(out.parent) == []


@pytest.mark.parametrize("form", ["dicom-sr", "slicer"])
def test_a_picture_that_ends_the_child_while_its_label_file_is_made_costs_that_file(
    project, tmp_path, capsys, faulty_decoders, form
):
    with Project.open(project, read_only=True) as opened:
        film = next(case.path for case in opened.cases.page(sort="added"))
    faulty_decoders("make", film.name, "os.abort()")
    out = tmp_path / "out"
    assert run("export", "--project", project, "--format", form, "--out", out) == 0
    told = json.loads((tmp_path / "out.report.json").read_text())
    reasons = {one["image"]: one["reason"] for one in told["skipped"]}
    assert "makes its decoder stop working" in reasons.pop(film.name)
    assert not any("stop working" in reason for reason in reasons.values())
    assert len(told["files"]) + len(reasons) == 4
    assert decoding.read_image(film).pixels.size, "the film can still be looked at"


def test_flags_of_the_clean_export_need_it(project, tmp_path, capsys):
    assert run("export", "--project", project, "--format", "coco", "--out", tmp_path / "a.json", "--pixels",
               "looked-at") == 2  # fmt: skip
    assert "--deidentify" in capsys.readouterr().err
