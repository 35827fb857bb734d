"""Landmark states on the way in and out: what a reader makes of a position, and what a writer may write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from medsapiens_core.data.annotation import NOT_PLACED, AbsentReason, Decision, Place, PointState, placed, predicted
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Reading, WriteOptions
from medsapiens_core.exchange.checks import checked_point


def placed_state(x: float, y: float, *, source: Literal["reader", "model"], estimated: bool = False) -> PointState:
    """A position from a file, image pixels: corrected or estimated by a reader, or predicted by a model."""
    return predicted(x, y) if source == "model" else placed(x, y, None, estimated=estimated)


def stored_state(
    place: Place, decision: Decision | None, x: float | None, y: float | None, reason: AbsentReason | None
) -> PointState:
    """A state as our own files write it, image pixels. Raises UserError when its parts do not go together."""
    if place is Place.NOT_PLACED:
        decision = Decision.NONE
    elif place is Place.ABSENT:
        reason = reason or AbsentReason.NOT_ASSESSABLE
    if x is not None and y is not None:
        checked_point(x, y)
    try:
        return PointState(place, decision or Decision.CORRECTED, x, y, reason)
    except ValueError as error:
        raise UserError(f"{error}.") from error


def state_of(reading: Reading, landmark: str) -> PointState:
    """The landmark's state; not placed when the reading does not mention it."""
    return reading.points.get(landmark, NOT_PLACED)


def counts(readings: Iterable[Reading], template: Template) -> dict[str, int]:
    """How many points of the template's landmarks are visible, estimated, absent, not placed; all four keys."""
    result = {place.value: 0 for place in Place}
    for reading in readings:
        for landmark in template.ids:
            result[state_of(reading, landmark).place.value] += 1
    return result


def to_write(batch: Batch, options: WriteOptions) -> tuple[Batch, tuple[str, ...]]:
    """The batch as a writer should write it, and a sentence for whatever was taken out.

    Out come undecided points of a reader, unless `choices["undecided"]` is "include", and points that are not in the
    template. A model's own reading keeps its predictions.
    """
    include = options.choices.get("undecided") == "include"
    known = options.template.index
    readings, undecided, unknown = [], 0, 0
    for reading in batch.readings:
        named = {name: state for name, state in reading.points.items() if name in known}
        kept = {name: state for name, state in named.items() if include or not _is_undecided(reading, state)}
        unknown += len(reading.points) - len(named)
        undecided += len(named) - len(kept)
        readings.append(replace(reading, points=kept))
    losses = []
    if undecided:
        losses.append(f"{undecided} undecided points were left out; nobody has confirmed them.")
    if unknown:
        losses.append(f"{unknown} points were left out because template {options.template.id} has no such landmark.")
    return replace(batch, readings=tuple(readings)), tuple(losses)


def _is_undecided(reading: Reading, state: PointState) -> bool:
    return reading.source == "reader" and state.decision is Decision.PREDICTED
