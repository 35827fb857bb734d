"""Dots per inch in picture files: offered as a pixel size, never used without a person's choice (formats.md 1.7)."""

from __future__ import annotations

import math
from typing import Any

from medsapiens_core.data.spacing import Spacing, SpacingCandidate, SpacingSource, usable_pair

MM_PER_INCH = 25.4
FILLERS = (72.0, 96.0)  # what cameras and programs write when they know nothing
TURNED = 5  # EXIF orientations from here on swap columns and rows


def resolution_candidates(dots: Any, orientation: int) -> tuple[SpacingCandidate, ...]:
    """The pixel size by `dots` (x, y) per inch as stored, for the picture turned upright; nothing without sense."""
    try:
        x, y = (float(value) for value in dots)
    except (TypeError, ValueError, ZeroDivisionError):
        return ()
    if not (math.isfinite(x) and math.isfinite(y) and x > 0 and y > 0):
        return ()
    x, y = (y, x) if orientation >= TURNED else (x, y)
    row_mm, col_mm = MM_PER_INCH / y, MM_PER_INCH / x
    if not usable_pair(row_mm, col_mm):
        return ()
    told = f"{x:.4g} dots per inch" if math.isclose(x, y, rel_tol=1e-4) else f"{x:.4g} x {y:.4g} dots per inch"
    filler = any(math.isclose(x, value, abs_tol=0.02) for value in FILLERS)
    origin = f"{told}, as programs write that know nothing" if filler else told
    return (SpacingCandidate(Spacing(row_mm, col_mm, SpacingSource.RESOLUTION), origin),)
