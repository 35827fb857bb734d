from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pydicom
import pytest

from medsapiens_core.data.rendering import to_uint8
from medsapiens_core.io import read_image
from medsapiens_core.io.phantom import KINDS, SAMPLES, SPACING_MM, TEMPLATES, Sample, make_phantom, write_sample
from medsapiens_core.io.samples import chest_film_path

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("kind", KINDS)
def test_a_film_is_grey_has_contrast_and_comes_out_the_same_again(kind: str) -> None:
    pixels, landmarks = make_phantom(kind, 7)
    again, _ = make_phantom(kind, 7)
    other, moved = make_phantom(kind, 8)

    assert pixels.dtype == np.uint8
    assert pixels.std() > 30
    np.testing.assert_array_equal(pixels, again)
    assert (pixels != other).mean() > 0.5
    assert landmarks != moved


@pytest.mark.parametrize("kind", KINDS)
def test_landmarks_are_those_of_the_template_and_lie_on_the_film(kind: str) -> None:
    template = json.loads((ROOT / "resources" / "templates" / f"{TEMPLATES[kind]}.json").read_text(encoding="utf-8"))

    pixels, landmarks = make_phantom(kind, 3)

    assert list(landmarks) == [landmark["id"] for landmark in template["landmarks"]]
    height, width = pixels.shape
    assert all(0 <= x < width and 0 <= y < height for x, y in landmarks.values())


def test_the_word_synthetic_is_in_the_pixels() -> None:
    pixels, _ = make_phantom("hand", 1)

    corner = pixels[-40:-8, 8:130]
    assert 0.02 < (corner > 200).mean() < 0.5


def test_more_bits_are_more_greys() -> None:
    pixels, _ = make_phantom("hand", 1, bits=12)

    assert pixels.dtype == np.uint16
    assert pixels.max() < 4096
    assert np.unique(pixels).size > 1000


def test_png_sample_says_in_the_file_what_it_is(tmp_path: Path) -> None:
    path = write_sample(tmp_path, Sample("hand", 1, ".png"))

    with PIL.Image.open(path) as picture:
        assert "SYNTHETIC" in picture.info["Description"]
    assert read_image(path).spacing is None


@pytest.mark.parametrize("negative", [False, True])
def test_dicom_sample_is_calibrated_marked_and_reads_back(tmp_path: Path, negative: bool) -> None:
    path = write_sample(tmp_path, Sample("hand", 2, ".dcm", 12, negative))

    image, dataset = read_image(path), pydicom.dcmread(path)

    assert image.spacing is not None
    assert image.spacing.row_mm == SPACING_MM["hand"]
    assert image.spacing.source == "fiducial"
    assert image.inverted == negative
    assert dataset.Manufacturer == "MedSapiens Studio synthetic"
    assert "SYNTHETIC" in dataset.ImageComments
    expected, _ = make_phantom("hand", 2)
    assert np.abs(to_uint8(image).astype(int) - expected).max() <= 1


def test_sample_bytes_never_change(tmp_path: Path) -> None:
    sample = Sample("hand", 2, ".dcm", 12)

    first = write_sample(tmp_path, sample).read_bytes()

    assert write_sample(tmp_path, sample).read_bytes() == first


def test_every_kind_is_among_the_samples_and_every_name_is_its_own() -> None:
    assert {sample.kind for sample in SAMPLES} == set(KINDS)
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES)


def test_chest_film_of_pydicom_data_is_found_and_is_a_film() -> None:
    image = read_image(chest_film_path())

    assert image.size == (1841, 1955)
    assert image.inverted
    assert image.modality == "CR"
    assert image.spacing is None  # the file says 0 by 0
