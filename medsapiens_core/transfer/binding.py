"""Readings whose picture is not sure: what is in the way, and which cases a person may name. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from medsapiens_core.exchange.batch import Batch, ImageRef, Reading
from medsapiens_core.exchange.matching import SCALE_HINT, TRUST_HINT, KnownImages, Match, scale_between
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.importing import all_cases, image_of
from medsapiens_core.transfer.pixel_hashes import known_images
from medsapiens_core.transfer.scaling import scaled

MOST_OFFERED = 200
LEFT_OUT = 0  # in place of a case id; the store counts from 1


@dataclass(frozen=True)
class PictureQuestion:
    """A reading without a sure picture. `offered` are (case id, case name); the first `by_name` of them fit by name.

    `scalable` are (case id, case name, factor) of cases that fit but for their size, to which points can be scaled.
    """

    position: int
    name: str
    problem: str
    offered: tuple[tuple[int, str], ...] = ()
    by_name: int = 0
    scalable: tuple[tuple[int, str, float], ...] = ()


def picture_questions(project: Project, batch: Batch) -> list[PictureQuestion]:
    """One question for each reading that no case fits for sure. Cases of another size are offered for scaling only."""
    cases = all_cases(project)
    known = known_images([image_of(case) for case in cases])
    found = []
    for position, reading in enumerate(batch.readings):
        match = known.match(reading.image)
        if match.position is None:
            found.append(_question(position, reading.image, match, known, cases))
    return found


def bound_by_hand(batch: Batch, cases: Mapping[int, CaseRow | None]) -> Batch:
    """The batch with what a person said: reading number -> its case, None to leave the reading out.

    Points of a picture of another size are scaled to the case's. Raises UserError where the axes differ in their ratio.
    """
    readings: list[Reading] = []
    for position, reading in enumerate(batch.readings):
        if position not in cases:
            readings.append(reading)
        elif (case := cases[position]) is not None:
            image = image_of(case)
            readings.append(replace(reading, image=image) if _may_be(reading.image, case) else scaled(reading, image))
    return replace(batch, readings=tuple(readings))


def _question(position: int, ref: ImageRef, match: Match, known: KnownImages, cases: list[CaseRow]) -> PictureQuestion:
    named = known.find(ref.file_name) if ref.file_name else []
    fitting = [k for k in named if _may_be(ref, cases[k])]
    others = [k for k, case in enumerate(cases) if _may_be(ref, case) and k not in set(fitting)]
    offered = [*fitting, *others][:MOST_OFFERED]
    plain = match.problem.partition(f" {TRUST_HINT}")[0].partition(f" {SCALE_HINT.partition('{')[0]}")[0]
    name = ref.file_name or ref.sop_instance_uid or ""
    likely = dict.fromkeys(([] if match.scalable is None else [match.scalable]) + named)
    factors = ((cases[k].id, cases[k].name, scale_between(ref, image_of(cases[k]))) for k in likely)
    return PictureQuestion(
        position,
        name,
        plain,
        tuple((cases[k].id, cases[k].name) for k in offered),
        min(len(fitting), MOST_OFFERED),
        tuple((case_id, case, factor) for case_id, case, factor in factors if factor is not None)[:MOST_OFFERED],
    )


def _may_be(ref: ImageRef, case: CaseRow) -> bool:
    sizes = ((ref.width, case.width), (ref.height, case.height))
    return all(stated is None or stated == real for stated, real in sizes)
