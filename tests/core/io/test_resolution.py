"""Dots per inch are offered as a pixel size and never used by themselves."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile

from medsapiens_core.io import read_image

GREY = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30)


def offered(path: Path) -> list[tuple[str, float, float]]:
    image = read_image(path)
    assert image.spacing is None and image.pixel_aspect == 1.0
    return [(c.spacing.source.value, c.spacing.row_mm, c.spacing.col_mm) for c in image.candidates]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp"])
def test_dots_per_inch(tmp_path: Path, name: str) -> None:
    PIL.Image.fromarray(GREY).save(tmp_path / name, dpi=(254, 127))
    assert offered(tmp_path / name) == [("resolution", pytest.approx(0.2, 2e-3), pytest.approx(0.1, 2e-3))]


@pytest.mark.parametrize(("unit", "dots"), [("INCH", (254, 127)), ("CENTIMETER", (100, 50))])
def test_tiff_units(tmp_path: Path, unit: str, dots: tuple[int, int]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=dots, resolutionunit=unit)
    assert offered(tmp_path / "a.tif") == [("resolution", pytest.approx(0.2), pytest.approx(0.1))]


def test_a_ratio_without_a_unit_is_no_size(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=(1, 1), resolutionunit="NONE")
    assert offered(tmp_path / "a.tif") == []


@pytest.mark.parametrize("dots", [(1, 1), (254, 10)])
def test_a_size_that_no_pixel_has_is_not_offered(tmp_path: Path, dots: tuple[int, int]) -> None:
    PIL.Image.fromarray(GREY).save(tmp_path / "a.png", dpi=dots)
    assert offered(tmp_path / "a.png") == []


def test_no_tag_no_offer(tmp_path: Path) -> None:
    PIL.Image.fromarray(GREY).save(tmp_path / "a.png")
    assert offered(tmp_path / "a.png") == []


def test_a_turned_picture_swaps_rows_and_columns(tmp_path: Path) -> None:
    turned = PIL.Image.Exif()
    turned[0x0112] = 6
    PIL.Image.fromarray(GREY).save(tmp_path / "a.jpg", dpi=(254, 127), exif=turned)
    assert offered(tmp_path / "a.jpg") == [("resolution", pytest.approx(0.1, 2e-3), pytest.approx(0.2, 2e-3))]


def test_filler_values_are_named(tmp_path: Path) -> None:
    PIL.Image.fromarray(GREY).save(tmp_path / "a.png", dpi=(96, 96))
    assert "know nothing" in read_image(tmp_path / "a.png").candidates[0].origin
