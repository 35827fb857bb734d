"""Reduced copies of a picture, so that a large film is shown at the size that suits the screen (ux.md 5.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Pyramid:
    """`levels[k]` is the picture reduced by 2**k, level 0 the picture itself: (H, W) or (H, W, 3), read-only.

    `low`, `high` are the smallest and the largest finite value of level 0, in its own units, padding left out.
    """

    levels: tuple[NDArray[Any], ...]
    low: float
    high: float
