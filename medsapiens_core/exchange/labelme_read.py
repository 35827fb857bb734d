"""Read LabelMe and X-AnyLabeling files (formats.md 2.2)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions
from medsapiens_core.exchange.checks import (
    MAX_POINTS,
    checked_landmarks,
    checked_point,
    checked_points,
    first_problem,
    located,
)
from medsapiens_core.exchange.convention import Convention, to_image
from medsapiens_core.exchange.extension import with_extension
from medsapiens_core.exchange.files import is_plain_relative
from medsapiens_core.exchange.hints import image_hint
from medsapiens_core.exchange.named_points import NamedPoint, in_order, unique_points
from medsapiens_core.exchange.safe_json import read_json
from medsapiens_core.exchange.states import placed_state

NAME = "labelme"
Side = Annotated[int, Field(ge=1, le=2**31)]


class _LabelMeFile(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    shapes: list[dict[str, Any]]
    image_path: Annotated[str, Field(alias="imagePath", min_length=1, max_length=4096)]
    image_data: Any = Field(default=None, alias="imageData")
    height: Side | None = Field(default=None, alias="imageHeight")
    width: Side | None = Field(default=None, alias="imageWidth")
    msl: Any = None


def read(path: Path, options: ReadOptions) -> Batch:
    """Read one file, or every JSON file under a folder; files of a folder that cannot be used become messages.

    A point shape is a landmark, with flag `occluded` an estimated one. Choice `origin=centre` for files in which
    the first pixel's centre is 0, 0. The pixels in `imageData` are never looked at. Raises UserError for one file
    that cannot be used and for a folder in which none can.
    """
    messages: list[str] = []
    if path.is_file():
        readings = [_read_file(path, path.parent, options, messages)]
    else:
        readings = list(_read_folder(path, options, messages))
        if not readings:
            raise UserError(f"{path.name} holds no LabelMe file that can be used. {' '.join(messages[:3])}")
    names = in_order(reading.points for reading in readings)
    with located(path.name):
        checked_landmarks(len(names))
    return Batch(tuple(readings), names, tuple(messages))


def _read_folder(folder: Path, options: ReadOptions, messages: list[str]) -> Iterator[Reading]:
    if not folder.is_dir():
        raise UserError(f"{folder} is neither a LabelMe file nor a folder of them.")
    count = 0
    for file in sorted(folder.rglob("*.json")):
        if not file.is_file() or not file.resolve().is_relative_to(folder.resolve()):
            continue
        try:
            reading = _read_file(file, folder, options, messages)
        except UserError as error:
            messages.append(str(error))
            continue
        count += len(reading.points)
        if count > MAX_POINTS:
            checked_points(count)
        yield reading


def _read_file(file: Path, folder: Path, options: ReadOptions, messages: list[str]) -> Reading:
    value = read_json(file)
    try:
        found = _LabelMeFile.model_validate(value)
    except ValidationError as error:
        raise UserError(f"{file.name} is not a LabelMe file: {first_problem(error, 'the file')}.") from error
    with located(file.name):
        points = unique_points(_points(found.shapes, options, file.name, messages), file.name, messages)
    file_name = _image_name(found.image_path, file, folder)
    image = ImageRef(file_name, found.width, found.height, path=options.find_image(file_name))
    extra = {"top": dict(found.model_extra or {}), "shapes": found.shapes}
    return with_extension(Reading(image, points, extra={NAME: extra}), found.msl)


def _image_name(hint: str, file: Path, folder: Path) -> str:
    """The image relative to the folder that is read: `imagePath` counts from where the annotation file lies."""
    beside = file.parent.relative_to(folder).as_posix()
    joined = posixpath.normpath(posixpath.join(beside, hint.replace("\\", "/")))
    return joined if is_plain_relative(joined) else image_hint(hint)


def _points(
    shapes: Sequence[dict[str, Any]], options: ReadOptions, name: str, messages: list[str]
) -> Iterator[NamedPoint]:
    origin = Convention.CENTRE if options.choices.get("origin") == "centre" else Convention.CORNER
    for shape in shapes:
        if shape.get("shape_type") != "point":
            continue
        pairs, flags, label = shape.get("points"), shape.get("flags"), shape.get("label")
        if not isinstance(pairs, list) or len(pairs) != 1 or not isinstance(pairs[0], list) or len(pairs[0]) != 2:
            messages.append(f"{name}: a point shape has not exactly one position; it was left out.")
            continue
        x, y = to_image(*checked_point(*pairs[0]), (1, 1), origin)
        hidden = isinstance(flags, dict) and flags.get("occluded") is True
        state = placed_state(x, y, source="reader", estimated=hidden)
        yield NamedPoint(label if isinstance(label, str) else "", state)
