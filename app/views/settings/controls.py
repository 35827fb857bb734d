"""One control for each kind of preference; a change is in effect at once, so there is nothing to save or to forget."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QSpinBox, QWidget

from app.preferences import Preference, Preferences
from app.translate import tr
from app.views.widgets import GAP, MARGIN, UNIT, QuietComboBox, label, make_quiet

WIDTH = 220


def preference_page(rows: list[Preference], preferences: Preferences) -> QWidget:
    """A page with one line for each row: its words, its control, and below them what it does."""
    page = QWidget()
    grid = QGridLayout(page)
    grid.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
    grid.setHorizontalSpacing(2 * MARGIN)
    grid.setVerticalSpacing(UNIT)
    grid.setColumnStretch(0, 1)
    for row in rows:
        add_preference(grid, row, preferences)
    grid.setRowStretch(grid.rowCount(), 1)
    return page


def add_preference(grid: QGridLayout, row: Preference, preferences: Preferences) -> None:
    """Add one row under what is there."""
    control, place = make_control(row, preferences), grid.rowCount()
    if isinstance(control, QCheckBox):
        grid.addWidget(control, place, 0, 1, 2)
    else:
        words = label(row.text, wrap=True)
        words.setBuddy(control)
        grid.addWidget(words, place, 0)
        grid.addWidget(control, place, 1, Qt.AlignmentFlag.AlignRight)
    note = label(row.note, "caption", wrap=True)
    note.setContentsMargins(0, 0, 0, GAP)
    grid.addWidget(note, place + 1, 0, 1, 2)


def make_control(row: Preference, preferences: Preferences) -> QWidget:
    """The control of a row, showing what is set and following changes made elsewhere."""
    if row.choices:
        control: QWidget = _combo(row, preferences)
    elif isinstance(row.default, bool):
        control = _check_box(row, preferences)
    elif isinstance(row.default, int):
        control = _spin_box(row, preferences)
    else:
        control = _field(row, preferences)
    control.setObjectName(row.key)
    control.setAccessibleName(tr(row.text))
    control.setAccessibleDescription(tr(row.note))
    return control


def _combo(row: Preference, preferences: Preferences) -> QuietComboBox:
    combo = QuietComboBox()
    combo.setFixedWidth(WIDTH)
    for value, words in row.choices:
        combo.addItem(tr(words), value)

    def show() -> None:
        combo.setCurrentIndex(combo.findData(preferences.value(row)))

    show()
    combo.activated.connect(lambda _index: preferences.set(row, combo.currentData()))
    _follow(combo, row, preferences, show)
    return combo


def _check_box(row: Preference, preferences: Preferences) -> QCheckBox:
    box = QCheckBox(tr(row.text))
    box.setChecked(preferences.value(row))
    box.toggled.connect(lambda on: preferences.set(row, bool(on)))
    _follow(box, row, preferences, lambda: box.setChecked(preferences.value(row)))
    return box


def _spin_box(row: Preference, preferences: Preferences) -> QSpinBox:
    box = make_quiet(QSpinBox(minimum=row.least, maximum=row.most, singleStep=row.step, suffix=tr(row.unit)))
    box.setFixedWidth(WIDTH // 2)
    box.setKeyboardTracking(False)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setValue(preferences.value(row))
    box.valueChanged.connect(lambda value: preferences.set(row, value))
    _follow(box, row, preferences, lambda: box.setValue(preferences.value(row)))
    return box


def _field(row: Preference, preferences: Preferences) -> QLineEdit:
    field = QLineEdit(str(preferences.value(row)))
    field.setFixedWidth(WIDTH)
    field.editingFinished.connect(lambda: preferences.set(row, field.text().strip()))
    _follow(field, row, preferences, lambda: field.setText(str(preferences.value(row))))
    return field


class _Follower(QObject):
    """Shows a row anew when it is changed elsewhere, as long as its control lives."""

    def __init__(self, control: QWidget, row: Preference, show: Callable[[], object]) -> None:
        super().__init__(control)
        self._key, self._show = row.key, show

    def changed(self, key: str) -> None:
        """A row was changed."""
        if key == self._key:
            self._show()


def _follow(control: QWidget, row: Preference, preferences: Preferences, show: Callable[[], object]) -> None:
    preferences.changed.connect(_Follower(control, row, show).changed)
