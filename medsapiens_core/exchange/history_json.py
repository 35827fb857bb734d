"""Our own JSON with history, `msj1`: one sealed object for each case, one to a line (formats.md 5.2).

A case may also be a file by itself, laid out in any way. What a case says beyond a reading (project, history, hashes
of revisions, keys that we do not know) is kept in `Reading.extra["json"]` and written back; whoever knows the history
of a case puts it there: `{"case": {"project": ..., "history": [...]}, "read": {"rev_hash": ...}}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medsapiens_core.data.annotation import Place, PointState
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import Batch, Format, ImageRef, Reading, ReadOptions, WriteOptions, WriteReport
from medsapiens_core.exchange.canonical import canonical, seal, template_sha256
from medsapiens_core.exchange.files import write_text
from medsapiens_core.exchange.history_json_case import EXTRA, FORMAT_NAME, read_cases
from medsapiens_core.exchange.states import counts, state_of, to_write
from medsapiens_core.exchange.trust import trust_of


def read(path: Path, _options: ReadOptions) -> Batch:
    """Read the cases whose hash holds; the others are told in the messages. Raises UserError when none is left."""
    return read_cases(path)


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write every landmark of the template for every reading; readings of one image share one object."""
    batch, losses = to_write(batch, options)
    groups: dict[tuple[Any, ...], list[Reading]] = {}
    for reading in batch.readings:
        groups.setdefault(_image_key(reading.image), []).append(reading)
    sha256 = template_sha256(options.template)
    lines = [canonical(_case(group, options.template, sha256)) for group in groups.values()]
    write_text(target, "".join(line + "\n" for line in lines))
    return WriteReport((target,), counts(batch.readings, options.template), losses)


def _image_key(image: ImageRef) -> tuple[Any, ...]:
    return (image.image_id, image.file_name, image.sha256, image.sop_instance_uid, image.frame, image.axis)


def _case(readings: list[Reading], template: Template, sha256: str) -> dict[str, Any]:
    image = readings[0].image
    kept = _kept(readings[0], "case")
    case = {
        **kept,
        "format": FORMAT_NAME,
        "kind": kept.get("kind", "case"),
        "case": image.image_id,
        "subject": image.subject,
        "image": _known(kept.get("image"), _image(image)),
        "template": {"id": template.id, "version": template.version, "sha256": sha256},
        "reads": [_read(reading, template) for reading in readings],
    }
    case.pop("spacing", None)
    if image.spacing is not None:
        case["spacing"] = {**image.spacing.to_json(), "trust": trust_of(image.spacing.source).value}
    return seal(case)


def _image(image: ImageRef) -> dict[str, Any]:
    values = {"file": image.file_name, "sha256": image.sha256, "sop": image.sop_instance_uid, "frame": image.frame}
    size = {"axis": image.axis, "width": image.width, "height": image.height}
    return {**values, **size, "pixel_sha256": image.pixel_sha256}


def _read(reading: Reading, template: Template) -> dict[str, Any]:
    values = {
        "reader": reading.reader,
        "source": reading.source,
        "model": reading.model_id,
        "reviewed": reading.reviewed,
        "decided_utc": reading.decided_utc,
        "revision": reading.revision,
        "note": reading.note,
        "points": list(_points(reading, template)),
    }
    return {**_kept(reading, "read"), **{key: value for key, value in values.items() if value is not None}}


def _points(reading: Reading, template: Template) -> Iterator[dict[str, Any]]:
    kept = _kept(reading, "points")
    for mark in template.ids:
        point = {**kept.get(mark, {}), "landmark": mark, **_state(state_of(reading, mark))}
        if mark in reading.scores:
            point["score"] = float(reading.scores[mark])
        yield point


def _state(state: PointState) -> dict[str, Any]:
    values: dict[str, Any] = {"place": state.place.value}
    if state.place is not Place.NOT_PLACED:
        values["decision"] = state.decision.value
    if state.absent_reason is not None:
        values["reason"] = state.absent_reason.value
    if state.x is not None and state.y is not None:
        values |= {"x": float(state.x), "y": float(state.y)}
    return values


def _kept(reading: Reading, part: str) -> Mapping[str, Any]:
    extra = reading.extra.get(EXTRA, {})
    found: Mapping[str, Any] = extra.get(part, {})
    return found


def _known(kept: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """What was kept of an object, with our values over it; what is unknown is left out."""
    known = {key: value for key, value in values.items() if value is not None}
    return {**(kept if isinstance(kept, dict) else {}), **known}


FORMAT = Format("json", "JSON with history (msj1)", (".jsonl", ".json"), False, read, write)
