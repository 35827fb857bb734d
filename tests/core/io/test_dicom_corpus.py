"""Every DICOM file of pydicom and pydicom-data: an image, or a refusal with a reason; values against other readers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from pydicom.data import get_testdata_file, get_testdata_files

from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io import probe, read_image

CORPUS = sorted({path for path in map(Path, get_testdata_files()) if path.is_file()})

SAME_PIXELS = [
    ("RG1_UNCR.dcm", "RG1_J2KR.dcm"), ("RG3_UNCR.dcm", "RG3_J2KR.dcm"), ("MR_small.dcm", "MR_small_expb.dcm"),
    ("SC_rgb.dcm", "SC_rgb_expb.dcm"), ("SC_rgb_16bit.dcm", "SC_rgb_rle_16bit.dcm"),
    ("SC_rgb_32bit.dcm", "SC_rgb_rle_32bit.dcm"), ("OBXXXX1A.dcm", "OBXXXX1A_expb.dcm"),
    ("OBXXXX1A.dcm", "OBXXXX1A_rle.dcm"), ("emri_small.dcm", "emri_small_RLE.dcm"),
    ("emri_small.dcm", "emri_small_jpeg_2k_lossless.dcm"), ("emri_small.dcm", "emri_small_jpeg_ls_lossless.dcm"),
    ("emri_small.dcm", "emri_small_big_endian.dcm"), ("rtdose.dcm", "rtdose_rle.dcm"), ("liver.dcm", "liver_expb.dcm"),
    ("gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"),
    ("emri_small.dcm", "emri_small_jpeg_2k_lossless_too_short.dcm"),  # lacks only the end mark of the list
]  # fmt: skip


def sample(name: str) -> Path:
    found = get_testdata_file(name)
    assert found is not None
    return Path(str(found))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_every_file_is_an_image_or_refused_with_a_reason(path: Path) -> None:
    try:
        image = read_image(path)
    except UnreadableImageError as refusal:
        assert str(refusal).startswith((path.name + ": ", f'"{path.name}" '))
        assert len(str(refusal)) > len(path.name) + 20
        return
    header = probe(path)
    assert (header.width, header.height, header.frames) == (*image.size, image.provenance.frame_count)
    assert image.window[0] <= image.window[1]


def test_most_of_the_corpus_decodes() -> None:
    with_pixels = [path for path in CORPUS if path.suffix == ".dcm" and _is_read(path)]

    assert len(with_pixels) >= 125


def _is_read(path: Path) -> bool:
    try:
        read_image(path)
    except UnreadableImageError:
        return False
    return True


@pytest.mark.parametrize(("one", "other"), SAME_PIXELS)
def test_one_picture_in_two_codings_reads_the_same(one: str, other: str) -> None:
    np.testing.assert_array_equal(read_image(sample(one)).pixels, read_image(sample(other)).pixels)


@pytest.mark.parametrize("frame", [0, 4, 9])
@pytest.mark.parametrize("name", ["emri_small.dcm", "emri_small_RLE.dcm", "emri_small_jpeg_ls_lossless.dcm"])
def test_the_chosen_frame_is_decoded(name: str, frame: int) -> None:
    whole = np.squeeze(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(sample("emri_small.dcm")))))

    image = read_image(sample(name), frame=frame)

    np.testing.assert_array_equal(image.pixels, whole[frame])
    assert (image.provenance.frame, image.provenance.frame_count) == (frame, 10)


def test_a_frame_beyond_the_last_is_refused() -> None:
    with pytest.raises(UnreadableImageError, match=r"no frame 11.*from 1 to 10"):
        read_image(sample("emri_small.dcm"), frame=10)


def test_of_a_cut_film_the_whole_frames_are_usable_and_the_cut_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "cut.dcm"
    path.write_bytes(sample("emri_small_jpeg_2k_lossless.dcm").read_bytes()[:-2000])
    whole = read_image(sample("emri_small.dcm"), frame=3).pixels

    np.testing.assert_array_equal(read_image(path, frame=3).pixels, whole)
    with pytest.raises(UnreadableImageError, match="too early"):
        read_image(path, frame=9)


def test_lossy_ybr_is_turned_to_rgb_once() -> None:
    ours = read_image(sample("SC_rgb_dcmtk_+eb+cy+np.dcm")).pixels.astype(int)
    plain = read_image(sample("SC_rgb.dcm")).pixels.astype(int)

    assert np.abs(ours - plain).mean() < 12
    assert np.argmax(plain[5, 50]) == np.argmax(ours[5, 50])


def test_twelve_bit_jpeg_is_close_to_the_film_it_was_made_of() -> None:
    lossy = read_image(sample("JPEG-lossy.dcm")).pixels.astype(int)
    exact = np.clip(read_image(sample("JPEG-LL.dcm")).pixels.astype(int), 0, None)

    assert np.abs(lossy - exact).mean() < 3


@pytest.mark.parametrize("name", ["DICOMDIR", "test-SR.dcm", "rtstruct.dcm", "rtplan.dcm", "waveform_ecg.dcm"])
def test_datasets_without_pixels_say_so(name: str) -> None:
    with pytest.raises(UnreadableImageError, match=r"without pixel data|table of contents"):
        read_image(next(path for path in CORPUS if path.name == name))
