import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.inference.view import View

VIEWS = [View.from_class(index, inverted=inverted) for index in range(8) for inverted in (False, True)]


@pytest.mark.parametrize("view", VIEWS)
def test_points_go_where_the_pixels_go(view):
    picture = np.arange(15.0).reshape(3, 5)
    upright = view.upright(picture)
    assert upright.shape[::-1] == view.upright_size((5, 3))
    for y in range(3):
        for x in range(5):
            ux, uy = view.to_upright((5, 3)).apply((x, y))
            value = upright[int(uy), int(ux)]
            assert value == (255 - picture[y, x] if view.inverted else picture[y, x])


@pytest.mark.parametrize("view", VIEWS)
@given(width=st.integers(1, 6), height=st.integers(1, 6))
def test_laying_undoes_putting_upright(view, width, height):
    picture = np.random.default_rng(0).random((height, width)) * 255
    np.testing.assert_allclose(view.lay(view.upright(picture)), picture)


def test_class_numbers_are_those_of_the_views():
    assert [View.from_class(k).index for k in range(8)] == list(range(8))
    assert View().is_upright and not View(inverted=True).is_upright
