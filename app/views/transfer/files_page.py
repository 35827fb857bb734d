"""Import of landmarks, first page: which files, in which format, and as what their points are taken."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFormLayout, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from app.session.import_state import FilesAnswer, FilesState, FormatChoice
from app.translate import tr, trn
from app.views.dialogs import Dialogs
from app.views.transfer.options_form import OptionsForm
from app.views.widgets import GAP, MARGIN, UNIT, QuietComboBox, button, label, line

ALL = "All files (*)"
SHOWN = 6  # names of files


class FilesPage(QWidget):
    """`changed()`: look at `problem` again; `files_chosen(list of paths)`."""

    changed = Signal()
    files_chosen = Signal(list)

    def __init__(self, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dialogs = dialogs
        self._formats: tuple[FormatChoice, ...] = ()
        self._paths: tuple[str, ...] = ()
        self._names = label("", "", wrap=True)
        self.choose = button("Choose files…", icon="folder")
        self.choose_folder = button("Choose folder…")
        self.recent = QuietComboBox()
        self.recent.setAccessibleName(tr("Used last"))
        self.format = QuietComboBox()
        self.format.setAccessibleName(tr("Format"))
        self.options = OptionsForm()
        self.as_prediction = QRadioButton(tr("Predictions, which a person still checks"))
        self.as_reading = QRadioButton(tr("Decisions of a reader"))
        self.reader = QLineEdit()
        self.reader.setAccessibleName(tr("Reader"))
        self.reader.setPlaceholderText(tr("as the file names them"))
        self.as_prediction.setChecked(True)
        group = QButtonGroup(self)
        for radio in (self.as_prediction, self.as_reading):
            radio.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            group.addButton(radio)
        self._connect()
        self._lay_out()

    def show_state(self, state: FilesState) -> None:
        """Show what was chosen; a format that was chosen by hand stays where none can be told."""
        if state.formats != self._formats:
            self._formats = state.formats
            self.format.clear()
            self.format.addItem(tr("Choose the format"), "")
            for form in state.formats:
                self.format.addItem(form.title, form.name)
        is_new = state.chosen != self._paths
        self._paths = state.chosen
        names = [Path(path).name for path in state.chosen[:SHOWN]]
        more = len(state.chosen) - SHOWN
        text = ", ".join(names) + (" " + trn("and %n more", "and %n more", more) if more > 0 else "")
        self._names.setText(text or tr("No file chosen yet. You can also drop files onto the window."))
        if state.guess or is_new:
            self.format.setCurrentIndex(max(self.format.findData(state.guess), 0))
        self._show_recent(state.recent)
        self.changed.emit()

    def answer(self) -> FilesAnswer:
        """What was chosen."""
        is_prediction = self.as_prediction.isChecked()
        reader = "" if is_prediction else self.reader.text().strip()
        return FilesAnswer(
            self._paths, str(self.format.currentData() or ""), self.options.values(), is_prediction, reader
        )

    @property
    def missing(self) -> str:
        """What has to be chosen first, "" when all is there."""
        if not self._paths:
            return tr("Choose a file first.")
        return "" if self.format.currentData() else tr("Choose the format of the file.")

    def _show_recent(self, recent: tuple[str, ...]) -> None:
        self.recent.blockSignals(True)
        self.recent.clear()
        self.recent.addItem(tr("Used last"), "")
        for path in recent:
            self.recent.addItem(Path(path).name, path)
            self.recent.setItemData(self.recent.count() - 1, path, Qt.ItemDataRole.ToolTipRole)
        self.recent.setVisible(bool(recent))
        self.recent.blockSignals(False)

    def _connect(self) -> None:
        self.choose.clicked.connect(self._ask_for_files)
        self.choose_folder.clicked.connect(self._ask_for_folder)
        self.recent.activated.connect(self._use_recent)
        self.format.currentIndexChanged.connect(self._format_changed)
        self.as_reading.toggled.connect(self.reader.setEnabled)
        self.reader.setEnabled(False)

    def _format_changed(self) -> None:
        name = self.format.currentData()
        form = next((form for form in self._formats if form.name == name), None)
        self.options.set_options(form.options if form else ())
        self.changed.emit()

    def _ask_for_files(self) -> None:
        paths = self._dialogs.open_files(tr("Import landmarks"), tr(ALL))
        if paths:
            self.files_chosen.emit(paths)

    def _ask_for_folder(self) -> None:
        folder = self._dialogs.open_folder(tr("Import landmarks of a folder"))
        if folder:
            self.files_chosen.emit([folder])

    def _use_recent(self) -> None:
        path = self.recent.currentData()
        if path:
            self.files_chosen.emit([path])

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(label("Files", "section"))
        column.addWidget(self._names)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for part in (self.choose, self.choose_folder, self.recent):
            row.addWidget(part)
        row.addStretch(1)
        column.addLayout(row)
        column.addSpacing(UNIT)
        column.addWidget(line())
        column.addWidget(label("Format", "section"))
        column.addWidget(self.format)
        column.addWidget(self.options)
        column.addSpacing(UNIT)
        column.addWidget(line())
        column.addWidget(label("Take the points as", "section"))
        column.addWidget(self.as_prediction)
        column.addWidget(self.as_reading)
        form = QFormLayout()
        form.setContentsMargins(2 * MARGIN, 0, 0, 0)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        form.addRow(label("Reader", "caption"), self.reader)
        column.addLayout(form)
        column.addStretch(1)
