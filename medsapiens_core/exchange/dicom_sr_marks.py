"""From the measurement groups of a report to landmark states, by image."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from medsapiens_core.data.annotation import AbsentReason, Decision, Place, PointState, absent
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import checked_name, located
from medsapiens_core.exchange.convention import Convention, to_image
from medsapiens_core.exchange.dicom_codes import DECISION, PLACE, PRESENCE, SCORE, UNITS, Unit
from medsapiens_core.exchange.dicom_measurements import PREFIX as MEASUREMENT_PREFIX
from medsapiens_core.exchange.dicom_measurements import MeasurementValue
from medsapiens_core.exchange.dicom_sr_groups import PREFIX
from medsapiens_core.exchange.dicom_sr_read import (
    Target,
    children,
    children_named,
    code_of,
    coded_value,
    coordinates,
    items,
    number_of,
    target_of,
    text_of,
)
from medsapiens_core.exchange.states import placed_state

_TRACKING, _FINDING, _SITE, _ALGORITHM = "112039", "121071", "363698007", "111001"
_NO_SIZE = (1, 1)  # the corner convention needs no size
_UNIT_NAMES: dict[str, Unit] = {code.value: name for name, code in UNITS.items()}


@dataclass(eq=False)
class Marks:
    """What a report says of one image; filled while the report is walked."""

    points: dict[str, PointState] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    measurements: list[MeasurementValue] = field(default_factory=list)
    model_id: str | None = None


@dataclass(eq=False)
class Found:
    """Marks by image, and how many things were left out, by sentence."""

    by_image: dict[Target, Marks] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def marks(self, target: Target) -> Marks:
        """The marks of one image."""
        return self.by_image.setdefault(target, Marks())


def collect(group: Dataset, found: Found, *, by_model: bool) -> None:
    """Add what one measurement group says. Raises UserError for values that no reader accepts."""
    tracking = text_of(group, _TRACKING)
    if tracking.startswith(PREFIX):
        with located(f"landmark {landmark_name(tracking)!r}"):
            _collect_own(group, found, landmark_name(tracking))
    elif tracking.startswith(MEASUREMENT_PREFIX):
        _collect_measurement(group, found, landmark_name(tracking))
    else:
        _collect_foreign(group, found, tracking, by_model=by_model)


def landmark_name(tracking: str) -> str:
    """The landmark (or measurement) in a tracking identifier of ours, `lm:template:landmark`."""
    return checked_name(tracking.split(":", 2)[-1])


def _collect_own(group: Dataset, found: Found, name: str) -> None:
    point = next((item for item in children(group) if item.get("GraphicType") == "POINT"), None)
    target = target_of(point) if point is not None else next(filter(None, map(target_of, children(group))), None)
    if target is None:
        found.left_out["without an image were left out"] += 1
        return
    marks = found.marks(target)
    if name in marks.points:
        found.left_out["given twice were read once"] += 1
        return
    marks.points[name] = _absent(group) if point is None else _stated(group, point)
    marks.model_id = marks.model_id or text_of(group, _ALGORITHM) or None
    for score in children_named(group, SCORE.value):
        value = number_of(score)
        if value is not None:
            marks.scores[name] = value[0]


def _absent(group: Dataset) -> PointState:
    reason = coded_value(group, PRESENCE.value)[0].lower()
    return absent(AbsentReason(reason)) if reason in set(AbsentReason) else absent()


def _stated(group: Dataset, point: Dataset) -> PointState:
    x, y = _position(point)
    estimated = coded_value(group, PLACE.value)[0] == Place.ESTIMATED.value.upper()
    decision = coded_value(group, DECISION.value)[0].lower()
    if estimated or decision not in (Decision.PREDICTED, Decision.CONFIRMED):
        return placed_state(x, y, source="reader", estimated=estimated)
    return PointState(Place.VISIBLE, Decision(decision), x, y)


def _position(point: Dataset) -> tuple[float, float]:
    pairs = coordinates(point)
    if len(pairs) != 1:
        raise UserError("a point of the report does not have one position")
    return to_image(*pairs[0], _NO_SIZE, Convention.CORNER)


def _collect_measurement(group: Dataset, found: Found, name: str) -> None:
    for item in (item for item in children(group) if item.get("ValueType") == "NUM"):
        figure = number_of(item)
        line = next((child for child in children(item) if child.get("GraphicType") == "POLYLINE"), None)
        target = target_of(line) if line is not None else None
        if figure is None or figure[1] not in _UNIT_NAMES or line is None or target is None:
            found.left_out["are figures of an unknown kind and were left out"] += 1
            continue
        points = tuple(to_image(*pair, _NO_SIZE, Convention.CORNER) for pair in coordinates(line))
        found.marks(target).measurements.append(MeasurementValue(name, figure[0], _UNIT_NAMES[figure[1]], points))


def _collect_foreign(group: Dataset, found: Found, tracking: str, *, by_model: bool) -> None:
    for item in items(group):
        if item.get("ValueType") == "SCOORD" and item.get("GraphicType") == "POINT":
            _collect_foreign_point(group, item, found, tracking, by_model=by_model)
        elif item.get("ValueType") in ("SCOORD", "SCOORD3D"):
            found.left_out["are regions, lines or points in space and were left out"] += 1


def _collect_foreign_point(group: Dataset, item: Dataset, found: Found, tracking: str, *, by_model: bool) -> None:
    target = target_of(item) or next(filter(None, map(target_of, children(group))), None)
    if target is None:
        found.left_out["without an image were left out"] += 1
        return
    marks = found.marks(target)
    name = _free_name(_foreign_name(group, item, tracking), marks)
    marks.points[name] = placed_state(*_position(item), source="model" if by_model else "reader")


def _foreign_name(group: Dataset, item: Dataset, tracking: str) -> str:
    candidates = (coded_value(group, _FINDING)[2], coded_value(group, _SITE)[2], tracking, code_of(item)[2])
    return checked_name(next(filter(None, candidates), "point"))


def _free_name(name: str, marks: Marks) -> str:
    number, free = 1, name
    while free in marks.points:
        number += 1
        free = f"{name} {number}"
    return free
