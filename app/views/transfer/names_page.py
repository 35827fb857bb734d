"""Import of landmarks: names in the file that are no landmarks of the template. A person says what each one means."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.session.import_state import NamesState
from app.theme import px
from app.translate import tr, trn
from app.views.dialogs import Dialogs
from app.views.widgets import GAP, QuietComboBox, button, label

HEADERS = ("Name in the file", "Points", "Means", "Suggestion")
KINDS = "Lists of names (*.csv *.json)"
SAVE = "Keep these answers for the next file, also for --map on the command line"
CHOOSE, LEAVE = "Choose", "Leave this name out"
VALUE = Qt.ItemDataRole.UserRole


class NamesPage(QWidget):
    """`changed(dict)`: name -> landmark id, "" for a name that is left out; names without an answer are not in it."""

    changed = Signal(object)
    load_requested = Signal(str)
    save_requested = Signal(str)

    def __init__(self, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dialogs = dialogs
        self._state: NamesState | None = None
        self._words: dict[str, str] = {}
        self.combos: dict[str, QComboBox] = {}
        self._offers: dict[str, QPushButton] = {}
        self._choices = QStandardItemModel(self)
        self._head = label("", "", wrap=True)
        self.table = QTableWidget(0, len(HEADERS))
        self._make_table()
        self.use_all = button("Use all suggestions")
        self.leave_rest = button("Leave out the rest")
        self.load = button("Load list…")
        self.save = button("Save list…")
        self.load.setToolTip(tr("A CSV with the columns name and landmark, or JSON, as for --map on the command line"))
        self._connect()
        self._lay_out()

    def show_state(self, state: NamesState) -> None:
        """Show the names, with the answers so far."""
        self._state = state
        self._words = dict(state.landmarks)
        self._fill_choices(state)
        known = trn("%n name is known.", "%n names are known.", state.known)
        asked = trn(
            "%n name is no landmark of {template}. Say what it means; nothing is guessed.",
            "%n names are no landmarks of {template}. Say what each means; nothing is guessed.",
            len(state.rows),
            template=state.template,
        )
        self._head.setText(f"{known} {asked}" if state.known else asked)
        self.table.setRowCount(0)
        self.combos, self._offers = {}, {}
        self.table.setRowCount(len(state.rows))
        for row, entry in enumerate(state.rows):
            self.table.setItem(row, 0, QTableWidgetItem(entry.name))
            count = QTableWidgetItem(str(entry.count))
            count.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, 1, count)
            combo = self.combos[entry.name] = self._combo(entry.name, entry.landmark)
            self.table.setCellWidget(row, 2, combo)
            if entry.suggested:
                offer = self._offers[entry.name] = self._offer(entry.name, entry.offer or entry.suggested[0])
                self.table.setCellWidget(row, 3, offer)
        self._show_buttons()

    def answers(self) -> dict[str, str]:
        """Name -> landmark id or ""; names that nobody has answered are left out."""
        values = {name: combo.currentData(VALUE) for name, combo in self.combos.items()}
        return {name: value for name, value in values.items() if value is not None}

    def accept_suggestions(self) -> None:
        """Take what the names look like for every one that has no answer."""
        for row in self._state.rows if self._state else ():
            if row.offer and self.combos[row.name].currentData(VALUE) is None:
                self._set(row.name, row.offer)

    def _make_table(self) -> None:
        table = self.table
        table.setAccessibleName(tr("Names in the file"))
        table.setHorizontalHeaderLabels([tr(text) for text in HEADERS])
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(px(34))
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, mode in enumerate(("Stretch", "ResizeToContents", "Stretch", "Stretch")):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode[mode])

    def _fill_choices(self, state: NamesState) -> None:
        """One list for all rows: a template may have 200 landmarks and a file 200 names."""
        self._choices = QStandardItemModel(self)
        for value, words in ((None, tr(CHOOSE)), ("", tr(LEAVE)), *state.landmarks):
            item = QStandardItem(words)
            item.setData(value, VALUE)
            self._choices.appendRow(item)

    def _combo(self, name: str, chosen: str | None) -> QComboBox:
        combo = QuietComboBox()
        combo.setAccessibleName(tr("Meaning of {name}", name=name))
        combo.setModel(self._choices)
        combo.setMaxVisibleItems(20)
        combo.setMinimumHeight(px(28))
        combo.setCurrentIndex(self._place(chosen))
        combo.currentIndexChanged.connect(self._changed)
        return combo

    def _offer(self, name: str, landmark: str) -> QPushButton:
        offer = button(tr("Use “{name}”", name=self._words[landmark]))
        offer.clicked.connect(lambda: self._set(name, landmark))
        return offer

    def _set(self, name: str, landmark: str) -> None:
        self.combos[name].setCurrentIndex(self._place(landmark))

    def _place(self, value: str | None) -> int:
        rows = range(self._choices.rowCount())
        return next((row for row in rows if self._choices.item(row).data(VALUE) == value), 0)

    def _changed(self) -> None:
        self._show_buttons()
        self.changed.emit(self.answers())

    def _show_buttons(self) -> None:
        answered = self.answers()
        for name, offer in self._offers.items():
            offer.setVisible(name not in answered)
        rows = self._state.rows if self._state else ()
        left = sum(bool(row.offer) and row.name not in answered for row in rows)
        self.use_all.setText(trn("Use the %n suggestion", "Use the %n suggestions", left))
        self.use_all.setVisible(left > 0)
        self.leave_rest.setEnabled(len(answered) < len(self.combos))
        self.leave_rest.setToolTip("" if self.leave_rest.isEnabled() else tr("Every name has an answer."))
        self.save.setEnabled(bool(answered))
        self.save.setToolTip(tr(SAVE) if answered else tr("Answer a name first."))

    def _leave_rest(self) -> None:
        for name in [name for name in self.combos if name not in self.answers()]:
            self._set(name, "")

    def _ask_to_load(self) -> None:
        path = self._dialogs.open_file(tr("Load a list of names"), tr(KINDS))
        if path:
            self.load_requested.emit(path)

    def _ask_to_save(self) -> None:
        path = self._dialogs.save_file(tr("Save the list of names"), "names.csv", tr(KINDS))
        if path:
            self.save_requested.emit(path)

    def _connect(self) -> None:
        self.use_all.clicked.connect(self.accept_suggestions)
        self.leave_rest.clicked.connect(self._leave_rest)
        self.load.clicked.connect(self._ask_to_load)
        self.save.clicked.connect(self._ask_to_save)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._head)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.use_all)
        row.addWidget(self.leave_rest)
        row.addStretch(1)
        row.addWidget(self.load)
        row.addWidget(self.save)
        column.addLayout(row)
