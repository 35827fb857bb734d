"""What stands in the report of one case, as frozen values (ux.md 11.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from app.session.measure_state import MeasureLines, MeasureRow


@dataclass(frozen=True)
class ReportMark:
    """One landmark on the picture, image pixels; `label` is one of the six states."""

    number: int
    abbreviation: str
    label: str
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class ReportState:
    """One report.

    `pixels` (H, W) or (H, W, 3) uint8 as the screen shows them; `aspect` is height / width of a pixel. `facts` are
    (what, text) lines beside the picture, `sources` lines under the table. `is_draft`: the case is not reviewed.
    """

    title: str
    subtitle: str
    pixels: NDArray[Any]
    aspect: float
    marks: tuple[ReportMark, ...]
    lines: tuple[MeasureLines, ...]
    rows: tuple[MeasureRow, ...]
    facts: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    is_draft: bool
    has_norms: bool
    paper: str = "A4"
