"""The key sheet: every action of the table with its keys, searchable; what is off now is grey and says why."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from app.action_registry import ActionRegistry, plain
from app.actions import ACTIONS, Action
from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, label

MOUSE = (
    ("Drag a landmark", "Move it; Ctrl: 1:10, Shift: one axis"),
    ("Drag the image, middle drag", "Pan"),
    ("Right drag", "Window (left-right) and level (up-down)"),
    ("Right click", "Menu"),
    ("Wheel", "Zoom at the pointer"),
    ("Double click", "On a landmark: zoom to it; on the image: fit"),
)
SHORT = {
    "image.number": "0 to 9",
    "image.nudge": "Arrows",
    "image.nudge_far": "Shift+arrows",
    "image.nudge_fine": "Ctrl+arrows",
    "list.move": "Arrows, Home, End, PgUp, PgDown",
}


class ShortcutHelp(FittingDialog):
    """Two columns: what, and which keys."""

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self.resize(660, 720)
        self._actions = actions
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search keys and actions"))
        self.search.setAccessibleName(tr("Search keys and actions"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self._fill())
        actions.keys_changed.connect(self._fill)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._area.setAccessibleName(tr("Keys"))
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(MARGIN)
        layout.addWidget(self.search)
        layout.addWidget(self._area, 1)
        self._fill()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return does nothing; Esc closes."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def shown(self) -> list[str]:
        """Ids of the rows that match the search."""
        return [row.id for row in self._rows()]

    def _rows(self) -> list[Action]:
        wanted = self.search.text().strip().lower()
        rows = [row for row in ACTIONS if self._actions.keys.keys(row)]
        return [row for row in rows if wanted in f"{plain(tr(row.text))} {tr(row.tooltip)} {self._keys(row)}".lower()]

    def _keys(self, row: Action) -> str:
        return tr(SHORT.get(row.id, "")) or self._actions.key_text(row)

    def _fill(self) -> None:
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(GAP, 0, MARGIN, 0)
        grid.setHorizontalSpacing(2 * MARGIN)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        groups: dict[str, list[Action]] = {}
        for row in self._rows():
            groups.setdefault(row.group, []).append(row)
        for name in ("Landmark", "Image", *(name for name in groups if name not in ("Landmark", "Image"))):
            self._add_group(grid, name, groups.get(name, []))
        if not self.search.text().strip():
            self._add_mouse(grid)
        grid.setRowStretch(grid.rowCount(), 1)
        self._area.setWidget(inner)

    def _add_group(self, grid: QGridLayout, name: str, rows: list[Action]) -> None:
        if rows:
            _add_heading(grid, name)
        for row in rows:
            reason = "" if row.keys_only else self._actions.reason(row.id)
            text, keys = label(plain(tr(row.text))), label(self._keys(row), "caption")
            for part in (text, keys):
                part.setEnabled(not reason)
                part.setToolTip(reason or tr(row.tooltip))
            _add_pair(grid, text, keys)
            if reason:
                why = label(reason, "caption", wrap=True)
                why.setContentsMargins(MARGIN, 0, 0, GAP)
                grid.addWidget(why, grid.rowCount(), 0, 1, 2)

    def _add_mouse(self, grid: QGridLayout) -> None:
        _add_heading(grid, tr("Mouse"))
        for gesture, effect in MOUSE:
            _add_pair(grid, label(effect), label(gesture, "caption"))


def _add_heading(grid: QGridLayout, name: str) -> None:
    heading = label(name, "section")
    heading.setContentsMargins(0, GAP, 0, 0)
    grid.addWidget(heading, grid.rowCount(), 0, 1, 2)


def _add_pair(grid: QGridLayout, left: QLabel, right: QLabel) -> None:
    left.setWordWrap(True)
    place = grid.rowCount()
    left.setWordWrap(True)
    right.setWordWrap(True)
    right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    grid.addWidget(left, place, 0)
    grid.addWidget(right, place, 1)
