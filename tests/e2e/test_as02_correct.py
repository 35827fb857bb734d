"""AS02: the wrong point comes first, a drag mends it, and nothing else is asked."""

import numpy as np
from PySide6.QtCore import Qt

from .reviewer import Reviewer


def test_as02_a_wrong_point_comes_first_and_a_drag_decides_it(pack_a, open_pack, qtbot):
    reader = Reviewer(open_pack(pack_a, "A02"), qtbot)
    reader.key(Qt.Key.Key_U)
    first = reader.first_rows(1)[0]
    assert first.id == "gonion" == reader.session.current
    assert (
        first.warning.startswith("Gonion lies 1") and "mm from where the other 18 suggest (usual limit" in first.warning
    )
    assert reader.warnings() == [first.warning], "the panel says it in full"
    assert reader.view.layer.marker("gonion").has_warning

    reader.drag_to("gonion", pack_a.truth["A02"]["gonion"])
    assert reader.label("gonion") == "corrected", "an orange diamond (marker_painter)"
    np.testing.assert_allclose(reader.xy("gonion"), pack_a.truth["A02"]["gonion"], atol=1e-6)
    assert reader.row("gonion").warning == "" and reader.warnings() == []
    assert not reader.view.layer.marker("gonion").has_warning
    assert reader.session.annotation.decided_count == 1, "correcting is deciding"
    assert reader.session.current == "gonion", "it stays, so that the result is seen"
    reader.saved()
    assert len(reader.window.status._saved.text()) == len("Saved 10:42:07")
