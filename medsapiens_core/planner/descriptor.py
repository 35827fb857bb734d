"""A picture in 640 numbers: where its edges run, and where it is light and dark.

Network features would need torch, which the window never loads, and a model, which a new template does not have. What
tells films of one kind apart for labelling (view, side, framing, collimation, device) shows in a thumbnail: grey ranks
take the device's grey scale away, edge directions in 8 x 8 fields its contrast (HOG, Dalal and Triggs 2005).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE, FIELDS, DIRECTIONS, COARSE = 64, 8, 9, 8
LENGTH = FIELDS * FIELDS * DIRECTIONS + COARSE * COARSE
Vector = NDArray[np.float32]


def describe(pixels: NDArray[Any], *, inverted: bool = False) -> Vector:
    """(LENGTH,) of length 1 from a picture (H, W) or (H, W, 3) of any depth; `inverted` for MONOCHROME1."""
    grey = pixels if pixels.ndim == 2 else pixels[..., :3].mean(axis=2)
    small = cv2.resize(np.asarray(grey, dtype=np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    ranks = _ranks(-small if inverted else small)
    edges, coarse = _edges(ranks), cv2.resize(ranks, (COARSE, COARSE), interpolation=cv2.INTER_AREA) - 0.5
    return _normed(np.concatenate([_normed(edges.ravel()), 0.7 * _normed(coarse.ravel())]))


def distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, m) of vectors (n, LENGTH) and (m, LENGTH): 1 minus the cosine, 0 for the same picture."""
    return np.asarray(1.0 - a @ b.T, dtype=np.float32)


def _ranks(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each cell by its rank, 0 to 1; equal cells (a black border) get the same."""
    _, place, counts = np.unique(small, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts + 1) / 2
    return np.asarray((middle / max(small.size - 1, 1))[place].reshape(small.shape), dtype=np.float32)


def _edges(ranks: NDArray[np.float32]) -> NDArray[np.float32]:
    """(FIELDS, FIELDS, DIRECTIONS) strength of edges by direction, without their sign."""
    dy, dx = np.gradient(cv2.GaussianBlur(ranks, (0, 0), 1.0))
    strength = np.hypot(dx, dy)
    direction = np.floor(np.arctan2(dy, dx) % np.pi / np.pi * DIRECTIONS).astype(int) % DIRECTIONS
    planes = np.stack([np.where(direction == k, strength, 0) for k in range(DIRECTIONS)], axis=-1)
    step = SIDE // FIELDS
    return np.asarray(planes.reshape(FIELDS, step, FIELDS, step, DIRECTIONS).sum(axis=(1, 3)), dtype=np.float32)


def _normed(vector: NDArray[np.float32]) -> Vector:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)
