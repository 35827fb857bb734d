"""Find the points in the content tree of a DICOM report, ours or a stranger's (formats.md 6.5).

The tree is walked with plain pydicom: highdicom refuses many reports of other programs over details that do not
concern the points.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import checked_number, checked_points
from medsapiens_core.exchange.dicom_output import library_calls
from medsapiens_core.exchange.files import read_bytes
from medsapiens_core.io.refusal import unreadable

GROUP = "125007"  # Measurement Group, DCM
MAX_DEPTH = 64
_DEFLATED = DeflatedExplicitVRLittleEndian.encode()
_HINT = "Export it again from the program that made it."


@dataclass(frozen=True)
class Target:
    """The image that a mark belongs to: SOP Instance UID and frame (0-based)."""

    uid: str
    frame: int


def read_document(path: Path) -> Dataset:
    """The dataset of a file. Raises UserError when it is damaged, compressed as a whole, or no DICOM."""
    data = read_bytes(path)
    with library_calls(path, "the report is damaged", _HINT):
        if data[128:132] != b"DICM":
            raise unreadable(path, "this is not a DICOM report", _HINT)
        if _DEFLATED in data[:4096]:
            raise unreadable(path, "the report is compressed as a whole (deflated)", "Export it uncompressed.")
        return pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)


def items(node: Dataset, depth: int = 0) -> Iterator[Dataset]:
    """Every content item below `node`, parents first. Raises UserError below 64 levels."""
    if depth > MAX_DEPTH:
        raise UserError(f"the report is nested deeper than {MAX_DEPTH} levels")
    for child in children(node):
        yield child
        yield from items(child, depth + 1)


def children(node: Dataset) -> list[Dataset]:
    """The content items directly below `node`."""
    return list(node.get("ContentSequence") or [])


def code_of(item: Dataset, keyword: str = "ConceptNameCodeSequence") -> tuple[str, str, str]:
    """Value, scheme and meaning of a code of the item, empty where there is none."""
    sequence = item.get(keyword) or [Dataset()]
    code = sequence[0]
    value = code.get("CodeValue") or code.get("LongCodeValue") or code.get("URNCodeValue") or ""
    return str(value), str(code.get("CodingSchemeDesignator") or ""), str(code.get("CodeMeaning") or "")


def children_named(node: Dataset, value: str) -> list[Dataset]:
    """The children whose concept has this code value."""
    return [child for child in children(node) if code_of(child)[0] == value]


def text_of(node: Dataset, value: str) -> str:
    """The text of the first child with this code value, "" without one."""
    found = children_named(node, value)
    return str(found[0].get("TextValue") or "") if found else ""


def coded_value(node: Dataset, value: str) -> tuple[str, str, str]:
    """The code that the first child with this code value has as its value."""
    found = children_named(node, value)
    return code_of(found[0], "ConceptCodeSequence") if found else ("", "", "")


def coordinates(item: Dataset) -> list[tuple[float, float]]:
    """The (column, row) pairs of an SCOORD item, corner convention. Raises UserError unless finite and in pairs."""
    data: Any = item.get("GraphicData")
    several = [] if data is None else [data] if isinstance(data, float | int) else data
    values = [checked_number(float(value)) for value in several]
    if len(values) % 2:
        raise UserError("a region of the report has half a point")
    checked_points(len(values) // 2)
    return list(zip(values[::2], values[1::2], strict=True))


def number_of(item: Dataset) -> tuple[float, str] | None:
    """Value and unit code of a NUM item, None when it has no value. Raises UserError for one that is not finite."""
    measured = item.get("MeasuredValueSequence") or []
    if not measured:
        return None
    value = measured[0].get("FloatingPointValue")
    value = measured[0].get("NumericValue") if value is None else value
    if value is None:
        return None
    return checked_number(float(value)), code_of(measured[0], "MeasurementUnitsCodeSequence")[0]


def target_of(item: Dataset) -> Target | None:
    """The image that an item refers to, itself or through its children; the first frame where several are named."""
    for node in (item, *children(item)):
        for reference in node.get("ReferencedSOPSequence") or []:
            frames = reference.get("ReferencedFrameNumber")
            first = frames if isinstance(frames, int) else next(iter(frames or [1]), 1)
            return Target(str(reference.get("ReferencedSOPInstanceUID") or ""), max(int(first) - 1, 0))
    return None
