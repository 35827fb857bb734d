"""AS12: a blind case is placed by hand with no prediction to be seen anywhere; Return shows both (ux.md 14)."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.preferences import BULK
from medsapiens_core.store.project import Project
from medsapiens_core.store.readings import ReadingRule

from .reviewer import NONE, Reviewer

LEFT = Qt.MouseButton.LeftButton
REFUSED = "Blind case: predictions are hidden until Return."


def blind_case(pack):
    """A21 is the only case of the pack whose prediction was never shown: with every case drawn, it alone is blind."""
    with Project.open(pack.folder) as project:
        project.readings.set_rule(ReadingRule(blind_share=1.0))
    return pack


def place_at(reader, xy):
    reader.clicks += 1
    QTest.mouseClick(reader.view.viewport(), LEFT, NONE, reader.view.image_to_view(xy).toPoint())


def place_all(reader, points):
    """P, then a click for each landmark in template order."""
    reader.key(Qt.Key.Key_P)
    for mark in reader.session.template.ids:
        assert reader.session.current == mark and reader.view.is_placing
        place_at(reader, points[mark])


def nothing_of_the_model_is_seen(reader):
    markers = reader.view.layer.markers
    assert all(m.prediction_xy is None and m.ghost_xy is None and m.region is None for m in markers)
    rows = reader.first_rows(len(markers))
    assert all(
        (row.score, row.radius, row.spread, row.origin, row.can_revert) == (None, None, "", "", False) for row in rows
    )
    assert reader.view.heat.state is None
    assert reader.window.landmark_panel.warnings.lines == []


def test_as12_a_blind_case_is_read_by_hand_and_then_both_are_shown(pack_a, open_pack, qtbot):
    pack = blind_case(pack_a)
    reader = Reviewer(open_pack(pack, "A21"), qtbot)
    window, session = reader.window, reader.session
    row = reader.workspace.project.cases.get(pack.ids["A21"])
    assert row.state == "predicted", "in the worklist it looks like any predicted case"
    assert REFUSED in window.notices.shown.text and "P places" in window.notices.shown.text
    assert all(m.x is None for m in reader.view.layer.markers)
    nothing_of_the_model_is_seen(reader)

    # every way to the prediction says why it is closed
    for key in (Qt.Key.Key_T, Qt.Key.Key_Y, Qt.Key.Key_R, Qt.Key.Key_C):
        window.status.clearMessage()
        reader.key(key)
        assert window.status.currentMessage() == REFUSED, key
    for key in (Qt.Key.Key_F5, Qt.Key.Key_Q):
        window.toasts.hide()
        reader.key(key)
        assert window.toasts.isVisible() and window.toasts.text == REFUSED, key
    window.preferences.set(BULK, True)
    reader.key(Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert window.status.currentMessage() == REFUSED
    assert reader.workspace.guidance.bulk_refusal() == REFUSED
    nothing_of_the_model_is_seen(reader)

    # 19 by hand: 1 key, 19 clicks, and Return
    reader.keys = reader.clicks = 0
    place_all(reader, pack.truth["A21"])
    nothing_of_the_model_is_seen(reader)
    assert all(reader.label(mark) == "corrected" for mark in session.template.ids)
    assert window.action("landmark.fill").isEnabled() is False
    placed = {mark: reader.xy(mark) for mark in session.template.ids}
    reader.key(Qt.Key.Key_Escape)
    reader.key(Qt.Key.Key_Return)
    assert (reader.keys, reader.clicks) == (3, 19)

    # both sets are shown, the hand positions stand, the case is reviewed and still here
    reader.wait(lambda: session.prediction is not None)
    reader.on_screen("A21")
    assert session.annotation.reviewed and {m: reader.xy(m) for m in session.template.ids} == placed
    ghosts = {m.landmark: m.ghost_xy for m in reader.view.layer.markers if m.ghost_xy is not None}
    assert set(ghosts) <= set(session.template.ids) and len(ghosts) == 19
    assert window.action("view.ghost").isChecked()
    assert "Your points stand" in window.toasts.text and "mm away on average" in window.toasts.text
    reader.saved()
    project = reader.workspace.project
    history = project.annotations.history(pack.ids["A21"])
    assert [e.context for e in history if e.kind in ("place", "review")] == ["blind"] * 20
    assert {e.reader for e in history if e.kind == "place"} == {reader.workspace.reading.desk.me.code}
    assert project.check(files=False) == []

    # what is changed now is marked, and Return goes on
    reader.key(Qt.Key.Key_Right)
    assert session.history[-1].context == "after reveal"
    reader.key(Qt.Key.Key_Return)
    reader.wait(lambda: not reader.case_name().startswith("A21"))

    # My figures count it, as it was when it was reviewed first
    reader.saved()
    window.action("project.figures").trigger()
    figures = reader.workspace.reading.figures_window
    reader.wait(lambda: bool(figures.values))
    assert (figures.values["Blind cases"], figures.values["Assisted cases"]) == ("1", "0")


def test_a_blind_case_stays_blind_over_a_restart_and_is_not_filled_behind_the_readers_back(pack_a, open_pack, qtbot):
    pack = blind_case(pack_a)
    reader = Reviewer(open_pack(pack, "A21"), qtbot)
    workspace = reader.workspace
    prediction = workspace.project.predictions.latest(pack.ids["A21"])
    workspace.inference.arrived.emit(prediction)
    assert reader.session.prediction is None
    workspace.open_case(pack.ids["A22"])
    reader.on_screen("A22")
    workspace.inference._show(pack.ids["A21"], prediction)  # as an answer that comes while another case is open
    workspace.saves.flush()
    assert workspace.project.annotations.load(pack.ids["A21"]).prediction_id is None
    reader.window.close()
    again = Reviewer(open_pack(pack, "A21"), qtbot)
    assert again.session.is_blind and again.session.prediction is None
    nothing_of_the_model_is_seen(again)
