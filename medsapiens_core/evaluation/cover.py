"""Whether the 95 % regions of a model hold what they promise on the locked cases (ux.md 8.3, G6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 0.90, 0.99
FEWEST_CASES = 20


@dataclass(frozen=True)
class Cover:
    """`share` of `points` true places lay inside the region that the model gave, on `cases` locked cases."""

    share: float
    points: int
    cases: int

    @property
    def is_judged(self) -> bool:
        """True from 20 cases on; fewer say too little."""
        return self.cases >= FEWEST_CASES

    @property
    def holds(self) -> bool:
        """True when the share is near 95 %."""
        return LOWEST <= self.share <= HIGHEST

    @property
    def is_refuted(self) -> bool:
        """True when enough cases say that the regions do not hold."""
        return self.is_judged and not self.holds


def measure_cover(inside: Sequence[NDArray[np.float64]]) -> Cover | None:
    """From one (K,) array per case: 1 inside the region, 0 outside, NaN without a region or a true place."""
    values = np.array(inside, dtype=np.float64).ravel()
    known = values[np.isfinite(values)]
    return Cover(float(known.mean()), len(known), len(inside)) if len(known) else None
