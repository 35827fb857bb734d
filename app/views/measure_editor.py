"""The measurement editor (ux.md 11.2): points, kind, name, unit, tolerance, with the value on the open case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.session import measure_draft as draft
from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.measure_operands import Operands, field_name
from app.views.widgets import GAP, MARGIN, QuietComboBox, button, inset, label
from medsapiens_core.measurements.definitions import Kind, Measure, MeasureSet
from medsapiens_core.measurements.set_file import set_to_json

Preview = Callable[[MeasureSet, Measure], str]
UNIT_NAMES = {"deg": "degrees", "mm": "mm (px without a pixel size)", "%": "%", "1": "plain number"}
UNSAVED = "Not saved yet: Save keeps the changes, Discard drops them."


class MeasureEditor(FittingDialog):
    """`saved(dict)`: the set as `msmeasures/1`; `removed(str)`: take the project's own version away."""

    saved = Signal(dict)
    removed = Signal(str)

    def __init__(self, landmarks: Sequence[tuple[str, str]], preview: Preview, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Edit measurements"))
        self.resize(760, 520)
        self._landmarks, self._preview = tuple(landmarks), preview
        self._set: MeasureSet | None = None
        self._saved: MeasureSet | None = None
        self._current = ""
        self.set_name = QLineEdit()
        self.set_name.setAccessibleName(tr("Name of the set"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Measurements of the set"))
        self.name = QLineEdit()
        self.kind = QuietComboBox()
        for kind, text in draft.KINDS:
            self.kind.addItem(tr(text), kind)
        self.operands = Operands(self._landmarks)
        self.unit = QuietComboBox()
        self.decimals = QSpinBox(maximum=6)
        inset(self.decimals)
        self.tolerance = QDoubleSpinBox(maximum=1000, decimals=2, singleStep=0.5, specialValueText="none")
        inset(self.tolerance)
        self.value = label("", "title", wrap=True)
        self.fault = label("", "muted", wrap=True)
        self._lay_out()
        self._connect()

    def edit(self, measures: MeasureSet | None, template_id: str, *, is_own: bool, was_shipped: bool) -> None:
        """Begin with a set; None begins a new one."""
        marks = tuple(mark for mark, _name in self._landmarks)
        if measures is None:
            measures = MeasureSet("own", tr("My measurements"), (draft.new_measure(None, marks),), (template_id,))
            self._saved = None
        else:
            self._saved = measures
        self.remove_set.setVisible(is_own)
        self.remove_set.setText(tr("Back to shipped") if was_shipped else tr("Delete set"))
        self._take(measures, measures.measures[0].id)
        self.set_name.setText(measures.name)

    @property
    def measures(self) -> MeasureSet | None:
        """The set as it is now."""
        return self._set

    @property
    def is_dirty(self) -> bool:
        """True while something is not saved."""
        return self._set != self._saved

    def reject(self) -> None:
        """Esc closes only when nothing is unsaved."""
        if self.is_dirty:
            self.fault.setText(tr(UNSAVED))
            return
        super().reject()

    # --- layout

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.addWidget(label("Set", "caption"))
        left.addWidget(self.set_name)
        left.addWidget(self.list, 1)
        row = QHBoxLayout()
        self.add, self.copy, self.remove = button("Add"), button("Copy"), button("Remove")
        for one in (self.add, self.copy, self.remove):
            row.addWidget(one)
        left.addLayout(row)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field in ((tr("Name"), self.name), (tr("Kind"), self.kind)):
            field.setAccessibleName(text)
            form.addRow(field_name(text, field), field)
        form.addRow(self.operands)
        fields = (
            (tr("Unit"), self.unit),
            (tr("Decimals"), self.decimals),
            (tr("Tolerance"), self.tolerance),
        )
        for text, field in fields:
            field.setAccessibleName(text)
            form.addRow(field_name(text, field), field)
        right = QVBoxLayout()
        right.addLayout(form)
        right.addSpacing(GAP)
        right.addWidget(label("On the open case", "caption"))
        right.addWidget(self.value)
        right.addStretch(1)
        right.addWidget(self.fault)
        columns = QHBoxLayout()
        columns.addLayout(left, 2)
        columns.addSpacing(MARGIN)
        columns.addLayout(right, 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.addLayout(columns, 1)
        layout.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.remove_set = button("Delete set")
        self.discard, self.save = button("Discard"), button("Save", primary=True)
        row.addWidget(self.remove_set)
        row.addStretch(1)
        row.addWidget(self.discard)
        row.addWidget(self.save)
        return row

    def _connect(self) -> None:
        self.list.currentRowChanged.connect(self._chosen)
        self.name.textEdited.connect(lambda text: self._change(name=text.strip() or tr("Measurement")))
        self.set_name.textEdited.connect(self._rename_set)
        self.kind.activated.connect(self._change_kind)
        self.operands.changed.connect(lambda parts: self._change(**parts))
        self.unit.activated.connect(lambda row: self._change(unit=self.unit.itemData(row)))
        self.decimals.valueChanged.connect(lambda number: self._change(decimals=number))
        self.tolerance.valueChanged.connect(lambda number: self._change(tolerance=number or None))
        self.add.clicked.connect(self._add)
        self.copy.clicked.connect(self._copy)
        self.remove.clicked.connect(self._remove)
        self.save.clicked.connect(self._save)
        self.discard.clicked.connect(self._discard)
        self.remove_set.clicked.connect(self._remove_set)

    # --- changing

    @property
    def _measure(self) -> Measure:
        assert self._set is not None
        return self._set.by_id[self._current]

    def _change(self, **parts: object) -> None:
        if self._set is not None:
            self._try(lambda measures: draft.with_measure(measures, self._current, replace(self._measure, **parts)))

    def _change_kind(self, row: int) -> None:
        marks = tuple(mark for mark, _name in self._landmarks)
        others = tuple(m.id for m in self._set.measures if m.id != self._current) if self._set else ()
        changed = draft.of_kind(self._measure, Kind(self.kind.itemData(row)), marks, others)
        self._try(lambda measures: draft.with_measure(measures, self._current, changed))

    def _add(self) -> None:
        marks = tuple(mark for mark, _name in self._landmarks)
        self._append(draft.new_measure(self._set, marks))

    def _copy(self) -> None:
        if self._set is not None:
            name = tr("{name} (copy)", name=self._measure.name)
            self._append(replace(self._measure, id=draft.new_id(name, tuple(self._set.by_id)), name=name))

    def _append(self, measure: Measure) -> None:
        self._try(lambda m: draft.replace_measures(m, (*m.measures, measure)), measure.id)

    def _remove(self) -> None:
        if self._set is not None:
            left = [m.id for m in self._set.measures if m.id != self._current]
            self._try(lambda measures: draft.without(measures, self._current), left[0] if left else "")

    def _rename_set(self, text: str) -> None:
        if self._set is not None:
            self._set = replace(self._set, name=text.strip() or tr("My measurements"))
            self._tell()

    def _try(self, change: Callable[[MeasureSet], MeasureSet], then: str = "") -> None:
        """Take a change, or say why it is not possible and show what was."""
        if self._set is None:
            return
        try:
            changed = change(self._set)
        except ValueError as error:
            self._show()
            self.fault.setText(tr("Not possible: {reason}", reason=error))
            return
        self._take(changed, then or self._current)

    def _take(self, measures: MeasureSet, current: str) -> None:
        self._set, self._current = measures, current
        self._show()

    def _chosen(self, row: int) -> None:
        if self._set is not None and 0 <= row < len(self._set.measures):
            self._current = self._set.measures[row].id
            self._show()

    def _save(self) -> None:
        if self._set is not None:
            self._saved = self._set
            self.saved.emit(set_to_json(self._set))
            self.accept()

    def _discard(self) -> None:
        self._set = self._saved
        super().reject()

    def _remove_set(self) -> None:
        if self._set is not None:
            self._saved = self._set
            self.removed.emit(self._set.id)
            self.accept()

    # --- showing

    def _show(self) -> None:
        assert self._set is not None
        measure = self._measure
        self._show_list()
        fields = (self.name, self.kind, self.unit, self.decimals, self.tolerance)
        blocked = [QSignalBlocker(field) for field in fields]
        if self.name.text().strip() != measure.name:
            self.name.setText(measure.name)
        self.kind.setCurrentIndex(self.kind.findData(measure.kind))
        self.kind.setEnabled(measure.kind is not Kind.COBB)
        _fill_units(self.unit, measure)
        self.decimals.setValue(measure.decimals)
        self.tolerance.setValue(measure.tolerance or 0.0)
        del blocked
        others = [(m.id, m.name) for m in self._set.measures if m.id != measure.id]
        self.operands.show_measure(measure, others)
        self._tell()

    def _show_list(self) -> None:
        assert self._set is not None
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems([measure.name for measure in self._set.measures])
            self.list.setCurrentRow([measure.id for measure in self._set.measures].index(self._current))

    def _tell(self) -> None:
        assert self._set is not None
        self.fault.setText("")
        self.value.setText(self._preview(self._set, self._measure))
        self.discard.setEnabled(self.is_dirty)
        self.save.setEnabled(self.is_dirty)


def _fill_units(box: QComboBox, measure: Measure) -> None:
    units = draft.units_of(measure.kind)
    box.clear()
    for unit in units:
        box.addItem(tr(UNIT_NAMES[unit]), unit)
    box.setCurrentIndex(box.findData(measure.unit))
    box.setEnabled(len(units) > 1)


def open_editor(editor: MeasureEditor) -> None:
    """Show it without blocking the window."""
    editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    editor.show()
