"""Writes the tables of all cases in the background, with progress and a way to stop (ux.md 11.5)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject, Signal

from app.tasks.task_runner import IO, TaskRunner
from medsapiens_core.measurements.definitions import MeasureSet
from medsapiens_core.measurements.point_errors import Repeatability
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.calibrations import Calibrations
from medsapiens_core.transfer.measuring import export_tables


class MeasureExport(QObject):
    """`progress(done, total)`, then `finished(folder, readings)`, `failed(text)` or `stopped()`."""

    progress = Signal(int, int)
    finished = Signal(str, int)
    failed = Signal(str)
    stopped = Signal()

    def __init__(
        self, runner: TaskRunner, project: Project, calibrations: Calibrations, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._calibrations = runner, project, calibrations
        self._stop = Event()
        self.is_running = False

    def write(
        self, measures: MeasureSet, folder: Path, *, unreviewed: bool, repeatability: Mapping[str, Repeatability]
    ) -> None:
        """Write four tables into a new folder. One export at a time: a second one is ignored."""
        if self.is_running:
            return
        self.is_running = True
        self._stop.clear()

        def work() -> int:
            files, count = export_tables(
                self._project,
                measures,
                self._calibrations,
                folder,
                unreviewed=unreviewed,
                repeatability=repeatability,
                progress=self._tell,
            )
            return count if files else -1

        self._runner.submit(IO, work, on_done=lambda count: self._done(folder, count), on_error=self._not_written)

    def cancel(self) -> None:
        """Stop; nothing is left half written."""
        self._stop.set()

    def _tell(self, done: int, total: int) -> bool:
        """Called on the background thread."""
        if not self._stop.is_set():
            self.progress.emit(done, total)
        return not self._stop.is_set()

    def _done(self, folder: Path, count: int) -> None:
        self.is_running = False
        if count < 0:
            self.stopped.emit()
        else:
            self.finished.emit(str(folder), count)

    def _not_written(self, error: Exception) -> None:
        self.is_running = False
        self.failed.emit(str(error))
