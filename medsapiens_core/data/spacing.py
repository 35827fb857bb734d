"""How large a pixel is, where that number comes from, and where in the picture it holds (formats.md 1.5)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

MAX_MM = 10.0
MAX_RATIO = 4.0
MAX_MAGNIFICATION = 3.0
Area = tuple[float, float, float, float]
XY = tuple[float, float]
Way = Literal["file", "pixels", "candidate", "ruler", "entered", "magnification"]


class SpacingSource(StrEnum):
    """Where a pixel size comes from (formats.md 1.5); it travels with every figure in millimetres."""

    USER = "user"
    ENTERED = "entered"
    MAGNIFICATION = "magnification"
    PATIENT_PLANE = "patient_plane"
    US_REGION = "us_region"
    FIDUCIAL = "fiducial"
    GEOMETRY = "geometry"
    CORRECTED_UNKNOWN = "corrected_unknown"
    DETECTOR = "detector"
    FILM = "film"
    UNKNOWN = "unknown"
    HEADER = "header"
    RESOLUTION = "resolution"
    ANNOTATION_FILE = "annotation_file"


BY_A_PERSON = frozenset({SpacingSource.USER, SpacingSource.ENTERED, SpacingSource.MAGNIFICATION})
AT_DETECTOR = frozenset({SpacingSource.DETECTOR, SpacingSource.FILM})


@dataclass(frozen=True)
class Spacing:
    """Size of a pixel: `row_mm` between rows (along y), `col_mm` between columns (along x). Unknown is None, not 1.

    `chosen` is True when a person decided for it, which is what turns a size at the detector or of unknown origin into
    millimetres in files. `areas` are the parts of the picture where it holds, as (left, top, right, bottom) in image
    pixels, borders included; empty means everywhere.
    """

    row_mm: float
    col_mm: float
    source: SpacingSource
    chosen: bool = False
    areas: tuple[Area, ...] = ()

    def __post_init__(self) -> None:
        for value in (self.row_mm, self.col_mm):
            if not (math.isfinite(value) and 0 < value <= MAX_MM):
                raise ValueError(f"pixel spacing {self.row_mm} x {self.col_mm} mm is not usable")

    @property
    def is_square(self) -> bool:
        """True when rows and columns are equally far apart."""
        return abs(self.row_mm - self.col_mm) <= 1e-6 * self.row_mm

    def holds_for(self, points: Iterable[XY]) -> bool:
        """True when all points lie in one and the same area, so that a length between them is in millimetres."""
        found = list(points)
        return not self.areas or any(all(_inside(area, xy) for xy in found) for area in self.areas)

    def length(self, a: XY, b: XY) -> float:
        """Distance between two image points in millimetres."""
        return math.hypot((b[0] - a[0]) * self.col_mm, (b[1] - a[1]) * self.row_mm)

    def magnified_by(self, factor: float) -> Spacing:
        """The size in the plane of the anatomy, which is `factor` times enlarged on the detector.

        Raises ValueError unless 1 < factor <= 3: the film lies behind the patient, close to him.
        """
        if not (math.isfinite(factor) and 1.0 < factor <= MAX_MAGNIFICATION):
            raise ValueError(
                f"a magnification of {factor:g} is not possible; it lies above 1 and up to {MAX_MAGNIFICATION:g}"
            )
        source = SpacingSource.MAGNIFICATION
        return replace(self, row_mm=self.row_mm / factor, col_mm=self.col_mm / factor, source=source, chosen=True)

    def to_json(self) -> dict[str, Any]:
        """As plain values; what is at its default is left out."""
        value: dict[str, Any] = {"row_mm": self.row_mm, "col_mm": self.col_mm, "source": self.source.value}
        if self.chosen:
            value["chosen"] = True
        if self.areas:
            value["areas"] = [list(area) for area in self.areas]
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Spacing:
        """The reverse of `to_json`."""
        areas = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in value.get("areas", ()))
        source = SpacingSource(value["source"])
        return cls(value["row_mm"], value["col_mm"], source, bool(value.get("chosen", False)), areas)


@dataclass(frozen=True)
class SpacingCandidate:
    """One pixel size that a file gives. `origin` names the attribute in words.

    The one that is used without a person's choice has `is_default`. `magnification` is the factor that the size was
    divided by, where it was.
    """

    spacing: Spacing
    origin: str
    is_default: bool = False
    magnification: float | None = None


@dataclass(frozen=True)
class SpacingChoice:
    """One choice for one case. `spacing` is None for `pixels` and for `file`, which goes back to what the file says.

    `detail` says how it came about: the ends of the ruler's line and its length, the factor, the file's attribute.
    `cases_at_once` counts the cases that got it in the same act.
    """

    way: Way
    spacing: Spacing | None
    reader: str
    utc: str
    detail: Mapping[str, Any]
    cases_at_once: int


def usable_pair(row_mm: float, col_mm: float) -> bool:
    """True for a size that may be a pixel's: row 13 of the table."""
    values = (row_mm, col_mm)
    if not all(math.isfinite(value) and 0 < value <= MAX_MM for value in values):
        return False
    return max(values) / min(values) <= MAX_RATIO


def from_ruler(a: XY, b: XY, length_mm: float, aspect: float = 1.0) -> Spacing:
    """The pixel size that makes the line between two image points `length_mm` long.

    `aspect` is the height of a pixel divided by its width, which one line cannot tell. Raises ValueError for points
    too close together or a size that no pixel has.
    """
    columns = math.hypot(b[0] - a[0], (b[1] - a[1]) * aspect)
    if columns < 1.0:
        raise ValueError("the line is shorter than a pixel")
    return Spacing(length_mm / columns * aspect, length_mm / columns, SpacingSource.USER, chosen=True)


def _inside(area: Area, xy: XY) -> bool:
    left, top, right, bottom = area
    return left - 0.5 <= xy[0] <= right + 0.5 and top - 0.5 <= xy[1] <= bottom + 0.5
