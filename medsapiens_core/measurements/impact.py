"""How much each landmark matters for the values: "changes SNA 1.3 deg per mm", and whether it can tip one (ux.md 6.4).

Undecided landmarks count as they lie now: this guides where to look, it is no result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from medsapiens_core.measurements.case_points import CasePoints, Status
from medsapiens_core.measurements.definitions import MeasureSet
from medsapiens_core.measurements.evaluating import Value, evaluate
from medsapiens_core.measurements.formulas import Locks
from medsapiens_core.measurements.norms import NormSet
from medsapiens_core.measurements.point_errors import PointErrors
from medsapiens_core.measurements.propagation import Z95, scaled_covariance

AS_THEY_LIE = (Status.UNDECIDED, Status.FILL)


@dataclass(frozen=True)
class Impact:
    """The value that a landmark changes most, measured by the value's tolerance.

    `slope` is the largest change of `value` for one mm (px) of the landmark in any direction; `tips` is True when the
    landmark's own error may carry some value over a limit of its norm.
    """

    value: Value
    slope: float
    tips: bool


def impacts(
    measures: MeasureSet,
    points: CasePoints,
    errors: PointErrors,
    norms: NormSet | None = None,
    locks: Locks | None = None,
) -> dict[str, Impact]:
    """Landmark id -> impact, for the landmarks that some value rests on."""
    statuses = tuple(Status.DECIDED if status in AS_THEY_LIE else status for status in points.statuses)
    values = evaluate(measures, replace(points, statuses=statuses), errors, locks, simulated=False)
    scale = points.scale
    covariance = scaled_covariance(errors.covariance, scale.x, scale.y)
    found: dict[str, Impact] = {}
    for value in values:
        for mark, slope in value.slopes.items():
            size = float(np.hypot(*slope))
            own = float(np.sqrt(np.array(slope) @ covariance[mark] @ np.array(slope))) if mark in covariance else 0.0
            tips = _tips(value, Z95 * own, norms)
            before = found.get(mark)
            if before is None or _share(value, size) > _share(before.value, before.slope):
                found[mark] = Impact(value, size, tips or (before is not None and before.tips))
            elif tips:
                found[mark] = replace(before, tips=True)
    return found


def _share(value: Value, slope: float) -> float:
    return slope / (value.measure.tolerance or 1.0)


def _tips(value: Value, reach: float, norms: NormSet | None) -> bool:
    norm = None if norms is None else norms.norm(value.measure.id, value.measure.unit)
    if norm is None or norm.limits is None or value.value is None:
        return False
    return any(abs(limit - value.value) < reach for limit in norm.limits)
