from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io import file_sha256, probe, read_image

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
COLOUR = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def save(path: Path, pixels: np.ndarray, **options: object) -> Path:
    PIL.Image.fromarray(pixels).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_lossless_kinds_come_back_as_they_were(tmp_path: Path, suffix: str, pixels: np.ndarray) -> None:
    image = read_image(save(tmp_path / f"a{suffix}", pixels))

    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.window == (0.0, 255.0)
    assert image.spacing is None


def test_jpeg_is_close_and_has_no_spacing_whatever_its_density_says(tmp_path: Path) -> None:
    flat = np.kron(GREY, np.ones((16, 16), np.uint8))
    image = read_image(save(tmp_path / "a.jpg", flat, quality=98, dpi=(254, 254)))

    assert np.abs(image.pixels.astype(int) - flat).max() < 12
    assert image.spacing is None


def test_kind_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "wrong.dcm"
    save(tmp_path / "a.png", GREY).rename(path)

    np.testing.assert_array_equal(read_image(path).pixels, GREY)
    assert probe(path).kind == "png"


def test_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", GREY)
    expected = hashlib.sha256(path.read_bytes()).hexdigest()

    assert read_image(path).provenance.sha256 == expected
    assert file_sha256(path) == expected


def test_sixteen_bit_grey_stays_sixteen_bit(tmp_path: Path) -> None:
    deep = GREY.astype(np.uint16) * 250 + 7

    image = read_image(save(tmp_path / "a.png", deep))

    assert image.pixels.dtype == np.uint16
    np.testing.assert_array_equal(image.pixels, deep)


def test_film_saved_in_colour_becomes_grey_again(tmp_path: Path) -> None:
    image = read_image(save(tmp_path / "a.png", np.dstack([GREY] * 3)))

    np.testing.assert_array_equal(image.pixels, GREY)


def test_sixteen_bit_colour_png(tmp_path: Path) -> None:
    deep = COLOUR.astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "colour.png"), deep[..., ::-1])
    cv2.imwrite(str(tmp_path / "grey.png"), np.dstack([GREY.astype(np.uint16) * 200] * 3))

    colour, grey = read_image(tmp_path / "colour.png"), read_image(tmp_path / "grey.png")

    np.testing.assert_array_equal(colour.pixels, COLOUR)
    assert any("8 bits" in warning for warning in colour.provenance.warnings)
    np.testing.assert_array_equal(grey.pixels, GREY.astype(np.uint16) * 200)


@pytest.mark.parametrize("grey", [True, False])
def test_alpha_is_shown_on_black_and_said(tmp_path: Path, grey: bool) -> None:
    alpha = np.tile(np.array([0, 51, 102, 153, 204, 255, 255, 0], np.uint8), (6, 1))
    colour = GREY if grey else COLOUR
    image = read_image(save(tmp_path / "a.png", np.dstack([colour, alpha])))

    share = alpha / 255 if grey else (alpha / 255)[..., None]
    np.testing.assert_array_equal(image.pixels, np.rint(colour * share).astype(np.uint8))
    assert any("black" in warning for warning in image.provenance.warnings)


def test_palette_bilevel_and_cmyk_pictures(tmp_path: Path) -> None:
    PIL.Image.fromarray(COLOUR).quantize(200).save(tmp_path / "p.png")
    PIL.Image.fromarray(GREY > 100).save(tmp_path / "b.png")
    PIL.Image.fromarray(np.kron(COLOUR, np.ones((8, 8, 1), np.uint8))).convert("CMYK").save(tmp_path / "c.jpg")

    assert read_image(tmp_path / "p.png").is_colour
    np.testing.assert_array_equal(read_image(tmp_path / "b.png").pixels, np.where(GREY > 100, 255, 0))
    cmyk = read_image(tmp_path / "c.jpg")
    assert cmyk.is_colour
    assert any("CMYK" in warning for warning in cmyk.provenance.warnings)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_cut_file_is_refused(tmp_path: Path, suffix: str, keep: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    whole = save(tmp_path / f"whole{suffix}", noise).read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(whole[: int(keep * len(whole))])

    with pytest.raises(UnreadableImageError, match=r"^cut\.\w+: "):
        read_image(cut)


def test_a_cut_sixteen_bit_colour_png_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 65536, (64, 64, 3), dtype=np.uint16)
    whole = cv2.imencode(".png", noise)[1].tobytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(UnreadableImageError, match=r"^cut\.png: "):
        read_image(tmp_path / "cut.png")


def test_a_tiny_png_that_claims_40000_squared_is_refused_without_decoding(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 40000, 40000, 16, 0, 0, 0, 0))
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b""))

    with pytest.raises(UnreadableImageError, match="40000 x 40000 pixels are more than the 512 megapixels"):
        read_image(path)


def test_a_large_picture_within_the_limit_makes_no_warning(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    PIL.Image.new("1", (20000, 5000)).save(path)  # 100 megapixels: Pillow alone would warn

    header = probe(path)

    assert (header.width, header.height) == (20000, 5000)
    assert PIL.Image.MAX_IMAGE_PIXELS < 20000 * 5000  # the process-wide limit is as it was


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "an empty file"),
        (b"GIF89a" + b"\0" * 40, "a GIF picture"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"PK\x03\x04" + b"\0" * 60, "a ZIP archive"),
        (b"x,y\n1,2\n" * 30, "a text file"),
        (bytes(range(256)) * 3, "no image file"),
        (b"Salted__" + bytes(range(200)), "an encrypted file"),
        (b"\x30\x82\x20\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" + bytes(99), "an encrypted file"),
        (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA", "an encrypted file"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "thing.png"
    path.write_bytes(content)

    with pytest.raises(UnreadableImageError, match=f"this is {what}"):
        read_image(path)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="not there"):
        read_image(tmp_path / "gone.png")
    with pytest.raises(UnreadableImageError, match="folder"):
        read_image(tmp_path)


def test_a_second_frame_of_a_single_picture_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", GREY)

    assert read_image(path, frame=0).provenance.frame_count == 1
    with pytest.raises(UnreadableImageError, match="only one picture"):
        read_image(path, frame=1)


def test_pixels_cannot_be_changed(tmp_path: Path) -> None:
    image = read_image(save(tmp_path / "a.png", GREY))

    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1


def test_buffer_of_a_picture_with_private_text_tells_nothing(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Patient", "Doe^John")
    buffer = io.BytesIO()
    PIL.Image.fromarray(GREY).save(buffer, "PNG", pnginfo=info)
    path = tmp_path / "a.png"
    path.write_bytes(buffer.getvalue())

    assert "Doe" not in repr(read_image(path))
