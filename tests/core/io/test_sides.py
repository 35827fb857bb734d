"""Left and right as files tell them: DICOM films, slices of enhanced files, NIfTI volumes; and through the decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from medsapiens_core import decoding
from medsapiens_core.data.sides import PatientSides
from medsapiens_core.io.read import read_image

from .builders import item, write_dicom


def sides(path: Path, **values: object) -> PatientSides | None:
    return read_image(write_dicom(path / "film.dcm", **values)).sides


def test_a_film_tells_by_patient_orientation(tmp_path: Path) -> None:
    assert sides(tmp_path, PatientOrientation=["A", "F"]) == PatientSides("A", "F")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"PatientOrientation": ""},
        {"PatientOrientation": ["L", "R"]},
        {"PatientOrientation": ["L", "F"], "AnatomicalOrientationType": "QUADRUPED"},
        {"ImageOrientationPatient": [0, 0, 0, 0, 1, 0]},
    ],
)
def test_what_is_not_told_is_not_known(tmp_path: Path, values: dict[str, object]) -> None:
    assert sides(tmp_path, **values) is None


def test_directions_come_before_letters(tmp_path: Path) -> None:
    values = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PatientOrientation": ["R", "F"]}
    assert sides(tmp_path, **values) == PatientSides("L", "P")


def test_each_frame_of_an_enhanced_file_has_its_own(tmp_path: Path) -> None:
    groups = [
        item(PlaneOrientationSequence=[item(ImageOrientationPatient=cosines)])
        for cosines in ([1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1])
    ]
    pixels = np.zeros((2, 20, 30), np.uint16)
    path = write_dicom(tmp_path / "enhanced.dcm", pixels, PerFrameFunctionalGroupsSequence=groups)
    assert [read_image(path, frame=k).sides for k in (0, 1)] == [PatientSides("L", "P"), PatientSides("P", "F")]


@pytest.mark.parametrize(("axis", "expected"), [(0, ("L", "P")), (1, ("L", "H")), (2, ("P", "H"))])
def test_slices_of_a_nifti_volume(tmp_path: Path, axis: int, expected: tuple[str, str]) -> None:
    volume = SimpleITK.GetImageFromArray(np.zeros((5, 6, 7), np.int16))
    SimpleITK.WriteImage(volume, str(tmp_path / "volume.nii"))
    found = read_image(tmp_path / "volume.nii", frame=1, axis=axis).sides
    assert found == PatientSides(*expected)


def test_a_header_that_only_repeats_the_default_tells_nothing(tmp_path: Path) -> None:
    volume = SimpleITK.GetImageFromArray(np.zeros((5, 6, 7), np.int16))
    SimpleITK.WriteImage(volume, str(tmp_path / "volume.mha"))
    assert read_image(tmp_path / "volume.mha", frame=1, axis=0).sides is None
    volume.SetDirection((0, 1, 0, 0, 0, -1, 1, 0, 0))
    SimpleITK.WriteImage(volume, str(tmp_path / "turned.mha"))
    assert read_image(tmp_path / "turned.mha", frame=1, axis=0).sides is not None


def test_sides_come_through_the_decoder(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "film.dcm", PatientOrientation=["L", "F"])
    assert decoding.read_image(path).sides == PatientSides("L", "F")
    decoding.close_decoders()
