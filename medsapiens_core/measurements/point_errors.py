"""How far a point may be off: a covariance for each landmark, in image pixels (ux.md 11.4).

A decided landmark with at least 10 double reads has the repeatability of the readers; every other one, and an
undecided one, has the calibrated region of the model. Without either nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from medsapiens_core.measurements.case_points import CasePoints, Scale, Status
from medsapiens_core.measurements.vectors import Floats

MIN_DOUBLE_READS = 10
BY_READERS = "double reads"
BY_MODEL = "model region"
DECIDED = (Status.DECIDED, Status.ESTIMATED)


@dataclass(frozen=True)
class Repeatability:
    """Standard deviation of one reading of one landmark along each axis, from `n` double reads.

    `sd` is in mm, or in px when the project's images have no pixel size (`unit`).
    """

    sd: float
    n: int
    unit: str = "mm"


@dataclass(frozen=True, eq=False)
class PointErrors:
    """Landmark id -> covariance (2, 2) in image px^2, and where it comes from."""

    covariance: Mapping[str, Floats]
    source: Mapping[str, str]

    def missing(self, landmarks: tuple[str, ...]) -> tuple[str, ...]:
        """Those of which nothing is known."""
        return tuple(mark for mark in landmarks if mark not in self.covariance)


NOTHING_KNOWN = PointErrors({}, {})


def point_errors(
    points: CasePoints, regions: Mapping[str, Floats], repeatability: Mapping[str, Repeatability] | None = None
) -> PointErrors:
    """Errors of the points of a case. `regions` are calibrated covariances in px^2 by landmark (see `from_region`)."""
    covariance, source = {}, {}
    for mark in points.template.ids:
        known = (repeatability or {}).get(mark)
        if known is not None and known.n >= MIN_DOUBLE_READS and points.status(mark) in DECIDED:
            usable = _from_repeatability(known, points.scale)
            if usable is not None:
                covariance[mark], source[mark] = usable, BY_READERS
                continue
        if mark in regions:
            covariance[mark], source[mark] = regions[mark], BY_MODEL
    return PointErrors(covariance, source)


def from_region(semi_axes_px: tuple[float, float], angle_deg: float, coverage: float) -> Floats:
    """The covariance (2, 2) in px^2 of the normal distribution that has this ellipse as its region of `coverage`."""
    size = math.sqrt(-2 * math.log(1 - coverage))
    turned = math.radians(angle_deg)
    axes = np.array([[math.cos(turned), -math.sin(turned)], [math.sin(turned), math.cos(turned)]])
    result: Floats = axes @ np.diag([(half / size) ** 2 for half in semi_axes_px]) @ axes.T
    return result


def _from_repeatability(known: Repeatability, scale: Scale) -> Floats | None:
    """None for a figure in mm on an image without a pixel size, and the other way round."""
    if known.unit != scale.unit:
        return None
    return np.diag([(known.sd / scale.x) ** 2, (known.sd / scale.y) ** 2])
