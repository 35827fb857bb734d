"""Where the true places and both models' points lie on the locked cases, for the pictures of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.evaluation.comparison import LockedCase, ModelPoints

DECIMALS = 2  # of a pixel: more than a screen shows


def add_points(
    comparison: dict[str, Any], cases: Sequence[LockedCase], old: ModelPoints | None, new: ModelPoints
) -> None:
    """Give each of the comparison's `cases` its `truth`, `xy_old` and `xy_new`: (K, 2) px, None if unknown."""
    for position, (entry, case) in enumerate(zip(comparison["cases"], cases, strict=True)):
        entry["truth"] = _listed(case.truth)
        entry["xy_new"] = _listed(new.xy_image[position])
        entry["xy_old"] = None if old is None else _listed(old.xy_image[position])


def _listed(xy: NDArray[np.float64]) -> list[list[float] | None]:
    rounded = np.round(np.asarray(xy, dtype=np.float64), DECIMALS).tolist()
    return [[x, y] if np.isfinite((x, y)).all() else None for x, y in rounded]
