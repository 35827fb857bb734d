"""The rules of the gate as lines with a sign; what must be looked at before promoting has a button that shows it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app import theme
from app.session.comparison_state import GateLine
from app.translate import tr
from app.views import icons
from app.views.widgets import GAP, UNIT, button, empty, label

SIZE = 18


class GateLines(QWidget):
    """Emits `show_requested(place of the line)`."""

    show_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(UNIT)
        self._grid.setHorizontalSpacing(GAP)
        self._grid.setColumnStretch(1, 1)

    def set_lines(self, lines: tuple[GateLine, ...], seen: frozenset[int], names: dict[str, str]) -> None:
        """Show these rules; `seen` are the places of lines that were looked at, `names` those of landmarks by id."""
        empty(self._grid)
        for place, line in enumerate(lines):
            self._add(place, line, place in seen, names)

    def _add(self, place: int, line: GateLine, is_seen: bool, names: dict[str, str]) -> None:
        sign, role, words = ("check", "good", tr("passed"))
        if not line.ok:
            sign, role, words = ("warning", "caution", tr("to be looked at"))
        if line.blocks:
            sign, role, words = ("error", "bad", tr("not passed"))
        mark = QLabel()
        mark.setPixmap(icons.picture(sign, theme.colour(role).name(), self.devicePixelRatioF(), SIZE))
        mark.setAccessibleName(words)
        mark.setToolTip(f"{line.rule}: {words}")
        self._grid.addWidget(mark, place, 0)
        self._grid.addWidget(label(line.text, wrap=True), place, 1)
        if must_be_seen(line):
            what = names.get(line.landmark, line.landmark) if line.landmark else tr("the cases")
            show = button(tr("Show {what}", what=what))
            show.setToolTip(tr("Looked at.") if is_seen else tr("Look at this before you decide."))
            show.clicked.connect(lambda: self.show_requested.emit(place))
            self._grid.addWidget(show, place, 2)


def must_be_seen(line: GateLine) -> bool:
    """True for a rule that is not met and names a landmark or cases."""
    return not line.ok and bool(line.landmark or line.case_ids)
