from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medsapiens_core.data.image import Image, Provenance
from medsapiens_core.data.rendering import auto_window, to_uint8, window_bounds

TYPES = [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.float32]


def image(pixels: np.ndarray, window: tuple[float, float] = (0.0, 255.0), **values: Any) -> Image:
    return Image(pixels, Provenance(Path("a"), "", ""), window, **values)


@pytest.mark.parametrize("dtype", TYPES)
def test_ramp_of_each_type_follows_the_formula(dtype: type) -> None:
    values = np.arange(-100, 100).clip(0 if np.dtype(dtype).kind == "u" else -100).astype(dtype).reshape(10, 20)

    shown = to_uint8(image(values), (-20.5, 61.25))

    expected = np.rint(255 * np.clip((values.astype(float) + 20.5) / 81.75, 0, 1))
    np.testing.assert_allclose(shown, expected, atol=1)
    assert shown.dtype == np.uint8


@given(
    arrays(np.int16, (5, 6)),
    st.tuples(st.integers(-40000, 40000), st.integers(1, 70000)).map(lambda p: (float(p[0]), float(p[0] + p[1]))),
)
def test_table_and_arithmetic_agree(pixels: np.ndarray, window: tuple[float, float]) -> None:
    through_table = to_uint8(image(pixels), window).astype(int)
    computed = to_uint8(image(pixels.astype(np.float32)), window)

    assert np.abs(through_table - computed).max() <= 1


@given(arrays(np.uint8, (4, 5)), st.booleans(), st.booleans())
def test_polarity_of_file_and_choice_of_reader_cancel(pixels: np.ndarray, inverted: bool, invert: bool) -> None:
    shown = to_uint8(image(pixels, inverted=inverted), invert=invert)

    np.testing.assert_array_equal(shown, 255 - pixels if inverted != invert else pixels)


def test_colour_passes_through_and_takes_a_window() -> None:
    colour = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)

    np.testing.assert_array_equal(to_uint8(image(colour)), colour)
    assert to_uint8(image(colour), (0, 128)).mean() > colour.mean()


def test_window_without_width_is_a_threshold() -> None:
    shown = to_uint8(image(np.array([[10, 40, 41]], np.uint8)), (40.0, 40.0))

    assert shown.tolist() == [[0, 0, 255]]


def test_not_a_number_is_black() -> None:
    shown = to_uint8(image(np.array([[np.nan, np.inf, -np.inf, 0.5]], np.float32), (0.0, 1.0)))

    assert shown.tolist() == [[0, 255, 0, 128]]


def test_percentiles_leave_padding_out() -> None:
    pixels = np.full((100, 100), -2000, dtype=np.int16)
    pixels[:, 50:] = np.arange(5000).reshape(100, 50) % 1000

    low, high = window_bounds(pixels, padding_value=-2000)

    assert (low, high) == pytest.approx((5, 995), abs=3)
    assert auto_window(image(pixels, padding_value=-2000.0)) == (low, high)


@pytest.mark.parametrize("pixels", [np.full((5, 5), 7, np.uint16), np.zeros((3, 3), np.float32) * np.nan])
def test_a_picture_of_one_grey_has_a_usable_window(pixels: np.ndarray) -> None:
    low, high = window_bounds(pixels, padding_value=7)

    assert low < high


def test_a_sample_of_a_large_picture_is_near_the_whole() -> None:
    pixels = np.random.default_rng(0).integers(0, 4096, (1600, 1600), dtype=np.uint16)

    sampled = window_bounds(pixels, sample=10_000)

    assert sampled == pytest.approx(window_bounds(pixels, sample=None), abs=40)


def test_auto_window_of_colour_is_the_whole_range() -> None:
    assert auto_window(image(np.zeros((2, 2, 3), np.uint8))) == (0.0, 255.0)
