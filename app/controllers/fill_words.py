"""What is said about fills, in one place."""

from __future__ import annotations

from collections.abc import Sequence

ALL_DECIDED = "Every landmark of this case is decided: nothing is left to fill."
BLIND = "Blind case: predictions are hidden until Return."
NO_SHAPE = "Nothing to fill from yet: review one case first, so that the usual shape is known."
PAUSED = "Live update paused: the corrected point does not fit the others. Check {name}."


def too_few(decided: int, anchors: Sequence[str]) -> str:
    """What has to be placed before a fill is possible."""
    need = "Place at least 2 landmarks first" if decided == 0 else "Place one more landmark first"
    if not anchors:
        return f"{need}."
    which = anchors[0] if len(anchors) == 1 else f"{', '.join(anchors[:-1])} and {anchors[-1]}"
    verb = "tells" if len(anchors) == 1 else "tell"
    return f"{need}: {which} {verb} most."


def moved(count: int, mean: float, unit: str) -> str:
    """What a live update did."""
    what = "1 undecided landmark" if count == 1 else f"{count} undecided landmarks"
    return f"{what} moved, mean {mean:.1f} {unit}."


def filled(count: int, source: str) -> str:
    """What Fill the rest did."""
    what = "1 landmark" if count == 1 else f"{count} landmarks"
    return f"{what} filled from {source}. Check each of them."
