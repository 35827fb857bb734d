"""The points of one case as measurements see them: where they lie, who stands behind them, and the size of a pixel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from medsapiens_core.data.annotation import Annotation, Place, PointState
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template import Template
from medsapiens_core.geometry import image_to_mm
from medsapiens_core.measurements.vectors import Floats

NOT_CALIBRATED = {
    None: "scale not known",
    SpacingSource.DETECTOR: "scale not calibrated (detector plane)",
    SpacingSource.FILM: "scale not calibrated (film plane)",
    SpacingSource.UNKNOWN: "scale not calibrated (plane not stated)",
    SpacingSource.ANNOTATION_FILE: "scale not checked (from the annotation file)",
}


class Status(StrEnum):
    """What a value may rest on: only DECIDED, ESTIMATED and, marked, FILL."""

    DECIDED = "decided"
    ESTIMATED = "estimated"
    FILL = "fill"
    UNDECIDED = "undecided"
    ABSENT = "absent"
    NOT_PLACED = "not placed"


@dataclass(frozen=True)
class Scale:
    """Size of a pixel along x and y, in mm, or (without a spacing) in px with the pixel's shape: 1 and its aspect."""

    x: float = 1.0
    y: float = 1.0
    unit: str = "px"
    source: SpacingSource | None = None

    @property
    def note(self) -> str:
        """What must be said with every length, "" for a calibrated one."""
        return NOT_CALIBRATED.get(self.source, "")


def scale_of(spacing: Spacing | None, pixel_aspect: float = 1.0) -> Scale:
    """The scale of an image; unknown spacing is px, never 1 mm. `pixel_aspect` is height / width of a pixel."""
    if spacing is None:
        return Scale(1.0, pixel_aspect)
    return Scale(spacing.col_mm, spacing.row_mm, "mm", spacing.source)


@dataclass(frozen=True, eq=False)
class CasePoints:
    """`xy_image` (K, 2) image pixels, NaN without a position, and the status of each, in template order."""

    template: Template
    xy_image: Floats
    statuses: tuple[Status, ...]
    scale: Scale

    @property
    def xy_scaled(self) -> Floats:
        """(K, 2) in the scale's unit, mm per axis where known."""
        return image_to_mm(self.xy_image, self.scale.y, self.scale.x)

    def status(self, landmark: str) -> Status:
        """The status of a landmark of the template."""
        return self.statuses[self.template.index[landmark]]

    def moved(self, landmark: str, xy_image: tuple[float, float]) -> CasePoints:
        """The same with one landmark somewhere else, decided: while it is dragged, nothing is stored."""
        place = self.template.index[landmark]
        xy, statuses = self.xy_image.copy(), list(self.statuses)
        xy[place] = xy_image
        statuses[place] = Status.ESTIMATED if statuses[place] is Status.ESTIMATED else Status.DECIDED
        return replace(self, xy_image=xy, statuses=tuple(statuses))


def case_points(
    annotation: Annotation,
    template: Template,
    spacing: Spacing | None,
    *,
    pixel_aspect: float = 1.0,
    filled: Collection[str] = (),
) -> CasePoints:
    """The points of an annotation; `filled` names the undecided ones that come from a fill and not from a model."""
    statuses = tuple(
        _status(state, mark in filled) for mark, state in zip(annotation.landmark_ids, annotation.states, strict=True)
    )
    return CasePoints(template, np.array(annotation.xy_image), statuses, scale_of(spacing, pixel_aspect))


def _status(state: PointState, filled: bool) -> Status:
    if state.place is Place.ABSENT:
        return Status.ABSENT
    if state.place is Place.NOT_PLACED:
        return Status.NOT_PLACED
    if not state.is_decided:
        return Status.FILL if filled else Status.UNDECIDED
    return Status.ESTIMATED if state.place is Place.ESTIMATED else Status.DECIDED
