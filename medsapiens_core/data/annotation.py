"""What a person says of an image, and every change of it.

An `Annotation` is frozen. Every change is an `Edit`; applying it gives the next revision, and `edit.inverse()` takes
it back as a further revision, so history only grows. The same `Edit` feeds undo, the store and the audit log.
States follow ux.md 3.1 and formats.md 0.3: two stored fields (`place`, `decision`) show as six states.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Template

PREDICT, FILL = "predict", "fill"
AUTOMATIC = (PREDICT, FILL)  # kinds of edit that no person made: they never touch a decided landmark
BULK = "bulk confirm"  # the kind of an edit that confirms many landmarks at once; they weigh half in training
BLIND, AFTER_REVEAL = "blind", "after reveal"  # `Edit.context`: no prediction was shown; it was, after the review
CONFIRM_TOLERANCE_PX = 0.05  # a point within this distance of the prediction counts as confirmed (ux.md 3.1)


class DecidedPointError(ValueError):
    """Something automatic tried to change a landmark that a person has decided: a fault of the program."""


class Place(StrEnum):
    """Whether the landmark has a position, and of what kind."""

    NOT_PLACED = "not_placed"
    VISIBLE = "visible"
    ESTIMATED = "estimated"
    ABSENT = "absent"


class Decision(StrEnum):
    """Who stands behind the position. `PREDICTED` is no decision."""

    NONE = "none"
    PREDICTED = "predicted"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"


class AbsentReason(StrEnum):
    """Why a landmark cannot be placed."""

    OUTSIDE_FIELD = "outside_field"
    ANATOMY_MISSING = "anatomy_missing"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True)
class PointState:
    """State of one landmark. `x`, `y` are image pixels, both None exactly when there is no position."""

    place: Place = Place.NOT_PLACED
    decision: Decision = Decision.NONE
    x: float | None = None
    y: float | None = None
    absent_reason: AbsentReason | None = None

    def __post_init__(self) -> None:
        positioned = self.place in (Place.VISIBLE, Place.ESTIMATED)
        if positioned != (self.x is not None) or positioned != (self.y is not None):
            raise ValueError(f"{self.place} and position ({self.x}, {self.y}) do not go together")
        if positioned and not (np.isfinite(self.x or 0.0) and np.isfinite(self.y or 0.0)):
            raise ValueError("a position must be finite")
        if self.place is Place.VISIBLE and self.decision is Decision.NONE:
            raise ValueError("a visible point is predicted, confirmed or corrected")
        if self.place in (Place.ESTIMATED, Place.ABSENT) and self.decision is not Decision.CORRECTED:
            raise ValueError(f"{self.place} is always a person's decision")
        if (self.place is Place.ABSENT) != (self.absent_reason is not None):
            raise ValueError("an absent point, and only that, has a reason")

    @property
    def is_decided(self) -> bool:
        """True once a person has confirmed, corrected, estimated it or called it absent."""
        return self.decision in (Decision.CONFIRMED, Decision.CORRECTED)

    @property
    def label(self) -> str:
        """One of predicted, confirmed, corrected, estimated, absent, not placed: what the window shows."""
        if self.place in (Place.ESTIMATED, Place.ABSENT):
            return self.place.value
        return "not placed" if self.place is Place.NOT_PLACED else self.decision.value

    def to_json(self) -> dict[str, Any]:
        """A JSON object with the four fields as stored."""
        return {
            "place": self.place.value,
            "decision": self.decision.value,
            "x": self.x,
            "y": self.y,
            "absent_reason": self.absent_reason.value if self.absent_reason else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PointState:
        """The inverse of `to_json`."""
        reason = value["absent_reason"]
        return cls(
            Place(value["place"]),
            Decision(value["decision"]),
            value["x"],
            value["y"],
            AbsentReason(reason) if reason else None,
        )


NOT_PLACED = PointState()


def predicted(x: float, y: float) -> PointState:
    """A position that a model proposes."""
    return PointState(Place.VISIBLE, Decision.PREDICTED, float(x), float(y))


def placed(x: float, y: float, prediction_xy: tuple[float, float] | None, *, estimated: bool = False) -> PointState:
    """A position that a person decides on; confirmed when it lies within 0.05 px of the shown prediction."""
    x, y = float(x), float(y)
    if estimated:
        return PointState(Place.ESTIMATED, Decision.CORRECTED, x, y)
    near = prediction_xy is not None and bool(
        np.hypot(x - prediction_xy[0], y - prediction_xy[1]) < CONFIRM_TOLERANCE_PX
    )
    return PointState(Place.VISIBLE, Decision.CONFIRMED if near else Decision.CORRECTED, x, y)


def absent(reason: AbsentReason = AbsentReason.NOT_ASSESSABLE) -> PointState:
    """A landmark that a person states cannot be placed."""
    return PointState(Place.ABSENT, Decision.CORRECTED, absent_reason=reason)


@dataclass(frozen=True)
class PointChange:
    """One landmark before and after."""

    landmark: str
    before: PointState
    after: PointState


def utc_now() -> str:
    """Now in UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Edit:
    """One undoable act of a person (or the arrival of predictions, kind `predict`, which is not undoable).

    `reviewed` holds the case's reviewed mark before and after; any change of a point takes the mark away.
    `prediction_id` is the prediction shown before and after, None when the edit does not change it.
    `undoes` is the id of the edit that this one takes back. `reader` is the person who made it, `context` what has to
    be known to judge it: "blind", "after reveal", or why a consensus was chosen.
    """

    kind: str
    changes: tuple[PointChange, ...] = ()
    reviewed: tuple[bool, bool] = (False, False)
    prediction_id: tuple[str | None, str | None] | None = None
    reader: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    utc: str = field(default_factory=utc_now)
    undoes: str | None = None
    context: str = ""

    def inverse(self) -> Edit:
        """The edit that takes this one back."""
        changes = tuple(PointChange(c.landmark, c.after, c.before) for c in reversed(self.changes))
        return Edit(
            "undo " + self.kind if self.undoes is None else self.kind.removeprefix("undo "),
            changes,
            (self.reviewed[1], self.reviewed[0]),
            None if self.prediction_id is None else (self.prediction_id[1], self.prediction_id[0]),
            self.reader,
            undoes=self.id,
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON object for the audit log."""
        said = {"context": self.context} if self.context else {}  # older logs stay as they would be written today
        return said | {
            "id": self.id,
            "kind": self.kind,
            "utc": self.utc,
            "reader": self.reader,
            "undoes": self.undoes,
            "reviewed": list(self.reviewed),
            "prediction_id": None if self.prediction_id is None else list(self.prediction_id),
            "changes": [
                {"landmark": c.landmark, "before": c.before.to_json(), "after": c.after.to_json()} for c in self.changes
            ],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Edit:
        """The inverse of `to_json`."""
        changes = tuple(
            PointChange(c["landmark"], PointState.from_json(c["before"]), PointState.from_json(c["after"]))
            for c in value["changes"]
        )
        before, after = value["reviewed"]
        shown = value["prediction_id"]
        return cls(
            value["kind"],
            changes,
            (before, after),
            None if shown is None else (shown[0], shown[1]),
            value["reader"],
            value["id"],
            value["utc"],
            value["undoes"],
            value.get("context", ""),
        )


@dataclass(frozen=True)
class Annotation:
    """What one reader says of one case: a state for every landmark of the template, in template order.

    `revision` counts edits from 0; `prediction_id` names the prediction that the undecided points come from.
    """

    case_id: int
    template_id: str
    landmark_ids: tuple[str, ...]
    states: tuple[PointState, ...]
    reader: str = ""
    revision: int = 0
    reviewed: bool = False
    prediction_id: str | None = None

    @classmethod
    def empty(cls, case_id: int, template: Template, reader: str = "") -> Annotation:
        """Nothing placed yet."""
        return cls(case_id, template.id, template.ids, (NOT_PLACED,) * len(template), reader)

    def __getitem__(self, landmark: str) -> PointState:
        return self.states[self.landmark_ids.index(landmark)]

    @property
    def decided_count(self) -> int:
        """How many landmarks a person has decided."""
        return sum(state.is_decided for state in self.states)

    @property
    def is_complete(self) -> bool:
        """True when every landmark is decided."""
        return self.decided_count == len(self.states)

    @property
    def xy_image(self) -> NDArray[np.float64]:
        """(K, 2) image pixels, NaN without a position."""
        points = [(np.nan, np.nan) if s.x is None or s.y is None else (s.x, s.y) for s in self.states]
        return np.array(points, dtype=np.float64).reshape(-1, 2)

    def change(self, kind: str, after: Mapping[str, PointState]) -> Edit:
        """The edit that gives these landmarks these states (unchanged ones are left out) and unmarks the review."""
        changes = tuple(
            PointChange(landmark, self[landmark], state) for landmark, state in after.items() if self[landmark] != state
        )
        reviewed = (self.reviewed, self.reviewed and not changes)
        return Edit(kind, changes, reviewed, None, self.reader)

    def mark_reviewed(self, reviewed: bool = True) -> Edit:
        """The edit that marks the case reviewed. Raises ValueError while a landmark is undecided."""
        if reviewed and not self.is_complete:
            raise ValueError("every landmark must be decided before the case is reviewed")
        return Edit("review" if reviewed else "reopen", (), (self.reviewed, reviewed), None, self.reader)

    def look_again(self, landmark: str) -> Edit:
        """The edit by which a reader says that a point still holds, e.g. after its definition has changed."""
        state = self[landmark]
        mark = (self.reviewed, self.reviewed)
        return Edit("look again", (PointChange(landmark, state, state),), mark, None, self.reader)

    def from_prediction(
        self, prediction: Prediction, kind: str = PREDICT, landmarks: Collection[str] | None = None
    ) -> Edit:
        """The edit that shows a new prediction: undecided landmarks take it, decided ones are never touched.

        `landmarks` limits which of them take it.
        """
        after = {}
        for landmark, state, (x, y) in zip(self.landmark_ids, self.states, prediction.xy_image, strict=True):
            wanted = landmarks is None or landmark in landmarks
            if wanted and not state.is_decided and np.isfinite(x) and np.isfinite(y):
                after[landmark] = predicted(x, y)
        edit = self.change(kind, after)
        return replace(edit, prediction_id=(self.prediction_id, prediction.id), reviewed=(self.reviewed, self.reviewed))

    def apply(self, edit: Edit) -> Annotation:
        """The next revision. Raises ValueError when the edit was made against other states than these.

        Raises DecidedPointError for an automatic edit of a decided landmark.
        """
        if edit.kind in AUTOMATIC and edit.undoes is None and any(c.before.is_decided for c in edit.changes):
            raise DecidedPointError(f"an automatic {edit.kind} may not change a decided landmark")
        states = list(self.states)
        for change in edit.changes:
            position = self.landmark_ids.index(change.landmark)
            if states[position] != change.before:
                raise ValueError(f"{change.landmark} has changed since this edit was made")
            states[position] = change.after
        return replace(
            self,
            states=tuple(states),
            revision=self.revision + 1,
            reviewed=edit.reviewed[1],
            prediction_id=self.prediction_id if edit.prediction_id is None else edit.prediction_id[1],
        )
