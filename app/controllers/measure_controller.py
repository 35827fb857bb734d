"""Measurements of the open case: computed on every change and during a drag, shown in the table and on the image.

A drag shows values at once; errors that take a simulation follow from a background thread, and an answer that is
older than the last change is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from app.session import measure_presentation as present
from app.session.measure_list_model import MeasureListModel
from app.session.measure_state import MeasureChoices, MeasureLines
from app.session.review_session import ReviewSession
from app.tasks.task_runner import IO, STORE, Task, TaskRunner
from app.translate import tr
from medsapiens_core.data.image import Image
from medsapiens_core.measurements.case_points import CasePoints, case_points
from medsapiens_core.measurements.definitions import Kind, Measure, MeasureSet
from medsapiens_core.measurements.evaluating import Value, evaluate, evaluate_one
from medsapiens_core.measurements.impact import Impact, impacts
from medsapiens_core.measurements.norms import NormSet, shipped_norms
from medsapiens_core.measurements.point_errors import PointErrors, Repeatability, point_errors
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.calibrations import Calibrations
from medsapiens_core.transfer.measuring import set_in_use, sets_of

NO_NORMS = ("", "No norms")
NO_SET = "There is no measurement set for this template yet. Measure > Edit measurements makes one from its landmarks."
NO_CASE = "Open a case to see its measurements."
EACH_MS = 15  # moves of a drag that come faster are taken together
Ends = dict[str, tuple[int, int]]


class MeasurePanel(Protocol):
    """What this controller needs of the measurements panel."""

    set_chosen: SignalInstance
    norms_chosen: SignalInstance
    lock_requested: SignalInstance
    chosen: SignalInstance
    shown: SignalInstance

    def set_model(self, model: MeasureListModel) -> None:
        """Show these measurements."""

    def set_choices(self, choices: MeasureChoices) -> None:
        """Show what may be chosen."""

    def isVisible(self) -> bool:
        """False while nobody sees it: then nothing is simulated for it."""


class MeasureImageView(Protocol):
    """What this controller needs of the image view."""

    landmark_dragging: SignalInstance
    moving_ended: SignalInstance

    def set_measure_lines(self, lines: Sequence[MeasureLines]) -> None:
        """Draw these lines."""

    def choose_measure(self, measure_id: str) -> None:
        """Let the lines of one value stand out."""


@dataclass(frozen=True)
class _Known:
    """What the project says: the sets that fit, which is in use, and the norms in use."""

    sets: dict[str, MeasureSet] = field(default_factory=dict)
    current: MeasureSet | None = None
    norms: NormSet | None = None
    locks: dict[int, Ends] = field(default_factory=dict)


class MeasureController(QObject):
    """`values` are those of the open case now, `image` is its picture; `changed()` follows when they are worked out."""

    changed = Signal()
    known_changed = Signal()  # other norms, another set, or a calibration: what landmarks can tip is another

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        calibrations: Calibrations,
        session: ReviewSession,
        *,
        panel: MeasurePanel,
        view: MeasureImageView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._session = runner, project, session
        self._panel, self._view = panel, view
        self._calibrations = calibrations
        self._known = _Known()
        self._locks: dict[int, Ends] = {}
        self._reading = ""
        self._aspect = 1.0
        self.image: Image | None = None
        self.repeatability: dict[str, Repeatability] = {}
        self._simulation: Task | None = None
        self._drag: tuple[str, float, float] | None = None
        self.values: tuple[Value, ...] = ()
        self.model = MeasureListModel(self)
        self._timer = QTimer(self, singleShot=True, interval=EACH_MS)
        self._timer.timeout.connect(self._show_drag)
        panel.set_model(self.model)
        self._connect()
        self.refresh()

    # --- from outside

    def refresh(self) -> None:
        """Read sets and choices again."""
        self._runner.submit(STORE, _read, self._project, on_done=self._set_known)

    def open(self, image: Image) -> None:
        """The picture of the case that the session is about to open."""
        self.image, self._aspect = image, image.pixel_aspect

    def set_repeatability(self, known: dict[str, Repeatability]) -> None:
        """How well readers agree with themselves, from double reads (ux.md 11.4)."""
        self.repeatability = dict(known)
        self.show()

    def toggle_lock(self) -> None:
        """Hold the end vertebrae, or search them again."""
        self._lock(not self.locks)

    @property
    def measures(self) -> MeasureSet | None:
        """The set in use."""
        return self._known.current

    @property
    def sets(self) -> dict[str, MeasureSet]:
        """Every set that fits the project's template."""
        return self._known.sets

    @property
    def norms(self) -> NormSet | None:
        """The norms in use."""
        return self._known.norms

    @property
    def points(self) -> CasePoints | None:
        """The points of the open case, with one that is being dragged where it is shown."""
        case: Any = self._session.case
        if case is None or not self._session.is_open:
            return None
        annotation, template = self._session.annotation, self._session.template
        points = case_points(annotation, template, case.spacing, pixel_aspect=self._aspect, filled=self._filled())
        if self._drag is None:
            return points
        landmark, x, y = self._drag
        return points.moved(landmark, (x, y))

    @property
    def is_dragging(self) -> bool:
        """True while a landmark is being dragged."""
        return self._drag is not None

    @property
    def locks(self) -> Ends:
        """The held end vertebrae of the open case."""
        return self._locks.get(self._session.case.id, {}) if self._session.case is not None else {}

    def impacts(self) -> dict[str, Impact]:
        """What each landmark changes most on the open case, undecided ones as they lie."""
        points, measures = self.points, self._known.current
        if points is None or measures is None:
            return {}
        return impacts(measures, points, self._errors(points), self._known.norms, self.locks)

    def preview(self, measures: MeasureSet, measure: Measure) -> str:
        """What a measure of a set that is being edited gives on the open case."""
        points = self.points
        if points is None:
            return tr("Open a case to see the value.")
        value = evaluate_one(measure, measures, points, self._errors(points), self.locks, simulated=False)
        return "  ".join(
            part for part in (present.number(value), present.half_width(value), present.note(value)) if part
        )

    def save_set(self, value: dict[str, Any]) -> None:
        """Store a set of the project (`msmeasures/1`) and put it in use."""
        norms_id = self._known.norms.id if self._known.norms else ""

        def work() -> _Known:
            self._project.measurements.save_set(value)
            self._project.measurements.choose(set_id=value["id"], norms_id=norms_id)
            return _read(self._project)

        self._runner.submit(STORE, work, on_done=self._set_known)

    def remove_set(self, set_id: str) -> None:
        """Take a set of the project away; a shipped one with its id shows again."""

        def work() -> _Known:
            self._project.measurements.remove_set(set_id)
            return _read(self._project)

        self._runner.submit(STORE, work, on_done=self._set_known)

    # --- wiring

    def _connect(self) -> None:
        session, panel, view = self._session, self._panel, self._view
        session.annotation_changed.connect(self._annotation_changed)
        session.case_closed.connect(self._annotation_changed)
        session.prediction_shown.connect(self._annotation_changed)
        view.landmark_dragging.connect(self._dragged)
        view.moving_ended.connect(self._drag_ended)
        panel.set_chosen.connect(self._choose_set)
        panel.norms_chosen.connect(self._choose_norms)
        panel.lock_requested.connect(self._lock)
        panel.chosen.connect(view.choose_measure)
        panel.shown.connect(self.show)

    def _annotation_changed(self, _what: object = None) -> None:
        self._drag = None
        self.show()

    def _dragged(self, landmark: str, x: float, y: float) -> None:
        self._drag = (landmark, x, y)
        if not self._timer.isActive():
            self._timer.start()

    def _drag_ended(self) -> None:
        was_dragged, self._drag = self._drag is not None, None
        self._timer.stop()
        if was_dragged:
            self.show()

    # --- showing

    def show(self) -> None:
        """Work out every value of the open case, then the errors that take longer."""
        self._cancel_simulation()
        points, measures = self.points, self._known.current
        if points is None or measures is None:
            self._take(())
            return
        errors, locks = self._errors(points), self.locks
        values = evaluate(measures, points, errors, locks, simulated=False)
        self._take(values)
        lacking = any(v.value is not None and v.half_width is None and not v.error_note for v in values)
        if lacking and self._panel.isVisible():
            self._simulation = self._runner.submit(
                IO, evaluate, measures, points, errors, locks, on_done=self._simulated
            )

    def _show_drag(self) -> None:
        """Only what rests on the point that is dragged is worked out anew."""
        points, measures = self.points, self._known.current
        if points is None or measures is None or self._drag is None:
            return
        self._cancel_simulation()
        landmark, errors, locks = self._drag[0], self._errors(points), self.locks
        self._take(
            tuple(
                evaluate_one(value.measure, measures, points, errors, locks, simulated=False)
                if landmark in measures.landmarks(value.measure)
                else value
                for value in self.values
            )
        )

    def _simulated(self, values: tuple[Value, ...]) -> None:
        self._simulation = None
        self._take(values)

    def _take(self, values: tuple[Value, ...]) -> None:
        self.values = values
        points, measures = self.points, self._known.current
        self.model.set_rows(present.rows(values, self._known.norms))
        shown = present.lines(values, measures, points) if measures is not None and points is not None else ()
        self._view.set_measure_lines(shown)
        self._panel.set_choices(self._choices())
        self.changed.emit()

    def _choices(self) -> MeasureChoices:
        known = self._known
        norms = [(one.id, one.name) for one in present.usable_norms(known.current)]
        reason = "" if known.current is not None else tr(NO_SET)
        curves = [value for value in self.values if value.measure.kind is Kind.COBB]
        return MeasureChoices(
            sets=tuple((set_id, measures.name) for set_id, measures in known.sets.items()),
            set_id=known.current.id if known.current else "",
            norms=((NO_NORMS[0], tr(NO_NORMS[1])), *norms) if norms else (),
            norms_id=known.norms.id if known.norms else "",
            has_curves=any(m.kind is Kind.COBB for m in known.current.measures) if known.current else False,
            can_lock=any(value.value is not None for value in curves) and not self._session.read_only,
            locked=bool(self.locks),
            has_limits=known.norms is not None and any(norm.limits for norm in known.norms.norms),
            source=present.source_line(known.norms),
            lacks_landmarks=bool(present.lacking(known.current, self._session.template)),
            reason=reason if self._session.is_open or reason else tr(NO_CASE),
        )

    # --- inside

    def _set_known(self, known: _Known) -> None:
        self._known = known
        self._locks = dict(known.locks)
        self._known_anew()

    def _known_anew(self) -> None:
        self.show()
        self.known_changed.emit()

    def _choose_set(self, set_id: str) -> None:
        self._choose(self._known.sets.get(set_id), self._known.norms)

    def _choose_norms(self, norms_id: str) -> None:
        self._choose(self._known.current, shipped_norms().get(norms_id))

    def _choose(self, measures: MeasureSet | None, norms: NormSet | None) -> None:
        if norms is not None and norms not in present.usable_norms(measures):
            norms = None
        self._known = replace(self._known, current=measures, norms=norms)
        if measures is not None and not self._session.read_only:
            norms_id = norms.id if norms else ""
            self._runner.submit(STORE, lambda: self._project.measurements.choose(set_id=measures.id, norms_id=norms_id))
        self._known_anew()

    def _lock(self, wanted: bool) -> None:
        case = self._session.case
        if case is None or self._session.read_only:
            return
        found = {value.measure.role: value.ends for value in self.values if value.ends is not None}
        locks = {role: ends for role, ends in found.items() if ends is not None} if wanted else {}
        self._locks[case.id] = locks
        self._runner.submit(STORE, self._project.measurements.set_locks, case.id, locks)
        self.show()

    def _errors(self, points: CasePoints) -> PointErrors:
        prediction = self._session.prediction
        regions = {}
        if prediction is not None and self._calibrations.knows(prediction.model_id):
            regions = self._calibrations.covariances(prediction)
        elif prediction is not None:
            self._read_calibration(prediction.model_id)
        return point_errors(points, regions, self.repeatability)

    def _read_calibration(self, model_id: str) -> None:
        """A file of the model's package: read beside, then everything is worked out again."""
        if model_id != self._reading:
            self._reading = model_id
            self._runner.submit(IO, self._calibrations.read, model_id, on_done=lambda _nothing: self._known_anew())

    def _filled(self) -> frozenset[str]:
        prediction = self._session.prediction
        if prediction is None:
            return frozenset()
        marks = enumerate(self._session.template.ids)
        return frozenset(mark for position, mark in marks if prediction.origin(position) == "fill")

    def _cancel_simulation(self) -> None:
        if self._simulation is not None:
            self._simulation.cancel()
            self._simulation = None


def _read(project: Project) -> _Known:
    """On the store lane."""
    sets = sets_of(project)
    current = set_in_use(project) if sets else None
    norms = shipped_norms().get(project.measurements.choice().get("norms", ""))
    usable = norms if norms in present.usable_norms(current) else None
    return _Known(sets, current, usable, project.measurements.all_locks())
