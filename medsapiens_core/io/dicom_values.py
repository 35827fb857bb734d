"""From stored values to modality values, and what the file suggests for showing them (formats.md 1.4, steps 2-4, 6)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medsapiens_core.io.dicom_groups import frame_items, number, numbers

Windows = tuple[tuple[str, float, float], ...]
_NAME_LENGTH = 40


def modality_values(stored: NDArray[Any], dataset: Dataset, frame: int, notes: list[str]) -> NDArray[Any]:
    """Apply the Modality LUT, else Rescale Slope and Intercept, else nothing. Floats only where integers won't do."""
    lut = _table(dataset.get("ModalityLUTSequence"), dataset)
    if lut is not None:
        first, values = lut
        return values[np.clip(stored.astype(np.int64) - first, 0, len(values) - 1)]
    slope, intercept = _rescale(dataset, frame, notes)
    if (slope, intercept) == (1.0, 0.0):
        return stored
    if slope.is_integer() and intercept.is_integer() and stored.dtype.itemsize <= 2:
        return _smallest(stored.astype(np.int64) * int(slope) + int(intercept))
    exact = np.float32 if stored.dtype.itemsize <= 2 else np.float64
    return (stored.astype(np.float64) * slope + intercept).astype(exact)


def padding_value(dataset: Dataset, frame: int) -> float | None:
    """The grey value of pixels outside the film, in modality units, None when the file names none."""
    stored = number(dataset, "PixelPaddingValue")
    if stored is None or dataset.get("ModalityLUTSequence"):
        return None
    if dataset.get("PixelRepresentation") == 1 and stored >= 2**15:
        stored -= 2**16  # written as unsigned although the pixels are signed
    slope, intercept = _rescale(dataset, frame, [])
    return stored * slope + intercept


def is_inverted(dataset: Dataset) -> bool:
    """True when low values are to be shown bright."""
    shape, photometric = dataset.get("PresentationLUTShape"), dataset.get("PhotometricInterpretation")
    return str(shape) == "INVERSE" or str(photometric) == "MONOCHROME1"


def voi_bounds(centre: float, width: float, function: str = "LINEAR") -> tuple[float, float]:
    """Grey values that become black and white. Source: DICOM PS3.3 C.11.2.1.2.

    LINEAR is ((x - (c - 0.5)) / (w - 1) + 0.5), LINEAR_EXACT ((x - c) / w + 0.5); SIGMOID is drawn as its tangent
    in the centre, which equals LINEAR_EXACT.
    """
    if function in ("LINEAR_EXACT", "SIGMOID"):
        return centre - width / 2, centre + width / 2
    return centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2


def voi_windows(dataset: Dataset, frame: int, notes: list[str]) -> Windows:
    """The windows that the file offers, its first one first; VOI tables as the linear window nearest to them."""
    for item in frame_items(dataset, frame, "FrameVOILUTSequence"):
        found = _window_pairs(item) + _lut_windows(item, dataset, notes)
        if found:
            return tuple(found)
    return ()


def _window_pairs(item: Dataset) -> list[tuple[str, float, float]]:
    centres, widths = numbers(item.get("WindowCenter")), numbers(item.get("WindowWidth"))
    function = str(item.get("VOILUTFunction", "LINEAR") or "LINEAR")
    least = 1.0 if function == "LINEAR" else 1e-6
    names = item.get("WindowCenterWidthExplanation")
    names = [names] if isinstance(names, str) else list(names or [])
    found = []
    for index, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if width >= least:
            name = _clean(names[index]) if index < len(names) else ""
            found.append((name or f"Window {index + 1}", *voi_bounds(centre, width, function)))
    return found


def _lut_windows(item: Dataset, dataset: Dataset, notes: list[str]) -> list[tuple[str, float, float]]:
    found: list[tuple[str, float, float]] = []
    for index, entry in enumerate(item.get("VOILUTSequence") or []):
        lut = _table([entry], dataset)
        if lut is None or len(lut[1]) < 2 or lut[1][-1] <= lut[1][0]:
            continue
        first, values = lut
        first_out, last_out = float(values[0]), float(values[-1])
        share = (values - first_out) / (last_out - first_out)
        start, stop = int(np.argmax(share > 0.01)), int(np.argmax(share >= 0.99))
        found.append((_clean(entry.get("LUTExplanation", "")) or f"Table {index + 1}", first + start, first + stop))
        notes.append("A display table of the file is shown as the straight window nearest to it.")
    return found


def _rescale(dataset: Dataset, frame: int, notes: list[str]) -> tuple[float, float]:
    for item in frame_items(dataset, frame, "PixelValueTransformationSequence"):
        if "RescaleSlope" in item or "RescaleIntercept" in item:
            slope, intercept = number(item, "RescaleSlope"), number(item, "RescaleIntercept")
            if slope is None or slope == 0 or intercept is None:
                notes.append("The rescale values of the file are not usable; grey values are shown as stored.")
                return 1.0, 0.0
            return slope, intercept
    return 1.0, 0.0


def _table(sequence: Any, dataset: Dataset) -> tuple[int, NDArray[Any]] | None:
    """First stored value mapped, and the table, of the first item of a Modality or VOI LUT Sequence."""
    if not sequence:
        return None
    descriptor = numbers(sequence[0].get("LUTDescriptor"))
    data = sequence[0].get("LUTData")
    if len(descriptor) != 3 or data is None:
        return None
    count, first, bits = (int(value) for value in descriptor)
    if dataset.get("PixelRepresentation") == 1 and first >= 2**15:
        first -= 2**16
    if isinstance(data, bytes):
        order = "<" if dataset.original_encoding[1] is not False else ">"
        values = np.frombuffer(data, dtype=np.uint8 if bits <= 8 and len(data) == count else order + "u2")
    else:
        values = np.atleast_1d(np.asarray(data, dtype=np.int64))
    values = values[: count or 2**16]
    return (first, _smallest(values.astype(np.int64))) if len(values) else None


def _smallest(values: NDArray[np.int64]) -> NDArray[Any]:
    """The same integers in the narrowest type that holds them."""
    low, high = int(values.min()), int(values.max())
    for kind in (np.uint8, np.int16, np.uint16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    return values.astype(np.float64)


def _clean(name: Any) -> str:
    return "".join(letter for letter in str(name) if letter.isprintable()).strip()[:_NAME_LENGTH]
