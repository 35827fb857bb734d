"""What the window shows of measurements, as frozen values: table, choosers, lines on the image (ux.md 11)."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]
Segment = tuple[Point, Point]


@dataclass(frozen=True)
class NormBar:
    """A value on the scale of its norm. `value`, `half_width`, `low`, `high`, `mean` in the measure's unit.

    `low` and `high` are None where the source published no spread.
    """

    value: float
    half_width: float | None
    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class MeasureRow:
    """One line of the table.

    `value`, `error`, `norm` are texts, "" where there is none; `word` is above, within, below, uncertain or "" with
    `compared` as its text with z; `note` is the reason of a blank value or what must be said with one. `estimated`:
    it rests on an estimated point (triangle); `filled`: on a filled one (hatched, not exported); `faint`: a curve too
    small to count.
    """

    id: str
    name: str
    value: str = ""
    error: str = ""
    norm: str = ""
    word: str = ""
    compared: str = ""
    bar: NormBar | None = None
    note: str = ""
    estimated: bool = False
    filled: bool = False
    faint: bool = False
    tooltip: str = ""


@dataclass(frozen=True)
class MeasureLines:
    """The lines of one value on the image, image pixels, with what is written beside them at `at`."""

    id: str
    text: str
    segments: tuple[Segment, ...]
    at: Point
    filled: bool = False


@dataclass(frozen=True)
class MeasureChoices:
    """What may be chosen: (id, name) of sets and norms; `norms` begins with ("", "No norms").

    `can_lock`: there are curves whose end vertebrae may be held; `locked`: they are. `has_limits`: the norms have a
    spread to draw. `source` is what the norms rest on; `reason` says why there are no values. `lacks_landmarks`: some
    measures rest on landmarks that the template does not have.
    """

    sets: tuple[tuple[str, str], ...] = ()
    set_id: str = ""
    norms: tuple[tuple[str, str], ...] = ()
    norms_id: str = ""
    has_curves: bool = False
    can_lock: bool = False
    locked: bool = False
    has_limits: bool = False
    source: str = ""
    reason: str = ""
    lacks_landmarks: bool = False
