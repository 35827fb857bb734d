"""AS19: Cobb angles on pack B, driven through the real window."""

import re
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.session.measure_list_model import MeasureColumn
from medsapiens_core.data.annotation import placed

from ..app.views import mouse


def decide(pack, case):
    """A person accepts every corner as predicted."""
    from medsapiens_core.store.project import Project

    with Project.open(pack.folder) as project:
        annotation = project.annotations.load(pack.ids[case])
        states = {mark: placed(*pack.predicted[case][mark], pack.predicted[case][mark]) for mark in pack.template.ids}
        project.annotations.commit(
            annotation.change("confirm", states), pack.ids[case], expected_revision=annotation.revision
        )


def degrees(row):
    return float(re.match(r"[\d.]+", row.value).group())


@pytest.fixture
def spine(pack_b, open_pack, qtbot):
    """B01 with every corner decided, B03 as predicted; the measurements panel is open."""
    decide(pack_b, "B01")
    application = open_pack(pack_b, "B01")
    window = application.window
    window.action("view.measurements").trigger()
    qtbot.waitUntil(window.measurements_panel.isVisible)
    return application


def row_of(application, measure="cobb-major"):
    return next((row for row in application.workspace.measuring.measures.model.rows if row.id == measure), None)


def shown_text(window, column, row=0):
    """What a reader sees in a cell."""
    model = window.measurements_panel.table.model()
    return model.index(row, column).data(Qt.ItemDataRole.DisplayRole)


def test_as19(spine, pack_b, qtbot):
    window, workspace = spine.window, spine.workspace
    panel, view = window.measurements_panel, window.image_view

    # Measurements: Cobb with i-j names, +/- and "free"
    qtbot.waitUntil(lambda: row_of(spine) is not None and row_of(spine).error != "", timeout=20_000)
    assert re.fullmatch(r"\d+\.\d°", shown_text(window, MeasureColumn.VALUE))
    assert re.fullmatch(r"± \d+\.\d°", shown_text(window, MeasureColumn.ERROR))
    free = re.fullmatch(r"([TL]\d+)–([TL]\d+), free", shown_text(window, MeasureColumn.NOTE))
    assert free, shown_text(window, MeasureColumn.NOTE)

    # Lock end vertebrae: "locked", between the same vertebrae, the interval gets narrower
    before = row_of(spine)
    QTest.mouseClick(panel.lock, Qt.MouseButton.LeftButton)
    assert view.hasFocus(), "a click on the button leaves the keyboard with the image"
    qtbot.waitUntil(lambda: row_of(spine).note.endswith("locked") and row_of(spine).error != "", timeout=20_000)
    assert shown_text(window, MeasureColumn.NOTE) == f"{free[1]}–{free[2]}, locked"
    locked = row_of(spine)
    assert locked.value == before.value
    assert float(locked.error.strip("± °")) < float(before.error.strip("± °"))

    # nudge a corner of an end vertebra: the value moves smoothly
    ends = next(value.ends for value in workspace.measuring.measures.values if value.measure.id == "cobb-major")
    corner = f"v{ends[0] + 1:02d}_top_left"
    workspace.session.set_current(corner)
    exact = [workspace.measuring.measures.values[0].value]
    view.setFocus()
    for _ in range(6):
        QTest.keyClick(view, Qt.Key.Key_Down)
        exact.append(workspace.measuring.measures.values[0].value)
        assert row_of(spine).note == f"{free[1]}–{free[2]}, locked"
    steps = [after - now for now, after in pairwise(exact)]
    assert all(step * steps[0] > 0 for step in steps), "one way"
    assert max(map(abs, steps)) < 3.0 and max(map(abs, steps)) < 1.5 * min(map(abs, steps)), "without jumps"

    # during a drag the value follows the pointer before anything is stored
    revision = workspace.session.annotation.revision
    seen = []

    def look():
        seen.append((workspace.session.annotation.revision, row_of(spine).value))

    workspace.measuring.measures.changed.connect(look)
    state = workspace.session.annotation[corner]
    x, y = mouse.at_image(view, state.x, state.y)
    mouse.press(view, (x, y))
    for step in (5, 10, 15):
        mouse.move(view, (x, y + step))
    nudged = row_of(spine).value
    qtbot.waitUntil(lambda: any(at == revision and value != nudged for at, value in seen))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert workspace.session.annotation.revision == revision
    assert row_of(spine).value == nudged, "a drag that is taken back leaves nothing behind"
    mouse.release(view, (x, y + 15))
    workspace.measuring.measures.changed.disconnect(look)

    # B03 warns of swapped corners and shows no Cobb until decided
    workspace.open_case(pack_b.ids["B03"])
    qtbot.waitUntil(lambda: workspace.session.case.id == pack_b.ids["B03"], timeout=20_000)
    qtbot.waitUntil(lambda: "T8" in row_of(spine).note)
    assert row_of(spine).value == "" and shown_text(window, MeasureColumn.VALUE) == ""
    assert row_of(spine).note.startswith("undecided: ")
    assert row_of(spine).note.endswith("corners of T8 may be swapped")
    assert not panel.lock.isEnabled()


def test_held_end_vertebrae_are_there_after_a_restart_and_can_be_let_go(spine, pack_b, open_pack, qtbot):
    qtbot.waitUntil(lambda: row_of(spine) is not None and row_of(spine).value != "")
    spine.window.action("measure.lock").trigger()
    qtbot.waitUntil(lambda: row_of(spine).note.endswith("locked"))
    spine.close_project()
    again = open_pack(pack_b, "B01")
    qtbot.waitUntil(lambda: row_of(again) is not None and row_of(again).note.endswith("locked"), timeout=20_000)
    again.window.action("measure.lock").trigger()
    qtbot.waitUntil(lambda: row_of(again).note.endswith("free"))
