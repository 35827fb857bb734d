"""Predictions from the inference child: the open case first, then the next ones; stale answers are dropped.

At most two requests are with the child, one at work and one waiting, so a newly opened case never waits for more than
the one at work. A picture that kills the child twice is left out for as long as the program runs.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.case_access import known_predictions, show_prediction
from app.controllers.heatmap_controller import heatmap_state
from app.controllers.one_shot_work import PREFIX
from app.tasks.task_runner import STORE, TaskRunner
from app.tasks.worker_process import WorkerProcess, worker_command
from app.translate import tr
from medsapiens_core.data.prediction import ONE_SHOT, TRY_OUT, Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import template_to_json
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.library import ModelEntry
from medsapiens_core.store.project import Project
from medsapiens_core.store.revisions import aligned

AT_ONCE = 2
AHEAD = 8
RESTART_MS = 500
MAX_DEATHS = 2
OPEN_CASE, OTHER_CASE = 0, 1
LEFT_OUT = (
    "Predicting {case} ended the prediction process twice, so it is left out. "
    "Place its landmarks by hand, or press F5 to try again."
)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Request:
    id: int
    row: CaseRow
    generation: int
    try_out: ModelEntry | None = None


class InferenceController(QObject):
    """Signals: `predicted(case id)` once a prediction is stored and shown, `failed(text)` once per kind of failure,
    `told(text)`, `busy_changed(case id or 0)` for what is being predicted, `all_done()` when nothing is left to do.

    `arrived(Prediction)` is for the open case; the session shows it.
    """

    arrived = Signal(object)
    predicted = Signal(int)
    failed = Signal(str)
    told = Signal(str)
    busy_changed = Signal(int)
    all_done = Signal()
    heatmap_arrived = Signal(object)  # HeatmapState
    heatmap_failed = Signal(str)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        base_folder: Path,
        *,
        on_screen: Callable[[], int | None],
        loading: Callable[[], int | None],
        has_unsaved: Callable[[int], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._base_folder = runner, project, base_folder
        self._on_screen, self._loading, self._has_unsaved = on_screen, loading, has_unsaved
        self._template: Template = project.template
        self._model: ModelEntry | None = None
        self._asked: Template = project.template  # what the child is asked for: the model's own where it differs
        self._match: Mapping[str, str] = {}
        self._generation = 0
        self._worker: WorkerProcess | None = None
        self._sent: dict[int, _Request] = {}
        self._heatmaps: dict[int, tuple[int, str]] = {}  # request -> case, landmark
        self._queue: list[CaseRow] = []
        self._left_out: set[int] = set()
        self._done: set[int] = set()  # answered by the present model; the store may not know yet
        self._deaths: Counter[int] = Counter()
        self._told: set[str] = set()
        self._held: dict[int, Prediction] = {}
        self._next_id = 1
        self._is_asking = False
        self._nothing_left = False  # every case was asked about, and none needs a prediction
        self._is_closed = False

    @property
    def model(self) -> ModelEntry | None:
        """The model in use for this template."""
        return self._model

    @property
    def worker_pid(self) -> int:
        """Process id of the child, 0 while there is none."""
        return self._worker.pid if self._worker is not None else 0

    def set_model(
        self, model: ModelEntry | None, other: Template | None = None, match: Mapping[str, str] | None = None
    ) -> None:
        """Predict with this model from now on; answers of the one before are dropped.

        `other` is the model's own template where that has other landmarks; `match` then says which of them stands for
        which landmark of the project's template.
        """
        asked, match = other or self._template, match or {}
        known = (self._model.id if self._model else None, self._asked, self._match)
        if model is not None and (model.id, asked, match) == known:
            return
        is_change = self._model is not None
        self._model, self._asked, self._match = model, asked, match
        self._generation += 1
        self._done.clear()
        self._forget()
        self.refill()
        if is_change and model is not None:
            self._show_known(model, self._generation, 0)

    def refill(self) -> None:
        """Ask the store which cases need a prediction: after an import, another open case or another model."""
        if self._model is None or self._is_closed or self._is_asking or self._project.read_only:
            return
        self._is_asking, self._nothing_left = True, False
        wanted = AHEAD + len(self._left_out)
        self._runner.submit(
            STORE,
            self._pending,
            self._model.id,
            wanted,
            self._on_screen(),
            on_done=lambda rows: self._fill(rows, is_whole=len(rows) < wanted),
            on_error=self._not_filled,
        )

    def reorder(self) -> None:
        """Another case is open and comes next: take back what only waits in the child, then ask anew."""
        for request in list(self._sent.values())[1:]:
            self._send({"op": "cancel", "id": request.id})
            del self._sent[request.id]
            self._queue.append(request.row)
        here = self._on_screen()
        if not self._nothing_left:
            self.refill()
        elif self._model is not None and here is not None and not self._is_closed:
            ask = self._project.predictions.is_pending  # going through 100,000 predicted cases would hold up the next
            self._runner.submit(
                STORE, ask, self._model.id, here, on_done=lambda is_so: self.refill() if is_so else None
            )

    def predict(self, row: CaseRow) -> None:
        """Predict a case now, also when it has a prediction already (F5)."""
        self._left_out.discard(row.id)
        self._deaths.pop(row.id, None)
        self._queue.insert(0, row)
        self._pump()

    def try_out(self, row: CaseRow, model: ModelEntry) -> None:
        """Predict one case with a model that is not in use; its points are never confirmed in bulk."""
        request = _Request(self._next_id, row, self._generation, model)
        self._next_id += 1
        self._sent[request.id] = request
        self._send(self._message(request, model))
        self._show_busy()

    def ask_heatmap(self, row: CaseRow, landmark: str) -> None:
        """Ask where the model in use sees a landmark of a case; what was asked before is not wanted any more."""
        if self._model is None or self._is_closed:
            return
        wanted = self._match.get(landmark, landmark)
        if wanted not in self._asked.index:
            self.heatmap_failed.emit(tr("{model} does not know this landmark", model=self._model.name))
            return
        for number in self._heatmaps:
            self._send({"op": "cancel", "id": number})
        request = _Request(self._next_id, row, self._generation)
        self._next_id += 1
        self._heatmaps = {request.id: (row.id, landmark)}
        self._send({**self._message(request, self._model), "op": "heatmap", "landmark": wanted, "priority": OPEN_CASE})

    def settle(self, case_id: int) -> None:
        """A case has come on screen or will not come: show it the prediction that arrived meanwhile."""
        prediction = self._held.pop(case_id, None)
        if prediction is not None:
            self._show(case_id, prediction)

    def close(self) -> None:
        """End the child."""
        self._is_closed = True
        self._forget()
        if self._worker is not None:
            self._worker.close()

    # --- what to predict

    def _pending(self, model_id: str, wanted: int, around: int | None) -> list[CaseRow]:
        ids = self._project.predictions.pending(model_id, wanted, around)
        return [self._project.cases.get(case_id) for case_id in ids]

    def _fill(self, rows: list[CaseRow], *, is_whole: bool) -> None:
        self._is_asking = False
        taken = {request.row.id for request in self._sent.values()} | self._left_out | self._done
        self._queue = [row for row in rows if row.id not in taken]
        if self._queue or self._sent:
            self._pump()
        else:
            self._nothing_left = is_whole
            self.all_done.emit()  # and ask no more: the next import, model or decision does

    def _show_known(self, model: ModelEntry, generation: int, offset: int) -> None:
        """Show what this model has predicted before, for cases that show another model's points (after a roll-back)."""
        if generation == self._generation and not self._is_closed:
            self._runner.submit(
                STORE,
                known_predictions,
                self._project,
                model.id,
                offset,
                on_done=lambda found: self._known(model, generation, *found),
            )

    def _known(self, model: ModelEntry, generation: int, found: list[tuple[int, Prediction]], more: int | None) -> None:
        if generation != self._generation:
            return
        for case_id, prediction in found:
            self._show(case_id, prediction)
        if more is not None:
            self._show_known(model, generation, more)

    def _not_filled(self, error: Exception) -> None:
        self._is_asking = False
        self._tell(str(error))

    def _pump(self) -> None:
        if self._model is None or self._is_closed:
            return
        while self._queue and len(self._sent) < AT_ONCE:
            row = self._queue.pop(0)
            request = _Request(self._next_id, row, self._generation)
            self._next_id += 1
            self._sent[request.id] = request
            self._send(self._message(request, self._model))
        self._show_busy()
        if not self._queue and not self._sent:
            self.refill()

    def _message(self, request: _Request, model: ModelEntry) -> dict[str, Any]:
        row = request.row
        return {
            "id": request.id,
            "op": "predict",
            "priority": OPEN_CASE if row.id == self._on_screen() else OTHER_CASE,
            "path": str(row.path),
            "frame": row.frame,
            "axis": row.axis,
            "template": template_to_json(self._asked),
            "model_folder": str(model.folder),
            "model_id": model.id,
            "weights_folder": str(self._base_folder),
        }

    # --- the child

    def _send(self, message: dict[str, Any]) -> None:
        if self._worker is None:
            self._worker = WorkerProcess(worker_command("serve"), parent=self)
            self._worker.message.connect(self._receive)
            self._worker.died.connect(self._died)
            self._worker.start()
        self._worker.send(message)

    def _receive(self, message: dict[str, Any]) -> None:
        if message.get("id") in self._heatmaps:
            self._receive_heatmap(*self._heatmaps.pop(message["id"]), message)
            return
        request = self._sent.pop(message.get("id", 0), None)
        if request is None or request.generation != self._generation:
            return
        if message.get("ok"):
            prediction = Prediction.from_json(message["prediction"])
            if message.get("gpu_full"):
                self.told.emit(gpu_full_text(prediction.seconds))
            if request.try_out is None:
                self._done.add(request.row.id)
                prediction = self._stamped(prediction)
            else:
                prediction = replace(prediction, origins=(TRY_OUT,) * len(self._template))
            self._store(request.row, prediction)
        else:
            self._left_out.add(request.row.id)
            reason = message.get("message", tr("no reason given"))
            self._tell(tr("{case} could not be predicted: {reason}", case=request.row.name, reason=reason))
        self._pump()

    def _stamped(self, prediction: Prediction) -> Prediction:
        """In the order of the project's template; what was found by likeness to a few examples says so."""
        if self._asked is not self._template:
            prediction = aligned(prediction, self._asked.ids, self._template, self._match)
        if self._model is None or not self._model.id.startswith(PREFIX):
            return prediction
        return replace(prediction, origins=(ONE_SHOT,) * len(self._template))

    def _receive_heatmap(self, case_id: int, landmark: str, message: dict[str, Any]) -> None:
        if message.get("ok"):
            self.heatmap_arrived.emit(heatmap_state(case_id, landmark, message["heatmap"]))
        else:
            self.heatmap_failed.emit(str(message.get("message", tr("no reason given"))))

    def _died(self, code: int, text: str) -> None:
        self._worker = None
        if self._is_closed:
            return
        if self._heatmaps:
            self._heatmaps.clear()
            self.heatmap_failed.emit(tr("the prediction process ended"))
        log.error("the inference process ended with code %s: %s", code, text)
        at_work, *waiting = [*self._sent.values()] or [None]
        self._sent.clear()
        again = [request.row for request in waiting if request is not None]
        if at_work is not None:
            again = [*self._blame(at_work.row), *again]
        self._queue = [*again, *self._queue]
        QTimer.singleShot(RESTART_MS, self, self._pump)

    def _blame(self, row: CaseRow) -> list[CaseRow]:
        self._deaths[row.id] += 1
        if self._deaths[row.id] < MAX_DEATHS:
            return [row]
        self._left_out.add(row.id)
        self._tell(tr(LEFT_OUT, case=row.name))
        return []

    def _forget(self) -> None:
        for request in self._sent.values():
            if self._worker is not None:
                self._worker.send({"op": "cancel", "id": request.id})
        self._sent.clear()
        self._queue.clear()
        self._show_busy()

    # --- what comes back

    def _store(self, row: CaseRow, prediction: Prediction) -> None:
        self._runner.submit(
            STORE,
            self._project.predictions.add,
            prediction,
            row.id,
            on_done=lambda _none: self._show(row.id, prediction),
            on_error=lambda error: self._not_stored(row, error),
        )

    def _show(self, case_id: int, prediction: Prediction) -> None:
        if case_id == self._on_screen():
            self.arrived.emit(prediction)
            self.predicted.emit(case_id)
        elif case_id == self._loading():
            self._held[case_id] = prediction
        elif not self._has_unsaved(case_id):
            self._runner.submit(
                STORE,
                show_prediction,
                self._project,
                case_id,
                prediction,
                on_done=lambda _none: self.predicted.emit(case_id),
                on_error=lambda error: self._tell(str(error)),
            )

    def _not_stored(self, row: CaseRow, error: Exception) -> None:
        self._left_out.add(row.id)
        self._tell(str(error))

    def _show_busy(self) -> None:
        self.busy_changed.emit(next((request.row.id for request in self._sent.values()), 0))

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self.failed.emit(text)


def gpu_full_text(seconds: float) -> str:
    """M14."""
    return tr("The GPU is full, so this prediction ran on the CPU ({seconds} s).", seconds=max(1, round(seconds)))
