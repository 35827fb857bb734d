"""How far a pixel size may be called millimetres, by where it comes from (formats.md 1.5)."""

from __future__ import annotations

from enum import StrEnum

from medsapiens_core.data.image import Spacing, SpacingSource


class Trust(StrEnum):
    """Sizes at the detector, on film or of unknown origin give millimetres in files only on a person's word."""

    CALIBRATED = "calibrated"
    CORRECTED = "corrected"
    STATED = "stated"
    ESTIMATED = "estimated"
    UNCORRECTED = "uncorrected"
    UNKNOWN = "unknown"


_TRUST = {
    SpacingSource.USER: Trust.CALIBRATED,
    SpacingSource.ENTERED: Trust.STATED,
    SpacingSource.MAGNIFICATION: Trust.ESTIMATED,
    SpacingSource.PATIENT_PLANE: Trust.CALIBRATED,
    SpacingSource.US_REGION: Trust.CALIBRATED,
    SpacingSource.FIDUCIAL: Trust.CALIBRATED,
    SpacingSource.HEADER: Trust.CALIBRATED,
    SpacingSource.GEOMETRY: Trust.CORRECTED,
    SpacingSource.CORRECTED_UNKNOWN: Trust.CORRECTED,
    SpacingSource.DETECTOR: Trust.UNCORRECTED,
    SpacingSource.FILM: Trust.UNCORRECTED,
    SpacingSource.UNKNOWN: Trust.UNKNOWN,
    SpacingSource.RESOLUTION: Trust.UNKNOWN,
    SpacingSource.ANNOTATION_FILE: Trust.UNKNOWN,
}
_DOUBTFUL = (Trust.UNCORRECTED, Trust.UNKNOWN)


def trust_of(source: SpacingSource) -> Trust:
    """The trust that a source deserves."""
    return _TRUST[source]


def gives_mm(spacing: Spacing | None) -> bool:
    """True when positions and lengths may be written in millimetres."""
    return spacing is not None and (spacing.chosen or trust_of(spacing.source) not in _DOUBTFUL)
