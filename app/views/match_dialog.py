"""Match landmarks by hand: beside each of the project's landmarks the one that stands for it, or none (M20)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from app.session.match_state import MatchState
from app.translate import tr, trn
from app.views.fitting import FittingDialog
from app.views.widgets import MARGIN, UNIT, QuietComboBox, button, label

NONE = "–"
COMBO_WIDTH = 260


class MatchDialog(FittingDialog):
    """`answer()` maps ids of what is wanted to ids of what is offered. One that is chosen twice cannot be accepted."""

    def __init__(self, state: MatchState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(state.title)
        self.resize(620, min(220 + 36 * len(state.wanted), 680))
        self.combos: dict[str, QuietComboBox] = {}
        self._names = dict(state.offered)
        self._count = label("", "caption", wrap=True)
        self.accept_button = button("Use these", primary=True)
        area = self._rows(state)
        buttons = QDialogButtonBox()
        buttons.addButton(button("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(MARGIN)
        layout.addWidget(label(state.text, wrap=True))
        layout.addWidget(area, 1)
        layout.addWidget(self._count)
        layout.addWidget(buttons)
        self._check()

    def answer(self) -> dict[str, str]:
        """What stands for what; landmarks without one are left out."""
        chosen = {mark: combo.currentData() for mark, combo in self.combos.items()}
        return {mark: one for mark, one in chosen.items() if one}

    def _rows(self, state: MatchState) -> QScrollArea:
        area, inner = QScrollArea(), QWidget()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the choosers have it; Tab scrolls to them
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, MARGIN, 0)
        grid.setVerticalSpacing(UNIT)
        grid.setColumnStretch(0, 1)
        grid.addWidget(label("Landmark of the template", "caption"), 0, 0)
        grid.addWidget(label("Landmark of the model", "caption"), 0, 1)
        for place, (mark, name) in enumerate(state.wanted, start=1):
            combo = QuietComboBox()
            combo.setFixedWidth(COMBO_WIDTH)
            combo.setAccessibleName(tr("Stands for {name}", name=name))
            combo.addItem(NONE, "")
            for one, words in state.offered:
                combo.addItem(words, one)
            combo.setCurrentIndex(max(combo.findData(state.match.get(mark, "")), 0))
            combo.currentIndexChanged.connect(lambda _index: self._check())
            self.combos[mark] = combo
            words_of = label(name, wrap=True)
            words_of.setBuddy(combo)
            grid.addWidget(words_of, place, 0)
            grid.addWidget(combo, place, 1, Qt.AlignmentFlag.AlignRight)
        grid.setRowStretch(grid.rowCount(), 1)
        area.setWidget(inner)
        return area

    def _check(self) -> None:
        answer = self.answer()
        chosen = list(answer.values())
        twice = next((one for one in chosen if chosen.count(one) > 1), "")
        left = len(self.combos) - len(answer)
        if twice:
            text = tr("{name} is chosen twice: it can stand for one landmark only.", name=self._names[twice])
        else:
            text = trn("One landmark has no match.", "{n} landmarks have no match.", left) if left else ""
        self._count.setText(text)
        self.accept_button.setEnabled(bool(answer) and not twice)
        self.accept_button.setToolTip(text if twice else "")
