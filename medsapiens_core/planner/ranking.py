"""Which cases to label next: far from what is labelled, hard for the model, of another device (ux.md 9.2).

The list is made one case after the other, so that two that teach the same are not both on it. Every fourth place is
for a locked case that nobody has read, while there are any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medsapiens_core.planner.descriptor import Vector

LOCKED_EVERY = 4
NEARLY_SAME = 0.02  # distance of descriptors: another picture of the same film, or the next slice
OTHER_KIND = 0.35  # added for a device, spacing or size that no labelled case has
DOUBT = 0.5  # weight of the model's doubt, 0..1
SURE = 0.5  # of scores: below, the model's doubt is a reason of its own


@dataclass(frozen=True, eq=False)
class PlanCase:
    """One case. `score` is the worst open one of the shown prediction, None without one; `kind` are words for device,
    spacing and size, the same text for the same kind.
    """

    id: int
    name: str
    patient_group: int
    is_locked: bool
    vector: Vector
    score: float | None = None
    doubtful: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """A case to label, and why, in one sentence."""

    case_id: int
    name: str
    why: str
    is_locked: bool


def suggest(todo: Sequence[PlanCase], labelled: Sequence[PlanCase], count: int) -> list[Suggestion]:
    """The `count` cases to label next, the first one first. With nothing labelled, the most typical film comes first:
    choosing the first example well was worth 14-36 % of one-shot error (SCP).
    """
    free, locked = [c for c in todo if not c.is_locked], [c for c in todo if c.is_locked]
    chosen: list[PlanCase] = []
    result: list[Suggestion] = []
    while len(result) < count and (free or locked):
        is_turn = len(result) % LOCKED_EVERY == LOCKED_EVERY - 1 and bool(locked)
        pool = locked if is_turn else free
        if not pool:
            if not locked or is_turn:
                break
            pool = locked
        case, why = _best(pool, [*labelled, *chosen], todo)
        pool.remove(case)
        if any(case.patient_group == other.patient_group or _are_same(case, other) for other in chosen):
            continue
        chosen.append(case)
        why = "Locked set: read without prediction." if case.is_locked else why
        result.append(Suggestion(case.id, case.name, why, case.is_locked))
    return result


def _best(pool: Sequence[PlanCase], known: Sequence[PlanCase], everything: Sequence[PlanCase]) -> tuple[PlanCase, str]:
    if not known:
        central = np.stack([case.vector for case in everything]).mean(axis=0)
        case = max(pool, key=lambda one: float(one.vector @ central))
        return case, "Most typical of all films: a good first example."
    vectors = np.stack([case.vector for case in known])
    seen = Counter(word for case in known for word in case.kind)
    far = {case.id: float(1.0 - (vectors @ case.vector).max()) for case in pool}
    case = max(pool, key=lambda one: _value(one, far[one.id], seen))
    return case, _why(case, far[case.id], list(far.values()), seen)


def _value(case: PlanCase, far: float, seen: Counter[str]) -> float:
    if far < NEARLY_SAME:
        return -1.0
    doubt = 0.0 if case.score is None else DOUBT * (1.0 - case.score)
    return far + doubt + (OTHER_KIND if _news(case, seen) else 0.0)


def _news(case: PlanCase, seen: Counter[str]) -> str:
    return next((word for word in case.kind if not seen[word]), "")


def _why(case: PlanCase, far: float, all_far: Sequence[float], seen: Counter[str]) -> str:
    news = _news(case, seen)
    if news:
        return f"Other {news}; none that is labelled is like it."
    if case.score is not None and case.score < SURE and far < float(np.quantile(all_far, 0.9)):
        which = f": {', '.join(case.doubtful)}" if case.doubtful else ""
        return f"The model is most unsure here{which}."
    if far < NEARLY_SAME:
        return "Much like one that is labelled; nothing better is left."
    return "Far from everything labelled so far."


def _are_same(a: PlanCase, b: PlanCase) -> bool:
    return float(1.0 - a.vector @ b.vector) < NEARLY_SAME
