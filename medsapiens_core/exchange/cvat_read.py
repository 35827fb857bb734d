"""Read CVAT XML 1.1: skeletons and single points, of images and of videos' keyframes (formats.md 2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from medsapiens_core.data.annotation import absent
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions
from medsapiens_core.exchange.checks import checked_landmarks, checked_point, checked_points, located, number
from medsapiens_core.exchange.convention import Convention, to_image
from medsapiens_core.exchange.cvat_meta import Meta, read_meta, side
from medsapiens_core.exchange.cvat_xml import parts
from medsapiens_core.exchange.extension import with_extension
from medsapiens_core.exchange.hints import image_hint
from medsapiens_core.exchange.named_points import NamedPoint, in_order, unique_points
from medsapiens_core.exchange.states import placed_state


@dataclass
class _Found:
    """What has been read so far."""

    origin: Convention
    meta: Meta = field(default_factory=Meta)
    readings: list[Reading] = field(default_factory=list)
    frames: dict[int, list[NamedPoint]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    count: int = 0


def read(path: Path, options: ReadOptions) -> Batch:
    """Read a CVAT file: `outside` is absent, `occluded` is estimated; frames between keyframes are left out.

    Choice `origin=centre` for files in which the first pixel's centre is 0, 0. Raises UserError that names the image.
    """
    centre = options.choices.get("origin") == "centre"
    found = _Found(Convention.CENTRE if centre else Convention.CORNER)
    for element in parts(path):
        with located(path.name):
            _take(element, found, options)
            checked_points(found.count)
    found.readings.extend(_frames(found, path.stem, options))
    if not found.readings:
        raise UserError(f"{path.name} holds no image and no track. Export it as 'CVAT for images 1.1' again.")
    names = in_order(reading.points for reading in found.readings)
    with located(path.name):
        checked_landmarks(len(names))
    return Batch(tuple(found.readings), names, tuple(found.messages))


def _take(element: Element, found: _Found, options: ReadOptions) -> None:
    if element.tag == "meta":
        found.meta = read_meta(element)
    elif element.tag == "track":
        _take_track(element, found)
    else:
        found.readings.extend(_image(element, found, options))


def _image(element: Element, found: _Found, options: ReadOptions) -> Iterator[Reading]:
    name = image_hint(element.get("name", ""))
    with located(name):
        if _set(element, "rotation"):
            raise UserError("the picture was turned in CVAT, so the points lie in another frame")
        skeletons = element.findall("skeleton")
        if len(skeletons) > 1:
            found.messages.append(f"{name}: {len(skeletons)} skeletons; it was left out, as they cannot be told apart.")
            return
        marks = [mark for group in (element, *skeletons) for mark in group.findall("points")]
        points = unique_points(_marks(marks, None, name, found), name, found.messages)
        size = side(element.get("width")), side(element.get("height"))
    image = ImageRef(name, *size, path=options.find_image(name))
    yield with_extension(Reading(image, points), found.meta.records.get(element.get("id", "")))


def _take_track(track: Element, found: _Found) -> None:
    label = track.get("label", "")
    with located(f"track {track.get('id', '')[:20]}"):
        for shape in track:
            marks = [shape] if shape.tag == "points" else shape.findall("points") if shape.tag == "skeleton" else []
            own = label if shape.tag == "points" else None
            key = _set(shape, "keyframe")
            kept = [mark for mark in marks if (_set(mark, "keyframe") if mark.get("keyframe") else key)]
            if kept:
                frame = _frame(shape.get("frame", ""))
                found.frames.setdefault(frame, []).extend(_marks(kept, own, f"frame {frame}", found))


def _frames(found: _Found, stem: str, options: ReadOptions) -> Iterator[Reading]:
    name = found.meta.source or stem
    for frame, marks in sorted(found.frames.items()):
        image = ImageRef(name, found.meta.width, found.meta.height, frame, path=options.find_image(name))
        yield Reading(image, unique_points(marks, f"{name}, frame {frame}", found.messages))


def _marks(marks: list[Element], label: str | None, where: str, found: _Found) -> Iterator[NamedPoint]:
    for mark in marks:
        found.count += 1
        name = mark.get("label", "") if label is None else label
        if _set(mark, "outside"):
            yield NamedPoint(name, absent())
            continue
        pairs = mark.get("points", "").split(";")
        numbers = pairs[0].split(",")
        if len(pairs) != 1 or len(numbers) != 2:
            found.messages.append(f"{where}: a points element has not exactly one position; it was left out.")
            continue
        x, y = to_image(*checked_point(number(numbers[0]), number(numbers[1])), (1, 1), found.origin)
        yield NamedPoint(name, placed_state(x, y, source="reader", estimated=_set(mark, "occluded")))


def _set(element: Element, name: str) -> bool:
    return element.get(name, "0").strip().lower() not in ("", "0", "0.0", "0.00", "false")


def _frame(text: str) -> int:
    value = number(text)
    if value != int(value) or value < 0:
        raise UserError("a frame number is not a whole number from 0")
    return int(value)
