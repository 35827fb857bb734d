"""The form of a reader package: for whom, which cases, what of the pictures, and where to (ux.md 10.2)."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout

from app.session.package_state import CaseScope, HandOutAnswer, HandOutState
from app.translate import tr, trn
from app.views.dialogs import Dialogs
from app.views.transfer.outgoing_form import OutgoingForm, missing_place
from app.views.widgets import GAP, UNIT, QuietComboBox, button, label, line
from medsapiens_core.transfer.reader_package import SUFFIX

SCOPES: tuple[CaseScope, ...] = ("asked", "listed", "share", "locked", "open")
WHAT_GOES = (
    "The package holds the pictures and the template. Nobody's points go along, nor names, notes or states; the reader "
    "sends back a file of readings, which Project > Take in readings adds beside all others."
)
CLEAN = "Take out what names the patient (clean copies)"
AS_THEY_ARE = "As they are, for a colleague who may see names"
CLEAN_HOW = "Every picture whose file does not rule out burned-in text has to be looked at first."
PREDICTIONS = "With the predictions of the model, so that it is no blind reading"
NO_READER = "Nobody else reads here yet: add the reader in Project > People first."


class HandOutForm(OutgoingForm):
    """Takes a `HandOutState`, gives a `HandOutAnswer`."""

    def __init__(self, dialogs: Dialogs) -> None:
        super().__init__()
        self._dialogs = dialogs
        self._state: HandOutState | None = None
        self._is_own_target = False
        self.reader = QuietComboBox()
        self.reader.setAccessibleName(tr("Reader"))
        self.scopes = {scope: QRadioButton() for scope in SCOPES}
        self.clean, self.as_they_are = QRadioButton(tr(CLEAN)), QRadioButton(tr(AS_THEY_ARE))
        self.predictions = QCheckBox(tr(PREDICTIONS))
        self._template = label("", "caption", wrap=True)
        self.target = QLineEdit()
        self.target.setAccessibleName(tr("Where to"))
        self.browse = button("Choose…", icon="folder")
        self._lay_out()
        self._connect()

    def show_state(self, state: HandOutState) -> None:
        """Show what can be handed out; the first scope that has cases is ticked."""
        self._state, self._is_own_target = state, False
        self.reader.blockSignals(True)
        self.reader.clear()
        for reader in state.readers:
            self.reader.addItem(reader.label, reader.code)
        others = [place for place, reader in enumerate(state.readers) if reader.code != state.me]
        self.reader.setCurrentIndex((others or [-1])[0])
        self.reader.blockSignals(False)
        self._template.setText(tr("Template: {name}", name=state.template))
        self.clean.setChecked(True)
        self.predictions.setChecked(False)
        self._reader_changed()

    def answer(self) -> HandOutAnswer:
        """What was chosen."""
        return HandOutAnswer(
            str(self.reader.currentData() or ""),
            self._scope(),
            self.target.text().strip(),
            self.clean.isChecked(),
            self.predictions.isChecked(),
        )

    @property
    def missing(self) -> str:
        """What has to be chosen first, "" when all is there."""
        if self._state is None or not self.reader.currentData():
            return tr(NO_READER)
        if not self._state.count(self._scope(), self.reader.currentData()):
            return tr("There is no such case.")
        return missing_place(self.target.text())

    def _scope(self) -> CaseScope:
        return next((scope for scope, radio in self.scopes.items() if radio.isChecked()), "listed")

    def _reader_changed(self) -> None:
        state = self._state
        if state is None:
            return
        reader = str(self.reader.currentData() or "")
        self._name_scopes(state, reader)
        if not self._is_own_target:
            name = "-".join(part for part in (state.stem, reader) if part)
            self.target.setText(str(Path(state.folder) / f"{name}{SUFFIX}"))
        self.changed.emit()

    def _name_scopes(self, state: HandOutState, reader: str) -> None:
        texts = {
            "asked": trn("What {reader} was asked for and has not read: %n case",
                         "What {reader} was asked for and has not read: %n cases", state.asked.get(reader, 0),
                         reader=reader),
            "listed": trn("What the worklist shows: %n case", "What the worklist shows: %n cases", state.listed),
            "share": trn("A fifth of the reviewed cases: %n case", "A fifth of the reviewed cases: %n cases",
                         state.share),
            "locked": trn("Every locked case that is read: %n case", "Every locked case that is read: %n cases",
                          state.locked),
            "open": tr("The open case, {name}", name=state.open_case),
        }  # fmt: skip
        first = next((scope for scope in SCOPES if state.count(scope, reader)), "listed")
        for scope, radio in self.scopes.items():
            radio.setText(texts[scope])
            radio.setVisible(scope == "listed" or state.count(scope, reader) > 0)
        self.scopes[first].setChecked(True)

    def _ask_where(self) -> None:
        path = self._dialogs.new_path(tr("Hand out a reader package"), self.target.text())
        if path:
            self._is_own_target = True
            self.target.setText(path if path.endswith(SUFFIX) else path + SUFFIX)

    def _typed(self) -> None:
        self._is_own_target = True

    def _connect(self) -> None:
        self.reader.currentIndexChanged.connect(self._reader_changed)
        self.target.textEdited.connect(self._typed)
        self.target.textChanged.connect(self.changed)
        self.browse.clicked.connect(self._ask_where)
        for radios in (tuple(self.scopes.values()), (self.clean, self.as_they_are)):
            group = QButtonGroup(self)
            for radio in radios:
                radio.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                group.addButton(radio)
                radio.toggled.connect(self.changed)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for part in (label("For whom", "section"), self.reader, label(WHAT_GOES, "caption", wrap=True), line()):
            column.addWidget(part)
        for title, parts in (
            ("Cases", (*self.scopes.values(), self._template)),
            ("Pictures", (self.clean, label(CLEAN_HOW, "caption", wrap=True), self.as_they_are, self.predictions)),
        ):
            side = QVBoxLayout()
            side.setSpacing(UNIT)
            side.addWidget(label(title, "section"))
            for part in parts:
                side.addWidget(part)
            column.addLayout(side)
            column.addWidget(line())
        column.addWidget(label("Where to", "section"))
        place = QHBoxLayout()
        place.setSpacing(GAP)
        place.addWidget(self.target, 1)
        place.addWidget(self.browse)
        column.addLayout(place)
        column.addStretch(1)
