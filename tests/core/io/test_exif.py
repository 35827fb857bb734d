from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.io import probe, read_image
from medsapiens_core.io.exif import upright_affine, upright_pixels, upright_size, valid_orientation

ORIENTATIONS = range(1, 9)


@given(st.sampled_from(ORIENTATIONS), st.integers(1, 12), st.integers(1, 12), st.data())
def test_a_pixel_and_its_point_go_to_the_same_place(
    orientation: int, width: int, height: int, data: st.DataObject
) -> None:
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    stored = np.zeros((height, width), dtype=np.uint8)
    stored[y, x] = 1

    upright = upright_pixels(stored, orientation)

    mapped = upright_affine((width, height), orientation).apply([[float(x), float(y)]])[0]
    found = np.argwhere(upright == 1)[0][::-1]
    np.testing.assert_array_equal(mapped, found)
    assert upright.shape[::-1] == upright_size((width, height), orientation)


@given(
    st.sampled_from(ORIENTATIONS),
    st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    st.tuples(st.floats(-10, 5000), st.floats(-10, 5000)),
)
def test_turning_a_point_back_gives_the_point(
    orientation: int, size: tuple[int, int], point: tuple[float, float]
) -> None:
    turn = upright_affine(size, orientation)

    np.testing.assert_allclose(turn.inverse().apply(turn.apply([point])), [point], atol=1e-9)


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, (2, 3)), (2, (7, 3)), (3, (7, 2)), (4, (2, 2)),
        (5, (3, 2)), (6, (2, 2)), (7, (2, 7)), (8, (3, 7)),
    ],
)  # fmt: skip
def test_table_of_the_specification(orientation: int, expected: tuple[int, int]) -> None:
    width, height = 10, 6  # formats.md 1.7: W-1-x = 7, H-1-y = 2

    point = upright_affine((width, height), orientation).apply([[2.0, 3.0]])[0]

    np.testing.assert_array_equal(point, expected)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".lzw.tif"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_turn_of_a_file_is_baked_in_as_pillow_would(tmp_path: Path, orientation: int, suffix: str) -> None:
    picture = PIL.Image.fromarray(np.kron(np.arange(12, dtype=np.uint8).reshape(3, 4) * 20, np.ones((8, 8), np.uint8)))
    exif = PIL.Image.Exif()
    exif[274] = orientation
    path = tmp_path / f"photo{suffix}"
    options = {".jpg": {"quality": 100}, ".lzw.tif": {"compression": "tiff_lzw"}}
    picture.save(path, exif=exif, **options.get(suffix, {}))

    image = read_image(path)

    reference = path if suffix == ".jpg" else tmp_path / "reference.png"  # Pillow garbles a turned plain TIFF
    picture.save(reference, exif=exif, **options.get(suffix if suffix == ".jpg" else "", {}))
    with PIL.Image.open(reference) as stored:
        expected = np.asarray(PIL.ImageOps.exif_transpose(stored))
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.provenance.exif_orientation == orientation
    assert (probe(path).width, probe(path).height) == image.size


@pytest.mark.parametrize("value", [0, 9, -1, None, "6", 2.5])
def test_nonsense_is_upright(value: object) -> None:
    assert valid_orientation(value) == 1
