"""Targets and decoding as in the original Sapiens pose code, kept to compare results with it (methods.md 1.3, 1.4).

Its known defects are kept: a truncated window, a blur that pulls points near the border, a scale of W_i / (W_h - 1).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.geometry import Size

Floats = NDArray[np.float64]
Maps = NDArray[np.float32]

BLUR_KERNEL = 11  # blur sigma 2.0; MedSapiens leaves it so at target sigma 3


def encode(xy_heatmap: Floats, visible: Floats, heatmap_size: Size, sigma: float) -> tuple[Maps, Maps]:
    """Gaussians (K, h, w) cut to a square window of 3 sigma, and weights (K,); `xy_heatmap` (K, 2) in cells."""
    known = (visible >= 0.5) & np.isfinite(xy_heatmap).all(axis=1)
    mu = np.where(known[:, None], xy_heatmap, 0.0)
    centre = (mu + 0.5).astype(np.int64)  # towards zero, as in the original
    first, stop = (centre - 3 * sigma).astype(np.int64), (centre + 3 * sigma + 1).astype(np.int64)
    touching = np.all((first < np.array(heatmap_size)) & (stop >= 0), axis=1)
    weights = np.where(known & touching, visible, 0.0)
    axes = []
    for axis, length in enumerate(heatmap_size):
        cell = np.arange(length)[None]
        in_window = cell - first[:, axis, None]
        middle = (6 * sigma + 1) // 2 + (mu - centre)[:, axis, None]
        value = np.exp(-((in_window - middle) ** 2) / (2 * sigma**2))
        axes.append(np.where((in_window >= 0) & (cell < stop[:, axis, None]), value, 0.0))
    maps = np.where(weights[:, None, None] > 0, axes[1][:, :, None] * axes[0][:, None, :], 0.0)
    return maps.astype(np.float32), weights.astype(np.float32)


def decode(heatmaps: NDArray[np.floating], input_size: Size) -> tuple[Floats, Floats]:
    """Points (K, 2) in the original's input scale and scores (K,), by argmax and one Newton step (DARK-UDP).

    A map without a positive cell gives NaN and score 0, where the original reads from a neighbouring map.
    """
    count, height, width = heatmaps.shape
    flat = heatmaps.reshape(count, height * width)
    scores = flat.max(axis=1).astype(np.float64)
    rows, columns = np.divmod(flat.argmax(axis=1), width)
    xy = np.full((count, 2), np.nan)
    for k in np.flatnonzero(scores > 0):
        xy[k] = columns[k], rows[k]
        xy[k] += _newton_step(_log_neighbours(heatmaps[k], int(columns[k]), int(rows[k])))
    return xy / (width - 1, height - 1) * input_size, np.where(scores > 0, scores, 0.0)


def _log_neighbours(heatmap: NDArray[np.floating], column: int, row: int) -> Floats:
    """The logarithm (3, 3) around a cell of the map, blurred to the same peak; the edge is repeated outside."""
    border = (BLUR_KERNEL - 1) // 2
    padded = np.pad(heatmap.astype(np.float32), border)
    blurred = cv2.GaussianBlur(padded, (BLUR_KERNEL, BLUR_KERNEL), 0)[border:-border, border:-border]
    rows, columns = (np.arange(c - 1, c + 2).clip(0, n - 1) for c, n in zip((row, column), blurred.shape, strict=True))
    near = blurred[np.ix_(rows, columns)] * (np.float32(heatmap.max()) / blurred.max())
    result: Floats = np.log(np.clip(near, 1e-3, 50.0)).astype(np.float64)
    return result


def _newton_step(f: Floats) -> Floats:
    """Offset (2,) from the middle cell to the maximum of the quadratic through its neighbours (3, 3)."""
    gradient = np.array([f[1, 2] - f[1, 0], f[2, 1] - f[0, 1]]) / 2
    h_xx, h_yy = f[1, 2] - 2 * f[1, 1] + f[1, 0], f[2, 1] - 2 * f[1, 1] + f[0, 1]
    h_xy = (f[2, 2] - f[1, 2] - f[2, 1] + 2 * f[1, 1] - f[1, 0] - f[0, 1] + f[0, 0]) / 2
    hessian = np.array([[h_xx, h_xy], [h_xy, h_yy]]) + np.finfo(np.float32).eps * np.eye(2)
    offset: Floats = -np.linalg.pinv(hessian) @ gradient
    return offset
