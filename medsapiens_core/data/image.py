"""An image as read from a file: pixels, spacing with its source, provenance. Never changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.pyramid import Pyramid
from medsapiens_core.data.sides import PatientSides
from medsapiens_core.data.spacing import Spacing, SpacingCandidate, SpacingSource

__all__ = ["Image", "Provenance", "Spacing", "SpacingSource"]


@dataclass(frozen=True)
class Provenance:
    """Which bytes the pixels came from and how they were read."""

    path: Path
    sha256: str
    reader: str
    frame: int = 0
    frame_count: int = 1
    axis: int | None = None  # array axis of a volume that `frame` counts along
    sop_instance_uid: str | None = None
    transfer_syntax: str | None = None
    exif_orientation: int = 1
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Image:
    """A picture ready to be shown and predicted on.

    `pixels` is (H, W) or (H, W, 3) RGB uint8, read-only, in modality units (after rescale), EXIF turn baked in.
    `window` is the (low, high) grey range that the file or the data suggest for display.
    `inverted` is True for MONOCHROME1: low values are bright. `padding_value` is left out of percentiles.
    `patient_key` groups images of one patient (an opaque digest), None when the file does not tell.
    `candidates` are all pixel sizes that the file gives, the one in use first; `device` names what took the picture.
    `pyramid` holds the reduced copies that a screen needs, where they have been made. `sides` tells which side of the
    patient lies where, None when the file does not.
    """

    pixels: NDArray[Any]
    provenance: Provenance
    window: tuple[float, float]
    spacing: Spacing | None = None
    inverted: bool = False
    padding_value: float | None = None
    modality: str = ""
    patient_key: str | None = None
    pixel_aspect: float = 1.0  # height / width of one pixel, from spacing or Pixel Aspect Ratio
    windows: tuple[tuple[str, float, float], ...] = field(default=())  # presets of the file: name, low, high
    candidates: tuple[SpacingCandidate, ...] = ()
    device: str = ""
    pyramid: Pyramid | None = None
    sides: PatientSides | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim not in (2, 3) or (self.pixels.ndim == 3 and self.pixels.shape[2] != 3):
            raise ValueError(f"an image is (H, W) or (H, W, 3), not {self.pixels.shape}")
        self.pixels.setflags(write=False)

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """Width, height."""
        return self.width, self.height

    @property
    def pixel_sha256(self) -> str:
        """Names the picture by shape, type and values alone: equal for one picture in two lossless files."""
        digest = hashlib.sha256(f"{self.pixels.shape} {self.pixels.dtype.name}\n".encode())
        digest.update(np.ascontiguousarray(self.pixels.astype(self.pixels.dtype.newbyteorder("<"), copy=False)).data)
        return digest.hexdigest()

    @property
    def is_colour(self) -> bool:
        """True for RGB."""
        return self.pixels.ndim == 3
