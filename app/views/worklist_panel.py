"""The worklist: which cases there are, how far each is, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QAbstractItemModel, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.action_registry import ActionRegistry
from app.session.case_list_model import ROW_ROLE, CaseListModel
from app.translate import tr
from app.views.case_preview import CasePreview
from app.views.drops import dropped_paths
from app.views.row_delegates import CaseDelegate
from app.views.widgets import GAP, MARGIN, UNIT, QuietComboBox, RowList, action_button, label

FILTERS = {
    "all": "All",
    "todo": "To do",
    "in_review": "In review",
    "reviewed": "Reviewed",
    "flagged": "Flagged",
    "locked": "Locked",
    "unsure": "Unsure",
    "stale": "Old definition",
}
FILTER_TIPS = {
    "all": "Every case of the project",
    "todo": "Cases without any decision yet",
    "in_review": "Cases with some decisions",
    "reviewed": "Cases marked reviewed",
    "flagged": "Cases with a flag",
    "locked": "Cases kept out of training, to judge models",
    "unsure": "Cases with an undecided point whose 95 % region is wider than 2 mm, or than 0.65 % of the diagonal "
    "where there is no pixel size",
    "stale": "Cases with points that were decided under a definition that has changed since",
}
RARE = ("unsure", "stale")  # many projects never have any; shown once there are some
SORTS = {"added": "Order of import", "name": "Name", "score": "Least certain first", "state": "State"}
SEARCH_PAUSE_MS = 200


class SearchField(QLineEdit):
    """Takes the focus by click or Ctrl+F only; Return and Esc give it back (`left`)."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setPlaceholderText(tr("Search cases"))
        self.setAccessibleName(tr("Search cases"))
        self.setClearButtonEnabled(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties the field first."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
        else:
            super().keyPressEvent(event)


class WorklistPanel(QWidget):
    """Emits `case_activated(int)`, `filter_changed(str)`, `search_changed(str)`, `sort_changed(str)`.

    `preview_requested(int)`: Space in the list; the film goes to `preview.set_picture`.
    """

    case_activated = Signal(int)
    filter_changed = Signal(str)
    search_changed = Signal(str)
    sort_changed = Signal(str)
    files_dropped = Signal(list)
    preview_requested = Signal(int)
    left = Signal()

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAcceptDrops(True)
        self._current: int | None = None
        self.search = SearchField()
        self._search_pause = QTimer(self, singleShot=True, interval=SEARCH_PAUSE_MS)
        self._search_pause.timeout.connect(lambda: self.search_changed.emit(self.search.text().strip()))
        self.search.textChanged.connect(lambda _text: self._search_pause.start())
        self.search.left.connect(self.left)
        self.filters = self._make_filters()
        self.sort = self._make_sort()
        self.list = RowList(tr("Cases"))
        self.list.setItemDelegate(CaseDelegate(self.list))
        self.list.chosen.connect(self._activate)
        self.preview = CasePreview(self)
        self.list.confirmed.connect(self._toggle_preview)
        for signal in (self.list.moved, self.list.chosen, self.list.left, self.list.unfocused):
            signal.connect(self.preview.hide)
        self.list.left.connect(self.left)
        self._empty = label("", "muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._progress_text = label("", "caption")
        self._progress = QProgressBar(textVisible=False)
        self._progress.setAccessibleName(tr("Reviewed cases"))
        self._lay_out(actions)
        self.set_counts({})

    def set_model(self, model: QAbstractItemModel) -> None:
        """Show these cases."""
        self.list.setModel(model)
        for signal in (model.modelReset, model.dataChanged, model.rowsInserted):
            signal.connect(self._show_current)
        self._show_current()

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Numbers on the filters, and how many cases are reviewed."""
        for key, chip in self.filters.items():
            chip.setText(f"{tr(FILTERS[key])}  {counts.get(key, 0):,}")
            if key in RARE:
                chip.setVisible(counts.get(key, 0) > 0 or chip.isChecked())
        total, reviewed = counts.get("all", 0), counts.get("reviewed", 0)
        self._progress.setRange(0, max(total, 1))
        self._progress.setValue(reviewed)
        text = tr("{reviewed} of {total} reviewed", reviewed=f"{reviewed:,}", total=f"{total:,}")
        self._progress_text.setText(text if total else "")
        self._progress.setVisible(total > 0)
        self._show_emptiness(total)

    def set_current(self, case_id: int | None) -> None:
        """Mark the open case."""
        self._current = case_id
        self._show_current()

    def reset_controls(self) -> None:
        """Back to all cases, no search, without emitting anything."""
        for widget in (self.search, self.sort, *self.filters.values()):
            widget.blockSignals(True)
        self.search.clear()
        self.sort.setCurrentIndex(0)
        self.filters["all"].setChecked(True)
        for widget in (self.search, self.sort, *self.filters.values()):
            widget.blockSignals(False)

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and folders are welcome."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Report what was dropped."""
        self.files_dropped.emit(dropped_paths(event.mimeData()))
        event.acceptProposedAction()

    def _lay_out(self, actions: ActionRegistry) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        head = QHBoxLayout()
        head.addWidget(self.search, 1)
        add = action_button(actions.action("import.files"), Qt.ToolButtonStyle.ToolButtonIconOnly)
        add.setFixedWidth(32)
        add.setAccessibleName(tr("Import images"))
        head.addWidget(add)
        layout.addLayout(head)
        grid = QGridLayout()
        grid.setSpacing(UNIT)
        for place, chip in enumerate(self.filters.values()):
            grid.addWidget(chip, place // 2, place % 2)
        layout.addLayout(grid)
        layout.addWidget(self.sort)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self._progress)
        layout.addWidget(self._progress_text)

    def _make_filters(self) -> dict[str, QToolButton]:
        group, chips = QButtonGroup(self), {}
        for key, text in FILTERS.items():
            chip = QToolButton(text=tr(text), checkable=True, checked=key == "all")
            chip.setProperty("role", "chip")
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            chip.setToolTip(tr(FILTER_TIPS[key]))
            chip.setSizePolicy(chip.sizePolicy().Policy.Expanding, chip.sizePolicy().Policy.Fixed)
            chip.toggled.connect(lambda on, key=key: on and self._filter(key))
            group.addButton(chip)
            chips[key] = chip
        return chips

    def _filter(self, key: str) -> None:
        self.filter_changed.emit(key)
        self._show_emptiness(self._progress.maximum() if self._progress_text.text() else 0)

    def _make_sort(self) -> QuietComboBox:
        combo = QuietComboBox()
        combo.setAccessibleName(tr("Sort cases"))
        for key, text in SORTS.items():
            combo.addItem(tr(text), key)
        combo.activated.connect(lambda _index: self.sort_changed.emit(combo.currentData()))
        return combo

    def _activate(self, row: int) -> None:
        case = self.list.model().index(row, 0).data(ROW_ROLE)
        if case is not None:
            self.case_activated.emit(case.id)

    def _toggle_preview(self, row: int) -> None:
        index = self.list.model().index(row, 0)
        case = index.data(ROW_ROLE)
        if self.preview.isVisible() or case is None:
            self.preview.hide()
            return
        spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
        self.preview.begin(case.id, spoken, self.list.visualRect(index), self.list)
        self.preview_requested.emit(case.id)

    def _show_current(self) -> None:
        model = self.list.model()
        if model is None:
            return
        self._show_emptiness(self._progress.maximum() if self._progress_text.text() else 0)
        position = model.position_of(self._current) if isinstance(model, CaseListModel) and self._current else None
        if position is None:
            self.list.selectionModel().clear()
        elif self.list.currentIndex().row() != position or not self.list.selectionModel().hasSelection():
            self.list.setCurrentIndex(model.index(position, 0))

    def _show_emptiness(self, total: int) -> None:
        model = self.list.model()
        empty = model is None or model.rowCount() == 0
        self.list.setVisible(not empty)
        self._empty.setVisible(empty)
        none = tr("No cases yet.\nDrop images or folders here, or press Ctrl+I.")
        self._empty.setText(tr("No case matches.") if total else none)
