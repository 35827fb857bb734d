"""PALETTE COLOR: stored values through the colour tables of the file. Source: DICOM PS3.3 C.7.6.3.1.5-6."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut

from medsapiens_core.io.dicom_groups import numbers

_CHANNELS = ("Red", "Green", "Blue")


def palette_colours(stored: NDArray[Any], dataset: Dataset, little_endian: bool) -> NDArray[np.uint8]:
    """Return (H, W, 3) RGB uint8. Raises ValueError when the tables are missing or contradict each other.

    pydicom's `apply_color_lut` takes tables of big-endian files for little-endian ones, so plain tables are applied
    here; segmented ones, which it unpacks rightly, go through it.
    """
    if "SegmentedRedPaletteColorLookupTableData" in dataset:
        colours = apply_color_lut(stored, dataset)[..., :3]
        return np.asarray(colours >> 8 if colours.dtype.itemsize > 1 else colours, dtype=np.uint8)
    count, first, bits = (int(value) for value in numbers(dataset.get("RedPaletteColorLookupTableDescriptor")))
    count = count or 2**16
    if stored.dtype.kind == "i" and first >= 2**15:
        first -= 2**16
    index = np.clip(stored.astype(np.int64) - first, 0, count - 1)
    tables = [
        _table(dataset.get(f"{channel}PaletteColorLookupTableData"), count, little_endian) for channel in _CHANNELS
    ]
    shift = 8 if bits > 8 else 0
    return np.stack([(table >> shift).astype(np.uint8)[index] for table in tables], axis=-1)


def _table(data: Any, count: int, little_endian: bool) -> NDArray[Any]:
    """`count` entries; 8-bit ones may be packed two to a word, or stored one to a word."""
    raw = bytes(data or b"")
    if count <= len(raw) < 2 * count:
        return np.frombuffer(raw, np.uint8)[:count]
    if len(raw) < 2 * count:
        raise ValueError("a colour table is too short")
    return np.frombuffer(raw, "<u2" if little_endian else ">u2")[:count]
