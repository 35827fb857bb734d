"""People: who reads here in which role, second readings, blind cases (ux.md 3.2, 6.5, 10)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.session.people_state import Asked, PeopleState
from app.translate import tr, trn
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, UNIT, QuietComboBox, button, label, line, make_quiet
from medsapiens_core.data.readers import LONGEST_CODE, LONGEST_NAME, ROLES, Reader, Role

HONEST = "Roles guard against mistakes, not against attackers: whoever can write to the folder can change anything."
LOCKED = "Cases of the locked set are always read blind. The rule of bulk confirm is in Settings > Review."
LEAST_BLIND, MOST_BLIND = 5, 30


class PeopleWindow(FittingDialog):
    """Shows a `PeopleState`; emits what an Owner wants changed."""

    reader_added = Signal(str, str, object)  # initials, name, roles
    reader_changed = Signal(str, str, object)
    readings_wanted = Signal(str, str)  # initials, "share" or "locked"
    readings_unwanted = Signal(str)
    blind_changed = Signal(int)
    pin_unwanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("People"))
        self.setModal(False)
        self.resize(720, 640)
        self._state: PeopleState | None = None
        self.boxes: dict[tuple[str, Role], QCheckBox] = {}
        self._people = QGridLayout()
        self._people.setHorizontalSpacing(2 * MARGIN)
        self._people.setVerticalSpacing(UNIT)
        self._asked = QGridLayout()
        self._asked.setHorizontalSpacing(MARGIN)
        self._message = label("", "muted", wrap=True)
        self._make_fields()
        self._lay_out()
        self._connect()

    def set_state(self, state: PeopleState) -> None:
        """Show who reads."""
        self._state = state
        self._fill_people(state.readers)
        self._fill_asked(state.asked)
        self._fill_choices(state)
        self.blind.blockSignals(True)
        self.blind.setValue(state.blind_percent)
        self.blind.blockSignals(False)
        for part in self._controls():
            part.setEnabled(not state.refusal)
            part.setToolTip(state.refusal)
        if state.refusal:
            self.tell(state.refusal)
        elif self._message.text() == state.refusal:
            self.tell("")
        self._check()

    def tell(self, text: str) -> None:
        """Say why something was not done."""
        self._message.setText(text)
        self._message.setVisible(bool(text))

    def bring_up(self) -> None:
        """Come to the front."""
        self.tell("")
        self.show()
        self.raise_()
        self.activateWindow()

    # --- filling

    def _fill_people(self, readers: Sequence[Reader]) -> None:
        _empty(self._people)
        self.boxes.clear()
        for column, words in enumerate((tr("Initials"), tr("Name"), *(role.capitalize() for role in ROLES))):
            self._people.addWidget(label(words, "caption"), 0, column)
        for row, reader in enumerate(readers, start=1):
            me = self._state is not None and reader.code == self._state.me
            self._people.addWidget(
                label(tr("{code} (you)", code=reader.code) if me else reader.code, "section"), row, 0
            )
            self._people.addWidget(label(reader.name or "–"), row, 1)
            for column, role in enumerate(ROLES, start=2):
                box = QCheckBox()
                box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                box.setAccessibleName(f"{reader.code}: {tr(role.capitalize())}")
                box.setChecked(role in reader.roles)
                box.toggled.connect(partial(self._role_changed, reader))
                self.boxes[reader.code, role] = box
                self._people.addWidget(box, row, column, Qt.AlignmentFlag.AlignLeft)
            if self._state is not None and reader.code in self._state.pins:
                remove = button("Remove PIN")
                remove.setAccessibleName(tr("Remove the PIN of {code}", code=reader.code))
                remove.setEnabled(not self._state.refusal)
                remove.setToolTip(self._state.refusal or tr("For a reader who forgot it; they can set a new one."))
                remove.clicked.connect(partial(self.pin_unwanted.emit, reader.code))
                self._people.addWidget(remove, row, 2 + len(ROLES))
        self._people.setColumnStretch(1, 1)

    def _fill_asked(self, asked: Sequence[Asked]) -> None:
        _empty(self._asked)
        for row, one in enumerate(asked):
            text = trn("%n case asked for, {read} read", "%n cases asked for, {read} read", one.asked, read=one.read)
            self._asked.addWidget(label(one.code, "section"), row, 0)
            self._asked.addWidget(label(text), row, 1)
            back = button("Take back what is not begun")
            back.setEnabled(self._state is not None and not self._state.refusal)
            back.clicked.connect(partial(self.readings_unwanted.emit, one.code))
            self._asked.addWidget(back, row, 2)
        self._asked.setColumnStretch(1, 1)

    def _fill_choices(self, state: PeopleState) -> None:
        chosen = self.second_reader.currentData()
        self.second_reader.clear()
        for reader in state.readers:
            self.second_reader.addItem(reader.label, reader.code)
        wanted = self.second_reader.findData(chosen)
        others = [place for place, reader in enumerate(state.readers) if reader.code != state.me]
        self.second_reader.setCurrentIndex(wanted if wanted >= 0 else (others or [0])[0])
        which = self.which.currentData()
        self.which.clear()
        self.which.addItem(
            trn("a fifth of the reviewed cases (%n case)", "a fifth of the reviewed cases (%n cases)", state.share),
            "share",
        )
        self.which.addItem(
            trn("every locked case that is read (%n case)", "every locked case that is read (%n cases)", state.locked),
            "locked",
        )
        self.which.setCurrentIndex(max(self.which.findData(which), 0))

    # --- building

    def _make_fields(self) -> None:
        self.code = QLineEdit(maxLength=LONGEST_CODE, placeholderText="CD")
        self.code.setAccessibleName(tr("Initials of the new reader"))
        self.code.setFixedWidth(90)
        self.name = QLineEdit(maxLength=LONGEST_NAME, placeholderText=tr("Name"))
        self.name.setAccessibleName(tr("Name of the new reader"))
        self.role = QuietComboBox()
        self.role.setAccessibleName(tr("Role of the new reader"))
        for role in ROLES:
            self.role.addItem(tr(role.capitalize()), role)
        self.add = button("Add reader")
        self.second_reader, self.which = QuietComboBox(), QuietComboBox()
        self.second_reader.setAccessibleName(tr("Who reads a second time"))
        self.which.setAccessibleName(tr("Which cases are read a second time"))
        self.ask = button("Ask")
        self.blind = make_quiet(QSpinBox(minimum=0, maximum=MOST_BLIND, suffix=" %"))
        self.blind.setSpecialValueText(tr("off"))
        self.blind.setKeyboardTracking(False)
        self.blind.setFixedWidth(110)

    def _controls(self) -> tuple[QWidget, ...]:
        fields = (self.code, self.name, self.role, self.add, self.second_reader, self.which, self.ask, self.blind)
        return (*fields, *self.boxes.values())

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(label("People", "title"))
        layout.addLayout(self._people)
        layout.addLayout(_row(self.code, self.name, self.role, self.add, stretch=1))
        layout.addWidget(label(HONEST, "caption", wrap=True))
        layout.addWidget(line())
        layout.addWidget(label("Second readings", "title"))
        layout.addWidget(
            label("A second reader sees neither the points of the first nor those of the model.", "caption", wrap=True)
        )
        layout.addLayout(_row(self.second_reader, label("reads"), self.which, self.ask, stretch=2))
        layout.addLayout(self._asked)
        layout.addWidget(line())
        layout.addWidget(label("Blind cases", "title"))
        rules = QGridLayout()
        rules.setVerticalSpacing(UNIT)
        rules.setColumnStretch(0, 1)
        words = tr("Share of the cases that are read without predictions, to tell whether these sway the reader")
        text = label(words, wrap=True)
        text.setBuddy(self.blind)
        self.blind.setAccessibleName(tr(words))
        rules.addWidget(text, 0, 0)
        rules.addWidget(self.blind, 0, 1)
        layout.addLayout(rules)
        layout.addWidget(label(LOCKED, "caption", wrap=True))
        layout.addStretch(1)
        layout.addWidget(self._message)
        close = button("Close")
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        layout.addLayout(foot)

    def _connect(self) -> None:
        self.code.textChanged.connect(self._check)
        self.add.clicked.connect(self._add)
        self.code.returnPressed.connect(self._add)
        self.name.returnPressed.connect(self._add)
        self.ask.clicked.connect(self._ask)
        self.which.currentIndexChanged.connect(self._check)
        self.blind.valueChanged.connect(self._blind_set)

    # --- intents

    def _check(self) -> None:
        may = self._state is not None and not self._state.refusal
        self.add.setEnabled(may and bool(self.code.text().strip()))
        count = 0
        if self._state is not None:
            count = self._state.share if self.which.currentData() == "share" else self._state.locked
        self.ask.setEnabled(may and count > 0)
        if may and not count:
            self.ask.setToolTip(tr("No such case is reviewed yet."))

    def _add(self) -> None:
        if self.add.isEnabled():
            self.reader_added.emit(self.code.text().strip(), self.name.text().strip(), (self.role.currentData(),))
            self.code.clear()
            self.name.clear()

    def _role_changed(self, reader: Reader, _on: bool) -> None:
        roles = tuple(role for role in ROLES if self.boxes[reader.code, role].isChecked())
        self.reader_changed.emit(reader.code, reader.name, roles)

    def _ask(self, _checked: bool = False) -> None:
        self.readings_wanted.emit(self.second_reader.currentData(), self.which.currentData())

    def _blind_set(self, percent: int) -> None:
        if 0 < percent < LEAST_BLIND:  # between off and the least share
            rising = self._state is not None and percent > self._state.blind_percent
            self.blind.setValue(LEAST_BLIND if rising else 0)
            return
        self.blind_changed.emit(percent)


def _row(*parts: QWidget, stretch: int) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GAP)
    for place, part in enumerate(parts):
        row.addWidget(part, 1 if place == stretch else 0)
    return row


def _empty(grid: QGridLayout) -> None:
    while grid.count():
        item = grid.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
