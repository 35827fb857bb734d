"""Distances, angles and ratios as DICOM measurement groups (formats.md 6.2 and 6.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from highdicom.sr import (
    CodedConcept,
    CoordinatesForMeasurement,
    GraphicTypeValues,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    SourceImageForRegion,
    TrackingIdentifier,
)

from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.convention import Point
from medsapiens_core.exchange.dicom_codes import ANGLE, LENGTH, RATIO, UNITS, Unit, own_code, stable_uid
from medsapiens_core.exchange.dicom_images import DicomImage, corner_point

KEY = "measurements"  # where a reading's `extra["dicom-sr"]` holds a tuple of `MeasurementValue`
PREFIX = "ms:"
_NAMES: dict[Unit, CodedConcept] = {"mm": LENGTH, "px": LENGTH, "deg": ANGLE, "1": RATIO}
_METHODS = {  # what makes a length in millimetres doubtful is said with every such length
    SpacingSource.DETECTOR: own_code("DETECTOR", "Detector plane, magnification not corrected"),
    SpacingSource.FILM: own_code("FILM", "On film, magnification not corrected"),
    SpacingSource.UNKNOWN: own_code("UNVERIFIED", "Pixel size of the file, not verified"),
    SpacingSource.ENTERED: own_code("ENTERED", "Pixel size entered by the reader"),
    SpacingSource.MAGNIFICATION: own_code("MAGNIFICATION", "Detector plane, corrected by an estimated magnification"),
    SpacingSource.RESOLUTION: own_code("RESOLUTION", "Resolution tag of the file, chosen by the reader"),
    SpacingSource.ANNOTATION_FILE: own_code("ANNOTATION_FILE", "Pixel size of an annotation file, not verified"),
}


@dataclass(frozen=True)
class MeasurementValue:
    """One figure that was derived from points: `points` are image pixels, two for a length, three for an angle."""

    name: str
    value: float
    unit: Unit
    points: tuple[Point, ...]


def measurement_group(
    measured: MeasurementValue, image: DicomImage, spacing: Spacing | None, template_id: str, project: str = ""
) -> MeasurementsAndQualitativeEvaluations:
    """One TID 1501 group: the figure, inferred from the polyline through its points.

    Raises UserError for a point outside the image, a figure that is not finite, or millimetres without a spacing.
    """
    if not np.isfinite(measured.value):
        raise UserError(f"{measured.name} has no value")
    if measured.unit == "mm" and spacing is None:
        raise UserError(f"{measured.name} is in millimetres although the image's pixel size is not known")
    tracking = f"{PREFIX}{template_id}:{measured.name}"
    method = _METHODS.get(spacing.source) if spacing is not None and measured.unit == "mm" else None
    figure = Measurement(
        name=_NAMES[measured.unit],
        value=float(measured.value),
        unit=UNITS[measured.unit],
        method=method,
        referenced_coordinates=[_polyline(measured, image)],
    )
    uid = stable_uid(project, image.uid, image.frame, tracking)
    return MeasurementsAndQualitativeEvaluations(
        TrackingIdentifier(uid=uid, identifier=tracking), measurements=[figure]
    )


def _polyline(measured: MeasurementValue, image: DicomImage) -> CoordinatesForMeasurement:
    corners = [corner_point(x, y, image.size) for x, y in measured.points]
    inside = [corner for corner in corners if corner is not None]
    if len(inside) < max(len(corners), 2):
        raise UserError(f"{measured.name} rests on fewer than two points inside the image")
    source = SourceImageForRegion(image.header.SOPClassUID, image.uid, image.frame_numbers)
    return CoordinatesForMeasurement(GraphicTypeValues.POLYLINE, np.array(inside), source)
