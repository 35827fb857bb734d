"""My figures: a reader's own counts and errors, for nobody else's eyes (ux.md 1, 6.5)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.session.figures_state import FiguresState
from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, UNIT, button, label

PRIVATE = "Worked out on this computer when you open this window; stored nowhere and sent nowhere."


class FiguresWindow(FittingDialog):
    """Shows a `FiguresState`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("My figures"))
        self.setModal(False)
        self.resize(640, 600)
        self._title = label("", "title")
        self._warning = label("", "", wrap=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(2 * MARGIN)
        self._grid.setVerticalSpacing(UNIT)
        self._grid.setColumnStretch(0, 1)
        self.values: dict[str, str] = {}
        self._lay_out()

    def set_state(self, state: FiguresState) -> None:
        """Show these figures."""
        self._title.setText(tr("Readings of {reader}", reader=state.reader))
        self._warning.setText(state.warning)
        self._warning.setVisible(bool(state.warning))
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, line in enumerate(state.lines):
            self._grid.addWidget(label(line.name, "section"), 2 * row, 0)
            value = label(line.value)
            value.setAccessibleName(f"{line.name}: {line.value}")
            self._grid.addWidget(value, 2 * row, 1, Qt.AlignmentFlag.AlignRight)
            note = label(line.note, "caption", wrap=True)
            note.setContentsMargins(0, 0, 0, GAP)
            self._grid.addWidget(note, 2 * row + 1, 0, 1, 2)
        self.values = {line.name: line.value for line in state.lines}

    def bring_up(self) -> None:
        """Come to the front."""
        self.show()
        self.raise_()
        self.activateWindow()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(self._title)
        layout.addWidget(self._warning)
        layout.addLayout(self._grid)
        layout.addStretch(1)
        layout.addWidget(label(PRIVATE, "caption", wrap=True))
        foot = QHBoxLayout()
        foot.addStretch(1)
        close = button("Close")
        close.clicked.connect(self.close)
        foot.addWidget(close)
        layout.addLayout(foot)
