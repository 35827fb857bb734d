"""95 % regions of the shown prediction: only where its model has a calibration, never a guess (ux.md 6.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject

from app.session.review_session import ReviewSession
from app.tasks.task_runner import STORE, TaskRunner
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.evaluation.calibration import Calibration
from medsapiens_core.inference.uncertainty import regions
from medsapiens_core.transfer.calibrations import Calibrations

Ellipse = tuple[float, float, float]
NONE: Mapping[str, Ellipse] = {}


class RegionsController(QObject):
    """Tells the session which landmarks have a region, and says so to whoever shows them."""

    def __init__(
        self,
        runner: TaskRunner,
        calibrations: Calibrations,
        session: ReviewSession,
        set_condition: Callable[[str, bool], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._shared, self._session = runner, calibrations, session
        self._set_condition = set_condition
        self._calibrations: dict[str, Calibration] = {}
        self._found: tuple[str, Mapping[str, Ellipse]] = ("", NONE)
        session.find_regions = self.find
        session.annotation_changed.connect(lambda _annotation: self._tell())
        session.prediction_shown.connect(lambda _prediction: self._tell())

    def refresh(self) -> None:
        """Ask for the calibrations of the models: at the start, and after another model came."""
        self._runner.submit(STORE, self._shared.all, on_done=self._know)

    def find(self, prediction: Prediction) -> Mapping[str, Ellipse]:
        """Landmark -> (long, short semi-axis in px, angle in degrees) of its 95 % region."""
        if self._found[0] != prediction.id:
            template = self._session.template
            found = regions(prediction, template, self._calibrations.get(prediction.model_id))
            pairs = zip(template.ids, found, strict=True)
            ellipses = {name: (*region.semi_axes_px, region.angle_deg) for name, region in pairs if region is not None}
            self._found = (prediction.id, ellipses)
        return self._found[1]

    def _know(self, calibrations: dict[str, Calibration]) -> None:
        self._calibrations, self._found = calibrations, ("", NONE)
        if self._session.is_open:
            self._session.annotation_changed.emit(self._session.annotation)

    def _tell(self) -> None:
        self._set_condition("calibrated", bool(self._session.regions()))
