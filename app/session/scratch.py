"""Scratch measures: a distance or an angle laid over the picture to look something up; nothing of it is stored."""

from __future__ import annotations

import math
from dataclasses import dataclass

from medsapiens_core.data.spacing import Spacing

XY = tuple[float, float]
DISTANCE, ANGLE, RULER = "distance", "angle", "ruler"
POINTS = {DISTANCE: 2, ANGLE: 3, RULER: 2}


@dataclass(frozen=True)
class ScratchMeasure:
    """`points` are image pixels: the two ends of a line, or end, vertex, end of an angle; fewer while being drawn."""

    kind: str
    points: tuple[XY, ...]

    @property
    def is_complete(self) -> bool:
        """True when every point is there."""
        return len(self.points) == POINTS[self.kind]

    def with_point(self, index: int, xy: XY) -> ScratchMeasure:
        """The measure with one point elsewhere."""
        points = tuple(xy if place == index else point for place, point in enumerate(self.points))
        return ScratchMeasure(self.kind, points)


def reading(measure: ScratchMeasure, spacing: Spacing | None, aspect: float = 1.0) -> str:
    """What is measured, in words: mm where `spacing` holds for all points, px otherwise; angles in degrees.

    `aspect` is height / width of a pixel, for angles where no size is known.
    """
    if not measure.is_complete:
        return ""
    if measure.kind == ANGLE:
        row, col = (aspect, 1.0) if spacing is None else (spacing.row_mm, spacing.col_mm)
        return f"{angle(measure.points, row, col):.1f}°"
    a, b = measure.points
    if measure.kind == RULER or spacing is None or not spacing.holds_for(measure.points):
        return f"{math.dist(a, b):.1f} px"
    return f"{spacing.length(a, b):.1f} mm"


def angle(points: tuple[XY, ...], row: float, col: float) -> float:
    """Angle at the second of three image points, 0 to 180 degrees, for pixels `row` high and `col` wide."""
    (ax, ay), (vx, vy), (bx, by) = points
    u = ((ax - vx) * col, (ay - vy) * row)
    v = ((bx - vx) * col, (by - vy) * row)
    return math.degrees(math.atan2(abs(u[0] * v[1] - u[1] * v[0]), u[0] * v[0] + u[1] * v[1]))
