"""The pixel size and its source go along in every export: in the file where it can hold them, always beside it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import PIL.Image
import pydicom
import pytest

from medsapiens_core.data.annotation import placed
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template_file import find_template
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.facts import FACTS
from medsapiens_core.exchange.registry import MODULES, find_format
from medsapiens_core.io import read_image
from medsapiens_core.transfer.reports import report_path, write_with_report
from tests.core.exchange.dicom_films import dicom_copy

CEPH = find_template("ceph-19")
SIZE, FILM = (300, 400), "a.dcm"
ROW_MM, COL_MM = 0.1, 0.25
BESIDE_ONLY = {"deeplabcut", "csv-wide", "isbi"}  # these have no place for it
IN_THE_FILE = sorted(set(MODULES) - BESIDE_ONLY - {"dicom-gsps", "spreadsheet"})
AREAS = ((0.0, 1.0, 99.5, 399.0), (120.0, 1.0, 299.0, 1e2 / 3))
SIZES = [
    None,
    *(Spacing(ROW_MM, COL_MM, source) for source in SpacingSource),
    Spacing(ROW_MM, COL_MM, SpacingSource.US_REGION, areas=AREAS),
    Spacing(ROW_MM, COL_MM, SpacingSource.DETECTOR, chosen=True),
    Spacing(ROW_MM, COL_MM, SpacingSource.RESOLUTION, chosen=True),
]
CHOSEN = SIZES[-2]


def batch_of(spacing, folder):
    image = ImageRef(FILM, *SIZE, sha256="0" * 64, spacing=spacing, path=folder / FILM)
    points = {mark: placed(10 + 9 * k, 20 + 7 * k, None) for k, mark in enumerate(CEPH.ids)}
    return Batch((Reading(image, points, "AB"),), CEPH.ids)


def written(name, spacing, folder):
    form = find_format(name)
    suffix = "" if form.is_folder else form.suffixes[0]
    target = folder / f"{name}-{len(list(folder.iterdir()))}{suffix}"
    report, told = write_with_report(batch_of(spacing, folder), target, form, WriteOptions(CEPH))
    assert report_path(target).is_file()
    assert report.skipped == ()
    return report, told, target


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A real DICOM film whose header holds the pixel size that is written, for Slicer takes it from there."""
    folder = tmp_path_factory.mktemp("film")
    pixels = np.zeros((SIZE[1], SIZE[0]), dtype=np.uint8)
    PIL.Image.fromarray(pixels).save(folder / "a.png")
    dicom_copy(read_image(folder / "a.png"), folder / FILM)
    dataset = pydicom.dcmread(folder / FILM)
    dataset.PixelSpacing = dataset.ImagerPixelSpacing = [ROW_MM, COL_MM]  # ITK takes the latter of a CR image
    dataset.save_as(folder / FILM)
    return folder / FILM


@pytest.fixture
def folder(tmp_path, film):
    shutil.copy(film, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", IN_THE_FILE)
def test_size_source_choice_and_areas_return_with_the_file(folder, name):
    form = find_format(name)
    for spacing in SIZES:
        _, told, target = written(name, spacing, folder)
        assert told["spacing_sources"] == {spacing.source if spacing else "none": 1}
        assert form.read is not None
        found = form.read(target, ReadOptions(CEPH, lambda _hint: folder / FILM)).readings[0].image.spacing
        assert found == spacing, name


@pytest.mark.parametrize("name", sorted(MODULES))
def test_the_report_beside_every_export_has_all_of_it(folder, name):
    spacing = Spacing(ROW_MM, COL_MM, SpacingSource.US_REGION, chosen=True, areas=AREAS)
    _, told, target = written(name, spacing, folder)
    (size,) = json.loads(report_path(target).read_text())["spacing"]
    assert size == told["spacing"][0]
    assert Spacing.from_json(size) == spacing
    assert (size["trust"], size["images"]) == ("calibrated", [FILM])
    assert written(name, None, folder)[1]["spacing"] == []


@pytest.mark.parametrize("name", sorted(BESIDE_ONLY))
def test_what_has_no_place_for_it_says_so(name):
    assert "pixel size" in FACTS[name].lost


def test_medsapiens_files_have_the_size_and_say_that_its_source_is_lost(folder):
    options = WriteOptions(CEPH, {"flavour": "medsapiens"})
    _, told = write_with_report(batch_of(CHOSEN, folder), folder / "m.json", find_format("coco"), options)
    (image,) = json.loads((folder / "m.json").read_text())["images"]
    assert image["pixel_spacing_mm"] == [ROW_MM, COL_MM]
    assert any("source of the spacing" in text for text in told["losses"])
    assert told["spacing"][0]["chosen"] is True


def test_a_spreadsheet_names_the_source_in_every_row(folder):
    report, _, _ = written("spreadsheet", CHOSEN, folder)
    header, *rows = report.files[0].read_text(encoding="utf-8-sig").splitlines()
    places = [header.split(";").index(name) for name in ("spacing_source", "spacing_chosen")]
    assert {tuple(row.split(";")[place] for place in places) for row in rows} == {("detector", "1")}


@pytest.mark.parametrize(
    ("spacing", "size", "words"),
    [
        (None, None, "none"),
        (Spacing(ROW_MM, COL_MM, SpacingSource.USER), [ROW_MM, COL_MM], "user"),
        (Spacing(ROW_MM, COL_MM, SpacingSource.CORRECTED_UNKNOWN, chosen=True), [ROW_MM, COL_MM],
         "corrected_unknown, chosen"),
        (Spacing(ROW_MM, COL_MM, SpacingSource.DETECTOR), None, "detector"),
        (CHOSEN, [ROW_MM, COL_MM], "detector, chosen"),
        (Spacing(ROW_MM, COL_MM, SpacingSource.US_REGION, areas=AREAS), None, "us_region"),
    ],
)  # fmt: skip
def test_a_presentation_state_has_the_size_where_it_is_in_millimetres_and_always_its_source(
    folder, spacing, size, words
):
    report, _, _ = written("dicom-gsps", spacing, folder)
    state = pydicom.dcmread(report.files[0])
    layer = next(layer for layer in state.GraphicLayerSequence if layer.GraphicLayer == "LANDMARKS")
    assert layer.GraphicLayerDescription == f"Landmarks and their names; pixel size: {words}"
    (area,) = state.DisplayedAreaSelectionSequence
    assert area.get("PresentationPixelSpacing") == size
    assert ("PresentationPixelAspectRatio" in area) == (size is None), "one of the two, never both"
