"""The part of the measurement editor that picks points, or the two values of a sum, or what a leg axis needs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from app.theme import px
from app.translate import tr
from app.views.widgets import QuietComboBox, label
from medsapiens_core.measurements.definitions import HKA_ROLES, MEDIAL, OPERANDS, Kind, Measure, Operand

MIDDLE = " and "
NAME_WIDTH = 136
ROLES = {"deviation": "Signed deviation (varus +)", "angle": "HKA angle"}
SIDES = {"": "not stated: no sign", "image-right": "right on the image", "image-left": "left on the image"}
Entries = Sequence[tuple[object, str]]


class Operands(QWidget):
    """`changed(dict)`: the parts of the measure that were changed, by field name."""

    changed = Signal(dict)

    def __init__(self, landmarks: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._landmarks = tuple(landmarks)
        self._names = dict(landmarks)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.boxes: list[QuietComboBox] = []

    def show_measure(self, measure: Measure, others: Sequence[tuple[str, str]]) -> None:
        """Show the pickers that its kind needs; `others` are the measures that a sum may use."""
        while self._form.rowCount():
            self._form.removeRow(0)
        self.boxes = []
        if measure.kind is Kind.COBB:
            text = tr("The corners of {n} vertebrae, as in the file of the set.", n=len(measure.labels))
            self._form.addRow(label(text, "muted", wrap=True))
        elif measure.kind is Kind.COMBINE:
            self._show_terms(measure, others)
        else:
            for place, text in enumerate(OPERANDS[measure.kind]):
                self._add_point(measure, place, text)
            if measure.kind is Kind.HKA:
                self._show_leg(measure)

    def _add_point(self, measure: Measure, place: int, text: str) -> None:
        now = measure.points[place]
        entries: list[tuple[Operand, str]] = [((mark,), name) for mark, name in self._landmarks]
        if now not in [operand for operand, _name in entries]:
            entries.insert(0, (now, MIDDLE.join(self._names.get(mark, mark) for mark in now)))
        box = self._box(tr(text).capitalize(), entries, now)

        def tell(row: int) -> None:
            points: list[Operand] = list(measure.points)
            points[place] = entries[row][0]
            self.changed.emit({"points": tuple(points)})

        box.activated.connect(tell)

    def _show_terms(self, measure: Measure, others: Sequence[tuple[str, str]]) -> None:
        terms = list(measure.terms)
        for place, (term, weight) in enumerate(terms):
            box = self._box(tr("Value"), list(others), term)
            box.activated.connect(lambda row, at=place: self._tell_term(terms, at, others[row][0], None))
            signs: Entries = [(1.0, tr("added")), (-1.0, tr("taken away"))]
            if weight not in (1.0, -1.0):
                signs = [*signs, (weight, tr("times {weight}", weight=f"{weight:g}"))]
            sign = self._box(tr("is"), signs, weight)
            sign.activated.connect(lambda row, at=place, known=signs: self._tell_term(terms, at, None, known[row][0]))

    def _tell_term(self, terms: list[tuple[str, float]], at: int, term: str | None, weight: object) -> None:
        before = terms[at]
        terms[at] = (before[0] if term is None else term, before[1] if weight is None else float(str(weight)))
        self.changed.emit({"terms": tuple(terms)})

    def _show_leg(self, measure: Measure) -> None:
        roles = [(role, tr(ROLES[role])) for role in HKA_ROLES]
        self._box(tr("Figure"), roles, measure.role).activated.connect(
            lambda row: self.changed.emit({"role": roles[row][0]})
        )
        sides = [(side, tr(SIDES[side])) for side in ("", *MEDIAL)]
        self._box(tr("Midline of the body"), sides, measure.medial).activated.connect(
            lambda row: self.changed.emit({"medial": sides[row][0]})
        )

    def _box(self, text: str, entries: Entries, now: object) -> QuietComboBox:
        box = QuietComboBox()
        box.setAccessibleName(text)
        for _value, name in entries:
            box.addItem(name)
        box.setCurrentIndex(next((row for row, (value, _name) in enumerate(entries) if value == now), -1))
        self._form.addRow(field_name(text, box), box)
        self.boxes.append(box)
        return box


def field_name(text: str, field: QWidget) -> QLabel:
    """What stands before a field: as wide before every field, so that they are below one another."""
    widget = label(text)
    widget.setBuddy(field)
    widget.setMinimumWidth(px(NAME_WIDTH))
    return widget
