"""W7 of ux.md 6.3: a measurement that lies far from the other cases, which a misplaced landmark may be behind."""

from __future__ import annotations

from collections.abc import Iterable

from medsapiens_core.guidance.warnings import Warning
from medsapiens_core.measurements.evaluating import UNIT_TEXT
from medsapiens_core.measurements.usual import FarValue

WHY = (
    "The median and the usual range come from {n} reviewed cases of this project. A value beyond it may be true: "
    "unusual anatomy gives unusual values. It may also come from a landmark in the wrong place, so look at those that "
    "it rests on. That there is no warning does not mean that a value is right."
)


def value_warnings(far: Iterable[FarValue]) -> list[Warning]:
    """One line for each value, with the numbers."""
    return [_warning(one) for one in far]


def _warning(far: FarValue) -> Warning:
    measure, usual = far.usual.measure, far.usual
    unit = UNIT_TEXT.get(measure.unit, "mm")

    def said(number: float) -> str:
        text = f"{number:.{measure.decimals}f}"
        return f"{text}{unit}" if unit in ("°", "%", "") else f"{text} {unit}"

    text = (
        f"{measure.name} is {said(far.value)}, far from the other {usual.n} reviewed cases "
        f"(median {said(usual.middle)}, usual within ± {said(usual.limit)})"
    )
    return Warning(f"W7 {measure.id}", "W7", far.landmarks, text, WHY.format(n=usual.n))
