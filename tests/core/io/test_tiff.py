from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile

from medsapiens_core.data.rendering import to_uint8
from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io import probe, read_image

RNG = np.random.default_rng(3)
GREY8 = RNG.integers(0, 256, (20, 30), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64])
def test_greys_keep_their_type_and_values(tmp_path: Path, dtype: type, compression: str | None) -> None:
    values = (RNG.normal(0, 100, (20, 30)) if np.dtype(dtype).kind != "u" else RNG.integers(0, 250, (20, 30))).astype(
        dtype
    )
    tifffile.imwrite(tmp_path / "a.tif", values, compression=compression)

    image = read_image(tmp_path / "a.tif")

    np.testing.assert_array_equal(image.pixels, values)
    assert image.pixels.dtype == dtype


@pytest.mark.parametrize("order", ["<", ">"])
def test_either_byte_order_and_bigtiff(tmp_path: Path, order: str) -> None:
    deep = GREY8.astype(np.uint16) * 200
    tifffile.imwrite(tmp_path / "a.tif", deep, byteorder=order, bigtiff=order == ">")

    image = read_image(tmp_path / "a.tif")

    np.testing.assert_array_equal(image.pixels, deep)
    assert image.pixels.dtype.isnative


def test_tiled_colour(tmp_path: Path) -> None:
    colour = RNG.integers(0, 256, (64, 48, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", colour, tile=(16, 16), photometric="rgb")

    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, colour)


def test_separate_planes(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.moveaxis(COLOUR, -1, 0), photometric="rgb", planarconfig="separate")

    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, COLOUR)


def test_deep_colour_is_reduced_and_said(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", COLOUR.astype(np.uint16) * 257, photometric="rgb")

    image = read_image(tmp_path / "a.tif")

    np.testing.assert_array_equal(image.pixels, COLOUR)
    assert any("8 bits" in warning for warning in image.provenance.warnings)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_is_zero_keeps_stored_values_and_shows_bone_bright(tmp_path: Path, dtype: type) -> None:
    tifffile.imwrite(tmp_path / "white.tif", GREY8.astype(dtype), photometric="miniswhite")

    image = read_image(tmp_path / "white.tif")

    np.testing.assert_array_equal(image.pixels, GREY8)
    assert image.inverted
    np.testing.assert_array_equal(to_uint8(image, (0, 255)), 255 - GREY8)


def test_white_is_zero_through_pillow_is_turned_once(tmp_path: Path) -> None:
    black = PIL.Image.fromarray(GREY8 > 128)
    black.save(tmp_path / "fax.tif", compression="group4", tiffinfo={262: 0})

    image = read_image(tmp_path / "fax.tif")

    with PIL.Image.open(tmp_path / "fax.tif") as picture:
        expected = np.asarray(picture.convert("L"))
    np.testing.assert_array_equal(to_uint8(image), expected)


@pytest.mark.parametrize("mode", ["tiff_lzw", "jpeg", "tiff_adobe_deflate", "packbits"])
def test_codecs_that_need_pillow(tmp_path: Path, mode: str) -> None:
    smooth = np.kron(COLOUR, np.ones((8, 8, 1), np.uint8))
    PIL.Image.fromarray(smooth).save(
        tmp_path / "a.tif", compression=mode, **({"quality": 95} if mode == "jpeg" else {})
    )

    difference = np.abs(read_image(tmp_path / "a.tif").pixels.astype(int) - smooth)

    assert difference.mean() < (8 if mode == "jpeg" else 1e-9)


def test_sixteen_bit_lzw(tmp_path: Path) -> None:
    deep = GREY8.astype(np.uint16) * 200
    PIL.Image.fromarray(deep).save(tmp_path / "a.tif", compression="tiff_lzw")

    image = read_image(tmp_path / "a.tif")

    np.testing.assert_array_equal(image.pixels, deep)
    assert image.pixels.dtype == np.uint16


@pytest.mark.parametrize(("extra", "multiplied"), [("unassalpha", False), ("assocalpha", True)])
def test_alpha(tmp_path: Path, extra: str, multiplied: bool) -> None:
    alpha = RNG.integers(0, 256, (20, 30), dtype=np.uint8)
    rgba = np.dstack([COLOUR, alpha])
    tifffile.imwrite(tmp_path / "a.tif", rgba, photometric="rgb", extrasamples=[extra])

    image = read_image(tmp_path / "a.tif")

    expected = COLOUR if multiplied else np.rint(COLOUR * (alpha[..., None] / 255)).astype(np.uint8)
    np.testing.assert_array_equal(image.pixels, expected)
    assert any("black" in warning for warning in image.provenance.warnings)


def test_pages_are_frames_and_thumbnails_are_not(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for number in range(3):
            writer.write(GREY8 // (number + 1), contiguous=False)
        writer.write(GREY8[::2, ::2], subfiletype=1)

    assert probe(tmp_path / "a.tif").frames == 3
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", frame=2).pixels, GREY8 // 3)
    with pytest.raises(UnreadableImageError, match="no page 4"):
        read_image(tmp_path / "a.tif", frame=3)


def test_palette(tmp_path: Path) -> None:
    PIL.Image.fromarray(COLOUR).quantize(64).save(tmp_path / "a.tif")

    with PIL.Image.open(tmp_path / "a.tif") as picture:
        expected = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, expected)


def test_dpi_is_no_spacing(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY8, resolution=(254, 254), resolutionunit="INCH")

    assert read_image(tmp_path / "a.tif").spacing is None


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_cut_file_is_refused(tmp_path: Path, compression: str | None) -> None:
    tifffile.imwrite(tmp_path / "a.tif", RNG.integers(0, 256, (200, 200), dtype=np.uint8), compression=compression)
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(UnreadableImageError, match=r"^cut\.tif: "):
        read_image(tmp_path / "cut.tif")


def test_absurd_size_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY8, metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as tiff:
        tiff.pages[0].tags["ImageWidth"].overwrite(60000)
        tiff.pages[0].tags["ImageLength"].overwrite(60000)

    with pytest.raises(UnreadableImageError, match="more than"):
        read_image(tmp_path / "a.tif")


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY8.astype(np.complex64))

    with pytest.raises(UnreadableImageError, match="kind of pixels"):
        read_image(tmp_path / "a.tif")
