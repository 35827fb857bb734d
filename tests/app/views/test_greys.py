import numpy as np
import pytest

from app.views.greys import auto_window, to_grey


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


def test_auto_window_leaves_out_the_extremes():
    pixels = np.concatenate([np.zeros(3), np.linspace(100, 200, 994), np.full(3, 60000)]).reshape(20, 50)
    low, high = auto_window(pixels)
    assert 99 < low < 102 and 198 < high < 201


def test_auto_window_of_one_value_has_a_width():
    assert auto_window(np.full((5, 5), 7)) == (7.0, 8.0)


def test_auto_window_leaves_the_padding_out():
    pixels = np.full((100, 100), -2000, np.int16)
    pixels[40:60, 40:60] = np.linspace(100, 200, 400).reshape(20, 20)
    low, high = auto_window(pixels, padding=-2000)
    assert 100 <= low < 103 and 197 < high <= 200


def test_in_colour_the_window_changes_the_brightness_and_keeps_the_hue():
    pixels = np.array([[[120, 60, 60], [60, 60, 120], [90, 90, 90]]], np.uint8)
    same = to_grey(pixels, (0.0, 255.0), inverted=False)
    np.testing.assert_array_equal(same, pixels)
    brighter = to_grey(pixels, (0.0, 180.0), inverted=False).astype(int)
    assert (brighter.mean(-1) > pixels.mean(-1) + 20).all()
    assert brighter[0, 0, 0] - brighter[0, 0, 1] == pytest.approx(60, abs=3)  # as red as before
    assert brighter[0, 1, 2] - brighter[0, 1, 1] == pytest.approx(60, abs=3)
    assert np.ptp(brighter[0, 2]) <= 1  # grey stays grey


def test_colour_is_inverted_in_brightness_only():
    turned = to_grey(np.array([[[255, 255, 255], [0, 0, 0]]], np.uint8), (0.0, 255.0), inverted=True)
    assert turned.tolist() == [[[0, 0, 0], [255, 255, 255]]]
