"""Our optional key `msl` in other tools' files: what they cannot say of a point, and who said it.

Positions always come from the other tool's own keys, so a point that was moved there stays moved; the extension adds
only why a point is absent, what a position rests on (predicted, confirmed, corrected), scores and provenance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.annotation import AbsentReason, Decision, Place, PointState, absent
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import Reading
from medsapiens_core.exchange.checks import MAX_LANDMARKS
from medsapiens_core.exchange.files import base_name
from medsapiens_core.exchange.provenance import to_record, with_record
from medsapiens_core.exchange.states import state_of

KEY = "msl"
VERSION = 1


class _Extension(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    v: Annotated[int, Field(ge=1)]
    landmarks: Annotated[list[str], Field(max_length=MAX_LANDMARKS)]
    place: list[Place]
    decision: list[Decision] = []
    absent_reason: list[AbsentReason | None] = []
    score: list[Annotated[float, Field(ge=0, le=1)] | None] = []
    about: Any = None


def extension(reading: Reading, template: Template, product: str) -> dict[str, Any]:
    """The object to put under `msl`; its lists are in template order."""
    states = [state_of(reading, landmark) for landmark in template.ids]
    value: dict[str, Any] = {
        "v": VERSION,
        "template": f"{template.id}@{template.version}",
        "frame": reading.image.frame,
        "sha256": reading.image.sha256,
        "landmarks": list(template.ids),
        "place": [state.place.value for state in states],
        "decision": [state.decision.value for state in states],
        "absent_reason": [state.absent_reason.value if state.absent_reason else None for state in states],
        "about": to_record(reading, template, product),
    }
    if reading.scores:
        value["score"] = [reading.scores.get(landmark) for landmark in template.ids]
    return value


def with_extension(reading: Reading, value: Any) -> Reading:
    """The reading with what `msl` adds; unchanged when `value` is not usable or of none of our versions."""
    try:
        found = _Extension.model_validate(value)
    except ValidationError:
        return reading
    if found.v != VERSION or len(found.place) != len(found.landmarks):
        return reading
    said = _about(reading, found.about)
    points = dict(said.points)
    for index, landmark in enumerate(found.landmarks):
        state = _state(reading.points.get(landmark), found, index)
        if state is not None:
            points[landmark] = state
    scores = {name: score for name, score in zip(found.landmarks, found.score, strict=False) if score is not None}
    return replace(said, points=points, scores=scores)


def _about(reading: Reading, record: Any) -> Reading:
    """Provenance, unless the file now names another image than the one that it was written for."""
    said = with_record(reading, record)
    if base_name(said.image.file_name) == base_name(reading.image.file_name):
        return said
    return replace(said, image=reading.image)


def _state(state: PointState | None, found: _Extension, index: int) -> PointState | None:
    if found.place[index] is Place.ABSENT and (state is None or state.place is Place.ABSENT):
        return absent(_at(found.absent_reason, index) or AbsentReason.NOT_ASSESSABLE)
    decision = _at(found.decision, index)
    if state is not None and state.place is Place.VISIBLE and decision not in (None, Decision.NONE):
        return replace(state, decision=decision)
    return state


def _at(values: Sequence[Any], index: int) -> Any:
    return values[index] if index < len(values) else None
