"""What guides the reader through a case: how sure the model is of each landmark, and what looks wrong (ux.md 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.guidance.warnings import Warning, by_landmark

NOT_PLACED_RANK = math.inf  # nothing says where it is: it comes before all that is only uncertain


@dataclass(frozen=True, eq=False)
class Guide:
    """`radii` are calibrated 95 % radii of the shown prediction in `unit` ("mm" or "px"); empty where uncalibrated.

    `warnings` are those that were not dismissed. `weights` say how much a landmark matters for a measurement (0 or 1).
    """

    radii: Mapping[str, float] = field(default_factory=dict)
    unit: str = "px"
    warnings: tuple[Warning, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def by_landmark(self) -> dict[str, list[Warning]]:
        """The warnings of each landmark that has any."""
        return by_landmark(self.warnings)

    def rank(self, landmark: str, tolerance_mm: float, score: float | None) -> float:
        """How much a landmark needs a look: 95 % radius over tolerance, times 1 + weight (ux.md 6.1).

        Without calibration it is what the score lacks to 1; infinite where there is no prediction.
        """
        radius = self.radii.get(landmark)
        if radius is not None:
            return radius / tolerance_mm * (1.0 + self.weights.get(landmark, 0.0))
        return NOT_PLACED_RANK if score is None else 1.0 - score


NOTHING = Guide()
Judge = Callable[[Any, Annotation, Prediction | None], Guide]  # the case, what is placed, the shown prediction


def judge_nothing(_case: Any, _annotation: Annotation, _prediction: Prediction | None) -> Guide:
    """For a session that nobody guides."""
    return NOTHING
