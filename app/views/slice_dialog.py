"""Volumes and cine files need one picture each: which direction, which slice."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.session.view_state import SliceChoice
from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, QuietComboBox, button, inset, label

AXES = ("first axis", "second axis", "third axis")


class SliceRow(QFrame):
    """One file: use it or not, along which axis, which slice (counted from 1 on screen, from 0 in the answer)."""

    def __init__(self, choice: SliceChoice) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.choice = choice
        self.use = QCheckBox(choice.name)
        self.use.setChecked(True)
        self.use.setToolTip(choice.path)
        self.axis = QuietComboBox()
        self.axis.setAccessibleName(tr("Direction for {name}", name=choice.name))
        self.slice = QSpinBox()
        inset(self.slice)
        self.slice.setAccessibleName(tr("Slice of {name}", name=choice.name))
        self._count = label("", "caption")
        self._fill_axes(choice)
        self.axis.currentIndexChanged.connect(self._renew_range)
        self.use.toggled.connect(self.slice.setEnabled)
        self.use.toggled.connect(self.axis.setEnabled)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self.use, 1)
        layout.addWidget(self.axis)
        layout.addWidget(self.slice)
        layout.addWidget(self._count)
        self._renew_range()

    def answer(self) -> tuple[int | None, int]:
        """Axis (None for a cine file) and slice, counted from 0."""
        return self.axis.currentData(), self.slice.value() - 1

    def _fill_axes(self, choice: SliceChoice) -> None:
        for axis, count in enumerate(choice.counts or ()):
            if count > 0:
                self.axis.addItem(tr(AXES[axis]), axis)
        self.axis.setVisible(self.axis.count() > 0)
        place = self.axis.findData(choice.axis)
        self.axis.setCurrentIndex(max(place, 0))

    def _renew_range(self) -> None:
        axis, counts = self.axis.currentData(), self.choice.counts
        count = self.choice.frames if counts is None or axis is None else counts[axis]
        self.slice.setRange(1, max(count, 1))
        self.slice.setValue((count + 1) // 2)
        self._count.setText(tr("of {count}", count=count))


class SliceDialog(FittingDialog):
    """`answer()` maps the path of each file that is used to (axis or None, slice from 0)."""

    def __init__(self, choices: Sequence[SliceChoice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Choose a slice"))
        self.resize(620, min(160 + 56 * len(choices), 560))
        self.rows = [SliceRow(choice) for choice in choices]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(MARGIN)
        text = tr("These files hold more than one picture. A case is one picture: choose it.")
        layout.addWidget(label(text, wrap=True))
        layout.addWidget(self._make_list(), 1)
        buttons = QDialogButtonBox()
        buttons.addButton(button("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(button("Import", primary=True), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def answer(self) -> dict[str, tuple[int | None, int]]:
        """What to read of each file that is used."""
        return {row.choice.path: row.answer() for row in self.rows if row.use.isChecked()}

    def _make_list(self) -> QScrollArea:
        area, inner = QScrollArea(), QWidget()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for row in self.rows:
            column.addWidget(row)
        column.addStretch(1)
        area.setWidget(inner)
        return area
