"""What is said about fills, in one place."""

from __future__ import annotations

from collections.abc import Sequence

from app.translate import tr, trn

ALL_DECIDED = "Every landmark of this case is decided: nothing is left to fill."
BLIND = "Blind case: predictions are hidden until Return."
NO_SHAPE = "Nothing to fill from yet: review one case first, so that the usual shape is known."
PAUSED = "Live update paused: the corrected point does not fit the others. Check {name}."


def too_few(decided: int, anchors: Sequence[str]) -> str:
    """What has to be placed before a fill is possible."""
    need = tr("Place at least 2 landmarks first") if decided == 0 else tr("Place one more landmark first")
    if not anchors:
        return f"{need}."
    if len(anchors) == 1:
        return tr("{need}: {name} tells most.", need=need, name=anchors[0])
    return tr("{need}: {names} and {last} tell most.", need=need, names=", ".join(anchors[:-1]), last=anchors[-1])


def moved(count: int, mean: float, unit: str) -> str:
    """What a live update did."""
    return trn(
        "%n undecided landmark moved, mean {mean} {unit}.",
        "%n undecided landmarks moved, mean {mean} {unit}.",
        count,
        mean=f"{mean:.1f}",
        unit=unit,
    )


def filled(count: int, source: str) -> str:
    """What Fill the rest did."""
    return trn(
        "%n landmark filled from {source}. Check each of them.",
        "%n landmarks filled from {source}. Check each of them.",
        count,
        source=source,
    )
