"""Settling differences: both readings on the picture; one, their mean or an own point is the consensus (ux.md 10.5)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from app.session.agreement_state import SettleState
from app.session.view_state import ImageState, MarkerState
from app.theme import wide
from app.translate import tr, trn
from app.views.fitting import FittingDialog
from app.views.image_view import ImageView
from app.views.widgets import GAP, MARGIN, QuietComboBox, button, label, line

SIDE = 320
LABELS = {"A": "confirmed", "B": "estimated", "own": "corrected"}  # shapes and colours that are told apart
OWN = "own"

CHOICES = (("a", "Take A"), ("b", "Take B"), ("mean", "Take mean"))
REST = (("mean", "the mean"), ("a", "A"), ("b", "B"))


class AdjudicationWindow(FittingDialog):
    """Shows a `SettleState`. `saved(choice, reason)`: "a", "b", "mean" or "own"; `finished(choice)` takes the rest."""

    saved = Signal(str, str)
    own_placed = Signal(float, float)
    finished = Signal(str)
    skipped = Signal()
    taken_back = Signal()

    def __init__(self, reasons: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Adjudicate"))
        self.setModal(False)
        self.resize(1180, 760)
        self._state: SettleState | None = None
        self.view = ImageView()
        self.view.set_placeholder(tr("Every difference is settled."))
        self.view.set_names("all")
        self._case = label("", "caption")
        self._name = label("", "title", wrap=True)
        self._what = label("", "section", wrap=True)
        self._definition = label("", "muted", wrap=True)
        self._left = label("", "caption", wrap=True)
        self._rest = label("", "", wrap=True)
        self.choices = {id_: _choice(words) for id_, words in CHOICES}
        self.choices[OWN] = _choice(tr("Own point"))
        self._group = QButtonGroup(self)
        for choice in self.choices.values():
            self._group.addButton(choice)
        self.reason = QuietComboBox()
        self.reason.setAccessibleName(tr("Why"))
        self.reason.setPlaceholderText(tr("Why? Choose a reason"))
        self.reason.addItems([tr(reason) for reason in reasons])
        self.reason.setCurrentIndex(-1)
        self.save = button("Save and go on", primary=True)
        self.skip = button("Leave for later")
        self.back = button("Take back the last one")
        self.rest_choice = QuietComboBox()
        self.rest_choice.setAccessibleName(tr("What to take for the landmarks within tolerance"))
        for id_, words in REST:
            self.rest_choice.addItem(tr(words), id_)
        self.finish = button("Finish this case")
        self._lay_out()
        self._connect()
        self.set_state(None)

    def set_image(self, image: ImageState | None) -> None:
        """Show the picture of a case."""
        self.view.set_image(image)

    def set_state(self, state: SettleState | None) -> None:
        """Show a difference; None when all are settled."""
        is_new = (
            state is None
            or self._state is None
            or (state.case_id, state.landmark) != (self._state.case_id, self._state.landmark)
        )
        self._state = state
        if is_new:
            self._clear_choice()
        self._show_markers(state, zoom=is_new)
        self._show_texts(state)
        self._check()

    def choose(self, choice: str) -> None:
        """Tick a choice, as a click does."""
        self.choices[choice].click()

    def bring_up(self) -> None:
        """Come to the front."""
        self.show()
        self.raise_()
        self.activateWindow()
        self.view.setFocus()

    # --- showing

    def _show_markers(self, state: SettleState | None, *, zoom: bool) -> None:
        points = () if state is None else state.points
        markers = [
            MarkerState(who, 0, tr(who), tr(who), LABELS[who], x, y, is_current=who == OWN) for who, x, y in points
        ]
        self.view.set_markers(markers)
        if zoom and markers:
            self.view.fit()
            self.view.zoom_to(markers[0].landmark)
            self.view.ensure_visible(markers[-1].landmark)

    def _show_texts(self, state: SettleState | None) -> None:
        if state is None:
            self._name.setText(tr("Every difference is settled."))
            for part in (self._case, self._what, self._definition, self._left, self._rest):
                part.setText("")
            return
        self._case.setText(state.case_name)
        self._name.setText(state.name)
        self._what.setText(state.what)
        self._definition.setText(state.definition)
        here = trn("%n in this case", "%n in this case", state.left_in_case)
        self._left.setText(trn("%n difference left, {here}", "%n differences left, {here}", state.left, here=here))
        self._rest.setText(
            trn(
                "%n landmark of this case is within tolerance. Take",
                "%n landmarks of this case are within tolerance. Take",
                state.rest,
            )
        )
        for choice in state.choices:
            widget = self.choices[choice.id]
            widget.setText(choice.text)
            widget.setEnabled(not choice.reason)
            widget.setToolTip(choice.reason)

    def _clear_choice(self) -> None:
        self._group.setExclusive(False)
        for choice in self.choices.values():
            choice.setChecked(False)
        self._group.setExclusive(True)
        self.reason.setCurrentIndex(-1)
        self.view.end_place()

    def _check(self) -> None:
        state = self._state
        is_open = state is not None and bool(state.landmark)
        for id_, choice in self.choices.items():
            if not is_open or id_ == OWN:
                choice.setEnabled(is_open)
        self.reason.setEnabled(is_open)
        self.skip.setEnabled(state is not None)
        reason = ""
        if not is_open:
            reason = tr("Nothing is left to settle here.")
        elif self._chosen() == OWN and not any(who == OWN for who, _, _ in (state.points if state else ())):
            reason = tr("Click on the picture where the landmark lies.")
        elif not self._chosen():
            reason = tr("Choose A, B, their mean or an own point.")
        elif self.reason.currentIndex() < 0:
            reason = tr("Choose why: without a reason a consensus cannot be judged later.")
        self.save.setEnabled(not reason)
        self.save.setToolTip(reason)
        may_finish = state is not None and state.can_finish
        self.finish.setEnabled(may_finish)
        self.rest_choice.setEnabled(may_finish)
        self.finish.setToolTip("" if may_finish else tr("Settle the differences of this case first."))

    def _chosen(self) -> str:
        return next((id_ for id_, choice in self.choices.items() if choice.isChecked()), "")

    # --- building

    def _lay_out(self) -> None:
        side = QWidget()
        side.setFixedWidth(wide(SIDE))
        column = QVBoxLayout(side)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(GAP)
        for part in (self._case, self._name, self._what, self._definition, line()):
            column.addWidget(part)
        for choice in self.choices.values():
            column.addWidget(choice)
        column.addWidget(self.reason)
        column.addWidget(self.save)
        row = QHBoxLayout()
        row.addWidget(self.skip)
        row.addWidget(self.back)
        column.addLayout(row)
        column.addWidget(self._left)
        column.addStretch(1)
        column.addWidget(line())
        column.addWidget(self._rest)
        rest = QHBoxLayout()
        rest.addWidget(self.rest_choice, 1)
        rest.addWidget(self.finish, 1)
        column.addLayout(rest)
        column.addWidget(label("Both readings stay as they are; this is a third one.", "caption", wrap=True))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view, 1)
        layout.addWidget(side)

    def _connect(self) -> None:
        self.choices[OWN].toggled.connect(self._arm)
        self._group.buttonToggled.connect(lambda _button, _on: self._check())
        self.view.place_requested.connect(self._place)
        self.view.landmark_moved.connect(self._move)
        self.reason.currentIndexChanged.connect(lambda _place: self._check())
        self.save.clicked.connect(lambda: self.saved.emit(self._chosen(), self.reason.currentText()))
        self.finish.clicked.connect(lambda: self.finished.emit(self.rest_choice.currentData()))
        self.skip.clicked.connect(self.skipped)
        self.back.clicked.connect(self.taken_back)

    def _arm(self, on: bool) -> None:
        if on and self._state is not None:
            self.view.begin_place(self._state.name)
        else:
            self.view.end_place()

    def _place(self, x: float, y: float) -> None:
        self.view.end_place()
        self.own_placed.emit(x, y)

    def _move(self, landmark: str, x: float, y: float) -> None:
        if landmark == OWN:
            self.own_placed.emit(x, y)


def _choice(words: str) -> QRadioButton:
    made = QRadioButton(tr(words))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
