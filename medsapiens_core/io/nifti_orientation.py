"""Do the two orientations that a NIfTI file may state agree? Source: nifti1.h and nifti2.h, methods 2 and 3."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_MAX_MM, _MAX_DEGREES = 0.1, 0.1


class _Layout(NamedTuple):
    """Types of the numbers (`struct` letters) and where they lie in the header."""

    real: str
    code: str
    pixdim: int
    codes: int
    quaternion: int
    rows: int


_FIRST = _Layout("f", "h", 76, 252, 256, 280)
_SECOND = _Layout("d", "i", 104, 344, 352, 400)


def orientations_differ(header: bytes) -> bool:
    """True when the header has both a qform and an sform and they differ by more than 0.1 mm or 0.1 degrees."""
    order = "<" if struct.unpack("<i", header[:4])[0] in (348, 540) else ">"
    layout = _FIRST if struct.unpack(order + "i", header[:4])[0] == 348 else _SECOND
    codes = struct.unpack_from(f"{order}2{layout.code}", header, layout.codes)
    if 0 in codes:
        return False
    real = f"{order}{{}}{layout.real}"
    pixdim = struct.unpack_from(real.format(8), header, layout.pixdim)
    quaternion = struct.unpack_from(real.format(6), header, layout.quaternion)
    rows = np.array(struct.unpack_from(real.format(12), header, layout.rows)).reshape(3, 4)
    by_quaternion = _matrix(quaternion, pixdim)
    return bool(np.abs(by_quaternion[:, 3] - rows[:, 3]).max() > _MAX_MM or _angle(by_quaternion, rows) > _MAX_DEGREES)


def _matrix(quaternion: tuple[float, ...], pixdim: tuple[float, ...]) -> NDArray[np.float64]:
    b, c, d = quaternion[:3]
    a = np.sqrt(max(1.0 - b * b - c * c - d * d, 0.0))
    turn = np.array([
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ])  # fmt: skip
    scale = np.array(pixdim[1:4]) * [1.0, 1.0, -1.0 if pixdim[0] < 0 else 1.0]
    return np.column_stack([turn * scale, quaternion[3:6]])


def _angle(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The largest angle in degrees between columns of the same axis; columns of length zero count as 90."""
    lengths = np.linalg.norm(one[:, :3], axis=0) * np.linalg.norm(other[:, :3], axis=0)
    cosine = np.divide((one[:, :3] * other[:, :3]).sum(axis=0), lengths, out=np.zeros(3), where=lengths > 0)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))).max())
