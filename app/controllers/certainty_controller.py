"""Keeps the worklist's "worst 95 % radius" true: the project learns what the models' regions are worth (ux.md 6.1)."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.controllers.guidance_knowledge import Knowledge
from app.tasks.task_runner import STORE, TaskRunner
from medsapiens_core.evaluation.calibration import Calibration
from medsapiens_core.store.certainty import RegionFactors
from medsapiens_core.store.project import Project


class CertaintyController(QObject):
    """`renewed()` once cases that were predicted before their model's factors were known say how sure they are."""

    renewed = Signal()

    def __init__(self, runner: TaskRunner, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner, self._project = runner, project

    def know(self, knowledge: Knowledge) -> None:
        """Hand the store what models are worth, then bring older cases up to date, a few at a time."""
        factors = {model: factors_of(one) for model, one in knowledge.calibrations.items()}
        if factors and not self._project.read_only:
            self._runner.submit(
                STORE, self._project.predictions.know_factors, factors, on_done=lambda _nothing: self._renew(0)
            )

    def _renew(self, after: int) -> None:
        self._runner.submit(
            STORE, self._project.predictions.renew_certainty, after, on_done=lambda found: self._go_on(*found)
        )

    def _go_on(self, last: int | None, count: int) -> None:
        if count:
            self.renewed.emit()
        if last is not None:
            self._renew(last)


def factors_of(calibration: Calibration) -> RegionFactors:
    """What the store needs of a calibration."""
    radii = {mark: calibration.radius(mark, 0.95) for mark in calibration.landmarks}
    return RegionFactors(calibration.template_version, {m: r for m, r in radii.items() if r is not None})
