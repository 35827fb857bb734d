"""The readings of cases that were read more than once, ready to be compared (ux.md 10.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.annotation import Annotation, Edit, Place
from medsapiens_core.data.image import Spacing
from medsapiens_core.data.readers import CONSENSUS
from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.agreement import LandmarkAgreement, reader_agreement
from medsapiens_core.measurements.point_errors import Repeatability
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.store.readings import author

Array = NDArray[np.float64]
UNNAMED, AGAIN = "first reader", " again"
DIAGONAL_SHARE = 0.0065  # of the picture, which stands for 2 mm where no pixel size is known (ux.md 6.5)


@dataclass(frozen=True, eq=False)
class ReadCase:
    """A case with its readings by the name of the reader, and the consensus if there is one.

    A name is the reader's initials; the second reading of the same person is called "AB again". `slots` has the reader
    under which each is stored.
    """

    row: CaseRow
    readings: Mapping[str, Annotation]
    slots: Mapping[str, str]
    consensus: Annotation | None = None


@dataclass(frozen=True, eq=False)
class Pair:
    """Two readers who have read the same cases: points (n, K, 2) in `unit`, NaN where not placed.

    `unit` is mm when every case has a pixel size, else px. `tolerances` (K,) are in the unit.
    """

    first: str
    second: str
    cases: tuple[CaseRow, ...]
    unit: str
    xy_first: Array
    xy_second: Array
    tolerances: tuple[float, ...]
    agreement: tuple[LandmarkAgreement, ...] = field(default=())

    @property
    def is_repeat(self) -> bool:
        """True when both readings are the same person's."""
        return self.second == self.first + AGAIN

    def distances(self) -> Array:
        """(n, K) in the unit, NaN where one of the two did not place it."""
        difference = self.xy_second - self.xy_first
        return np.hypot(difference[..., 0], difference[..., 1])


def read_cases(project: Project) -> list[ReadCase]:
    """Every case with two or more readings that are done. One begun after another had been seen is left out."""
    asked = project.readings.asked()
    found = (_read_case(project, case_id, asked) for case_id in project.readings.double_read())
    return [case for case in found if len(case.readings) > 1]


def pairs(cases: Sequence[ReadCase], template: Template) -> list[Pair]:
    """Two readers each, with what they agree on; most cases first."""
    shared: dict[tuple[str, str], list[ReadCase]] = {}
    for case in cases:
        names = sorted(case.readings)
        for place, first in enumerate(names):
            for second in names[place + 1 :]:
                shared.setdefault((first, second), []).append(case)
    made = [_pair(first, second, found, template) for (first, second), found in shared.items()]
    return sorted(made, key=lambda pair: (-len(pair.cases), pair.first, pair.second))


def decided_points(annotation: Annotation) -> Array:
    """(K, 2) image px of what a person has decided, NaN elsewhere."""
    decided = np.array([state.is_decided for state in annotation.states])
    return np.where(decided[:, None], annotation.xy_image, np.nan)


def repeatability(found: Sequence[Pair]) -> dict[str, Repeatability]:
    """Landmark -> error of one reading along an axis from all pairs together (ux.md 11.4), weighted by their cases."""
    units = {pair.unit for pair in found}
    unit = "mm" if units == {"mm"} else "px"
    sums: dict[str, list[tuple[int, float]]] = {}
    for pair in found:
        for one in pair.agreement:
            if one.n and pair.unit == unit:
                sums.setdefault(one.landmark, []).append((one.n, one.repeatability**2))
    result = {}
    for landmark, parts in sums.items():
        n = sum(count for count, _ in parts)
        result[landmark] = Repeatability(float(np.sqrt(sum(count * square for count, square in parts) / n)), n, unit)
    return result


def disagree_on_presence(one: Annotation, two: Annotation) -> list[str]:
    """Landmarks that one reader calls absent and the other has placed."""
    marks = zip(one.landmark_ids, one.states, two.states, strict=True)
    return [
        mark
        for mark, a, b in marks
        if a.is_decided and b.is_decided and (a.place is Place.ABSENT) != (b.place is Place.ABSENT)
    ]


def scale_of(spacing: Spacing | None) -> Array:
    """(2,) mm per px along x and y, or 1 px."""
    return np.ones(2) if spacing is None else np.array([spacing.col_mm, spacing.row_mm])


def _read_case(project: Project, case_id: int, asked: Mapping[tuple[int, str], bool]) -> ReadCase:
    readings: dict[str, Annotation] = {}
    slots: dict[str, str] = {}
    consensus = None
    for slot in project.annotations.readers(case_id):
        annotation = project.annotations.load(case_id, reader=slot)
        if slot == CONSENSUS:
            consensus = annotation
        elif _counts(annotation, asked.get((case_id, slot))):
            name = _name(annotation, project.annotations.history(case_id) if not slot else [])
            name = name if name not in readings else name + AGAIN
            readings[name], slots[name] = annotation, slot
    return ReadCase(project.cases.get(case_id), readings, slots, consensus)


def _counts(annotation: Annotation, blind: bool | None) -> bool:
    """What was asked of a person here, and the common reading, count once reviewed; imported ones as they are."""
    is_imported = bool(annotation.reader) and blind is None
    return blind is not False and (annotation.reviewed or is_imported) and annotation.decided_count > 0


def _name(annotation: Annotation, history: Sequence[Edit]) -> str:
    return author(annotation, history) or UNNAMED


def _pair(first: str, second: str, cases: Sequence[ReadCase], template: Template) -> Pair:
    in_mm = all(case.row.spacing is not None for case in cases)
    scales = np.stack([scale_of(case.row.spacing) if in_mm else np.ones(2) for case in cases])[:, None, :]
    one, two = (np.stack([decided_points(case.readings[name]) for case in cases]) * scales for name in (first, second))
    diagonal = float(np.mean([np.hypot(case.row.width, case.row.height) for case in cases]))
    tolerances = tuple(mark.tolerance_mm if in_mm else DIAGONAL_SHARE * diagonal for mark in template.landmarks)
    unit = "mm" if in_mm else "px"
    agreement = reader_agreement(template.ids, one, two, unit=unit, tolerances=tolerances)
    return Pair(first, second, tuple(case.row for case in cases), unit, one, two, tolerances, agreement)
