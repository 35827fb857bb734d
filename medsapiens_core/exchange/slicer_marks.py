"""Labelled positions in millimetres, as both kinds of Slicer files hold them, to readings and back (formats.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medsapiens_core.data.annotation import AbsentReason, Decision, Place, PointState, absent, predicted
from medsapiens_core.data.image import SpacingSource
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import ImageRef, Reading, ReadOptions
from medsapiens_core.exchange.checks import checked_landmarks, checked_name, checked_point
from medsapiens_core.exchange.hints import find_by_stem
from medsapiens_core.exchange.provenance import with_record
from medsapiens_core.exchange.slicer_space import Space, image_space
from medsapiens_core.exchange.states import placed_state

STATE_WORDS = ("visible", "estimated", "predicted", "")


@dataclass(frozen=True)
class Mark:
    """One control point: LPS mm, None when undefined. `description` may be our word for the state."""

    label: str
    lps: tuple[float, float, float] | None
    description: str


def readings_of(marks: list[Mark], file: Path, record: Any, options: ReadOptions, messages: list[str]) -> list[Reading]:
    """The reading of a file's marks; several, one for each slice, when nothing says which slice was meant.

    Raises UserError when the image is not found. Marks off the slice, without a usable name, or named twice are listed.
    """
    stem = file.name.removesuffix(".json").removesuffix(".mrk").removesuffix(".fcsv")
    base = with_record(Reading(ImageRef(stem), {}), record)
    is_ours = base.template_id is not None
    path = _find(options, base.image.file_name if is_ours else "", stem)
    if path is None:
        raise UserError("its image was not found, and without it millimetres have no pixels. Give the images' folder.")
    space = image_space(path, base.image.axis if is_ours else _axis(options.choices))
    _check_size(base.image, space)
    image = replace(base.image, path=path, axis=space.axis, width=space.size[0], height=space.size[1])
    image = image if is_ours else replace(image, file_name=path.name)
    named = _named(marks, file, messages)
    frame = image.frame if is_ours or space.slices == 1 else None
    by_frame: dict[int, dict[str, PointState]] = {} if frame is None else {frame: {}}
    undefined = {}
    for label, mark in named.items():
        if mark.lps is None:
            undefined[label] = mark
            continue
        xy, depth = space.from_lps(mark.lps)
        nearest = frame if frame is not None else round(depth)
        if abs(depth - nearest) * 2 > 1 + 1e-6 or not 0 <= nearest < space.slices:
            messages.append(f"{file.name}: {label} does not lie in the slice and was left out.")
            continue
        by_frame.setdefault(nearest, {})[label] = _placed(checked_point(*xy), mark.description, base)
    if len(by_frame) <= 1:
        points = next(iter(by_frame.values()), {})
        points.update({label: state for label, mark in undefined.items() if (state := _absent(mark)) is not None})
    by_frame = by_frame or {0: {}}
    return [replace(base, image=replace(image, frame=k), points=points) for k, points in sorted(by_frame.items())]


def marks_of(reading: Reading, space: Space, names: tuple[str, ...]) -> list[Mark]:
    """One mark for each name; the description is the state."""
    marks = []
    for name in names:
        state = reading.points.get(name, PointState())
        if state.x is None or state.y is None:
            reason = f"absent:{state.absent_reason}" if state.absent_reason else ""
            marks.append(Mark(name, None, reason))
        else:
            undecided = state.decision is Decision.PREDICTED
            word = "predicted" if undecided else state.place.value
            marks.append(Mark(name, space.to_lps(state.x, state.y, reading.image.frame), word))
    return marks


def space_to_write(reading: Reading) -> Space:
    """The space that a reading's points are written in. Raises UserError when they would land elsewhere in Slicer."""
    image = reading.image
    if image.path is None:
        raise UserError("the image is not at hand, and without it Slicer's millimetres are not known")
    space = image_space(image.path, image.axis)
    _check_size(image, space)
    if not 0 <= image.frame < space.slices:
        raise UserError("the image file has fewer slices than the annotated image")
    spacing = image.spacing
    if spacing is not None and (spacing.chosen or spacing.source is SpacingSource.USER):
        pairs = ((spacing.row_mm, space.row_mm), (spacing.col_mm, space.col_mm))
        if any(abs(ours - theirs) > 1e-6 * ours for ours, theirs in pairs):
            raise UserError(
                "it was calibrated here, but Slicer uses the file's own pixel size; points would land elsewhere"
            )
    return space


def _check_size(image: ImageRef, space: Space) -> None:
    if (image.width or space.size[0], image.height or space.size[1]) != space.size:
        raise UserError("the image file has another size than the annotated image")


def _find(options: ReadOptions, recorded: str, stem: str) -> Path | None:
    for name in (options.choices.get("image", ""), recorded):
        found = options.find_image(name) if name else None
        if found is not None:
            return found
    return find_by_stem(options, stem)


def _axis(choices: Mapping[str, str]) -> int | None:
    axis = choices.get("axis")
    if axis not in (None, "0", "1", "2"):
        raise UserError("The axis of a volume is 0 (slices), 1 (rows) or 2 (columns).")
    return None if axis is None else int(axis)


def _named(marks: list[Mark], file: Path, messages: list[str]) -> dict[str, Mark]:
    named: dict[str, Mark] = {}
    for mark in marks:
        try:
            if checked_name(mark.label) in named:
                raise UserError(f"{mark.label} occurs twice")
            named[mark.label] = mark
        except UserError as error:
            messages.append(f"{file.name}: {error}; the point was left out.")
    checked_landmarks(len(named))
    return named


def _placed(xy: tuple[float, float], description: str, base: Reading) -> PointState:
    if description == "predicted":
        return predicted(*xy)
    return placed_state(*xy, source=base.source, estimated=description == Place.ESTIMATED.value)


def _absent(mark: Mark) -> PointState | None:
    kind, _, reason = mark.description.partition(":")
    return absent(AbsentReason(reason)) if kind == "absent" and reason in set(AbsentReason) else None
