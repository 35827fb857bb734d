"""In which order the reader is led through the landmarks of a case (ux.md 6.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

UNCERTAIN_FIRST, TEMPLATE_ORDER = "uncertain", "template"


def review_order(ids: Sequence[str], scores: Mapping[str, float], mode: str = UNCERTAIN_FIRST) -> tuple[str, ...]:
    """Landmarks with the lowest score first, those without a prediction before all; ties in template order."""
    if mode == TEMPLATE_ORDER:
        return tuple(ids)
    return tuple(sorted(ids, key=lambda landmark: scores.get(landmark, -1.0)))


def step(order: Sequence[str], current: str, by: int) -> str:
    """The landmark `by` places on, round the end."""
    return order[(order.index(current) + by) % len(order)]


def next_where(order: Sequence[str], current: str, wanted: Callable[[str], bool]) -> str | None:
    """The first landmark after the current one (round the end, the current one last) that is wanted."""
    start = order.index(current) + 1
    around = [*order[start:], *order[:start]]
    return next((landmark for landmark in around if wanted(landmark)), None)
