"""The choices that a format leaves open, as a form made from its options."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from app.translate import tr
from app.views.widgets import GAP, QuietComboBox, label
from medsapiens_core.exchange.facts import FormatOption


class OptionsForm(QWidget):
    """`values()` are the options that differ from what the format does by itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(GAP)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._options: tuple[FormatOption, ...] = ()
        self.fields: dict[str, QComboBox | QLineEdit] = {}

    def set_options(self, options: Sequence[FormatOption]) -> None:
        """Ask for these; what was said of the same options stays."""
        if tuple(options) == self._options:
            return
        self._options = tuple(options)
        while self._form.rowCount():
            self._form.removeRow(0)
        self.fields = {option.key: self._field(option) for option in options}
        self.setVisible(bool(options))

    def values(self) -> dict[str, str]:
        """Option -> its value."""
        found = {}
        for option in self._options:
            field = self.fields[option.key]
            value = str(field.currentData()) if isinstance(field, QComboBox) else field.text().strip()
            if value and value != (option.values[0][0] if option.values else ""):
                found[option.key] = value
        return found

    def _field(self, option: FormatOption) -> QComboBox | QLineEdit:
        field: QComboBox | QLineEdit
        if option.values:
            field = QuietComboBox()
            for value, words in option.values:
                field.addItem(tr(words), value)
        else:
            field = QLineEdit()
        field.setAccessibleName(tr(option.words))
        self._form.addRow(label(option.words, "caption"), field)
        return field
