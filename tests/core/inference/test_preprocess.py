import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from medsapiens_core.data.image import Image, Provenance
from medsapiens_core.geometry import udp_affine
from medsapiens_core.inference.heatmap_fit import fit_peaks
from medsapiens_core.inference.preprocess import MAX_SIDE, normalise, prepare, to_grey, warp
from medsapiens_core.models.config import GreyRecipe, ModelConfig
from tests.core.parity_files import parity_arrays

RECIPE = GreyRecipe()


def image_of(pixels, **options):
    return Image(pixels, Provenance(Path("film.dcm"), "0" * 64, "test"), (0.0, 1.0), **options)


def config_of(**options):
    values = {"input_size": (96, 128), "heatmap_size": (24, 32), "sigma": 2.0} | options
    return ModelConfig(name="m", architecture={"kind": "compact"}, license="none", **values)


def film(height=120, width=90, seed=0):
    return np.random.default_rng(seed).integers(200, 3800, (height, width)).astype(np.uint16)


@pytest.mark.parametrize("padding", [1.0, 1.25])
def test_warp_agrees_with_the_original(padding):
    case = parity_arrays(f"affine_case_pad{padding}.npz")
    height, width = case["image"].shape[:2]
    box = tuple(float(v) for v in case["bbox"])
    to_input = udp_affine((width, height), (96, 128), box=box, padding=padding, reference=True)
    warped = warp(case["image"], to_input, (96, 128), low_pass=False)
    assert np.abs(warped.astype(int) - case["warped"]).max() <= 2


def test_prepare_gives_normalised_channels_and_the_map():
    tensor, to_input = prepare(image_of(film()), config_of())
    assert tensor.shape == (3, 128, 96)
    assert tensor.dtype == np.float32
    np.testing.assert_array_equal(to_input.matrix, udp_affine((90, 120), (96, 128)).matrix)
    grey = (
        tensor * np.array([58.395, 57.12, 57.375])[:, None, None] + np.array([123.675, 116.28, 103.53])[:, None, None]
    )
    np.testing.assert_allclose(grey[0], grey[1], atol=1e-3)
    assert grey.min() >= -1e-4
    assert grey.max() <= 255.001


def test_outside_the_image_is_the_configs_border():
    tensor, _ = prepare(image_of(film(50, 200)), config_of(border=0.0))
    assert tensor[:, 0, 0] == pytest.approx([-2.1179, -2.0357, -1.8044], abs=1e-4)
    tensor, _ = prepare(image_of(film(50, 200)), config_of(border=128.0))
    assert tensor[0, 0, 0] == pytest.approx((128 - 123.675) / 58.395, abs=1e-4)


def test_reference_config_uses_the_originals_box_and_no_filter():
    image = image_of(film(480, 360))
    config = config_of(padding=1.25, reference_warp=True)
    tensor, to_input = prepare(image, config)
    expected = udp_affine((360, 480), (96, 128), padding=1.25, reference=True)
    np.testing.assert_array_equal(to_input.matrix, expected.matrix)
    plain = warp(to_grey(image, config.grey), expected, (96, 128), low_pass=False)
    np.testing.assert_array_equal(tensor, normalise(plain, config))


def test_percentiles_become_the_grey_scale_without_rounding():
    ramp = np.linspace(0, 1000, 10_000).reshape(100, 100)
    grey = to_grey(image_of(ramp), RECIPE)
    assert grey.dtype == np.float32
    assert grey.min() == 0
    assert grey.max() == 255
    assert grey[50, 0] == pytest.approx((ramp[50, 0] - 5) / 990 * 255, abs=0.01)
    assert len(np.unique(grey)) > 9000


def test_padding_is_left_out_and_black():
    pixels = film().astype(np.int32)
    padded = np.full((200, 150), -2000, dtype=np.int32)
    padded[40:160, 30:120] = pixels
    grey = to_grey(image_of(padded, padding_value=-2000), RECIPE)
    np.testing.assert_array_equal(grey[40:160, 30:120], to_grey(image_of(pixels), RECIPE))
    assert not grey[:40].any()


def test_padding_of_an_inverted_film_is_black_too():
    pixels = film().astype(np.int32)
    pixels[:10] = 9999
    assert not to_grey(image_of(pixels, padding_value=9999, inverted=True), RECIPE)[:10].any()


def test_twin_films_of_either_polarity_look_the_same():
    """Risk K7: a MONOCHROME1 film and its MONOCHROME2 twin must give the same prediction."""
    pixels = film().astype(np.int32)
    twin = image_of(4095 - pixels, inverted=True)
    np.testing.assert_allclose(to_grey(image_of(pixels), RECIPE), to_grey(twin, RECIPE), atol=1e-3)


def test_eight_bit_images_can_be_taken_as_they_are():
    pixels = np.arange(50, 170, dtype=np.uint8).reshape(10, 12)
    recipe = GreyRecipe(eight_bit_as_is=True)
    np.testing.assert_array_equal(to_grey(image_of(pixels), recipe), pixels.astype(np.float32))
    np.testing.assert_array_equal(to_grey(image_of(pixels, inverted=True), recipe), 255 - pixels.astype(np.float32))
    assert to_grey(image_of(pixels), RECIPE).max() == 255
    assert to_grey(image_of(film()), recipe).max() == 255


def test_colour_becomes_luminance():
    pixels = np.zeros((10, 10, 3), dtype=np.uint8)
    pixels[..., 1] = 200
    grey = to_grey(image_of(pixels), GreyRecipe(eight_bit_as_is=True))
    np.testing.assert_allclose(grey, 117.4, atol=0.01)


def test_an_even_or_empty_picture_is_black():
    assert not to_grey(image_of(np.full((20, 20), 7, dtype=np.uint16)), RECIPE).any()
    assert not to_grey(image_of(np.full((20, 20), np.nan)), RECIPE).any()


def test_values_that_are_not_finite_do_not_spread():
    pixels = film().astype(np.float64)
    pixels[3, 4], pixels[5, 6] = np.nan, np.inf
    grey = to_grey(image_of(pixels), RECIPE)
    assert np.isfinite(grey).all()
    assert grey[3, 4] == grey[5, 6] == 0


def test_the_image_itself_is_never_changed():
    pixels = film()
    before = pixels.copy()
    prepare(image_of(pixels), config_of())
    np.testing.assert_array_equal(pixels, before)


def dot_image(width, height, x, y, sigma):
    row, column = np.mgrid[:height, :width]
    return (255 * np.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * sigma**2))).astype(np.float32)


@pytest.mark.parametrize("low_pass", [False, True])
def test_a_dot_lands_where_the_map_says(low_pass):
    pixels = dot_image(600, 800, 233.4, 541.7, 12)
    to_input = udp_affine((600, 800), (96, 128))
    peak = fit_peaks(warp(pixels, to_input, (96, 128), low_pass=low_pass)[None])
    assert peak.xy[0] == pytest.approx(to_input.apply((233.4, 541.7)), abs=0.02)


def test_the_filter_takes_away_what_the_input_cannot_show():
    fine = np.indices((800, 600)).sum(axis=0) % 2 * np.float32(255)
    to_input = udp_affine((600, 800), (96, 128))
    assert warp(fine, to_input, (96, 128), low_pass=True)[10:-10, 10:-10].std() < 1
    assert warp(fine, to_input, (96, 128), low_pass=False)[10:-10, 10:-10].std() > 10


def test_a_side_that_opencv_cannot_warp_is_reduced_first():
    width = MAX_SIDE * 2 + 101
    pixels = np.zeros((40, width), dtype=np.float32)
    pixels[:, 20_000:20_400] = 255
    to_input = udp_affine((width, 40), (4096, 64))
    row = warp(pixels, to_input, (4096, 64))[32]
    centre = (row * np.arange(4096)).sum() / row.sum()
    assert centre == pytest.approx(to_input.apply((20_199.5, 20))[0], abs=0.05)


def test_preparing_an_image_needs_no_torch():
    code = "import sys, medsapiens_core.inference.preprocess; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
