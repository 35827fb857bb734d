from pathlib import Path

import numpy as np
import pytest

from bench.variants import AS_IT_IS, VARIANTS
from medsapiens_core.data.image import Image, Provenance, Spacing, SpacingSource


def film(pixels):
    spacing = Spacing(0.2, 0.1, SpacingSource.USER)
    return Image(pixels, Provenance(Path("a.png"), "0" * 64, "test"), (0.0, 255.0), spacing, pixel_aspect=2.0)


@pytest.mark.parametrize("variant", [AS_IT_IS, *VARIANTS], ids=lambda v: v.name)
def test_every_pixel_is_where_the_map_says(variant):
    pixels = np.random.default_rng(0).permutation(31 * 47).reshape(31, 47).astype(np.uint16)
    changed = variant.make(film(pixels))
    y, x = np.mgrid[0:31, 0:47]
    at = variant.to_variant((47, 31)).apply(np.stack([x, y], -1))
    np.testing.assert_array_equal(at, np.rint(at))
    there = changed.pixels[at[..., 1].astype(int), at[..., 0].astype(int)]
    np.testing.assert_array_equal(there, 65535 - pixels if variant.name == "inverted" else pixels)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_a_changed_film_has_an_identity_of_its_own_and_the_spacing_of_its_axes(variant):
    changed = variant.make(film(np.zeros((31, 47), np.uint8)))
    assert changed.provenance.sha256 != "0" * 64
    turned = variant.name in ("turned 90", "turned 270")
    assert (changed.spacing.row_mm, changed.spacing.col_mm) == ((0.1, 0.2) if turned else (0.2, 0.1))
    assert changed.pixel_aspect == (0.5 if turned else 2.0)


def test_turned_90_is_clockwise():
    pixels = np.zeros((3, 5), np.uint8)
    pixels[0, 0] = 1  # top left comes to lie top right
    turned = next(v for v in VARIANTS if v.name == "turned 90")
    assert turned.make(film(pixels)).pixels[0, -1] == 1


def test_a_float_film_is_inverted_within_its_own_range():
    pixels = np.array([[-1.0, 0.0, 3.0]], np.float32)
    inverted = next(v for v in VARIANTS if v.name == "inverted")
    np.testing.assert_allclose(inverted.make(film(pixels)).pixels, [[3.0, 2.0, -1.0]])
