"""What the `meta` block of a CVAT file says: turned pictures are refused; our own records are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import number
from medsapiens_core.exchange.extension import KEY
from medsapiens_core.exchange.hints import image_hint
from medsapiens_core.exchange.safe_json import parse_json


@dataclass(frozen=True)
class Meta:
    """`source` and size belong to a video's frames; `records` are our `msl` objects by image id."""

    source: str = ""
    width: int | None = None
    height: int | None = None
    records: Mapping[str, Any] = field(default_factory=dict)


def read_meta(element: Element) -> Meta:
    """Read the block. Raises UserError when it states a rotation or a flip: the points' frame would be unknown."""
    for part in element.iter():
        if part.tag in ("rotation", "flipped") and (part.text or "").strip().lower() not in ("", "0", "0.0", "false"):
            raise UserError("the pictures were turned or flipped in CVAT, so the points lie in another frame")
    records = {part.get("image", ""): _record(part) for part in element.findall(KEY)}
    source = element.findtext(".//source") or ""
    return Meta(image_hint(source) if source else "", _side(element, "width"), _side(element, "height"), records)


def side(text: str | None) -> int | None:
    """A width or height. Raises UserError when it is not a whole number from 1."""
    if text is None:
        return None
    value = number(text)
    if value != int(value) or value < 1:
        raise UserError("a width or height is not a whole number of pixels")
    return int(value)


def _side(element: Element, name: str) -> int | None:
    return side(element.findtext(f".//original_size/{name}"))


def _record(part: Element) -> Any:
    try:
        return parse_json((part.text or "").encode(), "msl")
    except UserError:  # not ours, or damaged: the points themselves are in CVAT's own elements
        return None
