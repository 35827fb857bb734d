"""AS03: nudges add up, undo together, and the drag before them undoes last."""

import pytest
from PySide6.QtCore import Qt

from .reviewer import CTRL, SHIFT, Reviewer


def test_as03_nudges_undo_together_and_the_drag_last(pack_a, open_pack, qtbot):
    reader = Reviewer(open_pack(pack_a, "A02"), qtbot)
    start = reader.xy("gonion")
    reader.key(Qt.Key.Key_U)
    reader.drag_to("gonion", pack_a.truth["A02"]["gonion"])
    dragged = reader.xy("gonion")
    reader.session._clock = lambda: 1000.0  # the nudges follow each other at once, however slow this computer is

    reader.key(Qt.Key.Key_Right, times=3)
    assert reader.xy("gonion") == (pytest.approx(dragged[0] + 3, abs=1e-9), dragged[1])
    reader.key(Qt.Key.Key_Down, SHIFT)
    reader.key(Qt.Key.Key_Left, CTRL)
    nudged = reader.xy("gonion")
    assert nudged == (pytest.approx(dragged[0] + 2.9, abs=1e-9), pytest.approx(dragged[1] + 10, abs=1e-9))

    reader.key(Qt.Key.Key_Z, CTRL)
    assert reader.xy("gonion") == dragged, "nudges within 800 ms are one step"
    reader.key(Qt.Key.Key_Z, CTRL)
    assert reader.xy("gonion") == start and reader.label("gonion") == "predicted"
    reader.key(Qt.Key.Key_Z, CTRL)
    assert reader.xy("gonion") == start, "there is nothing more to take back"
    reader.key(Qt.Key.Key_Z, CTRL | SHIFT, times=2)
    assert reader.xy("gonion") == nudged and reader.label("gonion") == "corrected"
    reader.saved()
    stored = reader.workspace.project.annotations.load(pack_a.ids["A02"])["gonion"]
    assert (stored.x, stored.y) == nudged
