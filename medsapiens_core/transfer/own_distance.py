"""How far one reader's points lie from the consensus, landmark by landmark, for the definition card (ux.md 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medsapiens_core.transfer.double_readings import AGAIN, ReadCase, decided_points, scale_of

FEWEST = 3  # cases; fewer tell nothing of a person


@dataclass(frozen=True)
class OwnDistance:
    """Mean distance to the consensus over `n` cases, in `unit` ("mm" where every case has a pixel size, else "px")."""

    mean: float
    n: int
    unit: str


def own_distances(cases: Sequence[ReadCase], reader: str) -> dict[str, OwnDistance]:
    """Landmark -> how far the reader's points lie from the consensus; those with fewer than 3 cases are left out."""
    settled = [case for case in cases if case.consensus is not None and reader in case.readings]
    in_mm = all(case.row.spacing is not None for case in settled)
    apart: dict[str, list[float]] = {}
    for case in settled:
        assert case.consensus is not None
        truth, scale = decided_points(case.consensus), scale_of(case.row.spacing if in_mm else None)
        for name in (reader, reader + AGAIN):
            if name in case.readings:
                difference = (decided_points(case.readings[name]) - truth) * scale
                for mark, distance in zip(case.consensus.landmark_ids, np.hypot(*difference.T), strict=True):
                    if np.isfinite(distance):
                        apart.setdefault(mark, []).append(float(distance))
    unit = "mm" if in_mm else "px"
    return {
        mark: OwnDistance(float(np.mean(found)), len(found), unit)
        for mark, found in apart.items()
        if len(found) >= FEWEST
    }
