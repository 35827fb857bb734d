"""AS13: clear all, place three, fill the rest, drag one with live updates: decided points do not move (ux.md 14)."""

import math

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.session.case_list_model import ROW_ROLE

GIVEN = ("sella", "nasion", "menton")
LEFT = Qt.MouseButton.LeftButton


class Reader:
    """A person at the window, with mouse and keys; reads what the window shows."""

    def __init__(self, application, qtbot):
        self.application, self.qtbot, self.window = application, qtbot, application.window
        self.view, self.session = self.window.image_view, application.workspace.session

    def wait(self, condition):
        self.qtbot.waitUntil(condition, timeout=20_000)

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        self.view.setFocus()
        QTest.keyClick(self.view, key, modifier)

    def choose(self, action_id):
        """An entry of a menu."""
        self.window.action(action_id).trigger()

    def marker(self, landmark):
        return self.view.layer.marker(landmark)

    def places(self):
        return {m.landmark: (m.x, m.y) for m in self.view.layer.markers}

    def labels(self):
        return [m.label for m in self.view.layer.markers]

    def place(self, landmark, xy):
        self.key(Qt.Key(Qt.Key.Key_0 + self.marker(landmark).number))
        self.wait(lambda: self.marker(landmark).is_current)
        self.key(Qt.Key.Key_P)
        QTest.mouseClick(self.view.viewport(), LEFT, pos=self.view.image_to_view(xy).toPoint())
        self.key(Qt.Key.Key_Escape)

    def drag(self, landmark, by):
        viewport, marker = self.view.viewport(), self.marker(landmark)
        start = self.view.image_to_view((marker.x, marker.y)).toPoint()
        QTest.mousePress(viewport, LEFT, pos=start)
        for share in (0.25, 0.5, 1.0):
            QTest.mouseMove(viewport, start + QPoint(round(by[0] * share), round(by[1] * share)))
        QTest.mouseRelease(viewport, LEFT, pos=start + QPoint(*by))

    def read_out(self, landmark):
        """What the status bar says of a point, with the pointer on it."""
        QTest.mouseMove(self.view.viewport(), self.view.image_to_view(self.places()[landmark]).toPoint())
        return self.places()[landmark]

    def rows(self):
        model = self.window.landmark_panel.list.model()
        return [model.index(k, 0).data(ROW_ROLE) for k in range(model.rowCount())]


@pytest.fixture
def reader(open_pack, pack_a, qtbot):
    application = open_pack(pack_a, "A22")
    qtbot.waitUntil(lambda: application.workspace.few_shot.filling.source is not None, timeout=20_000)
    return Reader(application, qtbot)


@pytest.mark.slow
def test_as13_fill_the_rest_and_live_update(reader, pack_a):
    truth, toasts = pack_a.truth["A22"], reader.window.toasts

    reader.choose("landmark.clear_all")
    assert set(reader.labels()) == {"not placed"}
    assert not reader.window.action("landmark.fill").isEnabled()
    assert "Place at least 2 landmarks first" in reader.window.action("landmark.fill").toolTip()
    assert sum(row.is_anchor for row in reader.rows()) == 3  # the best anchors are marked

    for landmark in GIVEN:
        reader.place(landmark, truth[landmark])
    given = {landmark: reader.read_out(landmark) for landmark in GIVEN}
    assert all(math.dist(given[mark], truth[mark]) < 2 for mark in GIVEN)

    reader.key(Qt.Key.Key_P, Qt.KeyboardModifier.ShiftModifier)
    reader.wait(lambda: reader.labels().count("predicted") == 16)
    assert "16 landmarks filled" in toasts.text
    filled = [row for row in reader.rows() if row.label == "predicted"]
    assert len(filled) == 16 and all(row.spread.startswith("fill ±") and row.spread.endswith("mm") for row in filled)
    assert {landmark: reader.read_out(landmark) for landmark in GIVEN} == given

    reader.choose("landmark.live")
    reader.view.layer.gliding.stop()
    before = reader.places()
    reader.drag("gonion", (14, 9))
    dropped = reader.read_out("gonion")
    assert reader.marker("gonion").label == "corrected" and dropped != before["gonion"]
    reader.wait(lambda: "moved, mean" in toasts.text)
    after = reader.places()
    moved = {mark for mark in after if after[mark] != before[mark]} - {"gonion"}
    assert moved and moved.isdisjoint(GIVEN)
    assert all(math.dist(after[mark], before[mark]) >= 0.3 for mark in moved)
    assert set(reader.view.layer.gliding.ghosts) == moved  # they glide and leave a ghost
    assert {landmark: reader.read_out(landmark) for landmark in GIVEN} == given
    assert reader.read_out("gonion") == dropped

    reader.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert reader.places() == before and reader.marker("gonion").label == "predicted"
    predictions = reader.application.workspace.project.predictions.count()
    reader.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert reader.places() == after  # replayed, not computed again
    reader.wait(lambda: reader.application.workspace.saves.waiting == 0)
    assert reader.application.workspace.project.predictions.count() == predictions
    assert reader.application.workspace.project.check(files=False) == []
