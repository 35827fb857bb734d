"""The inference process: requests in as JSON lines, predictions out, one at a time, most urgent first.

A request never ends the process: an unreadable picture or a damaged model is an answer with `ok` false. The network
library is loaded by the first request, so that the process is ready at once.
"""

from __future__ import annotations

import base64
import heapq
import itertools
import json
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.template_file import template_from_json
from medsapiens_core.errors import UserError
from medsapiens_core.geometry import Affine2D
from medsapiens_core.io import read_image

if TYPE_CHECKING:
    from medsapiens_core.inference.predictor import Predictor

MODELS_KEPT = 2
TIME_LIMIT = 600.0  # seconds; a picture that takes longer has hung the process
EXIT_HUNG = 3
Writer = Callable[[dict[str, Any]], None]
Die = Callable[[int], object]


class Request(BaseModel):
    """One prediction that is asked for; smaller `priority` first, then first come, first served."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int | str
    path: Path
    template: dict[str, Any]
    model_folder: Path
    model_id: str
    frame: int | None = None
    axis: int | None = None
    priority: float = Field(default=0, allow_inf_nan=False)
    device: str = "auto"
    weights_folder: Path | None = None
    landmark: str | None = None  # asks for the heatmap of one landmark instead of points


class RequestQueue:
    """Requests by priority; closing it makes `take` give None."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Request]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_closed = False

    def put(self, request: Request) -> None:
        """Add a request."""
        with self._changed:
            heapq.heappush(self._heap, (request.priority, next(self._numbers), request))
            self._changed.notify()

    def drop(self, request_id: object) -> None:
        """Forget a request that has not begun."""
        with self._changed:
            self._heap = [entry for entry in self._heap if entry[2].id != request_id]
            heapq.heapify(self._heap)

    def close(self) -> None:
        """Let `take` return."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def take(self) -> Request | None:
        """The most urgent request, waited for; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._heap or self._is_closed)
            return None if self._is_closed else heapq.heappop(self._heap)[2]


class ModelCache:
    """The models used last, loaded once."""

    def __init__(self) -> None:
        self._predictors: OrderedDict[tuple[Path, str, str, int], Predictor] = OrderedDict()

    def get(self, request: Request) -> Predictor:
        """The predictor that a request wants. Raises UserError when its package is damaged or gone."""
        from medsapiens_core.inference.predictor import Predictor

        manifest = request.model_folder / "manifest.json"
        version = manifest.stat().st_mtime_ns if manifest.is_file() else 0
        key = (request.model_folder, request.model_id, request.device, version)
        if key not in self._predictors:
            self._predictors[key] = Predictor.load(
                request.model_folder, request.device, model_id=request.model_id, base_folder=request.weights_folder
            )
            while len(self._predictors) > MODELS_KEPT:
                self._predictors.popitem(last=False)
        self._predictors.move_to_end(key)
        return self._predictors[key]


class Server:
    """Reads requests in the calling thread and answers them in another. `die` ends the process at once."""

    def __init__(self, write: Writer, die: Die, time_limit: float = TIME_LIMIT) -> None:
        self._write, self._die, self._time_limit = write, die, time_limit
        self._queue = RequestQueue()
        self._models = ModelCache()

    def serve(self, lines: Iterable[str | bytes]) -> None:
        """Answer until the lines end; then return at once, whatever is unfinished."""
        threading.Thread(target=self._answer_all, name="inference", daemon=True).start()
        self._write({"event": "ready"})
        for line in lines:
            if line.strip():
                self._accept(line)
        self._queue.close()

    def _accept(self, line: str | bytes) -> None:
        value: Any = None
        try:
            value = json.loads(line)
            operation = value.get("op")
            if operation == "cancel":
                self._queue.drop(value.get("id"))
            elif operation in ("predict", "heatmap"):
                self._queue.put(Request.model_validate(value))
            else:
                raise ValueError(f"there is no operation {operation!r}")
        except (ValueError, AttributeError, ValidationError, RecursionError) as error:
            request_id = value.get("id") if isinstance(value, dict) else None
            self._refuse(request_id, "ours", f"The request was not understood: {error}")

    def _answer_all(self) -> None:
        while (request := self._queue.take()) is not None:
            alarm = threading.Timer(self._time_limit, self._give_up, [request])
            alarm.daemon = True
            alarm.start()
            answer = self.answer(request)
            alarm.cancel()
            self._write(answer)

    def answer(self, request: Request) -> dict[str, Any]:
        """Predict; every error becomes an answer."""
        try:
            template = template_from_json(request.template)
            image = read_image(request.path, frame=request.frame, axis=request.axis)
            predictor = self._models.get(request)
            if request.landmark is not None:
                values, to_image = predictor.heatmap(image, template, request.landmark)
                return {"id": request.id, "ok": True, "heatmap": heatmap_to_json(values, to_image)}
            was_on_cpu = predictor.engine.fell_back
            prediction = predictor.predict(image, template)
            answer = {"id": request.id, "ok": True, "prediction": prediction.to_json()}
            if predictor.engine.fell_back and not was_on_cpu:
                answer["gpu_full"] = True
            return answer
        except UserError as error:
            return refusal(request.id, "user", str(error))
        except Exception as error:  # the process must outlive any one picture
            traceback.print_exc()
            return refusal(request.id, "ours", f"{type(error).__name__}: {error}")

    def _refuse(self, request_id: object, kind: str, message: str) -> None:
        self._write(refusal(request_id, kind, message))

    def _give_up(self, request: Request) -> None:
        text = f"{request.path.name} took longer than {self._time_limit:g} s; the prediction was ended."
        self._refuse(request.id, "ours", text)
        self._die(EXIT_HUNG)


def heatmap_to_json(values: NDArray[np.uint8], to_image: Affine2D) -> dict[str, Any]:
    """Strengths (h, w) as text, and the 2 x 3 map from cells to image pixels."""
    text = base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
    return {"shape": list(values.shape), "values": text, "to_image": to_image.matrix.tolist()}


def refusal(request_id: object, kind: str, message: str) -> dict[str, Any]:
    """An answer with `ok` false. `kind` is `user` (can be put right by the user) or `ours`."""
    return {"id": request_id, "ok": False, "kind": kind, "message": message}
