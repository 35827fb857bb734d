"""Settings > Keys: every action with its keys. A key that another action has is shown with both, and refused."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QKeySequenceEdit,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.action_registry import ActionRegistry, plain
from app.action_row import SCOPES, Action
from app.actions import ACTIONS
from app.key_map import PORTABLE, KeyMap, clashes, native, portable, why_not
from app.translate import tr
from app.views.widgets import GAP, MARGIN, button, label

ROW_ROLE = Qt.ItemDataRole.UserRole
HINT = "Choose an action, then press the key it should have."


class KeysPage(QWidget):
    """Shows the key map of the registry and changes it. `keys_wanted(KeyMap)` follows each change that is allowed."""

    keys_wanted = Signal(object)

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.search = QLineEdit(placeholderText=tr("Search actions and keys"), clearButtonEnabled=True)
        self.search.setAccessibleName(tr("Search actions and keys"))
        self.search.textChanged.connect(self._filter)
        self.table = self._make_table()
        self.capture = QKeySequenceEdit(maximumSequenceLength=1)
        self.capture.setAccessibleName(tr("New key"))
        self.capture.keySequenceChanged.connect(lambda _keys: self._judge())
        self.verdict = label(HINT, "muted", wrap=True)
        self.replace = button("Use this key")
        self.add = button("Use as a second key")
        self.remove = button("No key")
        self.reset = button("Reset")
        self.reset_all = button("Reset all keys")
        self._connect()
        self._lay_out()
        self.show_keys()
        actions.keys_changed.connect(self.show_keys)

    @property
    def current(self) -> Action | None:
        """The action that is chosen, if its keys may be changed."""
        item = self.table.currentItem()
        row = item.data(0, ROW_ROLE) if item is not None else None
        return row if row is not None and row.is_editable else None

    def choose(self, action_id: str) -> None:
        """Choose an action."""
        self.table.setCurrentItem(self._items[action_id])
        self.table.scrollToItem(self._items[action_id])

    def show_keys(self) -> None:
        """Write the keys that are in use into the table."""
        keys = self._actions.keys
        for row in ACTIONS:
            item = self._items[row.id]
            item.setText(1, ", ".join(native(key) for key in keys.chosen(row)))
            item.setText(2, tr(SCOPES[row.scope]))
            font = item.font(1)
            font.setBold(row.id in keys.own)
            item.setFont(1, font)
        self.reset_all.setEnabled(bool(keys.own))
        self._judge()

    # --- what happens

    def _connect(self) -> None:
        self.table.currentItemChanged.connect(lambda *_: self._begin())
        self.replace.clicked.connect(lambda: self._use(()))
        self.add.clicked.connect(lambda: self._use(self._actions.keys.chosen(self._wanted_row())))
        self.remove.clicked.connect(lambda: self._give(self._wanted_row(), ()))
        self.reset.clicked.connect(self._reset_one)
        self.reset_all.clicked.connect(lambda: self.keys_wanted.emit(KeyMap({}, self._actions.keys.letters)))

    def _wanted_row(self) -> Action:
        row = self.current
        assert row is not None, "the buttons are off without a row"
        return row

    def _begin(self) -> None:
        self.capture.clear()
        self._judge()

    def _pressed(self) -> str:
        return self.capture.keySequence().toString(PORTABLE)

    def _judge(self) -> None:
        """Say whether the pressed key can be used, and switch the buttons accordingly."""
        row, key, keys = self.current, self._pressed(), self._actions.keys
        problem = "" if row is None or not key else self._problem(row, key)
        self.capture.setEnabled(row is not None)
        for part in (self.replace, self.add):
            part.setEnabled(row is not None and bool(key) and not problem)
        self.remove.setEnabled(row is not None and bool(keys.chosen(row)) and not row.is_held)
        self.reset.setEnabled(row is not None and row.id in keys.own)
        self.verdict.setText(problem or self._invitation(row, key))
        self.verdict.setProperty("role", "bad" if problem else "muted")
        self.verdict.style().polish(self.verdict)

    def _invitation(self, row: Action | None, key: str) -> str:
        if row is None:
            return tr(HINT) if self.table.currentItem() is None else tr("These keys are fixed.")
        if not key:
            return tr("Press the new key for “{action}” in the field.", action=_name(row))
        return tr("{key} is free for “{action}”.", key=native(key), action=_name(row))

    def _problem(self, row: Action, key: str) -> str:
        reason = why_not(row, key)
        if reason:
            return reason
        wanted = self._actions.keys.with_keys(row, (key,))
        found = [pair for pair in clashes(wanted) if row in pair[1:]]
        others = [two if one is row else one for _, one, two in found]
        if not others:
            return ""
        names = ", ".join(f"“{_name(other)}” ({tr(SCOPES[other.scope])})" for other in others)
        return tr(
            "Not possible: {key} would work both “{action}” ({scope}) and {others}. "
            "Press another key, or change that action first.",
            key=native(key),
            action=_name(row),
            scope=tr(SCOPES[row.scope]),
            others=names,
        )

    def _use(self, beside: tuple[str, ...]) -> None:
        self._give(self._wanted_row(), (*beside, portable(self._pressed())))

    def _give(self, row: Action, keys: tuple[str, ...]) -> None:
        wanted = self._actions.keys.with_keys(row, keys)
        self.capture.setKeySequence(QKeySequence())
        self.keys_wanted.emit(wanted)

    def _reset_one(self) -> None:
        row = self._wanted_row()
        wanted = self._actions.keys.with_keys(row, row.shortcuts)
        others = {name for _, one, two in clashes(wanted) if row in (one, two) for name in (one.id, two.id)} - {row.id}
        if others:
            names = ", ".join(f"“{_name(other)}”" for other in ACTIONS if other.id in others)
            text = tr("Not possible: its own key is in use for {names} now. Reset that one first.", names=names)
            self.verdict.setText(text)
        else:
            self.keys_wanted.emit(wanted)

    # --- how it is put together

    def _make_table(self) -> QTreeWidget:
        table = QTreeWidget(columnCount=3, rootIsDecorated=False, uniformRowHeights=True)
        table.setHeaderLabels([tr("Action"), tr("Keys"), tr("Where")])
        table.setAccessibleName(tr("Actions and their keys"))
        table.setMinimumHeight(180)
        self._items: dict[str, QTreeWidgetItem] = {}
        for row in ACTIONS:
            item = QTreeWidgetItem([_name(row), "", ""])
            item.setData(0, ROW_ROLE, row)
            item.setToolTip(0, tr(row.tooltip) or _name(row))
            item.setDisabled(not row.is_editable)
            table.addTopLevelItem(item)
            self._items[row.id] = item
        table.setColumnWidth(0, 250)
        table.setColumnWidth(1, 150)
        return table

    def _filter(self, text: str) -> None:
        wanted = text.strip().lower()
        for item in self._items.values():
            item.setHidden(wanted not in " ".join(item.text(column) for column in range(3)).lower())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 0, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        entry = QHBoxLayout()
        entry.setSpacing(GAP)
        for part in (self.capture, self.replace, self.add):
            entry.addWidget(part)
        column.addLayout(entry)
        column.addWidget(self.verdict)
        foot = QHBoxLayout()
        foot.setSpacing(GAP)
        for part in (self.remove, self.reset):
            foot.addWidget(part)
        foot.addStretch(1)
        foot.addWidget(self.reset_all)
        column.addLayout(foot)


def _name(row: Action) -> str:
    return plain(tr(row.text))
