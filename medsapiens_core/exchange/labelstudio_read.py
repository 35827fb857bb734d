"""Read Label Studio JSON (formats.md 2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from medsapiens_core.data.annotation import AbsentReason, PointState, absent
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions
from medsapiens_core.exchange.checks import (
    checked_landmarks,
    checked_name,
    checked_number,
    checked_point,
    checked_points,
    located,
)
from medsapiens_core.exchange.convention import Convention, Size, to_image
from medsapiens_core.exchange.extension import KEY, with_extension
from medsapiens_core.exchange.labelstudio_file import (
    ABSENT_PREFIX,
    VISIBILITY,
    LabelStudioResult,
    LabelStudioTask,
    image_key,
    image_name,
    parse_file,
    region_label,
    region_value,
    separate_labels,
)
from medsapiens_core.exchange.named_points import NamedPoint, in_order, unique_points
from medsapiens_core.exchange.states import placed_state

NAME = "labelstudio"


def read(path: Path, options: ReadOptions) -> Batch:
    """Read an export in JSON: each annotation one reading, each prediction one reading of a model.

    Cancelled annotations are left out; a turned image, or one whose parts disagree on its size, is left out with a
    message. Raises UserError for a file of another kind.
    """
    messages: list[str] = []
    readings: list[Reading] = []
    count = 0
    for number, task in enumerate(parse_file(path), 1):
        with located(f"{path.name}, task {number}"):
            readings.extend(_task(task, options, messages))
            count += sum(len(found.result) for found in task.annotations)
            checked_points(count)
    names = in_order(reading.points for reading in readings)
    with located(path.name):
        checked_landmarks(len(names))
    return Batch(tuple(readings), names, tuple(messages))


def _task(task: LabelStudioTask, options: ReadOptions, messages: list[str]) -> Iterator[Reading]:
    name = image_name(str(task.data[image_key(task.data)]))
    kept = {"data": task.data, **(task.model_extra or {})}
    people = [found for found in task.annotations if not found.was_cancelled]
    models = [found for found in task.predictions if isinstance(found, LabelStudioResult)]
    said: list[tuple[LabelStudioResult, Literal["reader", "model"]]] = [(found, "reader") for found in people]
    for found, source in said + [(found, "model") for found in models]:
        try:
            reading = _reading(found, source, name, options, messages)
        except UserError as error:
            messages.append(f"{name}: {error}; it was left out.")
            continue
        extra = {"task": kept, "annotation": found.model_dump(exclude={KEY}, exclude_unset=True)}
        ours = found.msl if source == "reader" else None
        yield with_extension(replace(reading, extra={NAME: extra}), ours)


def _reading(
    found: LabelStudioResult,
    source: Literal["reader", "model"],
    name: str,
    options: ReadOptions,
    messages: list[str],
) -> Reading:
    size = _size(found.result)
    marks, scores = _marks(found.result, size, source, name, messages)
    points = unique_points(marks, name, messages)
    for landmark, state in _absent(found.result).items():
        points.setdefault(landmark, state)
    width, height = size or (None, None)
    image = ImageRef(name, width, height, path=options.find_image(name))
    model = None if found.model_version is None else str(found.model_version)
    return Reading(
        image,
        points,
        reader=_reader(found),
        source=source,
        model_id=model if source == "model" else None,
        scores=scores,
    )


def _size(result: list[dict[str, Any]]) -> Size | None:
    """The size that all regions state. Raises UserError when they disagree or the image was turned."""
    sizes = set()
    for region in result:
        if region.get("image_rotation"):
            raise UserError("the image was turned in Label Studio, so the points lie in another frame")
        if "original_width" in region:
            sizes.add((_side(region["original_width"]), _side(region.get("original_height"))))
    if not sizes:
        return None
    if len(sizes) > 1:
        raise UserError("its regions do not state one size of the image")
    return sizes.pop()


def _side(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 2**31:
        raise UserError("a width or height is not a whole number of pixels")
    return value


def _marks(
    result: list[dict[str, Any]], size: Size | None, source: Literal["reader", "model"], name: str, messages: list[str]
) -> tuple[list[NamedPoint], dict[str, float]]:
    labels, hidden = separate_labels(result), _hidden(result)
    marks, scores = [], {}
    for region in result:
        try:
            label = region_label(region, labels)
        except UserError as error:
            messages.append(f"{name}: {error}; it was left out.")
            continue
        if label is None:
            continue
        x, y = _position(region, size)
        state = placed_state(x, y, source=source, estimated=str(region.get("id")) in hidden)
        marks.append(NamedPoint(label, state))
        if "score" in region and region["score"] is not None:
            scores[label] = min(max(checked_number(region["score"]), 0.0), 1.0)
    return marks, scores


def _position(region: dict[str, Any], size: Size | None) -> tuple[float, float]:
    if size is None:
        raise UserError("its regions do not state the size of the image")
    value = region_value(region)
    return checked_point(*to_image(*checked_point(value.get("x"), value.get("y")), size, Convention.PERCENT))


def _choices(region: dict[str, Any]) -> list[str]:
    found = region_value(region).get("choices")
    return [choice for choice in found if isinstance(choice, str)] if isinstance(found, list) else []


def _hidden(result: list[dict[str, Any]]) -> set[str]:
    """Ids of the regions that a person called estimated (also "occluded")."""
    said = [region for region in result if region.get("type") == "choices" and region.get("from_name") == VISIBILITY]
    return {str(region.get("id")) for region in said if {"estimated", "occluded"} & set(_choices(region))}


def _absent(result: list[dict[str, Any]]) -> dict[str, PointState]:
    states = {}
    reasons = {ABSENT_PREFIX + reason.value: reason for reason in AbsentReason}
    for region in result:
        reason = reasons.get(str(region.get("from_name")))
        if reason is not None and region.get("type") == "choices":
            states.update({checked_name(landmark): absent(reason) for landmark in _choices(region)})
    return states


def _reader(found: LabelStudioResult) -> str:
    """Who completed it: an id or, in full exports, an address."""
    who = found.completed_by
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    return "" if who is None else str(who)[:200]
