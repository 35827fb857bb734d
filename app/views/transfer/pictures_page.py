"""Import of landmarks: readings whose picture is not sure. A person says which case it is; nothing is guessed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.session.import_state import PictureRow, PicturesState
from app.theme import px
from app.translate import tr, trn
from app.views.dialogs import Dialogs
from app.views.widgets import GAP, QuietComboBox, button, label

HEADERS = ("Picture in the file", "Why it is asked", "It is the case")
NO_CASE = "No case of this project has this size."
SCALED = "{name}, points × {factor}"
SCALED_TIP = (
    "For a picture whose resolution alone was changed: its points are scaled. The preview shows where they come to lie."
)


class PicturesPage(QWidget):
    """`answers()` are reading number -> case id, 0 to leave it out. `folder_chosen(path)` to add missing pictures."""

    folder_chosen = Signal(str)

    def __init__(self, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dialogs = dialogs
        self._rows: tuple[PictureRow, ...] = ()
        self.combos: dict[int, QComboBox] = {}
        self._head = label("", "", wrap=True)
        self._note = label("", "caption", wrap=True)
        self.table = QTableWidget(0, len(HEADERS))
        self._make_table()
        self.by_name = button("Take those that fit by name")
        self.add_folder = button("Add pictures of a folder…", icon="folder")
        self.add_folder.setToolTip(tr("Pictures that the file names and this project lacks become cases"))
        self.by_name.clicked.connect(self.take_by_name)
        self.add_folder.clicked.connect(self._ask_for_folder)
        self._lay_out()

    def show_state(self, state: PicturesState) -> None:
        """Show the readings that are asked about; all are left out until something is chosen."""
        self._rows = state.rows
        sure = trn("%n reading has its picture.", "%n readings have their picture.", state.sure)
        asked = trn(
            "The picture of %n reading is not sure. What is left out is told in the summary.",
            "The pictures of %n readings are not sure. What is left out is told in the summary.",
            len(state.rows),
        )
        self._head.setText(f"{sure} {asked}" if state.sure else asked)
        self._note.setText(state.note)
        self._note.setVisible(bool(state.note))
        self.table.setRowCount(0)
        self.table.setRowCount(len(state.rows))
        self.combos = {}
        for row, entry in enumerate(state.rows):
            for column, text in enumerate((entry.name, entry.problem)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(row, column, item)
            combo = self.combos[entry.position] = self._combo(entry)
            self.table.setCellWidget(row, 2, combo)
        fitting = sum(row.by_name == 1 for row in state.rows)
        self.by_name.setText(trn("Take the %n that fits by name", "Take the %n that fit by name", fitting))
        self.by_name.setVisible(fitting > 0)

    def answers(self) -> dict[int, int]:
        """Reading number -> case id, 0 to leave it out."""
        return {position: int(combo.currentData()) for position, combo in self.combos.items()}

    def take_by_name(self) -> None:
        """Choose the case of the same name wherever there is exactly one."""
        for row in self._rows:
            if row.by_name == 1:
                self.combos[row.position].setCurrentIndex(1)

    def _combo(self, entry: PictureRow) -> QComboBox:
        combo = QuietComboBox()
        combo.setAccessibleName(tr("Case of {name}", name=entry.name))
        combo.setMinimumHeight(px(28))
        combo.addItem(tr("Leave out"), 0)
        for case_id, name in entry.offered:
            combo.addItem(name, case_id)
        for case_id, name, factor in entry.scalable:
            combo.addItem(tr(SCALED, name=name, factor=f"{factor:.4g}"), case_id)
        combo.setEnabled(combo.count() > 1)
        combo.setToolTip(tr(SCALED_TIP) if entry.scalable else "" if entry.offered else tr(NO_CASE))
        return combo

    def _ask_for_folder(self) -> None:
        folder = self._dialogs.open_folder(tr("Folder of the pictures"))
        if folder:
            self.folder_chosen.emit(folder)

    def _make_table(self) -> None:
        table = self.table
        table.setAccessibleName(tr("Readings without a sure picture"))
        table.setHorizontalHeaderLabels([tr(text) for text in HEADERS])
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(px(46))
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.setShowGrid(False)
        table.setWordWrap(True)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate((240, 460, 240)):
            header.resizeSection(column, px(width))
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._head)
        column.addWidget(self._note)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.by_name)
        row.addStretch(1)
        row.addWidget(self.add_folder)
        column.addLayout(row)
