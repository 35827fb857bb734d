"""The pixel size and its source go along in every export: in the file where it can hold them, always beside it."""

from __future__ import annotations

import PIL.Image
import pytest

from medsapiens_core.data.annotation import placed
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.spacing import BY_A_PERSON
from medsapiens_core.data.template_file import find_template
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.registry import MODULES, find_format
from medsapiens_core.transfer.reports import report_path, write_with_report

CEPH = find_template("ceph-19")
SIZE = (300, 400)
ROW_MM, COL_MM = 0.1, 0.25
BESIDE_ONLY = {"deeplabcut", "csv-wide", "isbi"}  # these have no place for it
IN_THE_FILE = sorted(set(MODULES) - BESIDE_ONLY - {"dicom-sr", "dicom-gsps", "spreadsheet"})
SOURCES = [*SpacingSource, None]


def batch_of(source, folder):
    spacing = None if source is None else Spacing(ROW_MM, COL_MM, source)
    image = ImageRef("a.png", *SIZE, sha256="0" * 64, spacing=spacing, path=folder / "a.png")
    points = {mark: placed(10 + 9 * k, 20 + 7 * k, None) for k, mark in enumerate(CEPH.ids)}
    return Batch((Reading(image, points, "AB"),), CEPH.ids)


def written(name, source, folder):
    form = find_format(name)
    suffix = "" if form.is_folder else form.suffixes[0]
    target = folder / f"{name}-{source}{suffix}"
    report, told = write_with_report(batch_of(source, folder), target, form, WriteOptions(CEPH))
    assert report_path(target).is_file()
    return report, told, target


@pytest.fixture
def folder(tmp_path):
    PIL.Image.new("L", SIZE).save(tmp_path / "a.png")
    return tmp_path


@pytest.mark.parametrize("name", IN_THE_FILE)
def test_the_source_returns_with_the_file(folder, name):
    form = find_format(name)
    for source in SOURCES:
        if name == "slicer" and source in BY_A_PERSON:
            continue  # refused: Slicer would place the points elsewhere (test_slicer.py)
        _, told, target = written(name, source, folder)
        assert told["spacing_sources"] == {source or "none": 1}
        assert form.read is not None
        spacing = form.read(target, ReadOptions(CEPH, lambda _hint: folder / "a.png")).readings[0].image.spacing
        found = None if spacing is None else (spacing.row_mm, spacing.col_mm, spacing.source)
        assert found == (None if source is None else (ROW_MM, COL_MM, source)), (name, source)


@pytest.mark.parametrize("name", sorted(BESIDE_ONLY))
def test_formats_without_a_place_for_it_have_it_in_the_report(folder, name):
    for source in (SpacingSource.DETECTOR, None):
        _, told, _ = written(name, source, folder)
        assert told["spacing_sources"] == {source or "none": 1}


def test_a_spreadsheet_names_the_source_in_every_row(folder):
    report, _, _ = written("spreadsheet", SpacingSource.DETECTOR, folder)
    header, *rows = report.files[0].read_text(encoding="utf-8-sig").splitlines()
    place = header.split(";").index("spacing_source")
    assert {row.split(";")[place] for row in rows} == {"detector"}
