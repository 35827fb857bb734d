"""A real session over a real store; the views are stand-ins for the real classes."""

from unittest.mock import MagicMock

import pytest
from PySide6.QtCore import QObject, Signal

from app.controllers.case_access import load_case
from app.controllers.review_controller import ReviewController
from app.controllers.save_queue import SaveQueue
from app.session.review_session import ReviewSession
from app.views.image_view import ImageView
from app.views.landmark_panel import LandmarkPanel
from medsapiens_core.io.read import read_image

from ..building import add_case


class ImageSignals(QObject):
    landmark_pressed = Signal(str)
    landmark_moved = Signal(str, float, float)
    place_requested = Signal(float, float)
    place_back_requested = Signal()
    tool_cancelled = Signal()
    nudge_requested = Signal(float, float)
    number_entered = Signal(int)


class PanelSignals(QObject):
    row_selected = Signal(str)
    row_confirmed = Signal(str)
    order_changed = Signal(str)


def stand_in(view_class, signals):
    view = MagicMock(spec=view_class)
    for name in vars(type(signals)):
        if isinstance(vars(type(signals))[name], Signal):
            setattr(view, name, getattr(signals, name))
    return view


class Desk:
    """The controller with everything around it."""

    def __init__(self, runner, project):
        self.project, self.conditions = project, {}
        self.image_signals, self.panel_signals = ImageSignals(), PanelSignals()
        self.view = stand_in(ImageView, self.image_signals)
        self.panel = stand_in(LandmarkPanel, self.panel_signals)

        def write(edit, before):
            project.annotations.commit(edit, before.case_id, expected_revision=before.revision)

        self.saves = SaveQueue(runner, write)
        self.session = ReviewSession(project.template, self.saves.commit)
        self.controller = ReviewController(self.session, self.view, self.panel, self.conditions.__setitem__)

    def open(self, case):
        detail = load_case(self.project, case.id)
        self.controller.open(case, read_image(case.path))
        self.session.open_case(detail.row, detail.annotation, detail.shown, detail.history)

    def markers(self):
        return {marker.landmark: marker for marker in self.view.set_markers.call_args.args[0]}

    def stored(self):
        return self.project.annotations.load(self.session.case.id)


@pytest.fixture
def desk(runner, project):
    desk = Desk(runner, project)
    desk.open(add_case(project, 1))
    return desk


def test_before_a_case_is_open_nothing_is_shown_and_nothing_works(runner, project):
    desk = Desk(runner, project)
    assert desk.view.set_markers.call_args.args[0] == []
    desk.panel.set_progress.assert_called_with(0, 0)
    assert desk.conditions["case"] is False
    assert desk.controller.run("landmark.confirm") and not desk.controller.run("no.such.action")
    desk.image_signals.nudge_requested.emit(1, 0)
    desk.image_signals.landmark_pressed.emit("big")
    desk.panel_signals.row_confirmed.emit("big")


def test_opening_shows_picture_markers_and_what_can_be_done(desk):
    image = desk.view.set_image.call_args.args[0]
    assert (image.title, image.width, image.height, image.spacing_badge) == ("film 001.png", 120, 150, "px")
    assert {marker.label for marker in desk.markers().values()} == {"not placed"}
    assert {name for name, met in desk.conditions.items() if met} == {"case", "landmark"}
    assert set(desk.conditions) == {"case", "landmark", "position", "revert", "reviewed", "undo", "redo"}


def test_a_drag_reaches_markers_and_disk(desk, qtbot):
    desk.image_signals.landmark_moved.emit("small", 40.5, 60.25)
    marker = desk.markers()["small"]
    assert (marker.label, marker.x, marker.y) == ("corrected", 40.5, 60.25)
    assert desk.conditions["undo"]
    qtbot.waitUntil(lambda: desk.saves.waiting == 0)
    assert desk.stored()["small"].x == 40.5
    desk.controller.run("edit.undo")
    desk.controller.run("edit.redo")
    qtbot.waitUntil(lambda: desk.saves.waiting == 0)
    assert desk.stored()["small"].x == 40.5 and desk.stored().revision == 3


def test_placing_goes_on_until_nothing_is_unplaced(desk):
    desk.controller.run("landmark.place")
    desk.view.begin_place.assert_called_with("Big")
    desk.image_signals.place_requested.emit(10, 10)
    desk.view.begin_place.assert_called_with("Small")
    desk.image_signals.place_back_requested.emit()
    desk.view.begin_place.assert_called_with("Big")
    for x in (10, 20, 30):
        desk.image_signals.place_requested.emit(x, x)
    assert [state.x for state in desk.session.annotation.states] == [10, 20, 30]
    assert desk.view.end_place.called
    assert desk.controller.run("case.review_stay") and desk.session.annotation.reviewed


def test_an_armed_estimate_is_placed_once(desk):
    desk.controller.run("landmark.estimated")
    desk.view.begin_place.assert_called_with("Big")
    desk.image_signals.place_requested.emit(15, 15)
    assert desk.markers()["big"].label == "estimated"
    desk.image_signals.tool_cancelled.emit()
    assert desk.session.armed == ""


def test_numbers_rows_and_keys_choose_landmarks(desk):
    desk.image_signals.number_entered.emit(3)
    assert desk.session.current == "ring"
    desk.image_signals.number_entered.emit(9)
    assert desk.session.current == "ring"
    desk.panel_signals.row_selected.emit("small")
    assert desk.panel.set_current.call_args.args[0].id == "small"
    for action, current in [("landmark.next", "ring"), ("landmark.previous", "small"), ("landmark.uncertain", "big")]:
        desk.controller.run(action)
        assert desk.session.current == current
