"""What a measurement is: frozen data, read from editable files; the formulas are in `formulas` (ux.md 11.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

Operand = tuple[str, ...]
"""Landmark ids; more than one means the point midway between them (their mean)."""


class Kind(StrEnum):
    """How a value comes from points. The comment names the operands in order."""

    DISTANCE = "distance"  # a, b
    POINT_LINE = "point-to-line"  # point, line from, line to
    ANGLE = "angle"  # arm, vertex, arm
    LINES = "angle-of-lines"  # line 1 from, to, line 2 from, to
    RATIO = "ratio"  # upper distance from, to, lower distance from, to
    PROJECTION = "projection"  # point, reference point, line from, line to
    COMBINE = "combine"  # no operands: a weighted sum of other measures
    COBB = "cobb"  # four corners of each vertebra, top left, top right, bottom left, bottom right
    HKA = "hip-knee-ankle"  # hip, knee, ankle centre


OPERANDS = {
    Kind.DISTANCE: ("from", "to"),
    Kind.POINT_LINE: ("point", "line from", "line to"),
    Kind.ANGLE: ("first arm", "vertex", "second arm"),
    Kind.LINES: ("line 1 from", "line 1 to", "line 2 from", "line 2 to"),
    Kind.RATIO: ("length from", "length to", "divided by length from", "to"),
    Kind.PROJECTION: ("point", "reference point", "line from", "line to"),
    Kind.COMBINE: (),
    Kind.HKA: ("hip centre", "knee centre", "ankle centre"),
}
LENGTHS = (Kind.DISTANCE, Kind.POINT_LINE, Kind.PROJECTION)
FOLDED = (Kind.COBB, Kind.HKA)  # maxima and folded values: their error is simulated, not propagated (ux.md 11.4)
COBB_ROLES = ("major", "above", "below")
HKA_ROLES = ("deviation", "angle")
MEDIAL = ("image-right", "image-left")
UNITS = ("deg", "mm", "%", "1")


@dataclass(frozen=True)
class Measure:
    """One measurement.

    `unit` is deg, mm (px where the pixel size is unknown), % or 1. `facing` are three landmarks (S, N, Me) that tell
    which way the head looks: they make a signed value the same for both sides; without them it has no sign.
    `terms` are (measure id, weight) of a combined value. `labels` name the vertebrae of a Cobb angle, `role` says
    which curve, or which figure of a leg; `medial` is the side of the image where the body's midline lies, "" where
    nobody has said. `tolerance` is the difference that still counts as the same value.
    """

    id: str
    name: str
    kind: Kind
    points: tuple[Operand, ...] = ()
    unit: str = "deg"
    decimals: int = 1
    tolerance: float | None = None
    facing: tuple[str, str, str] | None = None
    terms: tuple[tuple[str, float], ...] = ()
    labels: tuple[str, ...] = ()
    role: str = ""
    medial: str = ""
    note: str = ""

    @property
    def is_length(self) -> bool:
        """True for a value that is in mm, or in px where the pixel size is unknown."""
        return self.unit == "mm"


@dataclass(frozen=True)
class MeasureSet:
    """A named list of measures. `templates` are the template ids it was made for; empty: any that has its points.

    `names` gives the plain names of points that the templates do not have, for the reason why a value is blank.
    """

    id: str
    name: str
    measures: tuple[Measure, ...]
    templates: tuple[str, ...] = ()
    description: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.by_id) != len(self.measures):
            raise ValueError(f"measurement set {self.id}: an id occurs twice")
        for measure in self.measures:
            self._check_terms(measure, ())

    @cached_property
    def by_id(self) -> dict[str, Measure]:
        """Measure id -> measure."""
        return {measure.id: measure for measure in self.measures}

    def landmarks(self, measure: Measure) -> tuple[str, ...]:
        """Every landmark that a measure rests on, those of its terms included, each once."""
        own = [mark for operand in measure.points for mark in operand] + list(measure.facing or ())
        for term, _weight in measure.terms:
            own += self.landmarks(self.by_id[term])
        return tuple(dict.fromkeys(own))

    def _check_terms(self, measure: Measure, above: tuple[str, ...]) -> None:
        for term, _weight in measure.terms:
            if term not in self.by_id:
                raise ValueError(f"measurement set {self.id}: {measure.id} uses {term}, which is not in the set")
            if term in (*above, measure.id):
                raise ValueError(f"measurement set {self.id}: {measure.id} uses itself")
            self._check_terms(self.by_id[term], (*above, measure.id))
