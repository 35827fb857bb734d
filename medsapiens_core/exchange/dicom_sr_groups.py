"""The measurement groups of a report: a point for each placed landmark, a statement for each absent one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    FindingSite,
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TrackingIdentifier,
)

from medsapiens_core import __version__
from medsapiens_core.data.annotation import Decision, Place, PointState
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange import dicom_codes as codes
from medsapiens_core.exchange.batch import Reading
from medsapiens_core.exchange.convention import Point
from medsapiens_core.exchange.dicom_images import DicomImage, corner_point
from medsapiens_core.exchange.dicom_measurements import KEY, MeasurementValue, measurement_group
from medsapiens_core.exchange.states import state_of

PREFIX = "lm:"
Group = MeasurementsAndQualitativeEvaluations | PlanarROIMeasurementsAndQualitativeEvaluations


@dataclass(frozen=True, eq=False)
class Source:
    """What a report is made from; `project` tells the marks of one project from those of another."""

    reading: Reading
    image: DicomImage
    template: Template
    project: str = ""


@dataclass(frozen=True, eq=False)
class Groups:
    """What goes into the report, what could not, and the largest shift by 32-bit coordinates in pixels."""

    groups: tuple[Group, ...]
    losses: tuple[str, ...]
    rounding_px: float


def landmark_groups(source: Source) -> Groups:
    """The groups of every placed or absent landmark and of every measurement that the reading carries."""
    groups: list[Group] = []
    losses: list[str] = []
    rounding = 0.0
    for landmark in source.template.landmarks:
        state = state_of(source.reading, landmark.id)
        if state.place is Place.ABSENT:
            groups.append(_absent_group(source, landmark, state))
        elif state.x is not None and state.y is not None:
            corner = corner_point(state.x, state.y, source.image.size)
            if corner is None:
                losses.append(f"{landmark.id} lies outside the image and was left out.")
                continue
            groups.append(_point_group(source, landmark, state, corner))
            rounding = max(rounding, *(abs(float(np.float32(value)) - value) for value in corner))
    for measured in source.reading.extra.get("dicom-sr", {}).get(KEY, ()):
        _add_measurement(groups, losses, source, measured)
    return Groups(tuple(groups), tuple(losses), rounding)


def _add_measurement(groups: list[Group], losses: list[str], source: Source, measured: MeasurementValue) -> None:
    spacing = source.reading.image.spacing
    try:
        groups.append(measurement_group(measured, source.image, spacing, source.template.id, source.project))
    except UserError as error:
        losses.append(f"{error}; it was left out.")


def _tracking(source: Source, landmark: Landmark) -> TrackingIdentifier:
    identifier = f"{PREFIX}{source.template.id}:{landmark.id}"
    uid = codes.stable_uid(source.project, source.image.uid, source.image.frame, identifier)
    return TrackingIdentifier(uid=uid, identifier=identifier)


def _point_group(source: Source, landmark: Landmark, state: PointState, corner: Point) -> Group:
    image, code = source.image, codes.landmark_code(source.template, landmark)
    region_source = SourceImageForRegion(image.header.SOPClassUID, image.uid, image.frame_numbers)
    return PlanarROIMeasurementsAndQualitativeEvaluations(
        _tracking(source, landmark),
        referenced_region=ImageRegion(GraphicTypeValues.POINT, np.array([corner]), region_source),
        finding_category=codes.ANATOMY,
        finding_type=code,
        finding_sites=[FindingSite(code)],
        geometric_purpose=codes.REPRESENTATIVE_POINT,
        algorithm_id=_algorithm(source.reading, state),
        measurements=_score(source.reading, landmark),
        qualitative_evaluations=_states(state),
    )


def _absent_group(source: Source, landmark: Landmark, state: PointState) -> Group:
    if state.absent_reason is None:
        raise ValueError("an absent point has a reason")
    image, code = source.image, codes.landmark_code(source.template, landmark)
    return MeasurementsAndQualitativeEvaluations(
        _tracking(source, landmark),
        finding_category=codes.ANATOMY,
        finding_type=code,
        finding_sites=[FindingSite(code)],
        qualitative_evaluations=[QualitativeEvaluation(codes.PRESENCE, codes.ABSENCES[state.absent_reason])],
        source_images=[SourceImageForMeasurementGroup(image.header.SOPClassUID, image.uid, image.frame_numbers)],
    )


def _states(state: PointState) -> list[QualitativeEvaluation]:
    stated: list[tuple[CodedConcept, CodedConcept]] = [
        (codes.PLACE, codes.PLACES[state.place]),
        (codes.DECISION, codes.DECISIONS[state.decision]),
    ]
    return [QualitativeEvaluation(name, value) for name, value in stated]


def _algorithm(reading: Reading, state: PointState) -> AlgorithmIdentification | None:
    """The model, for points that are still as it proposed them."""
    if reading.model_id is None or state.decision not in (Decision.PREDICTED, Decision.CONFIRMED):
        return None
    return AlgorithmIdentification(name=reading.model_id, version=__version__)


def _score(reading: Reading, landmark: Landmark) -> list[Measurement] | None:
    score = reading.scores.get(landmark.id)
    return None if score is None else [Measurement(codes.SCORE, float(score), codes.UNITS["1"])]
