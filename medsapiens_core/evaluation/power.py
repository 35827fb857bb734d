"""How often a gate with so few locked cases would miss a candidate that is really better (ux.md 8.3, M23)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

REAL_GAIN = 0.10  # of the error of the model in use


def missed_share(old: Sequence[float], new: Sequence[float], tolerated: float, gain: float = REAL_GAIN) -> float | None:
    """Share of candidates with a real gain of `gain` that fail the gate on a set like this, 0..1.

    `old` and `new` are the mean errors (n,) of the same locked cases in one unit; their paired differences say how
    much a mean varies. The gate asks for a mean change of at most 0 and for an upper one-sided 95 % bound of at most
    `tolerated` times the error of the model in use. None for fewer than 3 cases, where nothing can be said.
    """
    before, after = np.asarray(old, dtype=np.float64), np.asarray(new, dtype=np.float64)
    if len(before) < 3:
        return None
    error, spread = float(before.mean()), float((after - before).std(ddof=1))
    standard_error = spread / math.sqrt(len(before))
    if standard_error == 0.0 or error == 0.0:
        return 0.0
    highest_mean = min(0.0, tolerated * error - float(ndtri(0.95)) * standard_error)
    return 1.0 - float(ndtr((highest_mean + gain * error) / standard_error))
