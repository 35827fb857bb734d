"""Label files of other programs are read in the decoder child: what comes back is what was read, whatever happens."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import PIL.Image
import pytest

from medsapiens_core.data.annotation import AbsentReason, Place, absent, placed, predicted
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template_file import find_template
from medsapiens_core.decoding import close_decoders, guess_format, pool, read_labels
from medsapiens_core.decoding.pool import DecoderPool
from medsapiens_core.decoding.wire import Request
from medsapiens_core.errors import UnreadableImageError, UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.batch_json import batch_from_json, batch_to_json
from medsapiens_core.exchange.registry import MODULES, find_format

CHEST = find_template("chest-6")
SUFFIX = {"coco": ".json", "labelstudio": ".json", "json": ".jsonl", "csv-wide": ".csv"}
FORMATS = sorted(set(MODULES) - {"dicom-gsps", "dicom-sr", "isbi", "spreadsheet"})  # need 19 landmarks, or DICOM


@pytest.fixture(autouse=True, scope="module")
def no_children_left():
    yield
    close_decoders()


def readings(folder: Path):
    path = folder / "b c.png"
    PIL.Image.new("L", (60, 80)).save(path)
    spacing = Spacing(0.1, 0.2, SpacingSource.US_REGION, areas=((0.0, 1.0, 30.0, 40.0),))
    points = {mark: placed(10 / 3 + k, 0.1 + 5 * k, None) for k, mark in enumerate(CHEST.ids[:4])}
    points |= {CHEST.ids[4]: placed(1e-7, 3, None, estimated=True), CHEST.ids[5]: absent(AbsentReason.OUTSIDE_FIELD)}
    image = ImageRef("ä/b c.png", 60, 80, sha256="0" * 64, spacing=spacing, path=path, image_id="1", subject="S-1")
    model = {mark: predicted(k, k + 0.5) for k, mark in enumerate(CHEST.ids)}
    yield Reading(image, points, "A\u202eB", reviewed=True, decided_utc="2026-11-30T10:00:00+00:00", revision=3)
    yield Reading(image, model, source="model", model_id="m@1", scores={CHEST.ids[0]: 1 / 3})


def written(folder: Path, name: str) -> Path:
    form = find_format(name)
    path = folder / ("out" if form.is_folder or name == "slicer" else "out" + SUFFIX.get(name, form.suffixes[0]))
    options = WriteOptions(CHEST, {"undecided": "include"})
    assert form.write is not None
    report = form.write(Batch(tuple(readings(folder)), CHEST.ids), path, options)
    return path if path.exists() else report.files[0]


def same(one, other) -> bool:
    """Equal in every field; mappings and sequences by their contents."""
    if isinstance(one, Batch | Reading):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


@pytest.mark.parametrize("name", FORMATS)
def test_what_the_child_reads_is_what_is_read_here(tmp_path, name):
    path = written(tmp_path, name)
    find = {"b c.png": tmp_path / "b c.png"}.get
    form, options = find_format(name), ReadOptions(CHEST, lambda hint: find(hint.split("/")[-1]))
    assert form.read is not None
    here = form.read(path, options)
    there = read_labels(path, form, options)
    assert same(here, there)
    assert there.readings[0].points[CHEST.ids[0]].place is Place.VISIBLE


def test_a_batch_returns_from_its_text_unchanged(tmp_path):
    batch = Batch(tuple(readings(tmp_path)), CHEST.ids, ("left out",), {"coco": {"top": {"info": [1, 2.5, None]}}})
    assert same(batch_from_json(batch_to_json(batch)), batch)


def test_the_child_tells_formats_and_passes_refusals_on(tmp_path):
    assert guess_format(written(tmp_path, "cvat")) == "cvat"
    broken = tmp_path / "a.json"
    broken.write_text("[" * 100_000)
    with pytest.raises(UserError, match=r"a\.json"):
        guess_format(broken)
    with pytest.raises(UserError, match=r"a\.json"):
        read_labels(broken, find_format("coco"), ReadOptions(CHEST))
    with pytest.raises(UserError, match="only written"):
        read_labels(broken, find_format("dicom-gsps"), ReadOptions(CHEST))


def test_whoever_is_asked_for_a_picture_may_refuse(tmp_path):
    path = next(written(tmp_path, "slicer").rglob("*.mrk.json"))

    def refuse(_hint: str) -> Path | None:
        raise UserError("the folder is gone")

    with pytest.raises(UserError, match="the folder is gone"):
        read_labels(path, find_format("slicer"), ReadOptions(CHEST, refuse))
    assert guess_format(path) == "slicer"  # with another child: the first still waits for its answer


def script(folder: Path, body: str) -> list[str]:
    path = folder / "decoder.py"
    path.write_text(f"import json, os, sys, time\nfor line in sys.stdin.buffer:\n    {body}\n")
    return [sys.executable, str(path)]


def labels(path: Path) -> Request:
    return Request(op="labels", path=path, form="sleap")


def test_a_label_file_that_hangs_or_kills_its_reader_costs_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr("medsapiens_core.decoding.decoder.START_ALLOWANCE", 0.0)
    path = tmp_path / "a.slp"
    path.write_bytes(b"x")
    hanging = DecoderPool(script(tmp_path, "time.sleep(600)"), limit=0.5)
    with pytest.raises(UserError, match=r"a\.slp: reading it took too long.*from the program that made it") as hung:
        hanging.ask(labels(path))
    assert not isinstance(hung.value, UnreadableImageError)
    dying = DecoderPool(script(tmp_path, "os.abort()"))
    with pytest.raises(UserError, match="stop working"):
        dying.ask(labels(path))
    assert (hanging.deaths, dying.deaths, len(dying.quarantined)) == (1, 2, 1)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"batch": 5}\\n[[[[[',
        b'{"batch": 2}\\n{}',
        b'{"batch": 99999999999}\\n',
        b'{"name": 3}\\n',
        b'{"batch": 25}\\n{"readings": [{"points":3}]}',
    ],
)
def test_nonsense_about_readings_is_a_death(tmp_path, answer):
    path = tmp_path / "a.slp"
    path.write_bytes(b"x")
    lying = DecoderPool(script(tmp_path, f"sys.stdout.buffer.write(b'{answer.decode()}'); sys.stdout.flush(); break"))
    with pytest.raises(UserError, match="stop working"):
        lying.ask(labels(path))


def test_a_fault_of_a_reader_is_told_without_the_files_text(tmp_path, monkeypatch):
    path = written(tmp_path, "csv")
    fault = tmp_path / "faulty.py"
    fault.write_text(
        "import sys\nfrom medsapiens_core.exchange import long_csv\nfrom dataclasses import replace\n"
        "def read(path, options): raise KeyError('Zebrafinch')\n"
        "long_csv.FORMAT = replace(long_csv.FORMAT, read=read)\n"
        "from medsapiens_core.worker import main\nsys.exit(main(['decode']))\n"
    )
    faulty = DecoderPool([sys.executable, str(fault)])
    with pytest.raises(UserError, match="damaged or of an unknown variant") as told:
        faulty.ask(Request(op="labels", path=path, form="csv"))
    assert "Zebrafinch" not in str(told.value)
    assert faulty.defects == ["KeyError in child.py:" + faulty.defects[0].rpartition(":")[2]]
    assert faulty.deaths == 0
    faulty.close()
    assert pool._POOL is not faulty
