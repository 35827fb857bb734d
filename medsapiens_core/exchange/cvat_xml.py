"""CVAT's XML piece by piece: no DTD, no entities, bounded depth (formats.md 0.7, 2.3)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.files import read_bytes

MAX_DEPTH = 64
_WHOLE = ("image", "track", "meta")


def parts(path: Path) -> Iterator[Element]:
    """The `meta`, `image` and `track` elements below the root, one after another; each is emptied afterwards.

    Raises UserError for what is not CVAT's XML, a document type, entities, or nesting deeper than 64.
    """
    data = read_bytes(path)
    try:
        yield from _parts(data, path.name)
    except DefusedXmlException as error:
        raise UserError(
            f"{path.name} holds a document type or entities, which may be an attack. Remove them."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise UserError(f"{path.name} is not valid XML: {error}.") from error


def _parts(data: bytes, name: str) -> Iterator[Element]:
    depth = 0
    for event, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True):
        if event == "start":
            depth += 1
            if depth > MAX_DEPTH:
                raise UserError(f"{name} is nested deeper than {MAX_DEPTH}.")
            if depth == 1 and element.tag != "annotations":
                raise UserError(f"{name} is not a CVAT file: its outermost element is not <annotations>.")
            continue
        depth -= 1
        if depth == 1:
            if element.tag in _WHOLE:
                yield element
            element.clear()
