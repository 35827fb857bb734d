"""Lengths and angles of points in one unit for both axes; every function takes stacks of points (..., 2), y down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cross(u: Floats, v: Floats) -> Floats:
    """The z part of the cross product (...,)."""
    result: Floats = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    return result


def dot(u: Floats, v: Floats) -> Floats:
    """The inner product (...,)."""
    result: Floats = (u * v).sum(-1)
    return result


def length(u: Floats) -> Floats:
    """The length (...,)."""
    result: Floats = np.hypot(u[..., 0], u[..., 1])
    return result


def angle(u: Floats, v: Floats) -> Floats:
    """Degrees between two directions, 0 to 180; NaN where one has no length."""
    return np.where(_directed(u, v), np.degrees(np.arctan2(np.abs(cross(u, v)), dot(u, v))), np.nan)


def turn(u: Floats, v: Floats) -> Floats:
    """Degrees from `u` to `v`, -180 to 180, positive clockwise on screen; NaN where one has no length."""
    return np.where(_directed(u, v), np.degrees(np.arctan2(cross(u, v), dot(u, v))), np.nan)


def offset(point: Floats, start: Floats, end: Floats) -> Floats:
    """Signed distance of a point from a line, positive on its right side as one looks along it (y down)."""
    return divide(cross(end - start, point - start), length(end - start))


def along(point: Floats, start: Floats, end: Floats) -> Floats:
    """How far along a line the foot of a point lies, from `start`."""
    return divide(dot(point - start, end - start), length(end - start))


def divide(a: Floats, b: Floats) -> Floats:
    """The quotient; NaN instead of infinity."""
    safe = np.where(b == 0, np.nan, b)
    result: Floats = a / safe
    return result


def _directed(u: Floats, v: Floats) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = (length(u) > 0) & (length(v) > 0)
    return result
