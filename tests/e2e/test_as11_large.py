"""AS11: a film of 9036 rows: zoom, pan, window and level, and one exact step (ux.md 14)."""

import time

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.app.views.mouse import wheel

from .screen import LEFT, RIGHT, drag, greys

FREEZE_S = 3.0  # no step of this script may hold the window up for longer, however busy the computer is


@pytest.fixture
def steps():
    """Calls each act of the reader and remembers how long it held the window up."""
    taken = []

    def step(act, *args, **more):
        start = time.perf_counter()
        act(*args, **more)
        taken.append(time.perf_counter() - start)

    step.taken = taken
    return step


def is_painted(view):
    """No black tile: the film's darkest grey is brighter than the surround, so every part of it shows greys."""
    left, top = (round(value) for value in view.camera.to_view((-0.5, -0.5)))
    right, bottom = (round(value) for value in view.camera.to_view((view.image.width - 0.5, view.image.height - 0.5)))
    seen = greys(view)[max(top, 0) + 2 : bottom - 2, max(left, 0) + 2 : right - 2]
    rows, columns = (np.array_split(np.arange(size), min(8, size)) for size in seen.shape)
    return all(np.ptp(seen[np.ix_(r, c)]) > 0 or seen[np.ix_(r, c)].mean() > 0 for r in rows for c in columns)


def marker_width(view, marker):
    """Columns of the screen that the marker's ring covers."""
    x, y = (round(value) for value in view.camera.to_view((marker.x, marker.y)))
    part = (slice(y - 30, y + 31), slice(x - 30, x + 31))
    changed = np.abs(greys(view, overlay=True)[part] - greys(view)[part]) > 30
    return int(np.ptp(np.nonzero(changed)[1])) + 1


def test_as11(open_pack, pack_c, qtbot, steps):
    application = open_pack(pack_c, "C01")
    window, session = application.window, application.workspace.session
    view = window.image_view
    window.image_view.set_names("none")
    assert (view.image.width, view.image.height) == (3080, 9036)
    assert view.zoom == pytest.approx(view.camera.fit_zoom)
    middle = (view.width() / 2, view.height() / 2)

    def has_come_to_rest():
        qtbot.waitUntil(lambda: view._film.is_refined, timeout=2000)

    # window and level at fit
    before = view.window_range
    steps(drag, view, middle, (120, -40), RIGHT)
    assert view.window_range != before and is_painted(view)
    has_come_to_rest()
    assert is_painted(view)

    # from fit to 800 %, with the pointer on the ankle; the picture is whole all the way
    marker = view.layer.marker("ankle")
    QTest.keyClick(view, Qt.Key(Qt.Key.Key_0 + marker.number))
    qtbot.waitUntil(lambda: session.current == "ankle")
    size_at_fit = marker_width(view, marker)
    while view.zoom < 8.0:
        at = view.camera.to_view((marker.x, marker.y))
        steps(wheel, view, at, 2)
        assert is_painted(view)
    view.zoom_by(8.0 / view.zoom, view.image_to_view((marker.x, marker.y)))
    assert view.zoom == pytest.approx(8.0)
    steps(drag, view, middle, (200, 150), LEFT)  # on empty film: pan
    assert not view._film.is_refined
    assert is_painted(view)
    has_come_to_rest()
    assert is_painted(view)

    # window and level at 800 %
    before = view.window_range
    steps(drag, view, middle, (-90, 60), RIGHT)
    assert view.window_range != before and is_painted(view)

    # the marker is as large as at fit; a step to the right is exactly one pixel
    view.ensure_visible("ankle")
    qtbot.waitUntil(lambda: not view.motion.is_gliding)
    now = view.layer.marker("ankle")
    assert abs(marker_width(view, now) - size_at_fit) <= 1
    x, y = now.x, now.y
    QTest.mouseClick(view.viewport(), LEFT, pos=view.image_to_view((x, y)).toPoint())
    steps(QTest.keyClick, view, Qt.Key.Key_Right)
    now = view.layer.marker("ankle")
    assert (now.x - x, now.y - y) == (pytest.approx(1.0, abs=1e-9), 0.0)
    assert max(steps.taken) < FREEZE_S
