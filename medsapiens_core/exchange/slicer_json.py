"""The `.mrk.json` files of 3D Slicer (formats.md 3.1). What we do not understand in them is kept and written back."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import checked_number, first_problem
from medsapiens_core.exchange.safe_json import read_json
from medsapiens_core.exchange.slicer_marks import STATE_WORDS, Mark

SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
    "markups-schema-v1.0.3.json#"
)
_OURS = "medsapiens"
_PER_MM = {"mm": 1.0, "um": 1000.0}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class _Point(_Strict):
    label: str = ""
    description: str = ""
    position: Any = ""
    status: str = Field("defined", alias="positionStatus")


class _Markup(_Strict):
    type: str
    system: str = Field("LPS", alias="coordinateSystem")
    units: str | list[str] = Field("mm", alias="coordinateUnits")
    points: list[_Point] = Field([], alias="controlPoints")


class _Document(_Strict):
    markups: list[_Markup]


def read_markups(path: Path, messages: list[str]) -> tuple[list[Mark], Any, dict[str, Any]]:
    """The marks of all point lists, our own record (None in others' files), and the whole document as it stands."""
    value = read_json(path)
    try:
        document = _Document.model_validate(value)
    except ValidationError as error:
        raise UserError(
            f"it is no list of markups as 3D Slicer writes it: {first_problem(error, 'the file')}"
        ) from error
    lists = [markup for markup in document.markups if markup.type == "Fiducial"]
    if len(lists) < len(document.markups):
        messages.append(
            f"{path.name}: {len(document.markups) - len(lists)} markups that are no point lists were left out."
        )
    return [mark for markup in lists for mark in _marks(markup)], value.get(_OURS), value


def document(
    marks: Sequence[Mark], record: Mapping[str, Any], note: str, kept: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The document to write; `kept` is the one that was read, whose other keys and markups stay."""
    whole: dict[str, Any] = copy.deepcopy(dict(kept)) if kept else {"@schema": SCHEMA, "markups": []}
    markups: list[dict[str, Any]] = whole["markups"]
    place = next((k for k, markup in enumerate(markups) if markup.get("type") == "Fiducial"), None)
    old = {} if place is None else markups[place]
    points = {point.get("label"): point for point in reversed(old.get("controlPoints", []))}
    turned = old.get("coordinateSystem", "LPS") != "LPS"
    new = {
        "type": "Fiducial", "locked": True, "fixedNumberOfControlPoints": True, "labelFormat": "%N-%d", **old,
        "coordinateSystem": "LPS", "coordinateUnits": "mm", "description": note,
        "controlPoints": [_control(k, mark, points.get(mark.label, {}), turned) for k, mark in enumerate(marks, 1)],
    }  # fmt: skip
    if place is None:
        markups.append(new)
    else:
        markups[place] = new
        whole["markups"] = [m for m in markups if m is new or m.get("type") != "Fiducial"]
    return {**whole, _OURS: dict(record)}


def _control(index: int, mark: Mark, old: Mapping[str, Any], turned: bool) -> dict[str, Any]:
    rest = {key: value for key, value in old.items() if key != "orientation" or not turned}
    text = old.get("description", "")
    own_words = mark.description == "visible" and text not in STATE_WORDS and not str(text).startswith("absent:")
    return {
        "id": str(index),
        **rest,
        "label": mark.label,
        "description": text if own_words else mark.description,
        "position": "" if mark.lps is None else list(mark.lps),
        "positionStatus": "undefined" if mark.lps is None else "defined",
    }


def _marks(markup: _Markup) -> list[Mark]:
    unit = markup.units
    unit = unit if isinstance(unit, str) else next(iter(unit), "")
    if markup.system not in ("LPS", "RAS") or unit not in _PER_MM:
        raise UserError("its coordinates are not LPS or RAS in mm or um")
    sign = 1 if markup.system == "LPS" else -1
    return [Mark(point.label, _lps(point, sign, _PER_MM[unit]), point.description) for point in markup.points]


def _lps(point: _Point, sign: int, per_mm: float) -> tuple[float, float, float] | None:
    if point.status != "defined":  # undefined, or preview: a point that follows the mouse
        return None
    if not isinstance(point.position, list) or len(point.position) != 3:
        raise UserError("a point that is called defined has no position of three numbers")
    x, y, z = (checked_number(value) / per_mm for value in point.position)
    return sign * x, sign * y, z
