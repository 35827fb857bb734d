import numpy as np
import pytest

from medsapiens_core.io.pyramid import SMALLEST_SIDE, build_pyramid, halved


@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (5, 6, 3), (1, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64])
def test_halving_keeps_type_and_mean(shape, dtype):
    pixels = np.full(shape, 60 if dtype == np.uint8 else 9000, dtype=dtype)
    half = halved(pixels)
    assert half.dtype == dtype
    assert half.shape == ((shape[0] + 1) // 2, (shape[1] + 1) // 2, *shape[2:])
    assert (half == pixels.flat[0]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32])
def test_each_reduced_pixel_is_the_mean_of_its_block(dtype):
    pixels = np.random.default_rng(1).integers(0, 200, (8, 10)).astype(dtype)
    mean = pixels.reshape(4, 2, 5, 2).mean((1, 3))
    assert np.abs(halved(pixels) - mean).max() < 1


def test_a_pyramid_ends_before_it_shows_nothing():
    pyramid = build_pyramid(np.zeros((903, 308), np.uint16))
    assert [level.shape for level in pyramid.levels] == [(903, 308), (452, 154), (226, 77), (113, 39), (57, 20)]
    assert min(pyramid.levels[-1].shape) >= SMALLEST_SIDE
    assert not any(level.flags.writeable for level in pyramid.levels)


def test_the_range_leaves_padding_and_missing_values_out():
    pixels = np.array([[-2000, -100, 50, 300]] * 2, np.int16)
    pyramid = build_pyramid(pixels, padding_value=-2000)
    assert (pyramid.low, pyramid.high) == (-100, 300)
    pyramid = build_pyramid(np.array([[np.nan, 1.0, 2.0, np.inf]]))
    assert (pyramid.low, pyramid.high) == (1.0, 2.0)
