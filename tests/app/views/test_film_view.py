import itertools
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage

from app.views.film_item import SQUARES_FROM
from app.views.film_view import FilmView
from app.views.orientation import UPRIGHT
from medsapiens_core.io.pyramid import build_pyramid
from tests.app.views.states import image

ROOT = Path(__file__).parents[3]
ZOOMS = [0.1, 0.37, 1.0, 2.5, 8.0, 32.0]


@pytest.fixture
def film(qtbot, dark):
    film = FilmView()
    qtbot.addWidget(film)
    film.resize(700, 500)
    film.show()
    return film


def orientation(turns, mirrored):
    found = UPRIGHT.flipped_left_right() if mirrored else UPRIGHT
    for _ in range(turns):
        found = found.turned_right()
    return found


def grey_grab(film):
    """What is on screen, as device pixels (H, W) of greys."""
    picture = film.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    return rows[:, : picture.width()].astype(float)


def spot_state(width=400, height=300, at=(217, 131), **more):
    state = image(width, height, **more)
    pixels = np.zeros((height, width), np.uint16)
    pixels[at[1], at[0]] = 4095
    return replace(state, pixels=pixels)


def centroid(film):
    """Image coordinates of the middle of what is bright on screen."""
    greys = grey_grab(film)
    greys[greys < 40] = 0
    ys, xs = np.mgrid[: greys.shape[0], : greys.shape[1]]
    ratio = film.devicePixelRatioF()
    x, y = (((values + 0.5) * greys).sum() / greys.sum() / ratio for values in (xs, ys))
    return film.view_to_image(QPointF(x, y))


@pytest.mark.parametrize("zoom", ZOOMS)
def test_the_view_box_draws_where_the_camera_says(film, zoom):
    film.set_image(image(1935, 2400))
    film.zoom_by(zoom / film.zoom, QPointF(200, 100))
    film.grab()  # the view box brings its matrix up to date when it paints
    for xy in [(0.0, 0.0), (-0.5, 2399.5), (613.42, 1688.125)]:
        scene = film._box.mapViewToScene(QPointF(*xy))
        assert (scene - film.image_to_view(xy)).manhattanLength() < 1e-6
        assert film.view_to_image(film.image_to_view(xy)) == pytest.approx(xy, abs=1e-9)


@pytest.mark.parametrize("zoom", [1.0, 3.0, 7.3, 32.0])
def test_a_bright_pixel_is_seen_at_its_whole_number(film, zoom):
    film.set_image(spot_state())
    film.look_at((217.3, 131.2), zoom)
    square_edges = 0.51 / zoom if zoom >= SQUARES_FROM else 0.0  # squares begin and end on whole screen pixels
    assert centroid(film) == pytest.approx((217, 131), abs=max(0.04, square_edges))


def test_a_bright_pixel_stays_put_when_a_reduced_copy_is_shown(film):
    """At 30 % the quarter-size copy is drawn; its blocks must lie on the pixels that they stand for."""
    state = image(1600, 1200)
    pixels = np.zeros((1200, 1600), np.uint16)
    pixels[640:656, 800:816] = 4095  # centre (807.5, 647.5), on block borders
    film.set_image(replace(state, pixels=pixels, pyramid=build_pyramid(pixels)))
    film.look_at((807.5, 647.5), 0.3)
    assert centroid(film) == pytest.approx((807.5, 647.5), abs=0.3)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("zoom", [0.1, 0.3, 1.0, 7.3])
def test_a_bright_spot_stays_put_however_the_view_is_flipped_and_turned(film, turns, mirrored, zoom):
    """Odd sizes, so that the repeated edge of a reduced copy comes to lie on each side of the screen."""
    pixels = np.zeros((1201, 1603), np.uint16)
    pixels[640:656, 800:816] = 4095
    film.set_image(replace(image(1603, 1201, row_mm=0.12, col_mm=0.1), pixels=pixels, pyramid=build_pyramid(pixels)))
    film.set_orientation(orientation(turns, mirrored))
    film.look_at((807.5, 647.5), zoom)
    assert centroid(film) == pytest.approx((807.5, 647.5), abs=max(0.4 if zoom < 1 else 0.05, 0.2 / zoom))


def test_no_edge_is_left_dark_in_a_reduced_copy(film):
    pixels = np.full((1201, 1603), 4095, np.uint16)
    film.set_image(replace(image(1603, 1201), pixels=pixels, pyramid=build_pyramid(pixels)))
    for turns, mirrored in itertools.product(range(4), (False, True)):
        film.set_orientation(orientation(turns, mirrored))
        film.fit()
        corners = film.camera.to_view((-0.5, -0.5)), film.camera.to_view((1602.5, 1200.5))
        x, y = (
            sorted(round(value * film.devicePixelRatioF()) for value in pair) for pair in zip(*corners, strict=True)
        )
        inside = grey_grab(film)[y[0] + 2 : y[1] - 2, x[0] + 2 : x[1] - 2]
        assert inside.min() >= 254


def test_while_the_view_moves_a_smaller_copy_is_drawn_and_the_finest_150_ms_after(film, qtbot):
    fine = np.zeros((1200, 1600), np.uint16)
    fine[:, ::4] = 4095  # lines that only a fine copy can show
    film.set_image(replace(image(1600, 1200), pixels=fine, pyramid=build_pyramid(fine)))
    film.look_at((800, 600), 0.6)
    sharp = grey_grab(film).std()
    film.pan(3, 0)
    assert grey_grab(film).std() < 0.7 * sharp
    qtbot.waitUntil(lambda: film._film.is_refined)
    assert grey_grab(film).std() == pytest.approx(sharp, rel=0.1)


def test_unequal_pixels_are_shown_in_their_shape(film):
    film.set_image(spot_state(row_mm=0.12, col_mm=0.10))
    film.look_at((217, 131), 10.0)
    bright = grey_grab(film) > 128
    height, width = (np.ptp(np.nonzero(bright)[axis]) + 1 for axis in (0, 1))
    assert height / width == pytest.approx(1.2, abs=0.11)
    assert centroid(film) == pytest.approx((217, 131), abs=0.05)


@pytest.mark.parametrize("shape", [(33, 47), (1, 1), (401, 3), (64, 64, 3)])
def test_any_shape_is_drawn_at_any_zoom(film, shape):
    pixels = np.full(shape, 200, np.uint8)
    film.set_image(replace(image(), pixels=pixels, window=(0.0, 255.0)))
    for zoom in (zoom for zoom in ZOOMS if min(shape[:2]) * zoom >= 2):
        film.look_at((shape[1] / 2, shape[0] / 2), zoom)
        assert abs(grey_grab(film).max() - 200) <= 1


def test_sixteen_bits_are_seen_through_the_window(film):
    film.set_image(replace(image(), pixels=np.full((300, 400), 1000, np.int16), window=(0.0, 2000.0)))
    assert grey_grab(film)[250, 350] == 128
    film.set_window(900.0, 1000.0)
    assert grey_grab(film)[250, 350] == 255
    film.set_invert(True)
    assert grey_grab(film)[250, 350] == 0


def test_low_values_are_bright_where_the_file_says_so(film):
    film.set_image(replace(image(), pixels=np.zeros((300, 400), np.uint16), inverted=True))
    assert grey_grab(film)[250, 350] == 255
    film.set_invert(True)
    assert grey_grab(film)[250, 350] == 0


def test_auto_window_looks_at_the_seen_part_only(film):
    pixels = np.zeros((300, 400), np.uint16)
    pixels[:, 200:] = 3000
    pixels[100:200, 50:150] = np.linspace(500, 700, 10000).reshape(100, 100)
    film.set_image(replace(image(), pixels=pixels))
    film.look_at((100, 150), 12.0)
    film.auto_window()
    low, high = film.window_range
    assert 500 <= low < 620 and 580 < high <= 700


def test_the_film_stays_fitted_when_the_window_grows(film):
    film.set_image(image())
    before = film.zoom
    film.resize(1000, 900)
    assert film.zoom > before
    assert film.zoom == pytest.approx(film.camera.fit_zoom)


def test_a_resize_keeps_the_point_in_the_middle(film):
    film.set_image(image())
    film.look_at((123.25, 77.5), 4.0)
    film.resize(900, 640)
    assert film.zoom == 4.0
    assert film.view_to_image(QPointF(450, 320)) == pytest.approx((123.25, 77.5))


def test_the_next_case_of_the_same_size_keeps_zoom_and_place_another_size_is_fitted(film):
    film.set_image(image())
    film.look_at((123.25, 77.5), 4.0)
    film.set_image(image(case_id=2))
    assert (film.zoom, film.camera.centre) == (4.0, (123.25, 77.5))
    film.set_image(image(500, 300, case_id=3))
    assert film.zoom == pytest.approx(film.camera.fit_zoom)


def test_a_chosen_window_is_kept_for_the_same_size_and_device_only(film):
    film.set_image(image(device="DX 1"))
    film.set_image(replace(image(case_id=2, device="DX 1"), window=(5.0, 900.0)))
    assert film.window_range == (5.0, 900.0)  # nobody has chosen another
    film.set_window(100.0, 700.0)
    film.set_invert(True)
    film.set_image(image(case_id=3, device="DX 1"))
    assert film.window_range == (100.0, 700.0) and film.inverted
    film.set_image(image(case_id=4, device="DX 2"))
    assert film.window_range == (0.0, 4095.0) and not film.inverted


def test_with_the_setting_off_every_case_begins_fitted_with_the_greys_of_its_file(film):
    film.keeps_view = False
    film.set_image(image())
    film.set_window(100.0, 700.0)
    film.look_at((123.25, 77.5), 4.0)
    film.set_image(image(case_id=2))
    assert film.window_range == (0.0, 4095.0)
    assert film.zoom == pytest.approx(film.camera.fit_zoom)


def test_a_flip_is_never_kept_for_the_next_case_but_for_the_next_frame(film):
    film.set_image(image())
    film.set_orientation(UPRIGHT.flipped_left_right().turned_right())
    film.set_image(image())
    assert film.orientation != UPRIGHT
    film.set_image(image(case_id=2))
    assert film.orientation == UPRIGHT


def test_the_file_says_the_shape_of_a_pixel_even_without_its_size(film):
    film.set_image(image(aspect=1.5))
    assert film.camera.scale[1] / film.camera.scale[0] == pytest.approx(1.5)


def test_values_are_read_at_the_nearest_pixel_centre(film):
    film.set_image(replace(image(), pixels=np.arange(12, dtype=np.int16).reshape(3, 4) - 5))
    assert film.value_at((2.4, 0.6)) == 1
    assert film.value_at((-0.4, 0.0)) == -5
    assert film.value_at((3.6, 0.0)) is None


def test_points_stop_at_the_edge_of_the_image(film):
    film.set_image(image(400, 300))
    assert film.clamp((-7, 310)) == (-0.5, 299.5)


def test_without_a_picture_nothing_breaks(film):
    film.set_image(image())
    film.set_image(None)
    film.auto_window()
    film.change_window(0, 1)
    film.zoom_by(2)
    assert grey_grab(film).max() < 255
    assert film.value_at((0, 0)) is None


@pytest.mark.parametrize("scale", ["1.25", "1.5", "2"])
def test_mapping_is_exact_on_scaled_screens(scale):
    """The tests above, on a screen with that many device pixels per logical pixel."""
    if os.environ.get("MEDSAPIENS_SCALED"):
        pytest.skip("already running on a scaled screen")
    names = "bright_pixel or bright_spot or camera_says or reduced_copy"
    child = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", names, __file__],
        cwd=ROOT,
        env={**os.environ, "QT_SCALE_FACTOR": scale, "MEDSAPIENS_SCALED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stdout[-3000:] + child.stderr[-1000:]
