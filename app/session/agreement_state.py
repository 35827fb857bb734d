"""What the agreement window shows, as frozen values (ux.md 10.4). Lengths are in the unit of the state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One case in a Bland-Altman plot: mean and difference (second minus first) along x and y, and the distance."""

    case_id: int
    name: str
    mean: tuple[float, float]
    difference: tuple[float, float]
    distance: float


@dataclass(frozen=True)
class Limits:
    """Bias and limits of agreement along one axis; NaN where too few cases tell them."""

    bias: float
    low: float
    high: float


@dataclass(frozen=True)
class AgreementRow:
    """One landmark; `cells` are the texts of the table after the name, `cases` come worst first.

    `two_definitions` marks a systematic difference; `limits` are those of x and y; `tip` explains the figures.
    """

    landmark: str
    name: str
    cells: tuple[str, ...]
    distance: float
    two_definitions: bool
    limits: tuple[Limits, Limits]
    cases: tuple[Difference, ...]
    tip: str = ""


@dataclass(frozen=True)
class MeasureRow:
    """One measurement; `cells` are the texts of the table after the name.

    Readings that differ by more than `limit` (in `unit`) wait for adjudication; None: they never do for this one.
    `tolerance` is the measurement's own, offered as a limit.
    """

    name: str
    cells: tuple[str, ...]
    id: str = ""
    limit: float | None = None
    unit: str = ""
    tolerance: float | None = None


@dataclass(frozen=True)
class AgreementState:
    """Agreement of one pair of readers; `pairs` are the words of every pair that can be chosen, `chosen` its place.

    `summary` is one line; `source` says where the pixel sizes come from, "" in px; `empty` says what to do first.
    `to_settle` counts differences that wait for adjudication, `refusal` why the person may not settle them,
    `limit_refusal` why they may not set the limits of measurements.
    """

    pairs: tuple[str, ...] = ()
    chosen: int = 0
    unit: str = "mm"
    first: str = ""
    second: str = ""
    summary: str = ""
    source: str = ""
    rows: tuple[AgreementRow, ...] = ()
    measures: tuple[MeasureRow, ...] = ()
    empty: str = ""
    to_settle: int = 0
    refusal: str = ""
    limit_refusal: str = ""


HEADERS = ("Landmark", "n", "Distance", "Within", "Bias x, y", "Limits x", "Limits y", "Dahlberg", "ICC x, y")
MEASURE_HEADERS = ("Measurement", "n", "Bias", "Limits", "Within 2", "Dahlberg", "ICC", "Cases above", "Settle above")


@dataclass(frozen=True)
class Choice:
    """A way to settle a difference: `id` a, b, mean; `text` for the button; `reason` why it cannot be chosen."""

    id: str
    text: str
    reason: str = ""


@dataclass(frozen=True)
class SettleState:
    """One difference to settle. The readers are called A and B, in an order that is drawn anew for each case.

    `points` are ("A" or "B" or "own", x, y) in image px; `left` counts what is still to settle, in all and in this
    case; `rest` counts the landmarks of the case within tolerance that have no consensus yet.
    """

    case_id: int
    case_name: str
    landmark: str
    name: str
    definition: str
    what: str
    points: tuple[tuple[str, float, float], ...]
    choices: tuple[Choice, ...]
    left: int
    left_in_case: int
    rest: int
    can_finish: bool
