"""Where other tools put a pixel, and the way to our rule and back: an integer is a pixel centre (formats.md 0.2).

No other module of the package may shift a point by half a pixel (`tests/core/exchange/test_convention.py` looks).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

Point = tuple[float, float]
Size = tuple[int, int]


class Convention(StrEnum):
    """How a file counts. `ONE_BASED` and `NORMALISED_CENTRES` are only read, never written."""

    CENTRE = "I"  # an integer is a pixel centre, as ours
    CORNER = "C"  # the first pixel's centre is 0.5, 0.5
    PERCENT = "P"  # of the image's width and height, from corner to corner
    NORMALISED = "N"  # 0..1 from corner to corner
    UP = "B"  # corner, y counts upwards from the lower edge
    ONE_BASED = "O"  # the first pixel's centre is 1, 1
    NORMALISED_CENTRES = "M"  # 0..1 from the first pixel's centre to the last one's


_TO_IMAGE: dict[Convention, Callable[[float, float, int, int], Point]] = {
    Convention.CENTRE: lambda u, v, _w, _h: (u, v),
    Convention.CORNER: lambda u, v, _w, _h: (u - 0.5, v - 0.5),
    Convention.PERCENT: lambda u, v, w, h: (u * w / 100 - 0.5, v * h / 100 - 0.5),
    Convention.NORMALISED: lambda u, v, w, h: (u * w - 0.5, v * h - 0.5),
    Convention.UP: lambda u, v, _w, h: (u - 0.5, h - v - 0.5),
    Convention.ONE_BASED: lambda u, v, _w, _h: (u - 1, v - 1),
    Convention.NORMALISED_CENTRES: lambda u, v, w, h: (u * (w - 1), v * (h - 1)),
}
_FROM_IMAGE: dict[Convention, Callable[[float, float, int, int], Point]] = {
    Convention.CENTRE: lambda x, y, _w, _h: (x, y),
    Convention.CORNER: lambda x, y, _w, _h: (x + 0.5, y + 0.5),
    Convention.PERCENT: lambda x, y, w, h: ((x + 0.5) * 100 / w, (y + 0.5) * 100 / h),
    Convention.NORMALISED: lambda x, y, w, h: ((x + 0.5) / w, (y + 0.5) / h),
    Convention.UP: lambda x, y, _w, h: (x + 0.5, h - (y + 0.5)),
}


def to_image(u: float, v: float, size: Size, convention: Convention) -> Point:
    """A file's (u, v) as (x, y) in image pixels; `size` is (width, height)."""
    return _TO_IMAGE[convention](u, v, *size)


def from_image(x: float, y: float, size: Size, convention: Convention) -> Point:
    """The inverse of `to_image`. Raises ValueError for the two conventions that are only read."""
    if convention not in _FROM_IMAGE:
        raise ValueError(f"convention {convention} is only read, never written")
    return _FROM_IMAGE[convention](x, y, *size)
