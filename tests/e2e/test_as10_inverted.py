"""AS10: a MONOCHROME1 film, inverted and flipped on screen: the point stays on its anatomy (ux.md 14)."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from . import pack_films
from .packs import make_pack_a
from .screen import LEFT, greys, seen_at


@pytest.fixture
def pack(made_packs, tmp_path):
    return made_packs("pack_a05", lambda folder: make_pack_a(folder, ["A05"])).copy_to(tmp_path)


def patch_around(view, xy, half=40):
    """What lies around an image point on screen, the way the film lies."""
    x, y = (round(value) for value in view.camera.to_view(xy))
    return view.orientation.applied(greys(view)[y - half : y + half + 1, x - half : x + half + 1])


def test_as10(open_pack, pack, qtbot):
    application = open_pack(pack, "A05")
    window = application.window
    view, status, session = window.image_view, window.status, application.workspace.session
    badge, view_badge = status._polarity, status._view

    def key(code):
        QTest.keyClick(view, code)

    def read_out(landmark):
        """What the status bar says with the pointer on the marker, as near as whole screen pixels allow."""
        marker = view.layer.marker(landmark)
        at = view.image_to_view((marker.x, marker.y))
        QTest.mouseMove(view.viewport(), at.toPoint() + QPoint(9, 9))
        QTest.mouseMove(view.viewport(), at.toPoint())
        shown = status._cursor.text().split()
        assert abs(float(shown[1]) - marker.x) < 1 / view.zoom and abs(float(shown[3]) - marker.y) < 1 / view.zoom
        return round(marker.x, 2), round(marker.y, 2)

    # bones are white at the start, though the file stores them as low values
    film = pack_films.skull(5).pixels
    points = np.stack(np.meshgrid(np.arange(60, 420, 20), np.arange(60, 540, 20)), -1).reshape(-1, 2)
    truth = film[points[:, 1], points[:, 0]].astype(float)
    stored = view.image.pixels[points[:, 1], points[:, 0]].astype(float)
    assert view.image.inverted and np.corrcoef(stored, truth)[0, 1] < -0.9
    assert np.corrcoef(seen_at(view, points), truth)[0, 1] > 0.9
    assert badge.isVisible() and badge.text() == "M1 inv."
    assert not view_badge.isVisible()

    key(Qt.Key.Key_I)
    assert np.corrcoef(seen_at(view, points), truth)[0, 1] < -0.9
    assert badge.text() == "M1 inv.  inverted"
    key(Qt.Key.Key_V)
    assert view_badge.isVisible() and view_badge.text() == "flipped L-R"

    # a point is placed in the inverted, flipped view
    target = pack.truth["A05"]["sella"]
    number = view.layer.marker("sella").number
    key(Qt.Key(Qt.Key.Key_0 + number))
    qtbot.waitUntil(lambda: session.current == "sella")
    key(Qt.Key.Key_Delete)
    key(Qt.Key.Key_P)
    assert view.is_placing
    QTest.mouseClick(view.viewport(), LEFT, pos=view.image_to_view(target).toPoint())
    marker = view.layer.marker("sella")
    assert marker.label in ("confirmed", "corrected")
    placed = (marker.x, marker.y)
    assert np.hypot(placed[0] - target[0], placed[1] - target[1]) < 1 / view.zoom
    said = read_out("sella")
    here = patch_around(view, placed)

    # it sits on the same anatomy in every view, and the read-out does not change
    key(Qt.Key.Key_V)
    assert not view_badge.isVisible()
    assert np.corrcoef(patch_around(view, placed).ravel(), here.ravel())[0, 1] > 0.97
    assert read_out("sella") == said
    key(Qt.Key.Key_I)
    assert badge.text() == "M1 inv."
    assert np.corrcoef(patch_around(view, placed).ravel(), here.ravel())[0, 1] < -0.97
    assert read_out("sella") == said
    assert (view.layer.marker("sella").x, view.layer.marker("sella").y) == placed
