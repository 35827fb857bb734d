"""Which number of a DICOM file may be called the size of a pixel, and how far it can be trusted.

The rules are the rows of the table in formats.md 1.5; unknown is None and never 1.
"""

from __future__ import annotations

import math
from typing import Any

from pydicom.dataset import Dataset

from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.io.dicom_groups import frame_items, number, numbers

_CROSS_SECTIONAL = {"CT", "MR", "PT", "NM"}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_SCREENSHOT_TYPES = {"WSD", "DI", "DRW", "DV"}
_MAX_MM, _MAX_RATIO = 10.0, 4.0
_US_2D, _US_CM = 1, 3

Pair = tuple[float, float]


def pixel_spacing(dataset: Dataset, frame: int, notes: list[str]) -> Spacing | None:
    """Return the first valid candidate of formats.md 1.5, rows 2-8 and 10-13; what was set aside goes into `notes`."""
    if number(dataset, "EstimatedRadiographicMagnificationFactor") not in (None, 1.0):
        notes.append("The file states a magnification factor; it is not applied.")
    plain = _plain_spacing(dataset, frame)
    if _is_cross_sectional(dataset):
        return _spacing(plain, SpacingSource.PATIENT_PLANE)
    if dataset.get("Modality") == "US" or "SequenceOfUltrasoundRegions" in dataset:
        region = _ultrasound(dataset, notes)
        return region or _spacing(plain, SpacingSource.UNKNOWN)
    detector = _pair(dataset.get("ImagerPixelSpacing")) or _pair(dataset.get("ImagePlanePixelSpacing"))
    film = _pair(dataset.get("NominalScannedPixelSpacing"))
    if _is_screenshot(dataset, plain, detector, film):
        notes.append(
            "The picture is a screen capture; its stated pixel size is not used. Calibrate it on a known length."
        )
        return None
    return _projection(dataset, plain, detector, film)


def pixel_aspect(dataset: Dataset, spacing: Spacing | None) -> float:
    """Height divided by width of one pixel."""
    if spacing is not None:
        return spacing.row_mm / spacing.col_mm
    ratio = numbers(dataset.get("PixelAspectRatio"))
    if len(ratio) == 2 and min(ratio) > 0 and max(ratio) / min(ratio) <= _MAX_RATIO:
        return ratio[0] / ratio[1]
    return 1.0


def _projection(dataset: Dataset, plain: Pair | None, detector: Pair | None, film: Pair | None) -> Spacing | None:
    if plain is None:
        return _spacing(detector, SpacingSource.DETECTOR) or _spacing(film, SpacingSource.FILM)
    stated = dataset.get("PixelSpacingCalibrationType")
    if stated == "FIDUCIAL":
        return _spacing(plain, SpacingSource.FIDUCIAL)
    if stated == "GEOMETRY":
        return _spacing(plain, SpacingSource.GEOMETRY)
    others = [other for other in (detector, film) if other is not None]
    if not others:
        return None if plain == (1.0, 1.0) else _spacing(plain, SpacingSource.UNKNOWN)
    same = any(
        math.isclose(plain[0], o[0], rel_tol=1e-4) and math.isclose(plain[1], o[1], rel_tol=1e-4) for o in others
    )
    return _spacing(plain, SpacingSource.DETECTOR if same else SpacingSource.CORRECTED_UNKNOWN)


def _plain_spacing(dataset: Dataset, frame: int) -> Pair | None:
    pairs = (_pair(item.get("PixelSpacing")) for item in frame_items(dataset, frame, "PixelMeasuresSequence"))
    return next((pair for pair in pairs if pair is not None), None)


def _is_cross_sectional(dataset: Dataset) -> bool:
    return dataset.get("Modality") in _CROSS_SECTIONAL or bool(dataset.get("SharedFunctionalGroupsSequence"))


def _is_screenshot(dataset: Dataset, plain: Pair | None, detector: Pair | None, film: Pair | None) -> bool:
    if not str(dataset.get("SOPClassUID", "")).startswith(_SECONDARY_CAPTURE):
        return False
    if dataset.get("ConversionType") in _SCREENSHOT_TYPES:
        return plain is not None or film is not None
    calibrated = dataset.get("PixelSpacingCalibrationType") in ("FIDUCIAL", "GEOMETRY")
    return plain is not None and not calibrated and detector is None and film is None


def _ultrasound(dataset: Dataset, notes: list[str]) -> Spacing | None:
    """One scale for the picture: that of its 2D regions in centimetres, when they agree."""
    found = set()
    for region in dataset.get("SequenceOfUltrasoundRegions") or []:
        units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
        if region.get("RegionSpatialFormat") != _US_2D or units != (_US_CM, _US_CM):
            continue
        across, down = number(region, "PhysicalDeltaX"), number(region, "PhysicalDeltaY")
        if across and down:
            found.add((round(abs(down) * 10, 9), round(abs(across) * 10, 9)))
    if len(found) > 1:
        notes.append("The regions of the ultrasound picture have different scales; lengths are in pixels.")
    return _spacing(_pair(found.pop()), SpacingSource.US_REGION) if len(found) == 1 else None


def _pair(value: Any) -> Pair | None:
    """(row, column) in mm when usable, by row 13 of the table."""
    found = numbers(value)
    if len(found) != 2 or min(found) <= 0 or max(found) > _MAX_MM or max(found) / min(found) > _MAX_RATIO:
        return None
    return found[0], found[1]


def _spacing(pair: Pair | None, source: SpacingSource) -> Spacing | None:
    return None if pair is None else Spacing(pair[0], pair[1], source)
