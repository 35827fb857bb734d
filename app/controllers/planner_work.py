"""What the planner reads and computes beside the window: descriptors of pictures, the ranking, the learning curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from app.controllers.case_loader import read_case_image
from app.session.planner_state import PlannerRow, PlannerState
from app.translate import tr
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.errors import UserError
from medsapiens_core.planner.curve import FEWEST_CASES, Curve, Figure, learning_curve
from medsapiens_core.planner.descriptor import LENGTH, Vector, describe
from medsapiens_core.planner.ranking import SURE, PlanCase, suggest
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.whole_files import write_atomic

SHOWN = 24
FREE, LOCKED, LABELLED = 200, 40, 100  # looked at, at most
FINETUNE_FROM = 10
STATES = {"new": "to do", "predicted": "to do, predicted", "in_review": "in review", "reviewed": "reviewed"}
WHAT = (
    "Figures: error of Fill the rest from its best points, measured by leaving some of the {n} reviewed cases out "
    "again and again (band 5 to 95 %). A fine-tuned model is usually better. The goal counts as reached only on the "
    "locked set."
)
Report = Callable[[int, int], None]


def make_plan(project: Project, report: Report, is_wanted: Callable[[], bool]) -> PlannerState | None:
    """Look at the pictures and rank them; None when nobody wants it any more. `report(done, of)`: how far it is."""
    todo = [*project.planner.todo(FREE, locked=False), *project.planner.todo(LOCKED, locked=True)]
    reviewed = project.cases.page("reviewed", "added", "", 0, LABELLED)
    labelled = [row for row in reviewed if row.part != "locked"]  # locked ones teach nothing
    rows = [*todo, *labelled]
    cases: dict[int, PlanCase] = {}
    for done, row in enumerate(rows):
        if not is_wanted():
            return None
        report(done, len(rows))
        vector = _vector(project, row)
        if vector is not None:
            cases[row.id] = _plan_case(project, row, vector)
    found = suggest(_those(cases, todo), _those(cases, labelled), SHOWN)
    states = {row.id: tr(STATES[row.state]) for row in todo}
    listed = tuple(PlannerRow(s.case_id, s.name, s.why, states[s.case_id], s.is_locked) for s in found)
    return _state(project, listed)


def _state(project: Project, rows: tuple[PlannerRow, ...]) -> PlannerState:
    examples = project.examples.labelled()
    curve = learning_curve(examples)
    read, total = project.planner.locked()
    return PlannerState(
        template=project.template.name,
        goal=project.planner.goal(),
        unit="mm" if curve is None else _unit(curve),
        reviewed=project.examples.count(),
        locked_read=read,
        locked_total=total,
        left_out=len(project.planner.exclusions()),
        rows=rows,
        now=_now(len(examples), curve),
        figures=() if curve is None else tuple(_ahead(f, curve) for f in curve.figures[1:]),
        what="" if curve is None else tr(WHAT, n=len(examples)),
        can_finetune=project.examples.count() >= FINETUNE_FROM,
        can_write=not project.read_only,
    )


def _now(count: int, curve: Curve | None) -> str:
    if curve is None:
        more = max(FEWEST_CASES - count, 0)
        to_go = tr("Figures come with {n} reviewed cases; {more} to go.", n=FEWEST_CASES, more=more)
        return to_go if more else tr("No figures yet.")
    now = curve.figures[0]
    error, low, high = (f"{value:.1f}" for value in (now.error, now.low, now.high))
    return tr("Now: expected {error} {unit} ({low} to {high})", error=error, unit=_unit(curve), low=low, high=high)


def _ahead(figure: Figure, curve: Curve) -> str:
    now = curve.figures[0]
    more = figure.cases - now.cases
    errors = {"error": f"{figure.error:.1f}", "now": f"{now.error:.1f}"}
    return tr("{n} more cases: about {error} {unit} (now {now})", n=more, unit=_unit(curve), **errors)


def _unit(curve: Curve) -> str:
    return "mm" if curve.unit == "mm" else tr("% of the diagonal")


def _those(cases: dict[int, PlanCase], rows: Sequence[CaseRow]) -> list[PlanCase]:
    return [cases[row.id] for row in rows if row.id in cases]


def _plan_case(project: Project, row: CaseRow, vector: Vector) -> PlanCase:
    score, doubtful = _certainty(project, row)
    return PlanCase(
        row.id,
        row.name,
        row.patient_group,
        row.part == "locked",
        vector,
        score,
        doubtful,
        tuple(_kind(row)),
    )


def _kind(row: CaseRow) -> Iterator[str]:
    if row.device:
        yield tr("device ({name})", name=row.device)
    size = f"{row.spacing.row_mm:.2f}" if row.spacing else ""
    yield tr("pixel size ({size} mm)", size=size) if size else tr("pixel size (unknown)")
    megapixels = 2.0 ** round(math.log2(row.width * row.height)) / 1e6
    yield tr("image size (about {n} megapixels)", n=f"{megapixels:.1f}")


def _certainty(project: Project, row: CaseRow) -> tuple[float | None, tuple[str, ...]]:
    """The lowest score of a case, and which landmarks have low ones."""
    if row.worst_radius is None and (row.worst_score is None or row.worst_score >= SURE):
        return row.worst_score, ()
    prediction = project.predictions.latest(row.id)
    if prediction is None or len(prediction.scores) != len(project.template):
        return row.worst_score, ()
    lowest = float(np.nan_to_num(prediction.scores).min()) if row.worst_score is None else row.worst_score
    return lowest, _doubtful(project, prediction)


def _doubtful(project: Project, prediction: Prediction) -> tuple[str, ...]:
    order = np.argsort(np.nan_to_num(prediction.scores, nan=np.inf))[:2]
    return tuple(project.template.landmarks[k].name for k in order if prediction.scores[k] < SURE)


def _vector(project: Project, row: CaseRow) -> Vector | None:
    """From the cache, else from the picture; None when it cannot be read."""
    axis = "" if row.axis is None else f"-{row.axis}"
    path = project.folder / "cache" / "descriptors" / f"{row.image_sha256[:32]}-{row.frame}{axis}.f32"
    known = _stored(path)
    if known is not None:
        return known
    try:
        image = read_case_image(row)
    except UserError:
        return None
    vector = describe(image.pixels, inverted=image.inverted)
    if not project.read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, vector.astype("<f4").tobytes())
    return vector


def _stored(path: Path) -> Vector | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return np.frombuffer(data, dtype="<f4") if len(data) == 4 * LENGTH else None
