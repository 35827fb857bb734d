import numpy as np
import pytest

from app.views.greys import auto_window, halved, to_grey


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.float32])
def test_the_window_maps_its_ends_to_black_and_white(dtype):
    pixels = np.array([[-100, 0, 25, 50, 100]]).clip(
        *(np.iinfo(dtype).min, 100) if np.dtype(dtype).kind != "f" else (-100, 100)
    )
    greys = to_grey(pixels.astype(dtype), (0, 100), inverted=False)
    assert greys.dtype == np.uint8
    assert greys[0, 1:].tolist() == [0, 64, 128, 255]
    assert greys[0, 0] == 0


def test_tables_and_arithmetic_agree():
    pixels = np.arange(-30000, 30000, 7, dtype=np.int16).reshape(1, -1)
    for inverted in (False, True):
        table = to_grey(pixels, (-123.4, 2345.6), inverted)
        np.testing.assert_array_equal(table, to_grey(pixels.astype(np.float64), (-123.4, 2345.6), inverted))


def test_inversion_mirrors_the_greys():
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(to_grey(pixels, (0, 255), True), 255 - pixels)


def test_missing_values_are_black():
    assert to_grey(np.array([[np.nan, 1.0]]), (0, 1), inverted=False).tolist() == [[0, 255]]


@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (5, 6, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_halving_keeps_type_and_mean(shape, dtype):
    pixels = np.full(shape, 60 if dtype == np.uint8 else 9000, dtype=dtype)
    half = halved(pixels)
    assert half.dtype == dtype
    assert half.shape == ((shape[0] + 1) // 2, (shape[1] + 1) // 2, *shape[2:])
    assert (half == pixels[0, 0]).all()


def test_auto_window_leaves_out_the_extremes():
    pixels = np.concatenate([np.zeros(3), np.linspace(100, 200, 994), np.full(3, 60000)]).reshape(20, 50)
    low, high = auto_window(pixels)
    assert 99 < low < 102 and 198 < high < 201


def test_auto_window_of_one_value_has_a_width():
    assert auto_window(np.full((5, 5), 7)) == (7.0, 8.0)
