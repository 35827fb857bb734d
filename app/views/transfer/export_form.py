"""The form of an export of landmarks: format, which cases and points, whose, where, and whether names are taken out."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.session.export_state import AS_IT_IS, ExportAnswer, ExportState, Points, Scope
from app.session.import_state import FormatChoice
from app.translate import tr, trn
from app.views.dialogs import Dialogs
from app.views.transfer.options_form import OptionsForm
from app.views.transfer.outgoing_form import OutgoingForm, missing_place
from app.views.widgets import GAP, MARGIN, UNIT, QuietComboBox, button, label, line

SCOPES: tuple[Scope, ...] = ("all", "listed", "open")
POINTS: dict[Points, str] = {
    "decided": "What readers have decided",
    "undecided": "Also undecided points, marked as such",
    "predictions": "The newest prediction of each case instead",
}
CLEAN = "Take out what names a patient or a reader, and write clean copies of the pictures beside it"
CLEAN_HOW = (
    "Names, dates, identifiers and free text go; pseudonyms stay the same in every export of this project. Every "
    "picture whose file does not rule out burned-in text has to be looked at first."
)
TRAVELS = (
    "Reader, model, time, template revision and the source of each pixel size stand in a report beside it, and in the "
    "file where the format has a place for them."
)
SUFFIX_OF_FOLDERS = " landmarks"


class ExportForm(OutgoingForm):
    """The form of an export of landmarks."""

    def __init__(self, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dialogs = dialogs
        self._formats: tuple[FormatChoice, ...] = ()
        self._begin = ""
        self._is_own_target = False
        self.format = QuietComboBox()
        self.format.setAccessibleName(tr("Format"))
        self._lost = label("", "caution", wrap=True)
        self._precision = label("", "caption", wrap=True)
        self.options = OptionsForm()
        self.scopes = {scope: QRadioButton() for scope in SCOPES}
        self.points = {points: QRadioButton(tr(words)) for points, words in POINTS.items()}
        self.slot = QuietComboBox()
        self.slot.setAccessibleName(tr("Reader"))
        self._slot_label = label("Reader", "caption")
        self._template = label("", "caption", wrap=True)
        self.deidentify = QCheckBox(tr(CLEAN))
        self.target = QLineEdit()
        self.target.setAccessibleName(tr("Where to"))
        self.browse = button("Choose…", icon="folder")
        self._connect()
        self._lay_out()

    def show_state(self, state: ExportState) -> None:
        """Show what can be chosen."""
        self._formats, self._begin, self._is_own_target = state.formats, state.target, False
        self.format.blockSignals(True)
        self.format.clear()
        for form in state.formats:
            self.format.addItem(form.title, form.name)
        self.format.setCurrentIndex(max(self.format.findData(state.format), 0))
        self.format.blockSignals(False)
        self.scopes["all"].setText(trn("The case of this project", "All %n cases", state.all_cases))
        self.scopes["listed"].setText(trn("The %n case in the list", "The %n cases in the list", state.listed))
        self.scopes["listed"].setVisible(state.listed != state.all_cases)
        self.scopes["open"].setText(tr("The open case, {name}", name=state.open_case))
        self.scopes["open"].setVisible(bool(state.open_case))
        self.scopes["all"].setChecked(True)
        self._template.setText(tr("Template: {name}", name=state.template))
        self.slot.clear()
        self.slot.addItem(tr("Every reader"), None)
        for slot in state.slots:
            self.slot.addItem(slot or tr("The common annotation"), slot)
        for part in (self.slot, self._slot_label):
            part.setVisible(len(state.slots) > 1)
        self._format_changed()

    def answer(self) -> ExportAnswer:
        """What was chosen."""
        return ExportAnswer(
            str(self.format.currentData()),
            self.target.text().strip(),
            self.options.values(),
            next(scope for scope, radio in self.scopes.items() if radio.isChecked()),
            next(points for points, radio in self.points.items() if radio.isChecked()),
            self.slot.currentData(),
            self.deidentify.isChecked(),
        )

    @property
    def missing(self) -> str:
        """What has to be chosen first, "" when all is there."""
        return missing_place(self.target.text())

    def _form(self) -> FormatChoice | None:
        name = self.format.currentData()
        return next((form for form in self._formats if form.name == name), None)

    def _format_changed(self) -> None:
        form = self._form()
        if form is None:
            return
        self.options.set_options(form.options)
        self._lost.setText(tr("Lost in this format: {what}.", what=form.lost))
        self._precision.setText(tr("Positions: {precision}. {travels}", precision=form.precision, travels=tr(TRAVELS)))
        self.deidentify.setChecked(form.name not in AS_IT_IS)
        if not self._is_own_target:
            suffix = SUFFIX_OF_FOLDERS if form.is_folder else (form.suffixes[0] if form.suffixes else "")
            self.target.setText(self._begin + suffix)
        self.changed.emit()

    def _ask_where(self) -> None:
        path = self._dialogs.new_path(tr("Export landmarks"), self.target.text())
        if path:
            self._is_own_target = True
            self.target.setText(path)

    def _typed(self) -> None:
        self._is_own_target = True

    def _connect(self) -> None:
        self.format.currentIndexChanged.connect(self._format_changed)
        self.target.textEdited.connect(self._typed)
        self.target.textChanged.connect(self.changed)
        self.browse.clicked.connect(self._ask_where)
        for radios in (self.scopes, self.points):
            group = QButtonGroup(self)
            for radio in radios.values():
                radio.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                group.addButton(radio)
        self.points["decided"].setChecked(True)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for part in (label("Format", "section"), self.format, self._lost, self._precision, self.options, line()):
            column.addWidget(part)
        beside = QHBoxLayout()
        beside.setSpacing(2 * MARGIN)
        for title, radios in (("Cases", self.scopes.values()), ("Points", self.points.values())):
            side = QVBoxLayout()
            side.setSpacing(UNIT)
            side.addWidget(label(title, "section"))
            for radio in radios:
                side.addWidget(radio)
            side.addStretch(1)
            beside.addLayout(side, 1)
        column.addLayout(beside)
        column.addWidget(self._template)
        whose = QHBoxLayout()
        whose.setSpacing(GAP)
        whose.addWidget(self._slot_label)
        whose.addWidget(self.slot, 1)
        column.addLayout(whose)
        column.addWidget(line())
        column.addWidget(label("Names", "section"))
        column.addWidget(self.deidentify)
        column.addWidget(label(CLEAN_HOW, "caption", wrap=True))
        column.addWidget(line())
        column.addWidget(label("Where to", "section"))
        place = QHBoxLayout()
        place.setSpacing(GAP)
        place.addWidget(self.target, 1)
        place.addWidget(self.browse)
        column.addLayout(place)
        column.addStretch(1)
