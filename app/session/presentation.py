"""From data to what the window shows: pure functions that make the frozen values of `view_state`."""

from __future__ import annotations

import math
from dataclasses import replace

from app.session.proposals import has_suggestion, origin, spread_text
from app.session.review_session import ReviewSession
from app.session.view_state import ImageState, LandmarkRow, MarkerState, WarningLine
from app.translate import tr
from medsapiens_core.data.annotation import CONFIRM_TOLERANCE_PX
from medsapiens_core.data.image import Image, Spacing, SpacingSource

NO_SPACING = "No pixel size in this file. Lengths are shown in pixels; angles assume square pixels."
BADGES = {
    SpacingSource.USER: ("ruler", "Pixel size measured by a reader on a scale in the image."),
    SpacingSource.ENTERED: ("entered", "Pixel size entered by a reader."),
    SpacingSource.MAGNIFICATION: ("mag.", "Pixel size at the detector, corrected by an estimated magnification."),
    SpacingSource.PATIENT_PLANE: ("", "Pixel size in the plane of the patient, from the file."),
    SpacingSource.US_REGION: ("region", "Pixel size of the ultrasound region; it holds inside the region only."),
    SpacingSource.FIDUCIAL: ("cal.", "Pixel size calibrated on an object of known size."),
    SpacingSource.GEOMETRY: ("cal.", "Pixel size corrected for the geometry of the exposure."),
    SpacingSource.CORRECTED_UNKNOWN: ("", "Pixel size corrected by a method that the file does not state."),
    SpacingSource.DETECTOR: ("det.", "Pixel size at the detector. Real lengths are smaller by the magnification."),
    SpacingSource.FILM: ("film", "Pixel size on the film. Real lengths are smaller by the magnification."),
    SpacingSource.UNKNOWN: ("unverified", "The file does not tell in which plane this pixel size was measured."),
    SpacingSource.HEADER: ("header", "Pixel size from the header of the file."),
    SpacingSource.RESOLUTION: ("header", "Pixel size from the dots per inch of the file, chosen by a reader."),
    SpacingSource.ANNOTATION_FILE: ("list", "Pixel size from the annotation file."),
}


def spacing_badge(spacing: Spacing | None) -> tuple[str, str]:
    """Badge and its explanation (ux.md 5.4). Unknown is px, never 1 mm."""
    if spacing is None:
        return "px", tr(NO_SPACING)
    word, explanation = BADGES[spacing.source]
    size = f"{spacing.row_mm:.3f} mm"
    if not spacing.is_square:
        size = f"{spacing.col_mm:.3f} x {spacing.row_mm:.3f} mm"
    return f"{tr(word)} {size}".strip(), tr(explanation)


def image_state(case_id: int, title: str, image: Image) -> ImageState:
    """The picture of a case as the image view shows it; `image` carries the pixel size in use."""
    badge, explanation = spacing_badge(image.spacing)
    spacing, source = image.spacing, image.provenance
    return ImageState(
        case_id,
        title,
        image.pixels,
        image.window,
        image.inverted,
        spacing.row_mm if spacing else None,
        spacing.col_mm if spacing else None,
        badge,
        explanation,
        image.windows,
        image.pixel_aspect,
        image.padding_value,
        image.modality,
        image.device,
        image.pyramid,
        source.frame,
        source.frame_count,
        source.frame,
        spacing=spacing,
        sides=image.sides,
    )


def markers(session: ReviewSession) -> list[MarkerState]:
    """All landmarks of the open case for the image view, in template order."""
    if not session.is_open:
        return []
    scores, warned, suggested = session.scores(), session.guide.by_landmark, session.suggested()
    return [
        replace(
            _marker(session, position, scores.get(mark.id)),
            has_warning=mark.id in warned,
            has_suggestion=mark.id in suggested or has_suggestion(session, mark.id),
        )
        for position, mark in enumerate(session.template.landmarks)
    ]


def landmark_rows(session: ReviewSession) -> list[LandmarkRow]:
    """All landmarks of the open case for the landmark list, in review order."""
    if not session.is_open:
        return []
    scores, suggested = session.scores(), session.suggested()
    rows = [
        _row(session, landmark, scores.get(landmark), landmark in suggested or has_suggestion(session, landmark))
        for landmark in session.order
    ]
    return [replace(row, noted=row.id in session.notes, stale=row.id in session.stale) for row in rows]


def lines(session: ReviewSession) -> list[tuple[str, str]]:
    """Lines of the template between landmarks that both have a position."""
    if not session.is_open:
        return []
    states = session.annotation
    return [(a, b) for a, b in session.template.lines if states[a].x is not None and states[b].x is not None]


def _marker(session: ReviewSession, position: int, score: float | None) -> MarkerState:
    mark = session.template.landmarks[position]
    state = session.annotation[mark.id]
    return MarkerState(
        mark.id,
        position + 1,
        mark.name,
        mark.abbreviation,
        state.label,
        state.x,
        state.y,
        score,
        mark.id == session.current,
        _ghost(session, mark.id),
        _covariance(session, position),
        prediction_xy=session.prediction_xy(mark.id),
        region=session.regions().get(mark.id),
    )


def _row(session: ReviewSession, landmark: str, score: float | None, suggested: bool) -> LandmarkRow:
    warnings = session.guide.by_landmark.get(landmark, [])
    position = session.template.index[landmark]
    mark = session.template.landmarks[position]
    state = session.annotation[landmark]
    return LandmarkRow(
        position + 1,
        landmark,
        mark.name,
        mark.abbreviation,
        state.label,
        score,
        "  ".join(warning.text for warning in warnings),
        mark.definition,
        session.prediction_xy(landmark) is not None and (state.label != "predicted" or suggested),
        origin=origin(session, landmark) if state.label == "predicted" else "",
        spread=spread_text(session, landmark) if state.label == "predicted" else "",
        is_anchor=landmark in session.anchors,
        radius=session.guide.radii.get(landmark),
        unit=session.guide.unit,
        has_suggestion=suggested,
        tips=session.guide.weights.get(landmark, 0.0) > 0,
        warnings=tuple(WarningLine(w.key, w.text, w.why, w.swap) for w in warnings),
    )


def _ghost(session: ReviewSession, landmark: str) -> tuple[float, float] | None:
    state, shown = session.annotation[landmark], session.prediction_xy(landmark)
    if shown is None or state.x is None or state.y is None or not state.is_decided:
        return None
    moved = max(abs(state.x - shown[0]), abs(state.y - shown[1])) >= CONFIRM_TOLERANCE_PX
    return shown if moved else None


def _covariance(session: ReviewSession, position: int) -> tuple[tuple[float, float], tuple[float, float]] | None:
    prediction = session.prediction
    if prediction is None or prediction.covariance is None:
        return None
    (xx, xy), (yx, yy) = prediction.covariance[position].tolist()
    return ((xx, xy), (yx, yy)) if math.isfinite(xx) and math.isfinite(yy) else None
