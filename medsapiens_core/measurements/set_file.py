"""Measurement sets as editable JSON files, `msmeasures/1`: read, written, and those that are shipped."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.measurements.definitions import (
    COBB_ROLES,
    HKA_ROLES,
    LENGTHS,
    OPERANDS,
    Kind,
    Measure,
    MeasureSet,
)
from medsapiens_core.resources import resource_path

FORMAT = "msmeasures/1"
MAX_BYTES = 2_000_000
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Text = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Points = Annotated[list[Identifier], Field(min_length=1, max_length=20)]


class MeasureSetError(UserError):
    """A measurement set that cannot be used; the message says which and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _MeasureRecord(_Strict):
    id: Identifier
    name: Name
    kind: Kind
    points: Annotated[list[Identifier | Points], Field(max_length=400)] = []
    unit: Literal["deg", "mm", "%", "1"] = "deg"
    decimals: Annotated[int, Field(ge=0, le=6)] = 1
    tolerance: Annotated[float, Field(gt=0, le=1e6)] | None = None
    facing: Annotated[list[Identifier], Field(min_length=3, max_length=3)] | None = None
    terms: Annotated[list[tuple[Identifier, float]], Field(max_length=20)] = []
    labels: Annotated[list[Name], Field(max_length=100)] = []
    role: Literal["", "major", "above", "below", "deviation", "angle"] = ""
    medial: Literal["", "image-right", "image-left"] = ""
    note: Text = ""


class _SetRecord(_Strict):
    format: Literal["msmeasures/1"]
    id: Identifier
    name: Name
    description: Text = ""
    templates: list[Identifier] = []
    names: dict[str, Name] = {}
    measures: Annotated[list[_MeasureRecord], Field(min_length=1, max_length=200)]


def set_from_json(value: Any) -> MeasureSet:
    """The set that a JSON object describes. Raises MeasureSetError."""
    try:
        record = _SetRecord.model_validate(value)
        measures = tuple(_measure(one) for one in record.measures)
        return MeasureSet(record.id, record.name, measures, tuple(record.templates), record.description, record.names)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise MeasureSetError(f"This is not a usable measurement set: {where}: {first['msg']}.") from error
    except ValueError as error:
        raise MeasureSetError(f"This is not a usable measurement set: {error}.") from error


def set_to_json(measures: MeasureSet) -> dict[str, Any]:
    """The inverse of `set_from_json`; plain JSON types, defaults left out."""
    value: dict[str, Any] = {"format": FORMAT, "id": measures.id, "name": measures.name}
    for key, content in (("description", measures.description), ("templates", list(measures.templates))):
        if content:
            value[key] = content
    if measures.names:
        value["names"] = dict(measures.names)
    value["measures"] = [_to_json(measure) for measure in measures.measures]
    return value


def check_measure(measure: Measure) -> None:
    """Raise ValueError with the reason when a measure's parts do not go together."""
    if measure.kind is Kind.COMBINE:
        wrong = "" if measure.terms and not measure.points else "a combined value has terms and no points"
    elif measure.kind is Kind.COBB:
        wrong = _cobb_fault(measure)
    else:
        wanted = OPERANDS[measure.kind]
        wrong = "" if len(measure.points) == len(wanted) else f"it needs {len(wanted)} points: {', '.join(wanted)}"
    if not wrong:
        wrong = _unit_fault(measure)
    if wrong:
        raise ValueError(f"{measure.name}: {wrong}")


def load_set(path: Path) -> MeasureSet:
    """Read a file. Raises MeasureSetError naming the file and the reason."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MeasureSetError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
        return set_from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError, MeasureSetError) as error:
        raise MeasureSetError(f"The measurement set {path.name} cannot be used: {error}") from error


@cache
def shipped_sets() -> dict[str, MeasureSet]:
    """Set id -> set, of every file in resources/measurements, sorted by file name. Treat it as read-only."""
    found = (load_set(path) for path in sorted(resource_path("measurements").glob("*.json")))
    return {measures.id: measures for measures in found}


def fits(measures: MeasureSet, template: Template) -> bool:
    """True for a set that names the template, or, naming none, has a measure whose points are all in it."""
    if measures.templates:
        return template.id in measures.templates
    return any(set(measures.landmarks(measure)) <= set(template.ids) for measure in measures.measures)


def _measure(record: _MeasureRecord) -> Measure:
    points = tuple((operand,) if isinstance(operand, str) else tuple(operand) for operand in record.points)
    facing = record.facing
    measure = Measure(
        record.id,
        record.name,
        record.kind,
        points,
        record.unit,
        record.decimals,
        record.tolerance,
        None if facing is None else (facing[0], facing[1], facing[2]),
        tuple(record.terms),
        tuple(record.labels),
        record.role,
        record.medial,
        record.note,
    )
    check_measure(measure)
    return measure


def _cobb_fault(measure: Measure) -> str:
    if len(measure.points) < 8 or len(measure.points) != 4 * len(measure.labels):
        return "it needs four corners for each of at least two named vertebrae"
    return "" if measure.role in COBB_ROLES else f"its role is one of {', '.join(COBB_ROLES)}"


def _unit_fault(measure: Measure) -> str:
    allowed: tuple[str, ...] = ("deg",)
    if measure.kind is Kind.COMBINE:
        return ""
    if measure.kind in LENGTHS:
        allowed = ("mm",)
    elif measure.kind is Kind.RATIO:
        allowed = ("%", "1")
    elif measure.kind is Kind.HKA and measure.role not in HKA_ROLES:
        return f"its role is one of {', '.join(HKA_ROLES)}"
    return "" if measure.unit in allowed else f"its unit is {' or '.join(allowed)}"


def _to_json(measure: Measure) -> dict[str, Any]:
    plain = Measure(measure.id, measure.name, measure.kind)
    value: dict[str, Any] = {"id": measure.id, "name": measure.name, "kind": measure.kind.value}
    points = [operand[0] if len(operand) == 1 else list(operand) for operand in measure.points]
    parts = {
        "points": points,
        "unit": measure.unit,
        "decimals": measure.decimals,
        "tolerance": measure.tolerance,
        "facing": list(measure.facing) if measure.facing else None,
        "terms": [list(term) for term in measure.terms],
        "labels": list(measure.labels),
        "role": measure.role,
        "medial": measure.medial,
        "note": measure.note,
    }
    for key, content in parts.items():
        if content not in (None, [], "") and (key in ("points", "unit") or content != getattr(plain, key)):
            value[key] = content
    return value
