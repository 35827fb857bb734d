"""DICOM: one frame of a file as an `Image`, in the order of steps of formats.md 1.4."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medsapiens_core.data.image import Image, Provenance
from medsapiens_core.data.rendering import window_bounds
from medsapiens_core.deidentify.burned_in import burned_in_warning
from medsapiens_core.io.dicom_file import DicomFile, integer, open_dicom
from medsapiens_core.io.dicom_pixels import check_header, decode_frame
from medsapiens_core.io.dicom_sides import patient_sides
from medsapiens_core.io.dicom_spacing import pixel_aspect, spacing_candidates
from medsapiens_core.io.dicom_values import Windows, is_inverted, modality_values, padding_value, voi_windows
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.source import Source

_LEAST_SHARE = 0.01  # a window that shows fewer of the pixels is not the default
_DEVICE = ("Manufacturer", "ManufacturerModelName", "StationName")
_PATIENT_SALT = b"medsapiens-studio patient group"
_NOBODY = re.compile(r"^(0*|x*|\W*|anon(ym(ous|ized|ised|e))?|unknown|none|n/?a|null|test|patient|id)$", re.IGNORECASE)


def read(source: Source, frame: int | None, _axis: int | None) -> Image:
    """Decode frame `frame` (0-based, default the first). Raises UnreadableImageError."""
    file = open_dicom(source)
    chosen = 0 if frame is None else frame
    stored = decode_frame(file, chosen)
    notes: list[str] = []
    shown = _shown_values(stored, file.dataset, chosen, notes)
    candidates = spacing_candidates(file.dataset, chosen, notes)
    spacing = next((candidate.spacing for candidate in candidates if candidate.is_default), None)
    return Image(
        **shown,
        provenance=_provenance(source, file, chosen, notes),
        spacing=spacing,
        candidates=candidates,
        device=device_name(file.dataset),
        sides=patient_sides(file.dataset, chosen),
        pixel_aspect=pixel_aspect(file.dataset, spacing),
        modality=str(file.dataset.get("Modality", "") or ""),
        patient_key=patient_key(file.dataset),
    )


def probe(source: Source) -> ImageHeader:
    """Size and number of frames; refuses what `read` would refuse for its header."""
    file = open_dicom(source)
    check_header(file)
    width, height = integer(file.dataset, "Columns", 0), integer(file.dataset, "Rows", 0)
    modality = str(file.dataset.get("Modality", "") or "")
    uid = str(file.dataset.get("SOPInstanceUID", "") or "") or None
    return ImageHeader(
        source.path,
        "dicom",
        width,
        height,
        file.frames,
        modality=modality,
        sop_instance_uid=uid,
        look=burned_in_warning(file.dataset),
    )


def patient_key(dataset: Dataset) -> str | None:
    """A digest that is equal for images of one patient, None when the file does not name one.

    Placeholders such as ANONYMOUS or 000 name nobody: taken as names they would make one patient of a whole archive.
    """
    patient = str(dataset.get("PatientID", "") or "").strip()
    if _NOBODY.match(patient):
        return None
    issuer = str(dataset.get("IssuerOfPatientID", "") or "").strip()
    return hashlib.blake2b(f"{issuer}\0{patient}".encode(), key=_PATIENT_SALT, digest_size=16).hexdigest()


def device_name(dataset: Dataset) -> str:
    """Manufacturer, model and station as one text, "" unless the file names the model or the station.

    Films of one device share their pixel size; a manufacturer alone makes many devices.
    """
    words = [str(dataset.get(name, "") or "").strip() for name in _DEVICE]
    return " / ".join(word for word in words if word) if any(words[1:]) else ""


def _shown_values(stored: NDArray[Any], dataset: Dataset, frame: int, notes: list[str]) -> dict[str, Any]:
    """The fields of `Image` that speak of grey values."""
    if stored.ndim == 3:
        return {"pixels": stored, "window": (0.0, 255.0)}
    pixels = modality_values(stored, dataset, frame, notes)
    padding = padding_value(dataset, frame)
    windows = voi_windows(dataset, frame, notes)
    return {
        "pixels": pixels,
        "padding_value": padding,
        "windows": windows,
        "window": _default_window(pixels, windows, padding),
        "inverted": is_inverted(dataset),
    }


def _default_window(pixels: NDArray[Any], windows: Windows, padding: float | None) -> tuple[float, float]:
    if windows:
        _, low, high = windows[0]
        sample = pixels[::4, ::4] if pixels.size > 2**16 else pixels
        if np.mean((sample > low) & (sample <= high)) >= _LEAST_SHARE:
            return low, high
    return window_bounds(pixels, padding_value=padding)


def _provenance(source: Source, file: DicomFile, frame: int, notes: list[str]) -> Provenance:
    return Provenance(
        path=source.path,
        sha256=source.sha256,
        reader=f"pydicom {pydicom.__version__}",
        frame=frame,
        frame_count=file.frames,
        sop_instance_uid=str(file.dataset.get("SOPInstanceUID", "") or "") or None,
        transfer_syntax=str(file.syntax),
        warnings=tuple(notes),
    )
