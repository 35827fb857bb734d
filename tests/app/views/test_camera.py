import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.views.camera import MAX_ZOOM, MIN_ZOOM, Camera
from app.views.orientation import UPRIGHT, Orientation

half_turns = st.sampled_from([UPRIGHT, UPRIGHT.flipped_left_right(), UPRIGHT.flipped_top_bottom()])
orientations = half_turns | half_turns.map(lambda one: one.turned_right())
numbers = st.floats(-5000, 15000)
cameras = st.builds(
    Camera,
    centre=st.tuples(numbers, numbers),
    zoom=st.floats(0.1, 32),
    image=st.tuples(st.integers(1, 9036), st.integers(1, 9036)),
    aspect=st.floats(0.5, 2),
    view=st.tuples(st.floats(100, 4000), st.floats(100, 3000)),
    ratio=st.sampled_from([1.0, 1.25, 1.5, 1.75, 2.0, 3.0]),
    orientation=orientations,
)


@given(cameras, st.tuples(numbers, numbers))
def test_a_point_comes_back_from_the_screen_to_a_billionth_of_a_pixel(camera, xy):
    back = camera.to_image(camera.to_view(xy))
    assert math.dist(back, xy) < 1e-9


@given(cameras.map(lambda camera: replace(camera, centre=(1000.0, 1000.0), image=(2000, 2000))), st.floats(0.5, 2))
def test_the_point_under_the_pointer_stays_there_while_zooming(camera, factor):
    # near the middle of the view, so that keeping the film on screen does not interfere
    at = (camera.view[0] / 2 + 3.25, camera.view[1] / 2 + 2.5)
    before = camera.to_image(at)
    assert math.dist(camera.zoomed(factor, at).to_image(at), before) < 1e-9


@given(cameras)
def test_zoom_stays_between_the_limits_or_where_the_image_fits(camera):
    middle = (camera.view[0] / 2, camera.view[1] / 2)
    assert camera.zoomed(1e6, middle).zoom == MAX_ZOOM
    assert camera.zoomed(1e-6, middle).zoom == min(MIN_ZOOM, camera.fit_zoom)


@given(cameras)
def test_fit_shows_the_whole_image(camera):
    left, top, right, bottom = camera.fitted().visible
    width, height = camera.image
    assert left <= -0.5 + 1e-6 and top <= -0.5 + 1e-6
    assert right >= width - 0.5 - 1e-6 and bottom >= height - 0.5 - 1e-6


def test_one_image_pixel_is_one_device_pixel_at_zoom_one():
    camera = Camera(zoom=1.0, ratio=1.5)
    assert camera.to_view((15.0, 0.0))[0] - camera.to_view((0.0, 0.0))[0] == pytest.approx(10.0)


def test_pixels_of_unequal_sides_are_shown_in_their_true_shape():
    """0.10 mm wide, 0.12 mm high (AS09): the picture is drawn 1.2 times taller."""
    sx, sy = Camera(zoom=2.0, aspect=0.12 / 0.10).scale
    assert sy / sx == pytest.approx(1.2)


def test_the_middle_of_the_view_stays_on_the_image():
    camera = Camera(centre=(50, 50), image=(100, 80), view=(400, 300)).panned(-1e6, 1e6)
    assert camera.centre == (99.5, -0.5)


def test_bringing_a_point_into_view_moves_no_more_than_needed():
    camera = Camera(centre=(500, 500), image=(1000, 1000), view=(400, 400))
    assert camera.showing((550, 500)) is camera
    moved = camera.showing((900, 500))
    assert moved.to_view((900, 500)) == pytest.approx((360, 200))


@given(cameras, st.tuples(numbers, numbers))
def test_a_step_on_screen_is_the_same_step_on_the_image_and_back(camera, step):
    back = camera.vector_to_view(*camera.vector_to_image(*step))
    assert math.dist(back, step) < 1e-9 * max(1.0, *map(abs, step))


@given(cameras, st.tuples(numbers, numbers))
def test_the_picture_is_drawn_where_the_landmarks_are(camera, xy):
    """What the view box is told to show agrees with the mapping of points, however the view is flipped and turned."""
    left, top, right, bottom = camera.visible_on_screen
    (width, height), o = camera.image, camera.orientation
    du, dv = o.to_screen(xy[0] - (width - 1) / 2, xy[1] - (height - 1) / 2)
    u, v = du + (camera.screen_size[0] - 1) / 2, dv + (camera.screen_size[1] - 1) / 2
    drawn = (u - left) / (right - left) * camera.view[0], (v - top) / (bottom - top) * camera.view[1]
    assert math.dist(drawn, camera.to_view(xy)) < 1e-6 * max(1.0, *map(abs, drawn))


def test_four_turns_or_two_flips_are_none():
    turned = UPRIGHT
    for _ in range(4):
        turned = turned.turned_right()
    assert turned == UPRIGHT == UPRIGHT.flipped_left_right().flipped_left_right()
    assert UPRIGHT.flipped_left_right().flipped_top_bottom() == UPRIGHT.turned_right().turned_right()


def test_a_right_turn_takes_the_top_of_the_image_to_the_right_of_the_screen():
    camera = Camera(centre=(50, 50), image=(100, 100), view=(400, 400), orientation=UPRIGHT.turned_right())
    assert camera.to_view((50, 0)) == (250, 200)


@pytest.mark.parametrize("turn", [Orientation(), Orientation().turned_right(), Orientation().flipped_left_right()])
def test_a_turned_array_shows_each_pixel_where_the_point_goes(turn):
    pixels = np.arange(12).reshape(3, 4)
    camera = Camera(centre=(1.5, 1.0), image=(4, 3), orientation=turn)
    shown = turn.applied(pixels)
    for y, x in np.ndindex(pixels.shape):
        u, v = turn.to_screen(x - 1.5, y - 1.0)
        columns, rows = camera.screen_size
        assert shown[round(v + (rows - 1) / 2), round(u + (columns - 1) / 2)] == pixels[y, x]
