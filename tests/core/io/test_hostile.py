"""Damaged files: an image or a refusal, never another error, whatever is changed in them."""

from __future__ import annotations

import io
import threading
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import SimpleITK
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from medsapiens_core.data.image import Image
from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io import probe, read_image
from medsapiens_core.io.codestream import codestream_size, is_clean_jpeg
from tests.core.io.builders import write_dicom

DICOM_SEEDS = ["CT_small.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_jp2klossless.dcm",
               "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_small_odd.dcm", "image_dfl.dcm", "SC_rgb_jpeg_gdcm.dcm"]  # fmt: skip


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("seeds")
    noise = np.random.default_rng(0).integers(0, 255, (24, 30), dtype=np.uint8)
    for suffix in (".png", ".jpg", ".bmp"):
        PIL.Image.fromarray(noise).save(folder / f"a{suffix}")
    tifffile.imwrite(folder / "a.tif", noise)
    volume = SimpleITK.GetImageFromArray(np.stack([noise] * 3).astype(np.int16))
    for suffix in (".mha", ".nii", ".nii.gz", ".nrrd"):
        SimpleITK.WriteImage(volume, str(folder / f"v{suffix}"))
    paths = [*sorted(folder.iterdir()), *(Path(str(get_testdata_file(name))) for name in DICOM_SEEDS)]
    return [path.read_bytes() for path in paths]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_mutant_is_an_image_or_refused(seeds: list[bytes], tmp_path: Path, data: st.DataObject) -> None:
    mutant = bytearray(data.draw(st.sampled_from(range(len(seeds))).map(lambda number: seeds[number])))
    reach = min(len(mutant), 6000)
    kind = data.draw(st.sampled_from(["cut", "change", "extreme", "delete", "insert"]))
    start = data.draw(st.integers(1, reach - 5))
    if kind == "cut":
        del mutant[start:]
    elif kind == "change":
        mutant[start] = data.draw(st.integers(0, 255))
    elif kind == "extreme":
        mutant[start : start + 4] = data.draw(st.sampled_from([b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff"]))
    elif kind == "delete":
        del mutant[start : start + data.draw(st.integers(1, 64))]
    else:
        mutant[start:start] = data.draw(st.binary(min_size=1, max_size=64))
    path = tmp_path / "mutant"
    path.write_bytes(mutant)

    for look in (read_image, probe):
        try:
            look(path)
        except UnreadableImageError as refusal:
            assert str(refusal).startswith(("mutant: ", '"mutant" is '))


def jpeg(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


def test_jpeg_headers_are_checked_before_a_decoder_that_cannot_refuse() -> None:
    whole = jpeg(np.zeros((24, 30), np.uint8))
    tables = whole.index(b"\xff\xc4")

    assert codestream_size(whole) == (30, 24)
    assert is_clean_jpeg(whole, 1)
    assert not is_clean_jpeg(whole, 3)
    assert not is_clean_jpeg(whole[: whole.index(b"\xff\xda")], 1)
    assert not is_clean_jpeg(whole.replace(b"\xff\xdb", b"\xba\xdb"), 1)
    overfull = whole[: tables + 5] + b"\xff" * 16 + whole[tables + 21 :]
    assert not is_clean_jpeg(overfull, 1)


def test_sequences_nested_to_absurd_depth_are_refused(tmp_path: Path) -> None:
    opening = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    whole = write_dicom(tmp_path / "a.dcm").read_bytes()
    place = whole.index(b"\x08\x00\x16\x00UI")
    (tmp_path / "deep.dcm").write_bytes(whole[:place] + opening * 3000 + whole[place:])

    with pytest.raises(UnreadableImageError, match=r"^deep\.dcm: "):
        read_image(tmp_path / "deep.dcm")


def test_reading_in_several_threads_leaves_filters_and_pixels_alone(tmp_path: Path) -> None:
    paths = [write_dicom(tmp_path / f"{number}.dcm", np.full((40, 40), number, np.uint16)) for number in range(8)]
    before = list(warnings.filters)
    results: dict[int, Image] = {}

    def work(number: int) -> None:
        results[number] = read_image(paths[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all((results[number].pixels == number).all() for number in range(8))
    assert warnings.filters == before
