"""Presentation states: points and names where they belong, and the picture not turned into its negative."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import PIL.Image
import pydicom
import pytest

from medsapiens_core.data.annotation import absent
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.exchange import dicom_gsps
from medsapiens_core.exchange.dicom_measurements import MeasurementValue
from tests.core.exchange.dicom_samples import (
    EVERY_STATE,
    NASION,
    PORION,
    SELLA,
    changed,
    corrected,
    predicted,
    reading,
    sample,
    write,
)

needs_dcmtk = pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="DCMTK is not installed")


def written(folder, *readings, **choices):
    report = write(dicom_gsps, folder, *readings, **choices)
    assert report.skipped == ()
    return pydicom.dcmread(report.files[0])


def test_points_and_names(tmp_path):
    state = written(tmp_path, reading(reader="AB"))

    (layer,) = state.GraphicAnnotationSequence
    points = {graphic.TrackingID: list(graphic.GraphicData) for graphic in layer.GraphicObjectSequence}
    texts = {text.UnformattedTextValue: list(text.AnchorPoint) for text in layer.TextObjectSequence}

    assert points == {"lm:ceph4:S": [0, 12.75], "lm:ceph4:N": [128, 128], "lm:ceph4:Po": [0.5, 0.5]}
    assert texts == {"S landmark": [6, 6.75], "N landmark": [128, 122], "Po landmark (estimated)": [6.5, 0]}
    assert {graphic.GraphicType for graphic in layer.GraphicObjectSequence} == {"POINT"}
    assert {graphic.GraphicAnnotationUnits for graphic in layer.GraphicObjectSequence} == {"PIXEL"}
    assert state.ContentCreatorName == "AB^"
    (area,) = state.DisplayedAreaSelectionSequence
    assert list(area.DisplayedAreaBottomRightHandCorner) == [128, 128]


def test_abbreviations_pseudonym_and_undecided_points_by_choice(tmp_path):
    points = {SELLA: predicted(5, 9), PORION: corrected(3, 4)}

    state = written(
        tmp_path, reading(points=points, reader="AB"), undecided="include", label="abbreviation", creator="R-1"
    )

    texts = [text.UnformattedTextValue for text in state.GraphicAnnotationSequence[0].TextObjectSequence]
    assert texts == ["S (not reviewed)", "PO"]
    assert state.ContentCreatorName == "R-1^"


@pytest.mark.parametrize(("photometric", "shape"), [("MONOCHROME1", "INVERSE"), ("MONOCHROME2", "IDENTITY")])
def test_polarity_of_the_image_is_repeated(tmp_path, photometric, shape):
    path = changed(tmp_path, PhotometricInterpretation=photometric)
    assert written(tmp_path / "out", reading(path)).PresentationLUTShape == shape


@needs_dcmtk
@pytest.mark.parametrize(("photometric", "sign"), [("MONOCHROME1", -1), ("MONOCHROME2", 1)])
def test_dcmtk_shows_the_film_with_its_own_polarity(tmp_path, photometric, sign):
    path = changed(tmp_path, PhotometricInterpretation=photometric)
    report = write(dicom_gsps, tmp_path / "out", reading(path))
    picture = tmp_path / "shown.pgm"

    run = subprocess.run(
        ["dcmp2pgm", "-p", report.files[0], path, picture], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    shown = np.asarray(PIL.Image.open(picture), float)
    stored = pydicom.dcmread(path).pixel_array
    assert shown.shape == stored.shape
    assert sign * np.corrcoef(shown.ravel(), stored.ravel())[0, 1] > 0.5


@needs_dcmtk
def test_dcmtks_checker_accepts_it(tmp_path):
    (path,) = write(dicom_gsps, tmp_path, reading(reader="AB")).files
    run = subprocess.run(["dcmpschk", path], capture_output=True, text=True, check=False)
    assert run.returncode == 0
    assert "Test passed" in run.stdout + run.stderr


def test_the_window_is_the_chosen_one_else_the_files_else_ours(tmp_path):
    no_window = changed(tmp_path, "MR_small.dcm", remove=["WindowCenter", "WindowWidth"])

    chosen = written(tmp_path / "a", reading(), window="-160,240").SoftcopyVOILUTSequence[0]
    own = written(tmp_path / "b", reading(sample("MR_small.dcm"), {SELLA: corrected(1, 2)})).SoftcopyVOILUTSequence[0]
    ours = written(tmp_path / "c", reading(no_window, {SELLA: corrected(1, 2)})).SoftcopyVOILUTSequence[0]

    assert (chosen.WindowCenter, chosen.WindowWidth, chosen.VOILUTFunction) == (40, 400, "LINEAR_EXACT")
    assert own.WindowWidth == pydicom.dcmread(sample("MR_small.dcm")).WindowWidth
    assert ours.WindowWidth > 0


def test_points_outside_are_named_and_what_cannot_be_drawn_is_skipped(tmp_path):
    readings = [
        reading(points={SELLA: corrected(-3, 2), NASION: corrected(3, 2)}, name="a"),
        reading(sample("SC_rgb.dcm"), {SELLA: corrected(1, 2)}, name="colour"),
        reading(sample("color-pl.dcm"), {SELLA: corrected(1, 2)}, name="no patient"),
        reading(points={SELLA: absent()}, name="absent"),
        reading(name="window"),
    ]

    report = write(dicom_gsps, tmp_path, *readings[:-1])
    refused = write(dicom_gsps, tmp_path, readings[-1], window="5")

    reasons = dict(report.skipped)
    assert [path.name for path in report.files] == ["a.gsps.dcm"]
    assert any("S lies outside" in loss for loss in report.losses)
    assert "dicom-sr" in reasons["colour"]
    assert "PatientID" in reasons["no patient"]
    assert "no landmark to draw" in reasons["absent"]
    assert "low,high" in refused.skipped[0][1]


def test_measurements_are_lines_in_a_layer_of_their_own(tmp_path):
    measured = (
        MeasurementValue("S-N", 12.5, "mm", ((1.0, 2.0), (3.0, 4.0))),
        MeasurementValue("S-Po", 12.5, "mm", ((-1.0, 2.0), (3.0, 4.0))),
    )
    spacing = Spacing(0.1, 0.1, SpacingSource.FIDUCIAL)

    state = written(tmp_path, reading(extra={"dicom-sr": {"measurements": measured}}, image={"spacing": spacing}))

    assert [layer.GraphicLayer for layer in state.GraphicLayerSequence] == ["LANDMARKS", "MEASUREMENTS"]
    (line,) = state.GraphicAnnotationSequence[1].GraphicObjectSequence
    assert (line.GraphicType, list(line.GraphicData)) == ("POLYLINE", [1.5, 2.5, 3.5, 4.5])


def test_it_is_never_read_back(tmp_path):
    assert dicom_gsps.FORMAT.read is None
    assert any("not read back" in loss for loss in write(dicom_gsps, tmp_path, reading()).losses)
    assert len(EVERY_STATE) == 4
