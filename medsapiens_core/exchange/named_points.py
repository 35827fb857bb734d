"""Points that come one by one with a label (LabelMe, CVAT, Label Studio): a label must not occur twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from medsapiens_core.data.annotation import PointState
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import checked_name


@dataclass(frozen=True)
class NamedPoint:
    """One labelled mark of a file, image pixels."""

    label: str
    state: PointState


def unique_points(found: Iterable[NamedPoint], where: str, messages: list[str]) -> dict[str, PointState]:
    """The states by label. Labels that occur twice or cannot be names are left out and said in `messages`."""
    groups: dict[str, list[PointState]] = {}
    for point in found:
        groups.setdefault(point.label, []).append(point.state)
    points = {}
    for label, states in groups.items():
        try:
            checked_name(label)
        except UserError as error:
            messages.append(f"{where}: {error}; it was left out.")
            continue
        if len(states) == 1:
            points[label] = states[0]
        else:
            places = " and ".join(_place(state) for state in states[:4])
            messages.append(f"{where}: landmark {label} is marked {len(states)} times, {places}; it was left out.")
    return points


def in_order(names: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """All names in the order in which they first occur."""
    return tuple(dict.fromkeys(name for some in names for name in some))


def _place(state: PointState) -> str:
    return "without a position" if state.x is None or state.y is None else f"at ({state.x:.1f}, {state.y:.1f})"
