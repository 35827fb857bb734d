"""Between the review session and the views of the open case: intents in, frozen states out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject, SignalInstance

from app.session import presentation
from app.session.landmark_list_model import LandmarkListModel
from app.session.review_order import TEMPLATE_ORDER, UNCERTAIN_FIRST
from app.session.review_session import ReviewSession
from app.session.view_state import ImageState, LandmarkRow, MarkerState
from medsapiens_core.data.image import Image
from medsapiens_core.store.cases import CaseRow


class ReviewImageView(Protocol):
    """What this controller needs of the image view."""

    landmark_pressed: SignalInstance
    landmark_moved: SignalInstance
    place_requested: SignalInstance
    place_back_requested: SignalInstance
    tool_cancelled: SignalInstance
    nudge_requested: SignalInstance
    number_entered: SignalInstance

    def set_image(self, image: ImageState | None) -> None:
        """Show a picture, or nothing."""

    def set_markers(self, markers: list[MarkerState]) -> None:
        """Show these landmarks."""

    def set_lines(self, lines: Sequence[tuple[str, str]]) -> None:
        """Join these landmarks."""

    def set_editable(self, editable: bool) -> None:
        """Allow moving and placing."""

    def begin_place(self, name: str) -> None:
        """The next press places the landmark called so."""

    def end_place(self) -> None:
        """Leave placing."""


class ReviewLandmarkPanel(Protocol):
    """What this controller needs of the landmark panel."""

    row_selected: SignalInstance
    row_confirmed: SignalInstance
    order_changed: SignalInstance

    def set_model(self, model: Any) -> None:
        """Show these landmarks."""

    def set_current(self, row: LandmarkRow | None) -> None:
        """Describe the current landmark."""

    def set_order(self, mode: str) -> None:
        """Show which review order is used."""

    def set_progress(self, decided: int, total: int) -> None:
        """Show how many are decided."""


Conditions = Callable[[str, bool], None]


class ReviewController(QObject):
    """`run(action id)` does what the actions of the menus `Landmark`, `Case` and `Edit` say; False if not ours."""

    def __init__(
        self,
        session: ReviewSession,
        image_view: ReviewImageView,
        panel: ReviewLandmarkPanel,
        set_condition: Conditions,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._view, self._panel = session, image_view, panel
        self._set_condition = set_condition
        self._conditions: dict[str, bool] = {}
        self._is_placing = False
        self.landmarks = LandmarkListModel(self)
        panel.set_model(self.landmarks)
        self._listen_to_views()
        self._listen_to_session()
        self._acts = self._make_acts()
        self.show()

    def open(self, row: CaseRow, image: Image) -> None:
        """Show the picture of the case that the session is about to open."""
        self._stop_placing()
        self.show_image(row, image)
        self._view.set_editable(not self._session.read_only)

    def show_image(self, row: CaseRow, image: Image) -> None:
        """Show the picture, or the same with another pixel size."""
        self._view.set_image(presentation.image_state(row.id, row.name, image))

    def close(self) -> None:
        """Show no case."""
        self._stop_placing()
        self._view.set_image(None)
        self.show()

    def run(self, action: str) -> bool:
        """Do what an action says."""
        act = self._acts.get(action)
        if act is None:
            return False
        if self._session.is_open:
            act()
        return True

    def show(self) -> None:
        """Bring the views in step with the session."""
        session = self._session
        self._view.set_lines(presentation.lines(session))
        self._view.set_markers(presentation.markers(session))
        rows = presentation.landmark_rows(session)
        self.landmarks.set_rows(rows)
        current = next((row for row in rows if row.id == session.current), None)
        self._panel.set_current(current)
        self._panel.set_order(session.order_mode)
        if session.is_open:
            self._panel.set_progress(session.annotation.decided_count, len(session.template))
        else:
            self._panel.set_progress(0, 0)
        self._show_conditions(current)

    # --- wiring

    def _listen_to_views(self) -> None:
        session, view = self._session, self._view
        view.landmark_pressed.connect(self._select)
        view.landmark_moved.connect(session.move)  # bound methods end with their object, lambdas would not
        view.nudge_requested.connect(self._nudge)
        view.number_entered.connect(self._select_number)
        view.place_requested.connect(self._place)
        view.place_back_requested.connect(self._place_back)
        view.tool_cancelled.connect(self._stop_placing)
        self._panel.row_selected.connect(self._select)
        self._panel.row_confirmed.connect(self._confirm)
        self._panel.order_changed.connect(session.set_order_mode)

    def _listen_to_session(self) -> None:
        session = self._session
        for signal in (session.annotation_changed, session.current_changed, session.prediction_shown):
            signal.connect(lambda _value: self.show())
        session.undo_changed.connect(self._show_undo)
        session.armed_changed.connect(self._arm)

    def _make_acts(self) -> dict[str, Callable[[], object]]:
        session = self._session
        return {
            "edit.undo": session.undo,
            "edit.redo": session.redo,
            "landmark.confirm": session.confirm,
            "landmark.estimated": session.toggle_estimated,
            "landmark.absent": session.toggle_absent,
            "landmark.clear": session.clear,
            "landmark.clear_all": session.clear_all,
            "landmark.revert": session.revert,
            "landmark.place": self._start_placing,
            "landmark.next": lambda: session.go(1),
            "landmark.previous": lambda: session.go(-1),
            "landmark.next_template": lambda: session.go(1, template_order=True),
            "landmark.previous_template": lambda: session.go(-1, template_order=True),
            "landmark.uncertain": lambda: session.go_to_undecided(0),
            "landmark.first_undecided": lambda: session.go_to_undecided(0),
            "landmark.last_undecided": lambda: session.go_to_undecided(-1),
            "landmark.order": self._other_order,
            "case.review_stay": session.mark_reviewed,
            "case.reopen": session.reopen,
        }

    # --- intents

    def _select(self, landmark: str) -> None:
        if self._session.is_open:
            self._session.set_current(landmark)

    def _confirm(self, landmark: str) -> None:
        if self._session.is_open:
            self._session.confirm(landmark)

    def _other_order(self) -> None:
        session = self._session
        session.set_order_mode(TEMPLATE_ORDER if session.order_mode == UNCERTAIN_FIRST else UNCERTAIN_FIRST)

    def _select_number(self, number: int) -> None:
        if 1 <= number <= len(self._session.template):
            self._select(self._session.template.ids[number - 1])

    def _nudge(self, dx: float, dy: float) -> None:
        if self._session.is_open:
            self._session.nudge(dx, dy)

    def _start_placing(self) -> None:
        self._is_placing = self._session.go_to_unplaced()
        if self._is_placing:
            self._view.begin_place(self._current_name())
        else:
            self._stop_placing()

    def _place(self, x: float, y: float) -> None:
        self._session.move(self._session.current, x, y)
        if self._is_placing:
            self._start_placing()
        else:
            self._stop_placing()

    def _place_back(self) -> None:
        self._session.undo()
        if self._is_placing:
            self._view.begin_place(self._current_name())

    def _stop_placing(self) -> None:
        self._is_placing = False
        self._session.disarm()
        self._view.end_place()

    def _arm(self, landmark: str) -> None:
        if landmark:
            self._is_placing = False
            self._view.begin_place(self._current_name())
        elif not self._is_placing:
            self._view.end_place()

    def _current_name(self) -> str:
        template = self._session.template
        return template.landmarks[template.index[self._session.current]].name

    # --- what works now

    def _show_conditions(self, current: LandmarkRow | None) -> None:
        session = self._session
        is_open = session.is_open
        state = session.annotation[session.current] if is_open else None
        self._condition("case", is_open)
        self._condition("landmark", current is not None)
        self._condition("position", state is not None and state.x is not None)
        self._condition("revert", current is not None and (current.can_revert or current.label == "absent"))
        self._condition("reviewed", is_open and session.annotation.reviewed)
        self._show_undo()

    def _show_undo(self) -> None:
        self._condition("undo", self._session.can_undo)
        self._condition("redo", self._session.can_redo)

    def _condition(self, name: str, met: bool) -> None:
        if self._conditions.get(name) != met:
            self._conditions[name] = met
            self._set_condition(name, met)
