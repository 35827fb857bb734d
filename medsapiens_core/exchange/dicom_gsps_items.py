"""What a presentation state draws and how it shows the grey values (formats.md 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from highdicom import PresentationLUTShapeValues, PresentationLUTTransformation
from highdicom.pr import (
    AnnotationUnitsValues,
    GraphicAnnotation,
    GraphicLayer,
    GraphicObject,
    GraphicTypeValues,
    SoftcopyVOILUTTransformation,
    TextObject,
)
from pydicom.dataset import Dataset
from pydicom.valuerep import DS

from medsapiens_core.data.annotation import Decision, Place, PointState
from medsapiens_core.data.image import Spacing
from medsapiens_core.data.template import Landmark
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import number
from medsapiens_core.exchange.convention import Point
from medsapiens_core.exchange.dicom_codes import short_text, stable_uid
from medsapiens_core.exchange.dicom_images import corner_point
from medsapiens_core.exchange.dicom_measurements import KEY, MeasurementValue
from medsapiens_core.exchange.dicom_sr_groups import PREFIX, Source
from medsapiens_core.exchange.spacing_text import CHOSEN, source_words
from medsapiens_core.exchange.states import state_of
from medsapiens_core.exchange.trust import gives_mm
from medsapiens_core.io.dicom_values import is_inverted, voi_windows
from medsapiens_core.io.read import read_image

LANDMARKS = "LANDMARKS"
MEASUREMENTS = GraphicLayer("MEASUREMENTS", 2, "Distances and angles")
_TEXT_SHIFT_PX = 6.0  # the name stands to the right of its point and above it
_PIXEL = AnnotationUnitsValues.PIXEL


@dataclass(frozen=True, eq=False)
class Drawing:
    """Layers with their marks, what could not be drawn, and the largest shift by 32-bit coordinates in pixels."""

    annotations: tuple[GraphicAnnotation, ...]
    layers: tuple[GraphicLayer, ...]
    losses: tuple[str, ...]
    rounding_px: float


def drawing(source: Source, label: str = "name") -> Drawing:
    """The marks of every placed landmark and measurement; `label` is the landmark's field that is written beside it.

    Raises UserError when there is nothing to draw.
    """
    points: list[GraphicObject] = []
    texts: list[TextObject] = []
    losses: list[str] = []
    rounding = 0.0
    for landmark in source.template.landmarks:
        state = state_of(source.reading, landmark.id)
        if state.x is None or state.y is None:
            continue
        corner = corner_point(state.x, state.y, source.image.size)
        if corner is None:
            losses.append(f"{landmark.id} lies outside the image and was left out.")
            continue
        points.append(_point(source, landmark, corner))
        texts.append(_name(source, landmark, state, corner, label))
        rounding = max(rounding, *(abs(float(np.float32(value)) - value) for value in corner))
    if not points:
        raise UserError("there is no landmark to draw")
    layers = [_landmark_layer(source)]
    annotations = [_annotation(source, layers[0], points, texts)]
    lines = _lines(source)
    if lines:
        annotations.append(_annotation(source, MEASUREMENTS, lines, []))
        layers.append(MEASUREMENTS)
    return Drawing(tuple(annotations), tuple(layers), tuple(losses), rounding)


def _landmark_layer(source: Source) -> GraphicLayer:
    """What viewers list as a layer; it also says where the pixel size comes from, which has no place of its own."""
    size = source_words(source.reading.image.spacing).replace(CHOSEN, ", chosen")
    return GraphicLayer(LANDMARKS, 1, short_text(f"Landmarks and their names; pixel size: {size}"))


def show_size(state: Dataset, spacing: Spacing | None) -> None:
    """Give the displayed area the pixel size, for viewers that draw a scale, where it is one in millimetres."""
    if spacing is None or not gives_mm(spacing) or spacing.areas:
        return
    for area in state.DisplayedAreaSelectionSequence:
        area.PresentationPixelSpacing = [DS(size, auto_format=True) for size in (spacing.row_mm, spacing.col_mm)]
        del area.PresentationPixelAspectRatio  # stands only where there is no spacing


def _annotation(
    source: Source, layer: GraphicLayer, graphics: list[GraphicObject], texts: list[TextObject]
) -> GraphicAnnotation:
    return GraphicAnnotation(
        referenced_images=[source.image.header],
        graphic_layer=layer,
        referenced_frame_number=source.image.frame_numbers,
        graphic_objects=graphics,
        text_objects=texts or None,
    )


def _point(source: Source, landmark: Landmark, corner: Point) -> GraphicObject:
    identifier = f"{PREFIX}{source.template.id}:{landmark.id}"
    uid = stable_uid(source.project, source.image.uid, source.image.frame, identifier)
    return GraphicObject(
        GraphicTypeValues.POINT, np.array([corner]), _PIXEL, tracking_id=short_text(identifier), tracking_uid=uid
    )


def _name(source: Source, landmark: Landmark, state: PointState, corner: Point, label: str) -> TextObject:
    columns, rows = source.image.size
    anchor = min(max(corner[0] + _TEXT_SHIFT_PX, 0.0), columns), min(max(corner[1] - _TEXT_SHIFT_PX, 0.0), rows)
    text = landmark.abbreviation if label == "abbreviation" and landmark.abbreviation else landmark.name
    if state.place is Place.ESTIMATED:
        text += " (estimated)"
    elif state.decision is Decision.PREDICTED:
        text += " (not reviewed)"
    return TextObject(short_text(text, 200), _PIXEL, anchor_point=anchor, anchor_point_visible=False)


def _lines(source: Source) -> list[GraphicObject]:
    """A line for each measurement whose points all lie inside the image."""
    found = []
    measurements: tuple[MeasurementValue, ...] = source.reading.extra.get("dicom-sr", {}).get(KEY, ())
    for measured in measurements:
        corners = [corner_point(x, y, source.image.size) for x, y in measured.points]
        inside = [corner for corner in corners if corner is not None]
        if len(inside) == len(corners) >= 2:
            found.append(GraphicObject(GraphicTypeValues.POLYLINE, np.array(inside), _PIXEL))
    return found


def polarity(source: Source) -> PresentationLUTTransformation:
    """Low values bright or dark. The state overrides the image, so it must repeat what MONOCHROME1 means."""
    inverse = is_inverted(source.image.header)
    shape = PresentationLUTShapeValues.INVERSE if inverse else PresentationLUTShapeValues.IDENTITY
    return PresentationLUTTransformation(presentation_lut_shape=shape)


def window(source: Source, chosen: str) -> list[SoftcopyVOILUTTransformation] | None:
    """The window to show: `chosen` ("low,high" in modality units), else the file's own, else the one we would show.

    None leaves the file's own to highdicom, which copies it with its tables. Raises UserError for an unusable choice.
    """
    if not chosen and voi_windows(source.image.header, source.image.frame, []):
        return None
    low, high = _bounds(chosen) if chosen else _suggested(source)
    centre, width = low + (high - low) / 2, high - low
    if not width > 0:
        raise UserError("the grey window is empty; choose one with low,high")
    return [SoftcopyVOILUTTransformation(window_center=centre, window_width=width, voi_lut_function="LINEAR_EXACT")]


def _bounds(chosen: str) -> tuple[float, float]:
    parts = chosen.split(",")
    if len(parts) != 2:
        raise UserError("the grey window must be two numbers: low,high")
    return number(parts[0]), number(parts[1])


def _suggested(source: Source) -> tuple[float, float]:
    path = source.reading.image.path
    if path is None:
        raise UserError("the image was not found on this computer")
    return read_image(path, frame=source.image.frame).window
