"""Random views of a training image: one affine for pixels and points together, then changes of grey.

Ranges follow methods.md 4 ("ours": standardised radiographs) with stronger grey changes, because films of another
machine differ in contrast before they differ in pose. Everything is drawn from one `numpy.random.Generator`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.geometry import Affine2D, Size, udp_affine

Grey = NDArray[np.float32]


@dataclass(frozen=True)
class AugmentRange:
    """How far a view may stray. Degrees; `scale` is the shown part, log-uniform; `shift` a share of the box."""

    rotation: float = 15.0
    wide_rotation: float = 40.0  # drawn instead of `rotation` in one view of ten
    scale: tuple[float, float] = (0.75, 1.3)
    shift: float = 0.08
    stretch: float = 0.06
    flip: float = 0.3
    invert: float = 0.08


def random_affine(
    image_size: Size, input_size: Size, ranges: AugmentRange, rng: np.random.Generator
) -> tuple[Affine2D, bool]:
    """Draw a map image -> input and whether it mirrors left and right (the caller then swaps paired landmarks)."""
    limit = ranges.wide_rotation if rng.random() < 0.1 else ranges.rotation
    low, high = np.log(ranges.scale)
    base = udp_affine(
        image_size,
        input_size,
        rotation=np.deg2rad(np.clip(rng.normal(0, limit / 2), -limit, limit)),
        scale=float(np.exp(rng.uniform(low, high))),
        shift=(rng.uniform(-ranges.shift, ranges.shift), rng.uniform(-ranges.shift, ranges.shift)),
    )
    width, height = input_size
    flip = bool(rng.random() < ranges.flip)
    sx, sy = np.exp(rng.uniform(-ranges.stretch, ranges.stretch, 2))
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    linear = np.diag([-sx if flip else sx, sy])
    return Affine2D(np.column_stack([linear, centre - linear @ centre])) @ base, flip


def random_grey(grey: Grey, ranges: AugmentRange, rng: np.random.Generator) -> Grey:
    """Change the grey values of an input picture (H, W) float32 in 0..255; the result stays in that range."""
    value = np.clip(grey / 255.0, 0.0, 1.0)
    if rng.random() < 0.2:
        clahe = cv2.createCLAHE(clipLimit=float(rng.uniform(1, 4)), tileGridSize=(8, 8))
        value = clahe.apply((value * 255).astype(np.uint8)).astype(np.float32) / 255.0
    if rng.random() < 0.8:
        value = value ** np.float32(np.exp(rng.normal(0, 0.3)))
    if rng.random() < 0.8:
        mean = float(value.mean())
        value = (value - mean) * np.float32(rng.uniform(0.6, 1.5)) + mean + np.float32(rng.normal(0, 0.08))
    if rng.random() < 0.3:
        value = value * _smooth_field(value.shape, rng)
    if rng.random() < 0.2:
        value = cv2.GaussianBlur(value, (0, 0), float(rng.uniform(0.4, 1.6)))
    if rng.random() < 0.3:
        value = value + rng.normal(0, rng.uniform(0.01, 0.05), value.shape).astype(np.float32)
    if rng.random() < 0.15:
        value = _hide_patches(value, rng)
    value = np.clip(value, 0.0, 1.0)
    if rng.random() < ranges.invert:
        value = 1.0 - value
    return np.asarray(value * 255.0, dtype=np.float32)


def gentle_grey(grey: Grey, ranges: AugmentRange, rng: np.random.Generator) -> Grey:
    """The same for a second stage, which looks at each crop without its exposure: changes that leave the detail."""
    value = np.clip(grey / 255.0, 0.0, 1.0)
    if rng.random() < 0.8:
        value = value ** np.float32(np.exp(rng.normal(0, 0.25)))
    if rng.random() < 0.2:
        value = cv2.GaussianBlur(value, (0, 0), float(rng.uniform(0.4, 1.6)))
    if rng.random() < 0.3:
        value = np.clip(value + rng.normal(0, rng.uniform(0.01, 0.04), value.shape), 0.0, 1.0)
    if rng.random() < ranges.invert:
        value = 1.0 - value
    return np.asarray(value * 255.0, dtype=np.float32)


def _smooth_field(shape: tuple[int, ...], rng: np.random.Generator) -> Grey:
    """Uneven exposure: a smooth factor around 1."""
    coarse = rng.normal(1.0, 0.2, (4, 4)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _hide_patches(value: Grey, rng: np.random.Generator) -> Grey:
    """Cover up to three rectangles with one grey, as markers and shields do."""
    value = value.copy()
    height, width = value.shape
    for _ in range(int(rng.integers(1, 4))):
        h, w = int(height * rng.uniform(0.04, 0.15)), int(width * rng.uniform(0.04, 0.15))
        top, left = int(rng.integers(0, height - h)), int(rng.integers(0, width - w))
        value[top : top + h, left : left + w] = rng.random()
    return value
