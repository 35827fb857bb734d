"""A candidate beside the model in use on the same locked cases, and the decision about it (ux.md 2.6)."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSplitter, QTabWidget, QVBoxLayout, QWidget

from app import theme
from app.session.comparison_state import XY, CaseFigures, ComparisonState
from app.session.view_state import ImageState
from app.translate import tr
from app.views import icons
from app.views.case_changes import CaseChanges
from app.views.compare_charts import CaseDots, LandmarkBars
from app.views.compare_parts import fill_figures, scrolled
from app.views.compare_picture import ComparePicture
from app.views.fitting import FittingDialog
from app.views.gate_lines import GateLines, must_be_seen
from app.views.widgets import GAP, MARGIN, button, label, repolish

VERDICTS = {"better": ("check", "good"), "worse": ("error", "bad"), "undecided": ("warning", "caution")}
REFUSED, TOO_FEW = ("error", "bad"), ("warning", "caution")
KEYS = (Qt.Key.Key_Space, Qt.Key.Key_H, Qt.Key.Key_Left, Qt.Key.Key_Right)


class CompareDialog(FittingDialog):
    """Emits `promote_requested(name)`, `discard_requested(name)`, `keep_requested(name)`, `case_requested(case id)`
    to open one for review, and `picture_requested(case id)`, which `set_picture` answers.
    """

    promote_requested = Signal(str)
    discard_requested = Signal(str)
    keep_requested = Signal(str)
    case_requested = Signal(int)
    picture_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Compare models"))
        self.resize(1240, 820)
        self.comparison: ComparisonState | None = None
        self._seen: set[int] = set()
        self._opened: dict[int, set[int]] = {}
        self._title, self._wear = label("", "title"), label("", "caption", wrap=True)
        self._verdict_icon, self._verdict = QLabel(), label("", "section", wrap=True)
        self._figures = QHBoxLayout()
        self._figures.setSpacing(GAP)
        self.gate = GateLines()
        self.gate.show_requested.connect(self._show_line)
        self.bars, self.dots = LandmarkBars(), CaseDots()
        self.changes, self.picture = CaseChanges(), ComparePicture()
        self.dots.case_clicked.connect(self.changes.choose)
        self.changes.chosen.connect(self._show_case)
        self._caption = label("", "caption", wrap=True)
        self.promote_button = button("Promote", primary=True)
        self.discard_button = button("Discard candidate")
        self.keep_button = button("Keep as try-out")
        self.close_button = button("Close")
        self.open_button = button("Open for review")
        self.promote_button.clicked.connect(lambda: self._decide(self.promote_requested))
        self.discard_button.clicked.connect(lambda: self._decide(self.discard_requested))
        self.keep_button.clicked.connect(lambda: self._decide(self.keep_requested))
        self.close_button.clicked.connect(self.close)
        self.open_button.clicked.connect(self._open_case)
        self._lay_out()
        widgets: list[QWidget] = [self.picture, self.changes.table, *self.findChildren(QPushButton)]
        for widget in widgets:
            widget.installEventFilter(self)

    def set_comparison(self, comparison: ComparisonState) -> None:
        """Show a comparison."""
        self.comparison, self._seen, self._opened = comparison, set(), {}
        old = comparison.old.model if comparison.old else tr("no model in use")
        self._title.setText(tr("{new}  against  {old}", new=comparison.candidate, old=old))
        self.bars.set_figures(comparison.per_landmark, comparison.unit)
        self.dots.set_figures(comparison.cases, comparison.unit)
        self.promote_button.setText(tr("Promote {model}", model=comparison.candidate))
        self.discard_button.setText(tr("Discard {model}", model=comparison.candidate))
        self.picture.point_at("")
        self.changes.set_cases(comparison.cases, old, comparison.candidate, comparison.unit)
        self.refresh()
        self.picture.setFocus()

    def set_picture(self, case_id: int, image: ImageState | None, problem: str = "") -> None:
        """Show the film of a case, if it is still the one that is chosen; or say why there is none."""
        case = self.picture.case
        if case is None or case.case_id != case_id:
            return
        if image is None:
            self.picture.set_placeholder(problem)
        else:
            self.picture.show_film(image)

    def refresh(self) -> None:
        """Draw what depends on the theme again."""
        comparison = self.comparison
        if comparison is None:
            return
        name, role = VERDICTS.get(comparison.verdict, TOO_FEW)
        if not comparison.can_promote:
            name, role = REFUSED
        elif any(not line.ok for line in comparison.gate):
            name, role = TOO_FEW
        self._verdict_icon.setPixmap(icons.picture(name, theme.colour(role).name(), self.devicePixelRatioF()))
        self._verdict.setText(comparison.verdict_text)
        self._wear.setText(comparison.wear_text)
        self._wear.setProperty("role", "caution" if comparison.is_worn else "caption")
        repolish(self._wear)
        fill_figures(self._figures, comparison)
        self.changes.refresh()
        self.dots.update()
        self.bars.update()
        self._check()

    def missing(self) -> str:
        """What has to be looked at before promoting; "" when nothing is left."""
        comparison = self.comparison
        lines = comparison.gate if comparison is not None else ()
        left = [line for place, line in enumerate(lines) if must_be_seen(line) and place not in self._seen]
        if not left:
            return ""
        if left[0].landmark:
            return tr("Open the {landmark} cases before deciding.", landmark=self._names().get(left[0].landmark, ""))
        return tr("Open the cases with new gross errors before deciding.")

    # --- keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys of this window work wherever the focus is in it."""
        if isinstance(event, QKeyEvent) and event.key() in KEYS and not event.modifiers():
            is_button = isinstance(watched, QPushButton) and event.key() == Qt.Key.Key_Space
            if not is_button:
                return self._key(event)
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As above, for the window itself."""
        if not self._key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """As above, for the window itself."""
        if not self._key(event):
            super().keyReleaseEvent(event)

    def _key(self, event: QKeyEvent) -> bool:
        is_down = event.type() == QEvent.Type.KeyPress
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._swap(is_down)
        elif event.key() == Qt.Key.Key_H:
            if not event.isAutoRepeat():
                self.picture.set_overlay_visible(not is_down)
                self.picture.truth.setVisible(not is_down)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            if is_down:
                self.changes.step(1 if event.key() == Qt.Key.Key_Right else -1)
        else:
            return False
        return True

    def changeEvent(self, event: QEvent) -> None:
        """Keys that are held are let go with the window: their release never arrives."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow() and self.comparison is not None:
            self._swap(False)
            self.picture.set_overlay_visible(True)
            self.picture.truth.setVisible(True)

    def _swap(self, old: bool) -> None:
        self.picture.swap(old and self.comparison is not None and self.comparison.old is not None)
        self._tell_case()

    # --- cases

    def _show_case(self, case_id: int) -> None:
        comparison = self.comparison
        case = next((case for case in comparison.cases if case.case_id == case_id), None) if comparison else None
        if comparison is None or case is None:
            return
        self.picture.show_case(case, comparison.per_landmark)
        self._tell_case()
        if case.truth:
            self.picture_requested.emit(case_id)
        for place, line in enumerate(comparison.gate):
            if line.case_ids and self._has_opened(line.case_ids, case_id, place):
                self._seen.add(place)
        self._check()

    def _has_opened(self, wanted: tuple[int, ...], case_id: int, place: int) -> bool:
        opened = self._opened.setdefault(place, set())
        opened.add(case_id)
        return opened >= set(wanted)

    def _show_line(self, place: int) -> None:
        """Go to what a rule names: the case where its landmark got worst, or the next case not opened yet."""
        comparison = self.comparison
        if comparison is None:
            return
        line = comparison.gate[place]
        if line.landmark:
            self.changes.choose(self._worst_case(comparison, line.landmark))
            self.picture.point_at(line.landmark)
            self._seen.add(place)
        else:
            left = [case_id for case_id in line.case_ids if case_id not in self._opened.get(place, ())]
            self.changes.choose((left or list(line.case_ids))[0])
        self._check()

    def _worst_case(self, comparison: ComparisonState, landmark: str) -> int:
        position = [mark.id for mark in comparison.per_landmark].index(landmark)
        return max(comparison.cases, key=lambda case: _grown(case, position)).case_id

    def _open_case(self) -> None:
        if self.changes.current is not None:
            self.case_requested.emit(self.changes.current.case_id)

    # --- showing

    def _tell_case(self) -> None:
        comparison, case = self.comparison, self.picture.case
        if comparison is None or case is None:
            return
        shown = comparison.old.model if self.picture.shows_old and comparison.old else comparison.candidate
        hint = tr("hold Space for {model}", model=comparison.old.model) if comparison.old else ""
        parts = (case.name, self.changes.position_text, tr("cross: truth, sign: {model}", model=shown), hint)
        self._caption.setText("  ·  ".join(part for part in parts if part))

    def _check(self) -> None:
        """Promote works once everything that must be looked at was; a refusal is said on the button."""
        comparison = self.comparison
        if comparison is None:
            return
        missing = self.missing()
        self.promote_button.setEnabled(comparison.can_promote and not missing)
        usual = tr("Put this model in use; it can be rolled back.")
        self.promote_button.setToolTip((missing or usual) if comparison.can_promote else comparison.refusal)
        self.discard_button.setVisible(comparison.can_discard)
        self.keep_button.setVisible(comparison.can_discard)
        self.gate.set_lines(comparison.gate, frozenset(self._seen), self._names())
        repolish(self.promote_button)

    def _names(self) -> dict[str, str]:
        return {mark.id: mark.name for mark in self.comparison.per_landmark} if self.comparison else {}

    def _decide(self, signal: SignalInstance) -> None:
        if self.comparison is not None:
            signal.emit(self.comparison.candidate)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, MARGIN, 2 * MARGIN, MARGIN)
        layout.setSpacing(GAP)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        layout.addLayout(head)
        verdict = QHBoxLayout()
        verdict.setSpacing(GAP)
        verdict.addWidget(self._verdict_icon, 0, Qt.AlignmentFlag.AlignTop)
        verdict.addWidget(self._verdict, 1)
        layout.addLayout(verdict)
        layout.addWidget(self._wear)
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self._left())
        parts.addWidget(self._right())
        parts.setSizes([560, 640])
        layout.addWidget(parts, 1)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for widget in (self.discard_button, self.keep_button, self.close_button):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.promote_button)
        layout.addLayout(row)

    def _left(self) -> QWidget:
        side = QWidget()
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, GAP, 0)
        layout.setSpacing(GAP)
        layout.addLayout(self._figures)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.addTab(scrolled(self.gate), tr("Gate"))
        self.tabs.addTab(scrolled(self.bars), tr("Per landmark"))
        self.tabs.addTab(self.dots, tr("Per case"))
        layout.addWidget(self.tabs, 1)
        return side

    def _right(self) -> QWidget:
        side = QWidget()
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.picture, 3)
        row = QHBoxLayout()
        row.addWidget(self._caption, 1)
        row.addWidget(self.open_button)
        layout.addLayout(row)
        layout.addWidget(self.changes, 2)
        return side


def _grown(case: CaseFigures, position: int) -> float:
    """By how much the error of one landmark has grown, in image pixels; a lost point has grown without end."""
    before, after = (_error(case, xy, position) for xy in (case.xy_old, case.xy_new))
    return -math.inf if before is None else (math.inf if after is None else after) - before


def _error(case: CaseFigures, xy: tuple[XY | None, ...], position: int) -> float | None:
    truth, point = (places[position] if places else None for places in (case.truth, xy))
    return None if truth is None or point is None else math.dist(truth, point)
