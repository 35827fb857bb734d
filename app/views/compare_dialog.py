"""A candidate beside the model in use on the same locked cases, and the decision about it (ux.md 2.6)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.session.view_state import ComparisonState, GateLine, ModelFigures
from app.views import icons
from app.views.compare_charts import CaseDots, LandmarkBars
from app.views.widgets import GAP, MARGIN, UNIT, button, label, repolish

VERDICTS = {"better": ("check", "good"), "worse": ("error", "bad"), "undecided": ("warning", "caution")}
TOO_FEW = ("warning", "caution")


class CompareDialog(QDialog):
    """Emits `promote_requested(name, reason)`, `discard_requested(name)`, `case_requested(case id)`."""

    promote_requested = Signal(str, str)
    discard_requested = Signal(str)
    case_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare models")
        self.resize(1080, 740)
        self._comparison: ComparisonState | None = None
        self._title = label("", "title", wrap=True)
        self._verdict_icon, self._verdict = QLabel(), label("", "section", wrap=True)
        self._figures = QHBoxLayout()
        self._figures.setSpacing(GAP)
        self._gate = QGridLayout()
        self._gate.setVerticalSpacing(UNIT + 2)
        self._gate.setColumnStretch(1, 1)
        self.bars, self.dots = LandmarkBars(), CaseDots()
        self.dots.case_clicked.connect(self.case_requested)
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Why")
        self.reason.textChanged.connect(lambda _text: self._check())
        self.promote_button = button("Promote", primary=True)
        self.discard_button = button("Discard candidate")
        self.close_button = button("Keep for later")
        self.promote_button.clicked.connect(self._promote)
        self.discard_button.clicked.connect(self._discard)
        self.close_button.clicked.connect(self.close)
        self._lay_out()

    def set_comparison(self, comparison: ComparisonState) -> None:
        """Show a comparison."""
        self._comparison = comparison
        old = comparison.old.model if comparison.old else "no model in use"
        self._title.setText(f"{comparison.candidate}  against  {old}")
        self.reason.clear()
        self.bars.set_figures(comparison.per_landmark, comparison.unit)
        self.dots.set_figures(comparison.cases, comparison.unit)
        self.promote_button.setText(f"Promote {comparison.candidate}")
        self.refresh()
        self.close_button.setFocus()

    def refresh(self) -> None:
        """Draw what depends on the theme again."""
        comparison = self._comparison
        if comparison is None:
            return
        ratio = self.devicePixelRatioF()
        name, role = VERDICTS.get(comparison.verdict, TOO_FEW)
        self._verdict_icon.setPixmap(icons.picture(name, theme.colour(role).name(), ratio))
        self._verdict.setText(comparison.verdict_text)
        self._show_figures(comparison)
        self._show_gate(comparison.gate)
        self.dots.update()
        self.bars.update()
        self._check()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(MARGIN)
        layout.addWidget(self._title)
        verdict = QHBoxLayout()
        verdict.setSpacing(GAP)
        verdict.addWidget(self._verdict_icon, 0, Qt.AlignmentFlag.AlignTop)
        verdict.addWidget(self._verdict, 1)
        layout.addLayout(verdict)
        layout.addLayout(self._figures)
        layout.addLayout(self._gate)
        charts = QHBoxLayout()
        charts.setSpacing(MARGIN)
        charts.addWidget(_titled("Per landmark", _scrolled(self.bars)), 3)
        charts.addWidget(_titled("Per case  ·  a click opens it", self.dots), 2)
        layout.addLayout(charts, 1)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.discard_button)
        row.addWidget(self.close_button)
        row.addWidget(self.reason, 1)
        row.addWidget(self.promote_button)
        layout.addLayout(row)

    def _show_figures(self, comparison: ComparisonState) -> None:
        _empty(self._figures)
        old, new, unit = comparison.old, comparison.new, comparison.unit
        self._figures.addWidget(
            _figure("Locked cases", f"{comparison.n_cases}", "read by people, kept out of training")
        )
        self._figures.addWidget(_figure("Mean radial error", _arrow(old, new, unit), "smaller is better"))
        if comparison.difference is not None:
            mean, low, high = comparison.difference
            span = f"{low:+.2f} to {high:+.2f} {unit} (95 %, {comparison.method})"
            self._figures.addWidget(_figure("Change", _minus(f"{mean:+.2f} {unit}"), _minus(span)))
        for distance in ("2", "2.0"):
            if distance in new.sdr:
                text = f"{new.sdr[distance] * 100:.0f} %"
                before = f"{old.sdr[distance] * 100:.0f}  →  " if old and distance in old.sdr else ""
                self._figures.addWidget(_figure(f"Found within 2 {unit}", before + text, "larger is better"))
                break

    def _show_gate(self, lines: tuple[GateLine, ...]) -> None:
        _empty(self._gate)
        ratio = self.devicePixelRatioF()
        for place, rule in enumerate(lines):
            sign, role = ("check", "good") if rule.ok else ("warning", "caution")
            mark = QLabel()
            mark.setPixmap(icons.picture(sign, theme.colour(role).name(), ratio, 18))
            mark.setAccessibleName("passed" if rule.ok else "not passed")
            mark.setToolTip(rule.rule)
            self._gate.addWidget(mark, place, 0)
            self._gate.addWidget(label(rule.text, wrap=True), place, 1)

    def _check(self) -> None:
        """Promote needs a reason where a rule of the gate is not met."""
        comparison = self._comparison
        if comparison is None:
            return
        failed = not all(rule.ok for rule in comparison.gate) or comparison.verdict != "better"
        hint = "Why promote it anyway? (needed, kept in the record)" if failed else "Reason (kept in the record)"
        self.reason.setPlaceholderText(hint)
        missing = failed and not self.reason.text().strip()
        self.promote_button.setEnabled(comparison.can_promote and not missing)
        explanation = hint if missing else "Put this model in use; rolling back is one click"
        self.promote_button.setToolTip(explanation if comparison.can_promote else comparison.refusal)
        self.reason.setVisible(comparison.can_promote)
        self.discard_button.setVisible(comparison.can_discard)
        self.close_button.setText("Keep for later" if comparison.can_promote else "Close")
        repolish(self.promote_button)

    def _promote(self) -> None:
        if self._comparison is not None:
            self.promote_requested.emit(self._comparison.candidate, self.reason.text().strip())

    def _discard(self) -> None:
        if self._comparison is not None:
            self.discard_requested.emit(self._comparison.candidate)


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _arrow(old: ModelFigures | None, new: ModelFigures, unit: str) -> str:
    before = "" if old is None or old.mre is None else f"{old.mre:.2f}  →  "
    return before + ("no figure" if new.mre is None else f"{new.mre:.2f} {unit}")


def _figure(title: str, value: str, note: str) -> QFrame:
    card = QFrame()
    card.setProperty("role", "card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
    layout.setSpacing(2)
    layout.addWidget(label(title, "caption"))
    layout.addWidget(label(value, "title"))
    layout.addWidget(label(note, "caption", wrap=True))
    return card


def _titled(title: str, content: QWidget) -> QFrame:
    card = QFrame()
    card.setProperty("role", "card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
    layout.addWidget(label(title, "section"))
    layout.addWidget(content, 1)
    return card


def _scrolled(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
    area.setWidget(content)
    return area


def _empty(layout: QHBoxLayout | QGridLayout) -> None:
    while layout.count():
        old = layout.takeAt(0).widget()
        if old is not None:
            old.hide()
            old.deleteLater()
