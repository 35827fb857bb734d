"""One film per row of the table in formats.md 1.5."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    RTImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
)

from medsapiens_core.data.image import Image
from medsapiens_core.io import read_image
from tests.core.io.builders import item, write_dicom

DETECTOR = {"ImagerPixelSpacing": ["0.1", "0.2"]}
PLAIN = {"PixelSpacing": ["0.1", "0.2"]}
SECONDARY = {"SOPClassUID": SecondaryCaptureImageStorage, "Modality": "OT"}


def region(**values: Any) -> Any:
    return item(
        **{
            "RegionSpatialFormat": 1,
            "PhysicalUnitsXDirection": 3,
            "PhysicalUnitsYDirection": 3,
            "PhysicalDeltaX": 0.02,
            "PhysicalDeltaY": 0.01,
            **values,
        }
    )


ULTRASOUND = {"SOPClassUID": UltrasoundImageStorage, "Modality": "US"}
ENHANCED = {
    "Modality": "MR",
    "SharedFunctionalGroupsSequence": [item(PixelMeasuresSequence=[item(PixelSpacing=["0.1", "0.2"])])],
}

ROWS = [
    ("2 CT", {"Modality": "CT", **PLAIN}, "patient_plane", (0.1, 0.2)),
    ("2 enhanced, shared", ENHANCED, "patient_plane", (0.1, 0.2)),
    ("3 one region", {**ULTRASOUND, "SequenceOfUltrasoundRegions": [region()]}, "us_region", (0.1, 0.2)),
    ("4 fiducial", {**PLAIN, **DETECTOR, "PixelSpacingCalibrationType": "FIDUCIAL"}, "fiducial", (0.1, 0.2)),
    ("5 geometry", {**PLAIN, "PixelSpacingCalibrationType": "GEOMETRY"}, "geometry", (0.1, 0.2)),
    ("6 differs", {**PLAIN, "ImagerPixelSpacing": ["0.11", "0.22"]}, "corrected_unknown", (0.1, 0.2)),
    ("7 equals imager", {**PLAIN, **DETECTOR}, "detector", (0.1, 0.2)),
    ("7 equals scanned", {**PLAIN, "NominalScannedPixelSpacing": ["0.1", "0.2"]}, "detector", (0.1, 0.2)),
    ("8 alone", PLAIN, "unknown", (0.1, 0.2)),
    ("10 imager alone", DETECTOR, "detector", (0.1, 0.2)),
    ("10 imager, zero spacing", {**DETECTOR, "PixelSpacing": ["0", "0"]}, "detector", (0.1, 0.2)),
    (
        "10 RT image",
        {"SOPClassUID": RTImageStorage, "Modality": "RTIMAGE", "ImagePlanePixelSpacing": ["0.1", "0.2"]},
        "detector",
        (0.1, 0.2),
    ),
    ("11 film", {"NominalScannedPixelSpacing": ["0.1", "0.2"]}, "film", (0.1, 0.2)),
    ("11 scanned capture", {**SECONDARY, "NominalScannedPixelSpacing": ["0.1", "0.2"]}, "film", (0.1, 0.2)),
    ("calibrated capture", {**SECONDARY, **PLAIN, "PixelSpacingCalibrationType": "FIDUCIAL"}, "fiducial", (0.1, 0.2)),
]

UNKNOWN = [
    ("12 capture 1 by 1", {**SECONDARY, "PixelSpacing": ["1.0", "1.0"]}),
    ("12 capture with any spacing", {**SECONDARY, **PLAIN}),
    ("12 workstation capture", {**SECONDARY, "ConversionType": "WSD", "NominalScannedPixelSpacing": ["0.1", "0.2"]}),
    ("film 1 by 1 and nothing else", {"PixelSpacing": ["1", "1"]}),
    ("13 nothing", {}),
    ("13 zero", {"PixelSpacing": ["0.000", "0.000"]}),
    ("13 negative", {"PixelSpacing": ["-0.1", "0.1"]}),
    ("13 one value", {"ImagerPixelSpacing": "0.1"}),
    ("13 above 10 mm", {"PixelSpacing": ["12", "12"]}),
    ("13 ratio above 4", {"PixelSpacing": ["0.1", "0.5"]}),
    ("3 two scales", {**ULTRASOUND, "SequenceOfUltrasoundRegions": [region(), region(PhysicalDeltaX=0.03)]}),
    ("3 Doppler", {**ULTRASOUND, "SequenceOfUltrasoundRegions": [region(PhysicalUnitsXDirection=4)]}),
]


def film(tmp_path: Path, values: dict[str, Any]) -> Image:
    base = {"SOPClassUID": DigitalXRayImageStorageForPresentation, "Modality": "DX"}
    return read_image(write_dicom(tmp_path / "film.dcm", **{**base, **values}))


@pytest.mark.parametrize(("row", "values", "source", "pair"), ROWS, ids=[row[0] for row in ROWS])
def test_row(tmp_path: Path, row: str, values: dict[str, Any], source: str, pair: tuple[float, float]) -> None:
    image = film(tmp_path, values)

    assert image.spacing is not None
    assert (image.spacing.row_mm, image.spacing.col_mm) == pytest.approx(pair)
    assert image.spacing.source == source
    assert image.pixel_aspect == pytest.approx(pair[0] / pair[1])


@pytest.mark.parametrize(("row", "values"), UNKNOWN, ids=[row[0] for row in UNKNOWN])
def test_unknown_is_none(tmp_path: Path, row: str, values: dict[str, Any]) -> None:
    assert film(tmp_path, values).spacing is None


def test_magnification_is_told_and_not_applied(tmp_path: Path) -> None:
    image = film(tmp_path, {**DETECTOR, "EstimatedRadiographicMagnificationFactor": "1.1"})

    assert image.spacing is not None
    assert image.spacing.row_mm == 0.1
    assert any("magnification" in warning for warning in image.provenance.warnings)


def test_screenshot_is_told(tmp_path: Path) -> None:
    assert any("screen capture" in w for w in film(tmp_path, {**SECONDARY, **PLAIN}).provenance.warnings)


@pytest.mark.parametrize(("ratio", "aspect"), [(["3", "2"], 1.5), (["0", "1"], 1.0), (["1", "9"], 1.0)])
def test_pixel_shape_without_a_size(tmp_path: Path, ratio: list[str], aspect: float) -> None:
    image = film(tmp_path, {"PixelAspectRatio": ratio})

    assert image.spacing is None
    assert image.pixel_aspect == aspect


def test_spacing_and_rescale_of_one_frame_of_an_enhanced_file(tmp_path: Path) -> None:
    import numpy as np

    def group(number: int) -> Any:
        return item(
            PixelMeasuresSequence=[item(PixelSpacing=[f"0.{number}", f"0.{number}"])],
            PixelValueTransformationSequence=[item(RescaleSlope=str(number), RescaleIntercept="0", RescaleType="US")],
            FrameVOILUTSequence=[item(WindowCenter=str(10 * number), WindowWidth=str(20 * number))],
        )

    frames = np.arange(2 * 6 * 7, dtype=np.uint16).reshape(2, 6, 7)
    path = write_dicom(
        tmp_path / "e.dcm",
        frames,
        Modality="MR",
        SharedFunctionalGroupsSequence=[item()],
        PerFrameFunctionalGroupsSequence=[group(2), group(3)],
    )

    image = read_image(path, frame=1)

    assert image.spacing is not None
    assert image.spacing.row_mm == 0.3
    np.testing.assert_array_equal(image.pixels, frames[1] * 3)
    assert image.windows[0][1:] == (0.0, 59.0)


def told(image: Image) -> list[tuple[str, float, bool]]:
    return [(c.spacing.source.value, c.spacing.row_mm, c.is_default) for c in image.candidates]


def test_the_sizes_that_were_not_used_are_there_to_choose(tmp_path: Path) -> None:
    values = {
        "PixelSpacing": ["0.1", "0.1"],
        "PixelSpacingCalibrationType": "FIDUCIAL",
        "ImagerPixelSpacing": ["0.143", "0.143"],
        "EstimatedRadiographicMagnificationFactor": "1.1",
    }
    image = film(tmp_path, values)

    used, detector, corrected = told(image)
    assert used == ("fiducial", 0.1, True)
    assert detector == ("detector", 0.143, False)
    assert corrected == ("magnification", pytest.approx(0.13), False)
    assert image.candidates[2].magnification == 1.1
    assert "Fiducial" in image.candidates[0].origin


@pytest.mark.parametrize("factor", ["1.0", "0.9", "12", "0"])
def test_an_impossible_magnification_is_not_offered(tmp_path: Path, factor: str) -> None:
    image = film(tmp_path, {**DETECTOR, "EstimatedRadiographicMagnificationFactor": factor})

    assert [name for name, _, _ in told(image)] == ["detector"]


def test_the_size_of_a_screen_capture_is_offered_only(tmp_path: Path) -> None:
    assert told(film(tmp_path, {**SECONDARY, **PLAIN})) == [("unknown", 0.1, False)]


@pytest.mark.parametrize(("row", "values", "source", "pair"), ROWS, ids=[row[0] for row in ROWS])
def test_the_size_in_use_comes_first(
    tmp_path: Path, row: str, values: dict[str, Any], source: str, pair: tuple[float, float]
) -> None:
    image = film(tmp_path, values)

    assert image.candidates[0].spacing == image.spacing
    assert [candidate.is_default for candidate in image.candidates].count(True) == 1


LEFT = {
    "RegionLocationMinX0": 0,
    "RegionLocationMinY0": 0,
    "RegionLocationMaxX1": 14,
    "RegionLocationMaxY1": 20,
}


def test_an_ultrasound_size_holds_in_its_region(tmp_path: Path) -> None:
    image = film(tmp_path, {**ULTRASOUND, "SequenceOfUltrasoundRegions": [region(**LEFT)]})

    assert image.spacing is not None
    assert image.spacing.areas == ((0.0, 0.0, 14.0, 20.0),)
    assert not image.spacing.holds_for([(15.0, 3.0)])


def test_regions_of_different_scale_are_each_offered(tmp_path: Path) -> None:
    right = {**LEFT, "RegionLocationMinX0": 15, "RegionLocationMaxX1": 30, "PhysicalDeltaX": 0.03}
    image = film(tmp_path, {**ULTRASOUND, "SequenceOfUltrasoundRegions": [region(**LEFT), region(**right)]})

    assert image.spacing is None
    assert [c.spacing.col_mm for c in image.candidates] == pytest.approx([0.2, 0.3])
    assert [c.spacing.areas[0][0] for c in image.candidates] == [0.0, 15.0]


@pytest.mark.parametrize(
    ("values", "device"),
    [
        ({"Manufacturer": "ACME", "ManufacturerModelName": "X1", "StationName": "ROOM 2"}, "ACME / X1 / ROOM 2"),
        ({"Manufacturer": "ACME"}, ""),
        ({"StationName": "ROOM 2"}, "ROOM 2"),
    ],
)
def test_the_device_is_named_where_the_file_tells_which_it_was(
    tmp_path: Path, values: dict[str, Any], device: str
) -> None:
    assert film(tmp_path, values).device == device
