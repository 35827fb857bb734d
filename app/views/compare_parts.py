"""Small parts of the comparison window: cards with one figure each, and pages that scroll."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.session.comparison_state import ComparisonState, ModelFigures
from app.translate import tr
from app.views.widgets import GAP, empty, label


def fill_figures(row: QHBoxLayout, comparison: ComparisonState) -> None:
    """Put the main figures of a comparison in a row of cards."""
    empty(row)
    old, new, unit = comparison.old, comparison.new, comparison.unit
    row.addWidget(_figure(tr("Mean radial error"), _arrow(old, new, unit), tr("smaller is better")))
    if comparison.difference is not None:
        mean, low, high = comparison.difference
        span = tr("95 %: {low} to {high} {unit}", low=f"{low:+.2f}", high=f"{high:+.2f}", unit=unit)
        card = _figure(tr("Change"), _minus(f"{mean:+.2f} {unit}"), _minus(span))
        card.setToolTip(comparison.method)
        row.addWidget(card)
    if "2" in new.sdr:
        before = f"{old.sdr['2'] * 100:.0f}  →  " if old and "2" in old.sdr else ""
        title = tr("Found within 2 {unit}", unit=unit)
        row.addWidget(_figure(title, f"{before}{new.sdr['2'] * 100:.0f} %", tr("larger is better")))


def scrolled(content: QWidget) -> QScrollArea:
    """A page as wide as its place, that scrolls up and down."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, GAP, GAP, 0)
    layout.addWidget(content)
    layout.addStretch(1)
    area.setWidget(holder)
    return area


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _arrow(old: ModelFigures | None, new: ModelFigures, unit: str) -> str:
    before = "" if old is None or old.mre is None else f"{old.mre:.2f}  →  "
    return before + (tr("no figure") if new.mre is None else f"{new.mre:.2f} {unit}")


def _figure(title: str, value: str, note: str) -> QFrame:
    card = QFrame()
    card.setProperty("role", "card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(GAP, GAP, GAP, GAP)
    layout.setSpacing(2)
    layout.addWidget(label(title, "caption"))
    layout.addWidget(label(value, "title"))
    layout.addWidget(label(note, "caption", wrap=True))
    return card
