"""Template files: JSON on disk, a frozen `Template` in memory, and the templates that we ship.

`mstemplate/2` adds what readers are told beyond the definition, and an example picture. A template without any of it
is written as `mstemplate/1`, so that its text, and the hash of it, stay what they were.
"""

from __future__ import annotations

import base64
import binascii
import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.template import Example, Landmark, PairRule, Template
from medsapiens_core.errors import UserError
from medsapiens_core.resources import resource_path

FORMAT, FORMAT_2 = "mstemplate/1", "mstemplate/2"
MAX_BYTES = 4_000_000  # a template of a thousand landmarks takes well under 1 MB, an example picture at most 2 MB
MAX_PICTURE = 2_000_000
_LANDMARK_2 = {"hard_when": "", "absent_allowed": True, "estimated_allowed": True, "since": 1}

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=2000)]


class TemplateError(UserError):
    """A template that is unknown or cannot be used; the message says which and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _LandmarkRecord(_Strict):
    id: Identifier
    name: Text
    abbreviation: Annotated[str, Field(min_length=1, max_length=24)]
    definition: Annotated[str, Field(max_length=2000)]
    pair: Identifier | None = None
    group: Annotated[str, Field(max_length=80)] = ""
    tolerance_mm: Annotated[float, Field(gt=0, le=100)] = 2.0
    hard_when: Annotated[str, Field(max_length=500)] = ""
    absent_allowed: bool = True
    estimated_allowed: bool = True
    since: Annotated[int, Field(ge=1)] = 1


class _ExampleRecord(_Strict):
    picture: Annotated[str, Field(max_length=2 * MAX_PICTURE)]
    width: Annotated[int, Field(ge=1, le=20_000)]
    height: Annotated[int, Field(ge=1, le=20_000)]
    points: dict[Identifier, Annotated[list[float], Field(min_length=2, max_length=2)]] = {}


class _TemplateRecord(_Strict):
    format: Literal["mstemplate/1", "mstemplate/2"]
    id: Identifier
    version: Annotated[int, Field(ge=1)]
    name: Text
    description: Annotated[str, Field(max_length=2000)] = ""
    landmarks: Annotated[list[_LandmarkRecord], Field(min_length=1, max_length=1000)]
    lines: Annotated[list[Annotated[list[Identifier], Field(min_length=2, max_length=2)]], Field(max_length=5000)] = []
    pair_rule: PairRule = "image"
    example: _ExampleRecord | None = None


def template_from_json(value: Any) -> Template:
    """The template that a JSON object of one of our formats describes. Raises TemplateError."""
    try:
        record = _TemplateRecord.model_validate(value)
        landmarks = tuple(Landmark(**mark.model_dump()) for mark in record.landmarks)
        lines = tuple((line[0], line[1]) for line in record.lines)
        example = _example(record.example) if record.example is not None else None
        named = (record.id, record.version, record.name, landmarks, lines, record.description)
        return Template(*named, record.pair_rule, example)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise TemplateError(f"This is not a usable landmark template: {where}: {first['msg']}.") from error
    except ValueError as error:
        raise TemplateError(f"This is not a usable landmark template: {error}.") from error


def template_to_json(template: Template) -> dict[str, Any]:
    """The inverse of `template_from_json`; plain JSON types only."""
    value = {
        "format": FORMAT,
        "id": template.id,
        "version": template.version,
        "name": template.name,
        "description": template.description,
        "landmarks": [_landmark_json(mark) for mark in template.landmarks],
        "lines": [list(line) for line in template.lines],
    }
    more: dict[str, Any] = {} if template.pair_rule == "image" else {"pair_rule": template.pair_rule}
    if template.example is not None:
        more["example"] = _example_json(template.example)
    newer = bool(more) or any(_told(mark) or not mark.definition for mark in template.landmarks)
    return {**value, **more, "format": FORMAT_2 if newer else FORMAT}


def _landmark_json(mark: Landmark) -> dict[str, Any]:
    return {
        "id": mark.id,
        "name": mark.name,
        "abbreviation": mark.abbreviation,
        "definition": mark.definition,
        "pair": mark.pair,
        "group": mark.group,
        "tolerance_mm": mark.tolerance_mm,
        **_told(mark),
    }


def _told(mark: Landmark) -> dict[str, Any]:
    """What `mstemplate/1` has no place for, where it says something."""
    return {key: getattr(mark, key) for key, usual in _LANDMARK_2.items() if getattr(mark, key) != usual}


def _example(record: _ExampleRecord) -> Example:
    try:
        picture = base64.b64decode(record.picture, validate=True)
    except binascii.Error as error:
        raise ValueError("its example picture is not base64 text") from error
    if len(picture) > MAX_PICTURE:
        raise ValueError(f"its example picture is larger than {MAX_PICTURE // 1_000_000} MB")
    points = tuple((mark, x, y) for mark, (x, y) in record.points.items())
    return Example(picture, record.width, record.height, points)


def _example_json(example: Example) -> dict[str, Any]:
    return {
        "picture": base64.b64encode(example.picture).decode("ascii"),
        "width": example.width,
        "height": example.height,
        "points": {mark: [x, y] for mark, x, y in example.points},
    }


def load_template(path: Path) -> Template:
    """Read a template file. Raises TemplateError naming the file and the reason."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TemplateError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
        value = json.loads(path.read_bytes(), object_pairs_hook=_unique, parse_constant=_no_constant)
        return template_from_json(value)
    except (OSError, ValueError, RecursionError, TemplateError) as error:
        raise TemplateError(f"The template {path.name} cannot be used: {error}") from error


@cache
def shipped_templates() -> dict[str, Template]:
    """Template id -> template, of every file in resources/templates, sorted by id. Treat it as read-only."""
    templates = (load_template(path) for path in sorted(resource_path("templates").glob("*.json")))
    return {template.id: template for template in templates}


def find_template(template_id: str) -> Template:
    """The shipped template with this id. Raises TemplateError that lists the known ids."""
    known = shipped_templates()
    if template_id not in known:
        raise TemplateError(f"There is no template {template_id!r}. Known templates: {', '.join(known)}.")
    return known[template_id]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
