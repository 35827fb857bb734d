"""What a fill computes beside the window: learn the shape, read the model's candidates, place the points."""

from __future__ import annotations

from dataclasses import dataclass

from medsapiens_core.data.annotation import Annotation, Edit
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.shape.completion import FEWEST
from medsapiens_core.shape.filling import Filled, Film, fill_case, is_odd, oddness
from medsapiens_core.shape.source import ShapeSource, choose_source
from medsapiens_core.store.project import Project


@dataclass(frozen=True, eq=False)
class FillRequest:
    """One fill. `edit` is the correction that it follows from, None when the reader asked for it.

    `is_live` also without one when live updates are taken up again: then points move, and none is placed.
    """

    case_id: int
    annotation: Annotation
    film: Film
    shown: Prediction | None
    model_id: str | None
    landmarks: frozenset[str]
    edit: Edit | None
    is_live: bool = False


@dataclass(frozen=True, eq=False)
class FillAnswer:
    """What came out; `odd_landmark` is a corrected landmark that does not fit the others, "" if all is well."""

    request: FillRequest
    filled: Filled
    odd_landmark: str
    source_text: str


def read_source(project: Project, known: str) -> tuple[str, ShapeSource | None] | None:
    """The shape to fill from and the mark of the cases it was learned from; None while `known` holds still."""
    mark = project.examples.mark()
    return None if mark == known else (mark, choose_source(project.template, project.examples.labelled()))


def compute_fill(project: Project, source: ShapeSource, request: FillRequest) -> FillAnswer:
    """Read what the model has proposed for the case, join it with the shape, and look whether the correction fits."""
    model = None
    if request.model_id is not None:
        model = project.predictions.latest(request.case_id, request.model_id)
    filled = fill_case(
        source,
        project.template,
        request.annotation,
        request.film,
        shown=request.shown,
        model=model,
        landmarks=request.landmarks,
    )
    return FillAnswer(request, filled, _odd_landmark(project, source, request, model, filled), source.text)


def _odd_landmark(
    project: Project, source: ShapeSource, request: FillRequest, model: Prediction | None, filled: Filled
) -> str:
    """The corrected landmark, if the correction has made it one that does not fit the others (ux.md 7.6)."""
    if request.edit is None:
        return ""
    landmark = request.edit.changes[0].landmark
    position = project.template.index[landmark]
    after = float(filled.odd[position])
    before = _odd_before(source, request, model, position)
    return landmark if is_odd(after, before) else ""


def _odd_before(source: ShapeSource, request: FillRequest, model: Prediction | None, position: int) -> float:
    """How odd the point was where it lay before: infinite is never more than that, so nothing counts as 0."""
    assert request.edit is not None
    states = list(request.annotation.states)
    states[position] = request.edit.changes[0].before
    before = Annotation(
        request.annotation.case_id, request.annotation.template_id, request.annotation.landmark_ids, tuple(states)
    )
    if sum(state.is_decided and state.x is not None for state in states) < FEWEST:
        return 0.0
    return float(oddness(source, before, request.film, model)[position])
