"""Films as they also come in: mirrored, turned, inverted, in a larger picture; each with the exact map of its points.

No grey value is interpolated, so a model that is indifferent to the change gives exactly the mapped points.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.image import Image, Spacing
from medsapiens_core.geometry import Affine2D, Size

Pixels = NDArray[np.generic]
Row = tuple[float, float, float]  # of a matrix
LEFT, TOP, RIGHT, BOTTOM = 0.22, 0.12, 0.10, 0.18  # borders as shares of the film's width and height


@dataclass(frozen=True)
class Variant:
    """A change of a film. `pixels` makes it; `to_variant` maps points of the film of a size (width, height) into it."""

    name: str
    pixels: Callable[[Pixels], Pixels]
    to_variant: Callable[[Size], Affine2D]
    swaps_axes: bool = False

    def make(self, image: Image) -> Image:
        """The changed film, with an identity of its own so that no cache takes it for the original."""
        changed = np.ascontiguousarray(self.pixels(image.pixels))
        sha256 = hashlib.sha256(f"{image.provenance.sha256} {self.name}".encode()).hexdigest()
        spacing, aspect = image.spacing, image.pixel_aspect
        if self.swaps_axes:
            spacing = None if spacing is None else Spacing(spacing.col_mm, spacing.row_mm, spacing.source)
            aspect = 1 / aspect
        provenance = replace(image.provenance, sha256=sha256)
        return replace(image, pixels=changed, provenance=provenance, spacing=spacing, pixel_aspect=aspect)


def _map(x: Row, y: Row) -> Affine2D:
    return Affine2D(np.array([x, y]))


def _inverted(pixels: Pixels) -> Pixels:
    """White for black within the range of the type (integers) or of the film."""
    values: NDArray[Any] = np.asarray(pixels)
    if values.dtype.kind == "u":
        return np.asarray(np.iinfo(values.dtype).max - values)
    return np.asarray(values.max() + values.min() - values)


def _margins(width: float, height: float) -> tuple[int, int, int, int]:
    return round(LEFT * width), round(TOP * height), round(RIGHT * width), round(BOTTOM * height)


def _framed(share: float) -> Callable[[Pixels], Pixels]:
    """Put the film into a picture of one grey: `share` 0 is its darkest value, 1 its brightest."""

    def frame(pixels: Pixels) -> Pixels:
        values: NDArray[Any] = np.asarray(pixels)
        left, top, right, bottom = _margins(values.shape[1], values.shape[0])
        low, high = float(values.min()), float(values.max())
        grey = low + share * (high - low)
        result: Pixels = cv2.copyMakeBorder(values, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(grey,) * 4)
        return result

    return frame


def _shifted(size: Size) -> Affine2D:
    left, top, _, _ = _margins(*size)
    return _map((1, 0, left), (0, 1, top))


AS_IT_IS = Variant("as it is", lambda pixels: pixels, lambda _: _map((1, 0, 0), (0, 1, 0)))
VARIANTS = (
    Variant("mirrored", lambda p: p[:, ::-1], lambda size: _map((-1, 0, size[0] - 1), (0, 1, 0))),
    Variant(
        "turned 90", lambda p: np.rot90(p, -1), lambda size: _map((0, -1, size[1] - 1), (1, 0, 0)), swaps_axes=True
    ),
    Variant("turned 180", lambda p: np.rot90(p, 2), lambda size: _map((-1, 0, size[0] - 1), (0, -1, size[1] - 1))),
    Variant(
        "turned 270", lambda p: np.rot90(p, 1), lambda size: _map((0, 1, 0), (-1, 0, size[0] - 1)), swaps_axes=True
    ),
    Variant("inverted", _inverted, AS_IT_IS.to_variant),
    Variant("in a light picture", _framed(0.9), _shifted),
    Variant("in a black picture", _framed(0.0), _shifted),
)
