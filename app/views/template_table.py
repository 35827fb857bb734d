"""The landmarks of a draft as a table that is edited in place; every change is an intent, the draft decides."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.session.headed_model import ROOT, HeadedModel, Index
from app.translate import tr
from app.views.widgets import QuietComboBox
from medsapiens_core.data.template import Landmark
from medsapiens_core.data.template_draft import Draft

HEADERS = ("#", "Name", "Abbr.", "Pair with", "Group", "Tol. mm")
NO_PAIR = "–"


class Column(IntEnum):
    """Columns of the table."""

    NUMBER = 0
    NAME = 1
    ABBREVIATION = 2
    PAIR = 3
    GROUP = 4
    TOLERANCE = 5


FIELDS = {
    Column.NAME: "name",
    Column.ABBREVIATION: "abbreviation",
    Column.GROUP: "group",
    Column.TOLERANCE: "tolerance_mm",
}


class TemplateTableModel(HeadedModel):
    """Shows a draft. `field_edited(row, field, value)`, `pair_edited(row, landmark id or None)` ask for a change."""

    headers = HEADERS
    field_edited = Signal(int, str, object)
    pair_edited = Signal(int, object)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._draft = Draft()

    def set_draft(self, draft: Draft) -> None:
        """Show a draft; the view keeps its place where the rows are the same."""
        old, self._draft = self._draft, draft
        if [mark.id for mark in old.marks] != [mark.id for mark in draft.marks]:
            self.beginResetModel()
            self.endResetModel()
        elif draft.marks:
            self.dataChanged.emit(self.index(0, 0), self.index(len(draft.marks) - 1, len(HEADERS) - 1))

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many landmarks."""
        return 0 if parent.isValid() else len(self._draft.marks)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """All but the number can be edited."""
        flags = super().flags(index)
        return flags if index.column() == Column.NUMBER else flags | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What one cell shows and edits."""
        if not index.isValid():
            return None
        mark, column = self._draft.marks[index.row()], Column(index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._text(mark, index.row(), column, editing=role == Qt.ItemDataRole.EditRole)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (Column.NUMBER, Column.TOLERANCE):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return mark.definition or tr("No definition yet")
        if role == Qt.ItemDataRole.FontRole and column is Column.NAME and not mark.definition.strip():
            font = QFont()
            font.setItalic(True)
            return font
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for a change."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid() or value == self.data(index, role):
            return False
        column = Column(index.column())
        if column is Column.PAIR:
            self.pair_edited.emit(index.row(), value)
        elif column is Column.TOLERANCE:
            self.field_edited.emit(index.row(), "tolerance_mm", float(value))
        else:
            self.field_edited.emit(index.row(), FIELDS[column], str(value).strip())
        return True

    def partners(self, row: int) -> list[tuple[str, str | None]]:
        """Whom a landmark may be paired with, as (words, id)."""
        others = [mark for place, mark in enumerate(self._draft.marks) if place != row]
        return [(NO_PAIR, None), *((mark.name, mark.id) for mark in others)]

    def _text(self, mark: Landmark, row: int, column: Column, *, editing: bool) -> Any:
        if column is Column.NUMBER:
            return str(row + 1)
        if column is Column.PAIR:
            names = {other.id: other.abbreviation for other in self._draft.marks}
            return mark.pair if editing else names.get(mark.pair or "", NO_PAIR)
        if column is Column.TOLERANCE:
            return mark.tolerance_mm if editing else f"{mark.tolerance_mm:.1f}"
        return getattr(mark, FIELDS[column])


class _PairDelegate(QStyledItemDelegate):
    """Chooses the other side from a list."""

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A combo box of the other landmarks."""
        box = QuietComboBox(parent)
        box.setAccessibleName(tr("Pair with"))
        model = index.model()
        assert isinstance(model, TemplateTableModel)
        for words, landmark in model.partners(index.row()):
            box.addItem(words, landmark)
        box.activated.connect(lambda _row: (self.commitData.emit(box), self.closeEditor.emit(box)))
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Show the present partner."""
        assert isinstance(editor, QuietComboBox)
        editor.setCurrentIndex(max(editor.findData(index.data(Qt.ItemDataRole.EditRole)), 0))
        editor.showPopup()

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        """Take what was chosen."""
        assert isinstance(editor, QuietComboBox)
        model.setData(index, editor.currentData())


class _ToleranceDelegate(QStyledItemDelegate):
    """0.1 to 100 mm."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A number field."""
        editor = super().createEditor(parent, option, index)
        editor.setProperty("decimals", 1)
        editor.setProperty("minimum", 0.1)
        editor.setProperty("maximum", 100.0)
        return editor


class TemplateTable(QTableView):
    """Keys of scope E (ux.md 4.2). `acted(str)`: add, delete, up, down."""

    acted = Signal(str)
    row_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Landmarks of the template"))
        self.model_ = TemplateTableModel(self)
        self.setModel(self.model_)
        self.setItemDelegateForColumn(Column.PAIR, _PairDelegate(self))
        self.setItemDelegateForColumn(Column.TOLERANCE, _ToleranceDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.SelectedClicked)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        self._size_columns()
        self.selectionModel().currentRowChanged.connect(lambda now, _before: self.row_changed.emit(now.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Insert, Delete, Return, Alt+Up, Alt+Down; arrows move."""
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        key, plain = (
            event.key(),
            event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier),
        )
        acts = {Qt.Key.Key_Insert: "add", Qt.Key.Key_Delete: "delete"} if plain else {}
        acts |= {Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"} if alt else {}
        if key in acts:
            self.acted.emit(acts[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain and self.currentIndex().isValid():
            if self.state() is QAbstractItemView.State.EditingState:
                return  # the field has taken the key already
            self.edit(self.currentIndex().siblingAtColumn(Column.NAME))
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, _search: str) -> None:
        """Typing does not jump about in the table."""

    def current_row(self) -> int:
        """The chosen row, -1 for none."""
        return self.currentIndex().row()

    def choose(self, row: int) -> None:
        """Choose a row and keep the column."""
        column = max(self.currentIndex().column(), Column.NAME)
        self.setCurrentIndex(self.model_.index(row, column))
        self.scrollTo(self.currentIndex())

    def _size_columns(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((0, 36), (2, 64), (3, 82), (4, 104), (5, 64)):
            self.setColumnWidth(column, width)
