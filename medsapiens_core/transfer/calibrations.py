"""What the figures of the library's models are worth for one template, each package read once.

A package never changes after it is written, so what was read stays true for as long as the program runs.
"""

from __future__ import annotations

from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.evaluation.calibration import Calibration
from medsapiens_core.inference.uncertainty import regions
from medsapiens_core.measurements.point_errors import from_region
from medsapiens_core.measurements.vectors import Floats
from medsapiens_core.models.package_files import read_calibrations
from medsapiens_core.store.library import ModelEntry, ModelLibrary


class Calibrations:
    """By the id of the model. One of these is shared by all who ask in a project; it may be asked from any thread."""

    def __init__(self, library: ModelLibrary, template: Template) -> None:
        self._library, self._template = library, template
        self._known: dict[str, Calibration | None] = {}

    def all(self) -> dict[str, Calibration]:
        """Model id -> calibration, of every model of the library that has one; reads the models that are new.

        A model that is gone or damaged has none, and does not hide what the others know.
        """
        entries = [entry for entry in self._library.list() if self._template.id in entry.templates]
        found = {entry.id: self._of(entry) for entry in entries}
        return {model_id: one for model_id, one in found.items() if one is not None}

    def knows(self, model_id: str) -> bool:
        """True when `covariances` of this model's predictions will read no file."""
        return model_id in self._known

    def read(self, model_id: str) -> None:
        """Read a model's calibration; a model that is gone or damaged has none."""
        if model_id not in self._known:
            entry = next((entry for entry in self._library.list() if entry.id == model_id), None)
            self._known[model_id] = None if entry is None else self._of(entry)

    def covariances(self, prediction: Prediction | None) -> dict[str, Floats]:
        """Landmark id -> covariance in px^2 of the calibrated region; empty for an uncalibrated model."""
        if prediction is None:
            return {}
        self.read(prediction.model_id)
        found = regions(prediction, self._template, self._known[prediction.model_id])
        named = zip(self._template.ids, found, strict=True)
        return {m: from_region(r.semi_axes_px, r.angle_deg, r.coverage) for m, r in named if r is not None}

    def _of(self, entry: ModelEntry) -> Calibration | None:
        if entry.id not in self._known:
            try:
                self._known[entry.id] = read_calibrations(entry.folder).get(self._template.id)
            except (UserError, OSError):
                self._known[entry.id] = None  # the models panel tells of damaged models
        return self._known[entry.id]
