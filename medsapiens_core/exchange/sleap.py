"""SLEAP's `.slp` files through h5py alone (formats.md 4.1). Embedded images are not read.

A predicted instance is a model's reading. Readers' names travel as tracks, all else that SLEAP has no place for in its
provenance; both are believed only in files that we wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from medsapiens_core.data.annotation import PointState, predicted
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, ImageRef, Reading, ReadOptions, WriteOptions, WriteReport
from medsapiens_core.exchange.checks import checked_point
from medsapiens_core.exchange.convention import Convention, to_image
from medsapiens_core.exchange.hints import check_names, frameless, image_hint
from medsapiens_core.exchange.provenance import to_record, with_record
from medsapiens_core.exchange.sleap_file import Instance, SleapFile, read_file
from medsapiens_core.exchange.sleap_write import NewFrame, NewInstance, NewVideo, write_file
from medsapiens_core.exchange.states import counts, placed_state, state_of, to_write

_OURS = "medsapiens"
_Key = tuple[str, str, str]


def read(path: Path, _options: ReadOptions) -> Batch:
    """One reading for each instance; of other programs' files the first of a frame. Raises UserError."""
    file = read_file(path)
    records = _records(file)
    readings: list[Reading] = []
    taken: set[_Key] = set()
    for instance in file.instances:
        image = _image(file, instance)
        source = "model" if instance.is_predicted else "reader"
        who = file.tracks[instance.track] if records and 0 <= instance.track < len(file.tracks) else ""
        key = (f"{image.file_name}\n{image.frame}", source, who)
        if key not in taken:
            taken.add(key)
            readings.append(_reading(file, instance, image, who, records))
    names = tuple(dict.fromkeys(name for skeleton in file.skeletons for name in skeleton))
    return Batch(tuple(readings), names, tuple(_messages(file, len(readings))))


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write one file; pictures of one size form a list. A reader's second reading of an image is skipped."""
    check_names(options.template.ids)
    batch, losses = to_write(batch, options)
    readings, skipped = frameless(batch.readings, "A list of images in SLEAP")
    written = _one_each(readings, skipped)
    tracks = list(dict.fromkeys(filter(None, map(_who, written))))
    videos, frames = _videos(written, tracks, options.template)
    records = [to_record(reading, options.template, options.product) for reading in written]
    provenance = {_OURS: records}
    write_file(target, options.template, videos=videos, tracks=tracks, frames=frames, provenance=provenance)
    found = counts(written, options.template)
    return WriteReport((target,), found, (*losses, *_losses(found)), tuple(skipped))


def _records(file: SleapFile) -> dict[_Key, Mapping[str, Any]]:
    """What our provenance says, by image, source and reader or model."""
    listed = file.provenance.get(_OURS)
    records = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return {
        (image_hint(str(entry.get("image"))), str(entry.get("source", "reader")), _who_says(entry)): entry
        for entry in records
    }


def _who_says(record: Mapping[str, Any]) -> str:
    return str(record.get("model" if record.get("source") == "model" else "reader") or "")


def _who(reading: Reading) -> str:
    return (reading.model_id or "") if reading.source == "model" else reading.reader


def _image(file: SleapFile, instance: Instance) -> ImageRef:
    video = file.videos[instance.video]
    if not video.is_list:
        return ImageRef(image_hint(video.names[0]), video.width, video.height, instance.frame)
    if instance.frame >= len(video.names):
        raise UserError("The SLEAP file has a frame that is not in its list of images.")
    size = (video.width, video.height) if len(video.names) == 1 else (None, None)  # known only of the first image
    return ImageRef(image_hint(video.names[instance.frame]), *size)


def _reading(
    file: SleapFile, instance: Instance, image: ImageRef, who: str, records: Mapping[_Key, Mapping[str, Any]]
) -> Reading:
    source = "model" if instance.is_predicted else "reader"
    base = Reading(image, {}, source="model") if instance.is_predicted else Reading(image, {}, who)
    reading = with_record(base, records.get((image.file_name, source, who)))
    reading = replace(reading, model_id=who or None) if instance.is_predicted else reading
    marked = zip(instance.names, instance.xy, instance.complete, instance.scores, strict=True)
    points: dict[str, PointState] = {}
    scores: dict[str, float] = {}
    for name, xy, complete, score in marked:
        if np.isnan(xy).any():
            continue
        x, y = checked_point(*_convert(file, float(xy[0]), float(xy[1])))
        undecided = bool(records) and not complete
        points[name] = predicted(x, y) if undecided else placed_state(x, y, source=reading.source)
        if instance.is_predicted and 0 <= score <= 1:
            scores[name] = float(score)
    return replace(reading, points=points, scores=scores)


def _convert(file: SleapFile, x: float, y: float) -> tuple[float, float]:
    convention = Convention.CORNER if file.format_id < 1.1 else Convention.CENTRE
    return to_image(x, y, (1, 1), convention)


def _messages(file: SleapFile, count: int) -> Iterator[str]:
    if len(file.instances) > count:
        left = len(file.instances) - count
        yield f"{left} further instances of the same images were left out; only the first of each image was read."
    hidden = sum(instance.hidden for instance in file.instances)
    if hidden:
        yield f"{hidden} points marked as not visible were taken for missing, as SLEAP does."


def _one_each(readings: Sequence[Reading], skipped: list[tuple[str, str]]) -> list[Reading]:
    kept: dict[_Key, Reading] = {}
    for reading in readings:
        key = (reading.image.file_name, reading.source, _who(reading))
        if key in kept:
            skipped.append((reading.image.file_name, "the same reader has another reading of it"))
        kept.setdefault(key, reading)
    return list(kept.values())


def _videos(
    readings: Sequence[Reading], tracks: Sequence[str], template: Template
) -> tuple[list[NewVideo], list[NewFrame]]:
    groups: dict[tuple[int | None, int | None], dict[str, list[NewInstance]]] = {}
    for reading in readings:
        image = reading.image
        instances = groups.setdefault((image.width, image.height), {}).setdefault(image.file_name, [])
        who = _who(reading)
        points = [_point(reading, name) for name in template.ids]
        instances.append(NewInstance(reading.source == "model", tracks.index(who) if who else -1, points))
    videos = [NewVideo(list(images), *size) for size, images in groups.items()]
    frames = [
        NewFrame(number, place, instances)
        for number, images in enumerate(groups.values())
        for place, instances in enumerate(images.values())
    ]
    return videos, frames


def _point(reading: Reading, name: str) -> tuple[float, float, bool, bool, float]:
    """Estimated points are visible too: SLEAP drops the position of what is not."""
    state = state_of(reading, name)
    score = reading.scores.get(name, float("nan"))
    if state.x is None or state.y is None:
        return float("nan"), float("nan"), False, False, score
    return state.x, state.y, True, state.is_decided, score


def _losses(found: Mapping[str, int]) -> Iterator[str]:
    if found["estimated"]:
        yield f"{found['estimated']} estimated points became ordinary points: SLEAP would drop their positions."
    if found["absent"]:
        yield f"{found['absent']} absent points became missing points: SLEAP cannot tell them apart."


FORMAT = Format("sleap", "SLEAP", (".slp",), False, read, write)
