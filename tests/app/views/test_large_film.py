"""A film of 20000 x 15000 pixels is read, reduced and shown from its visible part (ux.md 5.7)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile

from app.session.view_state import ImageState
from app.views.film_view import FilmView
from medsapiens_core.decoding import close_decoders, probe, read_image
from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io.pyramid import build_pyramid

WIDTH, HEIGHT = 20_000, 15_000
SPOT = (12_345, 9_876)  # a bright square of 9 x 9 around this pixel


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """8 bit, dark, with one bright square; deflated, so that it is written and read in no time."""
    pixels = np.full((HEIGHT, WIDTH), 40, np.uint8)
    x, y = SPOT
    pixels[y - 4 : y + 5, x - 4 : x + 5] = 250
    path = tmp_path_factory.mktemp("large") / "film.tif"
    tifffile.imwrite(path, pixels, compression="zlib", compressionargs={"level": 1}, rowsperstrip=1000)
    return path


def test_a_large_film_opens_and_is_shown_from_what_is_seen(film, qtbot):
    assert (probe(film).width, probe(film).height) == (WIDTH, HEIGHT)
    image = read_image(film)
    close_decoders()
    assert image.pixels.shape == (HEIGHT, WIDTH) and image.pixels.dtype == np.uint8
    pyramid = build_pyramid(image.pixels)
    assert sum(level.nbytes for level in pyramid.levels) < 1.35 * WIDTH * HEIGHT
    view = FilmView()
    qtbot.addWidget(view)
    view.resize(900, 700)
    view.show()
    view.set_image(ImageState(1, "film", image.pixels, image.window, pyramid=pyramid))
    for zoom in (view.camera.fit_zoom, 0.25, 1.0, 8.0):
        view.look_at(SPOT, zoom)
        view.pan(3, -2)
        view.grab()
        _, area, picture = view._film._cached
        assert picture.width() * picture.height() < 6 * view.width() * view.height(), "not the whole film"
        assert area.width() == picture.width()
    view.look_at(SPOT, 8.0)
    grab = view.grab().toImage()
    assert grab.pixelColor(*view.image_to_view(SPOT).toPoint().toTuple()).lightness() > 200
    view.set_image(None)


def test_png_of_this_size_is_within_the_limit_and_twice_as_much_is_not(tmp_path):
    PIL.Image.new("1", (WIDTH, HEIGHT)).save(tmp_path / "a.png")
    assert (probe(tmp_path / "a.png").width, probe(tmp_path / "a.png").height) == (WIDTH, HEIGHT)
    PIL.Image.new("1", (30_000, 20_000)).save(tmp_path / "b.png")
    with pytest.raises(UnreadableImageError, match="more than the 512 megapixels"):
        probe(tmp_path / "b.png")
    close_decoders()
