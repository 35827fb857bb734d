"""The landmark panel: loupe, list, definition of the current landmark, and the decisions as buttons."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QProgressBar, QToolButton, QVBoxLayout, QWidget

from app.action_registry import ActionRegistry
from app.session.case_list_model import ROW_ROLE
from app.session.landmark_list_model import LandmarkListModel
from app.session.review_order import ORDERS
from app.session.view_state import LandmarkRow
from app.theme import px
from app.translate import tr
from app.views.definition_card import DefinitionCard
from app.views.loupe import Loupe
from app.views.marker_painter import ICON_SIZE, state_icon
from app.views.row_delegates import LANDMARK_HEIGHT, LandmarkDelegate
from app.views.warning_lines import WarningLines
from app.views.widgets import GAP, MARGIN, UNIT, QuietComboBox, RowList, action_button, label

LOW_PANEL = 720
LEAST_ROWS = 3  # of the list that are seen in the lowest window
LARGE_TEXT = 140  # per cent
PLACES = {  # button -> row, column, how many columns of six
    "confirm": (0, 0, 3),
    "estimated": (0, 3, 3),
    "absent": (1, 0, 2),
    "clear": (1, 2, 2),
    "revert": (1, 4, 2),
}
LARGE_PLACES = {**PLACES, "absent": (1, 0, 3), "clear": (1, 3, 3), "revert": (2, 0, 6)}
BESIDE = Qt.ToolButtonStyle.ToolButtonTextBesideIcon


class LandmarkPanel(QWidget):
    """Emits `row_selected(str)`, `row_confirmed(str)` (Space in the list), `row_zoomed(str)` (double click).

    `warning_dismissed(key)`, `swap_requested(first, second)`; `order_changed(mode)` from the combo "Order:".
    """

    row_selected = Signal(str)
    row_confirmed = Signal(str)
    row_zoomed = Signal(str)
    warning_dismissed = Signal(str)
    swap_requested = Signal(str, str)
    order_changed = Signal(str)
    left = Signal()

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.loupe = Loupe()
        self.list = RowList(tr("Landmarks"))
        self.list.setItemDelegate(LandmarkDelegate(self.list))
        self.list.chosen.connect(lambda row: self._emit(self.row_selected, row))
        self.list.moved.connect(lambda row: self._emit(self.row_selected, row))
        self.list.confirmed.connect(lambda row: self._emit(self.row_confirmed, row))
        self.list.zoomed.connect(lambda row: self._emit(self.row_zoomed, row))
        self.list.left.connect(self.left)
        self._count = label("", "caption")
        self._bar = QProgressBar(textVisible=False)
        self._bar.setAccessibleName(tr("Decided landmarks"))
        self.card = DefinitionCard()
        self.card.left.connect(self.left)
        self.warnings = WarningLines()
        self.warnings.dismissed.connect(self.warning_dismissed)
        self.warnings.swap_requested.connect(self.swap_requested)
        self.order = _order_combo()
        self.order.activated.connect(lambda _index: self.order_changed.emit(self.order.currentData()))
        self._current: str | None = None
        self._is_large = False
        self._head, self._grid = QGridLayout(), QGridLayout()
        self._grid.setSpacing(UNIT + 2)
        self._decide = _decision_buttons(actions)
        for name, (row, column, span) in PLACES.items():
            self._grid.addWidget(self._decide[name], row, column, 1, span)
        self._lay_out(actions)
        self.set_progress(0, 0)
        self.set_current(None)

    def set_model(self, model: QAbstractItemModel) -> None:
        """Show these landmarks."""
        self.list.setModel(model)
        model.modelReset.connect(self._show_current)
        model.dataChanged.connect(self._show_current)
        self._show_current()

    def set_current(self, row: LandmarkRow | None) -> None:
        """Describe the current landmark and mark its line."""
        self._current = row.id if row else None
        self.card.set_row(row, _state_text(row) if row else "")
        self.warnings.set_warnings(row.warnings if row else ())
        self._show_current()

    def set_order(self, mode: str) -> None:
        """Show which review order is used."""
        self.order.setCurrentIndex(self.order.findData(mode))

    def set_progress(self, decided: int, total: int) -> None:
        """How many landmarks are decided."""
        self._count.setText(tr("{decided} of {total} decided", decided=decided, total=total) if total else "")
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(decided)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the card gives way to the list."""
        super().resizeEvent(event)
        self.card.set_low(event.size().height() < LOW_PANEL)
        is_large, is_low = px(100) > LARGE_TEXT, event.size().height() < LOW_PANEL
        self.loupe.setVisible(not (is_large and is_low))  # the floating one (L) takes no room from the buttons
        self._place_parts(is_large)

    def _place_parts(self, is_large: bool) -> None:
        """With large text the buttons stand two in a row, and the count has a line of its own."""
        if is_large == self._is_large:
            return
        self._is_large = is_large
        self._head.addWidget(self._count, 1 if is_large else 0, 1 if is_large else 2)
        places = LARGE_PLACES if is_large else PLACES
        for name, decide in self._decide.items():
            self._grid.removeWidget(decide)
            row, column, span = places[name]
            self._grid.addWidget(decide, row, column, 1, span)

    def _lay_out(self, actions: ActionRegistry) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(self.loupe, 2)
        self._head.addWidget(label("Order:", "caption"), 0, 0)
        self._head.addWidget(self.order, 0, 1)
        self._head.addWidget(self._count, 0, 2)
        self._head.setColumnStretch(1, 1)
        layout.addLayout(self._head)
        layout.addWidget(self._bar)
        self.list.setMinimumHeight(LEAST_ROWS * LANDMARK_HEIGHT)
        layout.addWidget(self.list, 3)
        layout.addWidget(self.warnings)
        layout.addWidget(self.card)
        layout.addLayout(self._grid)
        layout.addWidget(action_button(actions.action("landmark.fill"), BESIDE))
        review = action_button(actions.action("case.review"), BESIDE)
        review.setProperty("role", "primary")
        layout.addWidget(review)

    def _emit(self, signal: Signal, row: int) -> None:
        landmark = self.list.model().index(row, 0).data(ROW_ROLE)
        if landmark is not None:
            signal.emit(landmark.id)

    def _show_current(self) -> None:
        model = self.list.model()
        if not isinstance(model, LandmarkListModel) or self._current is None:
            return
        position = model.position_of(self._current)
        if position is not None and self.list.currentIndex().row() != position:
            self.list.setCurrentIndex(model.index(position, 0))


def _decision_buttons(actions: ActionRegistry) -> dict[str, QToolButton]:
    labels = {"confirm": "confirmed", "estimated": "estimated", "absent": "absent", "clear": "not placed"}
    made = {}
    for name in PLACES:
        action = actions.action(f"landmark.{name}")
        action.setIcon(state_icon(labels.get(name, "predicted")))
        made[name] = action_button(action, BESIDE)
        made[name].setProperty("role", "decision")
        made[name].setIconSize(QSize(*ICON_SIZE))
    return made


def _state_text(row: LandmarkRow) -> str:
    parts = [tr(row.label).capitalize()]
    if row.spread:
        parts.append(row.spread)
    elif row.label != "predicted":
        pass  # what the model said is no measure of a person's point
    elif row.radius is not None:
        parts.append(tr("95 % within {size}", size=f"{row.radius:.1f} {row.unit}"))
    elif row.score is not None:
        parts.append(tr("score {score}, not calibrated", score=f"{row.score:.2f}"))
    if row.is_anchor:
        parts.append(tr("tells most of the others: place it first"))
    if row.has_suggestion:
        parts.append(tr("new suggestion: R takes it"))
    return "  ·  ".join(parts)


def _order_combo() -> QuietComboBox:
    combo = QuietComboBox()
    combo.setAccessibleName(tr("Review order"))
    for mode, words in ORDERS.items():
        combo.addItem(tr(words), mode)
    return combo
