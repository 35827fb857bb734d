"""Agreement of readers: a table by landmark, Bland-Altman plots, the worst cases a click away (ux.md 10.4)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.session.agreement_state import HEADERS, MEASURE_HEADERS, AgreementRow, AgreementState, MeasureRow
from app.translate import tr, trn
from app.views.bland_altman_plot import BlandAltmanPlot
from app.views.fitting import FittingDialog
from app.views.limit_box import LimitBox
from app.views.widgets import GAP, MARGIN, QuietComboBox, button, label

DATA = Qt.ItemDataRole.UserRole
WORST = 12  # cases listed below the plots
LIMIT_WIDTH = 120
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class AgreementTable(QTableWidget):
    """Rows of text. A click or the arrows choose a row; typing does not search."""

    def __init__(self, name: str, headers: Sequence[str]) -> None:
        super().__init__(0, len(headers))
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels([tr(header) for header in headers])
        self.verticalHeader().hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(44)
        header.setStretchLastSection(True)

    def put(self, row: int, texts: Sequence[str], tip: str = "") -> None:
        """Fill a row."""
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(tip)
            if column:
                item.setTextAlignment(RIGHT)
            self.setItem(row, column, item)

    def keyboardSearch(self, _search: str) -> None:
        """Typing does not jump about in the list."""


class AgreementWindow(FittingDialog):
    """Shows an `AgreementState`; emits what is wanted. `definition_requested(landmark id)`: show what it is."""

    pair_chosen = Signal(int)
    case_requested = Signal(int)
    definition_requested = Signal(str)
    export_requested = Signal()
    settle_requested = Signal()
    refresh_requested = Signal()
    limit_changed = Signal(str, float)  # measure id; 0: no limit

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Agreement of readers"))
        self.setModal(False)
        self.resize(1400, 780)
        self._state = AgreementState()
        self.pair = QuietComboBox()
        self.pair.setAccessibleName(tr("Which two readers"))
        self._summary = label("", "section", wrap=True)
        self._source = label("", "caption", wrap=True)
        self._empty = label("", "muted", wrap=True)
        self.table = AgreementTable(tr("Agreement by landmark"), HEADERS)
        self.measures = AgreementTable(tr("Agreement of measurements"), MEASURE_HEADERS)
        self._size_limits()
        self.plots = (BlandAltmanPlot(0), BlandAltmanPlot(1))
        self.worst = QListWidget()
        self.worst.setAccessibleName(tr("Cases, the worst first"))
        self.worst.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._chosen = label("", "section")
        self.definitions = label("", "", wrap=True)
        self.show_definition = button("Show the definition")
        self.settle = button("Adjudicate…", primary=True)
        self.export = button("Export CSV…")
        self.refresh_button = button("Refresh")
        self._lay_out()
        self._connect()

    def set_state(self, state: AgreementState) -> None:
        """Show a pair of readers; the landmark that was chosen stays chosen."""
        before = self.current_landmark()
        self._state = state
        self._fill_pairs(state)
        self._summary.setText(state.summary)
        self._source.setText(state.source)
        self._empty.setText(state.empty)
        self._empty.setVisible(bool(state.empty))
        self._body.setVisible(not state.empty)
        self._fill_rows(state, before)
        self._fill_measures(state)
        self._show_settling(state)
        self.export.setEnabled(not state.empty)

    def current_landmark(self) -> str:
        """The landmark of the chosen row, "" for none."""
        item = self.table.item(self.table.currentRow(), 0)
        return "" if item is None else str(item.data(DATA))

    def bring_up(self) -> None:
        """Come to the front."""
        self.show()
        self.raise_()
        self.activateWindow()

    def _size_limits(self) -> None:
        """The fields of the limits are as wide as a number needs; the names take the rest."""
        header, last = self.measures.horizontalHeader(), len(MEASURE_HEADERS) - 1
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(last, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(last, theme.wide(LIMIT_WIDTH))

    # --- filling

    def _fill_pairs(self, state: AgreementState) -> None:
        self.pair.clear()
        self.pair.addItems(list(state.pairs))
        self.pair.setCurrentIndex(state.chosen if state.pairs else -1)
        self.pair.setVisible(bool(state.pairs))

    def _fill_rows(self, state: AgreementState, before: str) -> None:
        self.table.blockSignals(True)
        self.table.setRowCount(len(state.rows))
        for place, row in enumerate(state.rows):
            mark = " ≠" if row.two_definitions else ""
            self.table.put(place, (row.name + mark, *row.cells), row.tip)
            self.table.item(place, 0).setData(DATA, row.landmark)
        wanted = next((place for place, row in enumerate(state.rows) if row.landmark == before), 0)
        self.table.blockSignals(False)
        if state.rows:
            self.table.selectRow(wanted)
        self._show_row()

    def _fill_measures(self, state: AgreementState) -> None:
        self.measures.setRowCount(len(state.measures))
        for place, row in enumerate(state.measures):
            self.measures.put(place, (row.name, *row.cells))
            self.measures.setCellWidget(place, len(MEASURE_HEADERS) - 1, self._limit_box(row, state.limit_refusal))
        self._tabs.setTabVisible(1, bool(state.measures))

    def _limit_box(self, row: MeasureRow, refusal: str) -> LimitBox:
        box = LimitBox(row, refusal)
        box.changed.connect(self.limit_changed)
        return box

    def _show_row(self) -> None:
        row = self._row()
        state = self._state
        for axis, plot in enumerate(self.plots):
            cases, limits = ((), None) if row is None else (row.cases, row.limits[axis])
            plot.set_figures(cases, limits, state.unit, (state.first, state.second))
        self.worst.clear()
        self._chosen.setText("" if row is None else tr("{name}: worst cases", name=row.name))
        for case in () if row is None else row.cases[:WORST]:
            item = QListWidgetItem(f"{case.name}    {case.distance:.2f} {state.unit}")
            item.setData(DATA, case.case_id)
            self.worst.addItem(item)
        self._show_definitions(row)

    def _show_definitions(self, row: AgreementRow | None) -> None:
        odd = [one.name for one in self._state.rows if one.two_definitions]
        self.definitions.setVisible(bool(odd))
        self.definitions.setText(
            tr("Probably two definitions (≠): {names}. The readers differ in the same way in most cases.").format(
                names=", ".join(odd)
            )
        )
        self.show_definition.setEnabled(row is not None)

    def _show_settling(self, state: AgreementState) -> None:
        count = state.to_settle
        self.settle.setText(trn("Adjudicate %n difference…", "Adjudicate %n differences…", count))
        reason = state.refusal or ("" if count else tr("No two readings differ by more than the tolerance."))
        self.settle.setEnabled(not reason)
        self.settle.setToolTip(reason)

    def _row(self) -> AgreementRow | None:
        place = self.table.currentRow()
        return self._state.rows[place] if 0 <= place < len(self._state.rows) else None

    # --- building

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(self.pair)
        top.addWidget(self._summary, 1)
        for part in (self.refresh_button, self.export, self.settle):
            top.addWidget(part)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        self._tabs.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._tabs.addTab(self.table, tr("Landmarks"))
        self._tabs.addTab(self.measures, tr("Measurements"))
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(GAP, 0, 0, 0)
        column.setSpacing(GAP)
        for plot in self.plots:
            column.addWidget(plot, 3)
        column.addWidget(self._chosen)
        column.addWidget(self.worst, 2)
        row = QHBoxLayout()
        row.addWidget(self.definitions, 1)
        row.addWidget(self.show_definition)
        self._body = QSplitter(Qt.Orientation.Horizontal)
        self._body.setChildrenCollapsible(False)
        self._body.addWidget(self._tabs)
        self._body.addWidget(side)
        self._body.setStretchFactor(0, 2)
        self._body.setStretchFactor(1, 1)
        self._body.setSizes([920, 460])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addLayout(top)
        layout.addWidget(self._source)
        layout.addWidget(self._empty)
        layout.addWidget(self._body, 1)
        layout.addLayout(row)

    def _connect(self) -> None:
        self.pair.activated.connect(self.pair_chosen)
        self.table.itemSelectionChanged.connect(self._show_row)
        for plot in self.plots:
            plot.case_clicked.connect(self.case_requested)
        self.worst.itemActivated.connect(self._open_worst)
        self.worst.itemClicked.connect(self._open_worst)
        self.show_definition.clicked.connect(lambda: self.definition_requested.emit(self.current_landmark()))
        self.settle.clicked.connect(self.settle_requested)
        self.export.clicked.connect(self.export_requested)
        self.refresh_button.clicked.connect(self.refresh_requested)

    def _open_worst(self, item: QListWidgetItem) -> None:
        self.case_requested.emit(int(item.data(DATA)))

    def refresh(self) -> None:
        """Draw what depends on the theme again."""
        for plot in self.plots:
            plot.update()
        self._summary.setStyleSheet(f"color: {theme.current().text};")
