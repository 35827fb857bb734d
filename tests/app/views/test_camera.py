import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.views.camera import MAX_ZOOM, MIN_ZOOM, Camera

numbers = st.floats(-5000, 15000)
cameras = st.builds(
    Camera,
    centre=st.tuples(numbers, numbers),
    zoom=st.floats(0.1, 32),
    image=st.tuples(st.integers(1, 9036), st.integers(1, 9036)),
    aspect=st.floats(0.5, 2),
    view=st.tuples(st.floats(100, 4000), st.floats(100, 3000)),
    ratio=st.sampled_from([1.0, 1.25, 1.5, 1.75, 2.0, 3.0]),
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
