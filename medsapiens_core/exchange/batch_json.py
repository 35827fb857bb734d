"""A batch as JSON and back: how label files that a child process has read reach this one (docs/adr/0011).

Nothing is lost on the way: numbers are shortest exact text, states and pixel sizes are checked again on arrival.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from pydantic import TypeAdapter

from medsapiens_core.exchange.batch import Batch, ImageRef, Reading

REPORT, MEASUREMENTS = "dicom-sr", "measurements"  # the one place where `extra` holds objects of ours
_BATCH: TypeAdapter[Batch] = TypeAdapter(Batch)
_PLAIN = tuple(field.name for field in fields(Reading) if field.name not in ("image", "points", "scores", "extra"))


def batch_to_json(batch: Batch) -> bytes:
    """The batch as ASCII text. Raises ValueError or TypeError when a reader left in it what is no JSON."""
    value = {
        "readings": [_reading_to_json(reading) for reading in batch.readings],
        "landmarks": list(batch.landmarks),
        "messages": list(batch.messages),
        "extra": dict(batch.extra),
    }
    return json.dumps(value, allow_nan=False).encode("ascii")


def batch_from_json(data: bytes) -> Batch:
    """The inverse. Raises ValueError (pydantic's among them) for whatever is no batch."""
    batch = _BATCH.validate_python(json.loads(data))
    return replace(batch, readings=tuple(map(_with_measurements, batch.readings)))


def _reading_to_json(reading: Reading) -> dict[str, Any]:
    return {
        **{name: getattr(reading, name) for name in _PLAIN},
        "image": _image_to_json(reading.image),
        "points": {name: state.to_json() for name, state in reading.points.items()},
        "scores": dict(reading.scores),
        "extra": {name: _extra_to_json(name, value) for name, value in reading.extra.items()},
    }


def _image_to_json(image: ImageRef) -> dict[str, Any]:
    plain = {field.name: getattr(image, field.name) for field in fields(ImageRef)}
    return {
        **plain,
        "spacing": None if image.spacing is None else image.spacing.to_json(),
        "path": None if image.path is None else str(image.path),
    }


def _extra_to_json(name: str, value: Any) -> Any:
    if name != REPORT or not isinstance(value, Mapping):
        return value
    return {**value, MEASUREMENTS: [asdict(measured) for measured in value.get(MEASUREMENTS, ())]}


def _with_measurements(reading: Reading) -> Reading:
    """Figures of a report as the objects that its writer takes; their module loads highdicom, so only when needed."""
    found = reading.extra.get(REPORT)
    if not isinstance(found, Mapping) or not found.get(MEASUREMENTS):
        return reading
    from medsapiens_core.exchange.dicom_measurements import MeasurementValue

    values = TypeAdapter(tuple[MeasurementValue, ...]).validate_python(found[MEASUREMENTS])
    return replace(reading, extra={**reading.extra, REPORT: {**found, MEASUREMENTS: values}})
