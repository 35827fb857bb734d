"""AS09: pixels that are taller than wide are drawn so, and lengths are in millimetres in every direction."""

import pytest
from PySide6.QtCore import Qt

from .test_as08_ruler import at_one_to_one, drag, open_case, press


@pytest.mark.slow
def test_as09_lengths_and_shape(pack_a, open_pack, qtbot):
    application = open_pack(pack_a)
    open_case(application, pack_a, "A06", qtbot)
    window = application.window
    view, scratch = window.image_view, window.spacing.scratch

    # two numbers where pixels are not square: width x height
    assert window.status._spacing.text().endswith("0.100 x 0.120 mm")

    # the picture is drawn 1.2 times taller
    origin, right, down = (view.image_to_view(xy) for xy in ((0, 0), (100, 0), (0, 100)))
    assert (down.y() - origin.y()) / (right.x() - origin.x()) == pytest.approx(1.2)

    # Measure 100 px to the right: 10.0 mm; 100 px down: 12.0 mm
    at_one_to_one(window)
    x, y = (round(value) for value in view.camera.centre)
    press(window, Qt.Key.Key_M)
    drag(view, (x - 50, y), (x + 50, y))
    drag(view, (x - 100, y - 50), (x - 100, y + 50))
    assert scratch.layer.texts == ["10.0 mm", "12.0 mm"]
