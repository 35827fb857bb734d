"""Watches whether measurements of the open case lie far from those of the reviewed cases (ux.md 6.3, W7)."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.controllers.measure_controller import MeasureController
from app.tasks.task_runner import IO, STORE, TaskRunner
from medsapiens_core.guidance.shape_limits import Floats
from medsapiens_core.guidance.value_warnings import value_warnings
from medsapiens_core.guidance.warnings import Warning
from medsapiens_core.measurements.definitions import MeasureSet
from medsapiens_core.measurements.usual import FEWEST_CASES, UsualValue, far_values, usual_values
from medsapiens_core.store.project import Project

AGAIN_FROM = 1.1  # learn anew when there are a tenth more reviewed cases


class ValueWatch(QObject):
    """`learned()` once the usual values of the measurement set in use are known, or known anew."""

    learned = Signal()

    def __init__(
        self, runner: TaskRunner, project: Project, measures: MeasureController, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._measures = runner, project, measures
        self._usual: tuple[UsualValue, ...] = ()
        self._learned_for: tuple[MeasureSet | None, int] = (None, 0)
        self._reviewed = 0
        measures.known_changed.connect(self._learn_if_due)

    def count(self, reviewed: int) -> None:
        """There are so many reviewed cases now."""
        self._reviewed = reviewed
        self._learn_if_due()

    def warnings(self) -> list[Warning]:
        """What lies far on the open case."""
        points, measures = self._measures.points, self._measures.measures
        if points is None or measures is None or measures != self._learned_for[0]:
            return []
        return value_warnings(far_values(self._usual, measures, points, self._measures.locks))

    def _learn_if_due(self) -> None:
        wanted, (known, count) = self._measures.measures, self._learned_for
        is_due = wanted != known or self._reviewed >= max(count * AGAIN_FROM, FEWEST_CASES)
        if wanted is None or self._reviewed < FEWEST_CASES or not is_due:
            return
        self._learned_for, self._usual = (wanted, self._reviewed), ()
        self._runner.submit(
            STORE, self._project.guidance.reviewed_shapes, on_done=lambda shapes: self._compute(wanted, *shapes)
        )

    def _compute(self, measures: MeasureSet, points: Floats, cells: Floats) -> None:
        ids = self._project.template.ids
        self._runner.submit(
            IO, usual_values, measures, ids, points, cells, on_done=lambda found: self._take(measures, found)
        )

    def _take(self, measures: MeasureSet, usual: tuple[UsualValue, ...]) -> None:
        if measures == self._learned_for[0]:
            self._usual = usual
            self.learned.emit()
