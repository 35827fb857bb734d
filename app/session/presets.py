"""Grey ranges to choose from: what the file says, all values, bone and soft tissue by modality, and the project's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.session.view_state import ImageState
from app.translate import tr

Preset = tuple[str, float, float]
CT_WINDOWS = (("Bone", -500.0, 1500.0), ("Soft tissue", -160.0, 240.0))  # Hounsfield units: W 2000 L 500, W 400 L 40
CT = ("CT",)
RADIOGRAPHS = ("", "CR", "DX", "RG", "PX", "IO", "MG", "XA", "RF", "OT", "SC")
SHARES = (("Bone", 35.0, 99.9), ("Soft tissue", 1.0, 70.0))  # a radiograph has no absolute scale: shares of its values
SAMPLE_SIDE = 600
OWN = (1, 2, 3)


def presets(image: ImageState, own: Mapping[int, tuple[float, float]] | None = None) -> list[Preset]:
    """Name, low and high of each preset that fits the picture, in its own units."""
    low, high = value_range(image)
    found: list[Preset] = [(tr("As the file says"), *image.window), (tr("Full range"), low, max(high, low + 1.0))]
    found += image.presets
    named = {name.casefold() for name, _, _ in found}
    found += [preset for preset in _usual(image) if preset[0].casefold() not in named]
    return found + [(tr("Own {slot}", slot=slot), *window) for slot, window in sorted((own or {}).items())]


def _usual(image: ImageState) -> list[Preset]:
    if image.pixels.ndim == 2 and image.modality in CT:
        return [(tr(name), low, high) for name, low, high in CT_WINDOWS]
    return _by_share(image) if image.pixels.ndim == 2 and image.modality in RADIOGRAPHS else []


def value_range(image: ImageState) -> tuple[float, float]:
    """The smallest and the largest value of a picture; 0 to 255 in colour."""
    if image.pixels.ndim == 3:
        return 0.0, 255.0
    if image.pyramid is not None:
        return image.pyramid.low, image.pyramid.high
    return float(image.pixels.min()), float(image.pixels.max())


def sample(image: ImageState) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """About 600 x 600 values of a picture (its brightness in colour), without padding and missing ones."""
    step = max(1, max(image.width, image.height) // SAMPLE_SIDE)
    part = np.asarray(image.pixels[::step, ::step], np.float64)
    values = (part @ (0.299, 0.587, 0.114) if part.ndim == 3 else part).ravel()
    values = values[np.isfinite(values)]
    inside = values if image.padding is None else values[values != image.padding]
    return inside if inside.size else values


def _by_share(image: ImageState) -> list[Preset]:
    values = sample(image)
    if not values.size:
        return []
    found: list[Preset] = []
    for name, low, high in SHARES:
        shares = (100 - high, 100 - low) if image.inverted else (low, high)
        start, end = (float(value) for value in np.percentile(values, shares))
        found.append((tr(name), start, max(end, start + 1.0)))
    return found
