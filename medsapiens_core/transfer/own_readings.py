"""Whose reading an import may touch and show: that of whoever imports, as everywhere in the window (docs/adr/0010)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.readers import CONSENSUS
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Reading
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.store.readings import reviewed_by

Bound = tuple[int, CaseRow, Reading]
"""A reading by its number in the file, and its case."""


def with_slots(
    project: Project, bound: Sequence[Bound], *, is_prediction: bool
) -> tuple[list[tuple[int, CaseRow, Reading, str]], list[str]]:
    """Which reading of its case each one goes to ("" is the common one), and a sentence for each that may not go.

    That is the reading on which the person works (`Project.read_as`); where a file holds several readings of a case,
    each goes to the reader it names.
    """
    times = Counter(case.id for _, case, _ in bound)
    found: list[tuple[int, CaseRow, Reading, str]] = []
    problems: list[str] = []
    taken: set[tuple[int, str]] = set()
    for position, case, reading in bound:
        several = times[case.id] > 1 and not is_prediction
        try:
            slot = _slot(project, case, reading.reader, several=several)
        except UserError as error:
            problems.append(str(error))
            continue
        if (case.id, slot) not in taken:
            found.append((position, case, reading, slot))
        elif is_prediction:
            problems.append(f"{case.name}: the file holds several readings of it. Import them with --as reading.")
        else:
            problems.append(f"{case.name}: the file holds two readings of it by the same reader.")
        taken.add((case.id, slot))
    return found, problems


def _slot(project: Project, case: CaseRow, named: str, *, several: bool) -> str:
    slot = named if several else project.readings.key(case.id, project.person or named)
    owner = project.readers.find(slot) if slot else None
    if owner is not None and owner.code != project.person:
        raise UserError(
            f"{case.name}: this is the own reading of {owner.label}, who reads here and alone may import it "
            f"(in the window, or with --reader {owner.code})."
        )
    if slot == CONSENSUS and project.readers.known:
        raise UserError(f"{case.name}: a consensus is made by adjudication; it cannot be imported.")
    return slot if owner is None else owner.code


def refusal(project: Project, case: CaseRow, annotation: Annotation) -> str:
    """Why decisions of this reading may not be replaced or taken back by the person, "" if they may.

    What somebody else has reviewed, and what measures models, only an Adjudicator changes.
    """
    if annotation.reader:
        owner = project.readers.find(annotation.reader)
        others = owner is not None and owner.code != project.person
        told = f"{case.name}: this is the own reading of {owner.label}, who alone may change it." if owner else ""
        return told if others else ""
    if not annotation.reviewed:
        return ""
    by = reviewed_by(project.annotations.history(case.id))
    is_mine = not by or by == project.person
    if (is_mine and case.part != "locked") or not project.readers.refusal(project.person, "edit_others"):
        return ""
    return f"{case.name}: reviewed{f' by {by}' if by else ''}; only an Adjudicator may change it."


def is_hidden(project: Project, case: CaseRow, annotation: Annotation) -> bool:
    """True where predictions are not shown to the person: the case is read blind."""
    history = project.annotations.history(case.id, reader=annotation.reader)
    return project.readings.hides_predictions(case, annotation, history)
