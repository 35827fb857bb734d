"""The grey values of the picture with the window as two handles: opened from the W/L field of the status bar."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDoubleSpinBox, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app import theme
from app.session.presets import sample, value_range
from app.session.view_state import ImageState
from app.translate import tr
from app.views.film_view import FilmView
from app.views.widgets import GAP, MARGIN, button, inset, label

SIZE = (360, 150)
BINS = 256


class HistogramPopup(QFrame):
    """Window and level of the image view, by handles, by number, or at once."""

    def __init__(self, view: FilmView, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Window and level"))
        self._view = view
        self._busy = False
        self.plot = pg.PlotWidget(background=theme.SURROUND)
        self.handles = pg.LinearRegionItem(swapMode="push")
        self.width_box, self.level_box = _number(tr("Window")), _number(tr("Level"))
        self._auto, self._file = button("Auto"), button("As the file says")
        self._lay_out()
        self._draw(view.image)
        self._show_window(*view.window_range)
        self.handles.sigRegionChanged.connect(self._handles_moved)
        self.width_box.valueChanged.connect(self._numbers_changed)
        self.level_box.valueChanged.connect(self._numbers_changed)
        self._auto.clicked.connect(view.auto_window)
        self._file.clicked.connect(self._use_file)
        view.window_changed.connect(self._show_window)

    def open_above(self, anchor: QWidget) -> None:
        """Show it over a field of the status bar."""
        self.adjustSize()
        corner = anchor.mapToGlobal(QPoint(anchor.width(), 0))
        screen = anchor.screen().availableGeometry()
        left = min(max(corner.x() - self.width(), screen.left()), screen.right() - self.width())
        self.move(left, corner.y() - self.height() - GAP)
        self.show()
        self.width_box.setFocus(Qt.FocusReason.PopupFocusReason)

    def _lay_out(self) -> None:
        self.plot.setFixedSize(*SIZE)
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.hideAxis("left")
        self.plot.setAccessibleName(tr("Histogram of the grey values"))
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        numbers = QGridLayout()
        numbers.setSpacing(GAP)
        for column, (name, box) in enumerate(((tr("Window"), self.width_box), (tr("Level"), self.level_box))):
            numbers.addWidget(label(name, "caption"), 0, 2 * column)
            numbers.addWidget(box, 0, 2 * column + 1)
        row = QHBoxLayout()
        row.addWidget(self._auto)
        row.addWidget(self._file)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addWidget(label("Window and level", "section"))
        column.addWidget(self.plot)
        column.addLayout(numbers)
        column.addLayout(row)

    def _draw(self, image: ImageState | None) -> None:
        if image is None:
            return
        low, high = value_range(image)
        high = max(high, low + 1.0)
        counts, edges = np.histogram(sample(image), BINS, (low, high))
        colour = QColor(theme.MARKER_COLOURS["predicted"])
        self.plot.plot(edges, np.sqrt(counts), stepMode="center", fillLevel=0, brush=colour, pen=None)
        self.plot.addItem(self.handles)
        room = (high - low) * 0.02
        self.plot.setXRange(low - room, high + room, padding=0)
        step = max((high - low) / 200, 1e-6)
        for box in (self.width_box, self.level_box):
            box.setSingleStep(round(step) if step >= 1 else step)
            box.setDecimals(0 if high - low > 50 else 3)

    def _show_window(self, low: float, high: float) -> None:
        if self._busy:
            return
        self._busy = True
        self.handles.setRegion((low, high))
        self.width_box.setValue(high - low)
        self.level_box.setValue((low + high) / 2)
        self._busy = False

    def _handles_moved(self) -> None:
        low, high = self.handles.getRegion()
        self._change(float(low), float(high))

    def _numbers_changed(self) -> None:
        width, level = self.width_box.value(), self.level_box.value()
        self._change(level - width / 2, level + width / 2)

    def _change(self, low: float, high: float) -> None:
        if not self._busy:
            self._view.change_window(low, max(high, low + 1e-6))

    def _use_file(self) -> None:
        if self._view.image is not None:
            self._view.change_window(*self._view.image.window)


def _number(name: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(-1e6, 1e6)
    box.setKeyboardTracking(False)
    inset(box)
    box.setAccessibleName(name)
    box.setMinimumWidth(110)
    return box
