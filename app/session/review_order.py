"""In which order the reader is led through the landmarks of a case (ux.md 6.1)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

UNCERTAIN_FIRST, TEMPLATE_ORDER = "uncertain", "template"
ORDERS = {UNCERTAIN_FIRST: "uncertain first", TEMPLATE_ORDER: "template order"}


def review_order(
    ids: Sequence[str], ranks: Mapping[str, float], mode: str = UNCERTAIN_FIRST, warned: Collection[str] = ()
) -> tuple[str, ...]:
    """Landmarks with a warning, then by rank, the highest first; ties in template order. A missing rank is 0."""
    if mode == TEMPLATE_ORDER:
        return tuple(ids)
    return tuple(sorted(ids, key=lambda landmark: (landmark not in warned, -ranks.get(landmark, 0.0))))


def step(order: Sequence[str], current: str, by: int) -> str:
    """The landmark `by` places on, round the end."""
    return order[(order.index(current) + by) % len(order)]


def next_where(order: Sequence[str], current: str, wanted: Callable[[str], bool]) -> str | None:
    """The first landmark after the current one (round the end, the current one last) that is wanted."""
    start = order.index(current) + 1
    around = [*order[start:], *order[:start]]
    return next((landmark for landmark in around if wanted(landmark)), None)
