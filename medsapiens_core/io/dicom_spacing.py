"""Which number of a DICOM file may be called the size of a pixel, and how far it can be trusted.

The rules are the rows of the table in formats.md 1.5; unknown is None and never 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pydicom.dataset import Dataset

from medsapiens_core.data.spacing import (
    MAX_RATIO,
    Area,
    Spacing,
    SpacingCandidate,
    SpacingSource,
    usable_pair,
)
from medsapiens_core.io.dicom_groups import frame_items, number, numbers

_CROSS_SECTIONAL = {"CT", "MR", "PT", "NM"}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_SCREENSHOT_TYPES = {"WSD", "DI", "DRW", "DV"}
_US_2D, _US_CM = 1, 3

Pair = tuple[float, float]


@dataclass(frozen=True)
class _Stated:
    """The sizes that a file states, as they are: (row, column) in mm, None where unusable."""

    plain: Pair | None
    imager: Pair | None
    rt_image: Pair | None
    film: Pair | None

    @property
    def detector(self) -> Pair | None:
        return self.imager or self.rt_image


def spacing_candidates(dataset: Dataset, frame: int, notes: list[str]) -> tuple[SpacingCandidate, ...]:
    """Every pixel size that the file gives, for a person to choose from; what was set aside is told in `notes`.

    The first valid one of formats.md 1.5, rows 2-8 and 10-13, is used unless a person chooses: it comes first.
    """
    stated = _stated(dataset, frame)
    if number(dataset, "EstimatedRadiographicMagnificationFactor") not in (None, 1.0):
        notes.append("The file states a magnification factor; it is not applied.")
    if _is_cross_sectional(dataset):
        return _ordered(_spacing(stated.plain, SpacingSource.PATIENT_PLANE), "Pixel Spacing", _detector(stated))
    if dataset.get("Modality") == "US" or "SequenceOfUltrasoundRegions" in dataset:
        return _ultrasound(dataset, stated, notes)
    if _is_screenshot(dataset, stated):
        notes.append(
            "The picture is a screen capture; its stated pixel size is not used. Calibrate it on a known length."
        )
        return tuple(_offered(dataset, stated, _spacing(stated.plain, SpacingSource.UNKNOWN)))
    used = _projection(dataset, stated)
    origin = _origin(dataset, stated, used)
    return _ordered(used, origin, _offered(dataset, stated, _spacing(stated.plain, SpacingSource.UNKNOWN)))


def pixel_aspect(dataset: Dataset, spacing: Spacing | None) -> float:
    """Height divided by width of one pixel."""
    if spacing is not None:
        return spacing.row_mm / spacing.col_mm
    ratio = numbers(dataset.get("PixelAspectRatio"))
    if len(ratio) == 2 and min(ratio) > 0 and max(ratio) / min(ratio) <= MAX_RATIO:
        return ratio[0] / ratio[1]
    return 1.0


def _stated(dataset: Dataset, frame: int) -> _Stated:
    values = ("ImagerPixelSpacing", "ImagePlanePixelSpacing", "NominalScannedPixelSpacing")
    return _Stated(_plain_spacing(dataset, frame), *(_pair(dataset.get(value)) for value in values))


def _projection(dataset: Dataset, stated: _Stated) -> Spacing | None:
    plain = stated.plain
    if plain is None:
        return _spacing(stated.detector, SpacingSource.DETECTOR) or _spacing(stated.film, SpacingSource.FILM)
    calibration = dataset.get("PixelSpacingCalibrationType")
    if calibration == "FIDUCIAL":
        return _spacing(plain, SpacingSource.FIDUCIAL)
    if calibration == "GEOMETRY":
        return _spacing(plain, SpacingSource.GEOMETRY)
    others = [other for other in (stated.detector, stated.film) if other is not None]
    if not others:
        return None if plain == (1.0, 1.0) else _spacing(plain, SpacingSource.UNKNOWN)
    same = any(_equal(plain, other) for other in others)
    return _spacing(plain, SpacingSource.DETECTOR if same else SpacingSource.CORRECTED_UNKNOWN)


def _origin(dataset: Dataset, stated: _Stated, used: Spacing | None) -> str:
    """The name of the attribute that the size in use comes from."""
    if stated.plain is None:
        if used is not None and used.source is SpacingSource.FILM:
            return "Nominal Scanned Pixel Spacing"
        return "Imager Pixel Spacing" if stated.imager else "Image Plane Pixel Spacing"
    calibration = str(dataset.get("PixelSpacingCalibrationType", "") or "")
    described = str(dataset.get("PixelSpacingCalibrationDescription", "") or "")
    told = ", ".join(part for part in (calibration.capitalize(), described) if part)
    return f"Pixel Spacing ({told})" if told else "Pixel Spacing"


def _offered(dataset: Dataset, stated: _Stated, plain: Spacing | None) -> list[SpacingCandidate]:
    """What a person may choose instead: the other attributes, and what is measured at the detector, made smaller."""
    found = [SpacingCandidate(plain, "Pixel Spacing")] if plain is not None else []
    found += _detector(stated)
    if (film := _spacing(stated.film, SpacingSource.FILM)) is not None:
        found.append(SpacingCandidate(film, "Nominal Scanned Pixel Spacing"))
    factor = number(dataset, "EstimatedRadiographicMagnificationFactor")
    flat = _spacing(stated.detector, SpacingSource.DETECTOR)
    if factor is not None and flat is not None:
        try:
            corrected = replace(flat.magnified_by(factor), chosen=False)
        except ValueError:
            return found
        origin = f"Imager Pixel Spacing divided by the file's magnification of {factor:g}"
        found.append(SpacingCandidate(corrected, origin, magnification=factor))
    return found


def _detector(stated: _Stated) -> list[SpacingCandidate]:
    named = ((stated.imager, "Imager Pixel Spacing"), (stated.rt_image, "Image Plane Pixel Spacing"))
    return [SpacingCandidate(Spacing(*pair, SpacingSource.DETECTOR), origin) for pair, origin in named if pair]


def _ordered(used: Spacing | None, origin: str, others: Iterable[SpacingCandidate]) -> tuple[SpacingCandidate, ...]:
    """The size in use, then those that differ from it and from each other."""
    found = [] if used is None else [SpacingCandidate(used, origin, is_default=True)]
    for other in others:
        pair = (other.spacing.row_mm, other.spacing.col_mm)
        if not any(_equal(pair, (known.spacing.row_mm, known.spacing.col_mm)) for known in found):
            found.append(other)
    return tuple(found)


def _plain_spacing(dataset: Dataset, frame: int) -> Pair | None:
    pairs = (_pair(item.get("PixelSpacing")) for item in frame_items(dataset, frame, "PixelMeasuresSequence"))
    return next((pair for pair in pairs if pair is not None), None)


def _is_cross_sectional(dataset: Dataset) -> bool:
    return dataset.get("Modality") in _CROSS_SECTIONAL or bool(dataset.get("SharedFunctionalGroupsSequence"))


def _is_screenshot(dataset: Dataset, stated: _Stated) -> bool:
    if not str(dataset.get("SOPClassUID", "")).startswith(_SECONDARY_CAPTURE):
        return False
    if dataset.get("ConversionType") in _SCREENSHOT_TYPES:
        return stated.plain is not None or stated.film is not None
    calibrated = dataset.get("PixelSpacingCalibrationType") in ("FIDUCIAL", "GEOMETRY")
    return stated.plain is not None and not calibrated and stated.detector is None and stated.film is None


def _ultrasound(dataset: Dataset, stated: _Stated, notes: list[str]) -> tuple[SpacingCandidate, ...]:
    """The 2D regions in centimetres: one scale where they agree, each on its own where they do not."""
    scales: dict[Pair, list[Area]] = {}
    for region in dataset.get("SequenceOfUltrasoundRegions") or []:
        pair, area = _region_scale(region), _region_area(region)
        if pair is not None:
            scales.setdefault(pair, []).extend([area] if area is not None else [])
    if len(scales) > 1:
        notes.append("The regions of the ultrasound picture have different scales; lengths are in pixels.")
    plain = _spacing(stated.plain, SpacingSource.UNKNOWN)
    if not scales:
        return _ordered(plain, "Pixel Spacing", [])
    found = [
        SpacingCandidate(
            Spacing(*pair, SpacingSource.US_REGION, areas=tuple(areas)),
            f"Ultrasound region {place}" if len(scales) > 1 else "Ultrasound region",
            is_default=len(scales) == 1,
        )
        for place, (pair, areas) in enumerate(scales.items(), start=1)
    ]
    return (*found, *([SpacingCandidate(plain, "Pixel Spacing")] if plain else []))


def _region_scale(region: Dataset) -> Pair | None:
    units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
    if region.get("RegionSpatialFormat") != _US_2D or units != (_US_CM, _US_CM):
        return None
    across, down = number(region, "PhysicalDeltaX"), number(region, "PhysicalDeltaY")
    if not across or not down:
        return None
    pair = (round(abs(down) * 10, 9), round(abs(across) * 10, 9))
    return pair if usable_pair(*pair) else None


def _region_area(region: Dataset) -> Area | None:
    """Left, top, right, bottom, or None for a region that does not say where it lies."""
    names = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    limits = [number(region, name) for name in names]
    if any(limit is None for limit in limits):
        return None
    left, top, right, bottom = (float(limit or 0.0) for limit in limits)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _pair(value: Any) -> Pair | None:
    """(row, column) in mm when usable, by row 13 of the table."""
    found = numbers(value)
    return (found[0], found[1]) if len(found) == 2 and usable_pair(found[0], found[1]) else None


def _equal(a: Pair, b: Pair) -> bool:
    return math.isclose(a[0], b[0], rel_tol=1e-4) and math.isclose(a[1], b[1], rel_tol=1e-4)


def _spacing(pair: Pair | None, source: SpacingSource) -> Spacing | None:
    return None if pair is None else Spacing(pair[0], pair[1], source)
