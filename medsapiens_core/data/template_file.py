"""Template files: JSON `mstemplate/1` on disk, a frozen `Template` in memory, and the templates that we ship."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.errors import UserError
from medsapiens_core.resources import resource_path

FORMAT = "mstemplate/1"
MAX_BYTES = 4_000_000  # a template of a thousand landmarks takes well under 1 MB

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
    definition: Text
    pair: Identifier | None = None
    group: Annotated[str, Field(max_length=80)] = ""
    tolerance_mm: Annotated[float, Field(gt=0, le=100)] = 2.0


class _TemplateRecord(_Strict):
    format: Literal["mstemplate/1"]
    id: Identifier
    version: Annotated[int, Field(ge=1)]
    name: Text
    description: Annotated[str, Field(max_length=2000)] = ""
    landmarks: Annotated[list[_LandmarkRecord], Field(min_length=1, max_length=1000)]
    lines: Annotated[list[Annotated[list[Identifier], Field(min_length=2, max_length=2)]], Field(max_length=5000)] = []


def template_from_json(value: Any) -> Template:
    """The template that a JSON object of format `mstemplate/1` describes. Raises TemplateError."""
    try:
        record = _TemplateRecord.model_validate(value)
        landmarks = tuple(Landmark(**mark.model_dump()) for mark in record.landmarks)
        lines = tuple((line[0], line[1]) for line in record.lines)
        return Template(record.id, record.version, record.name, landmarks, lines, record.description)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise TemplateError(f"This is not a usable landmark template: {where}: {first['msg']}.") from error
    except ValueError as error:
        raise TemplateError(f"This is not a usable landmark template: {error}.") from error


def template_to_json(template: Template) -> dict[str, Any]:
    """The inverse of `template_from_json`; plain JSON types only."""
    landmarks = [
        {
            "id": mark.id,
            "name": mark.name,
            "abbreviation": mark.abbreviation,
            "definition": mark.definition,
            "pair": mark.pair,
            "group": mark.group,
            "tolerance_mm": mark.tolerance_mm,
        }
        for mark in template.landmarks
    ]
    return {
        "format": FORMAT,
        "id": template.id,
        "version": template.version,
        "name": template.name,
        "description": template.description,
        "landmarks": landmarks,
        "lines": [list(line) for line in template.lines],
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
