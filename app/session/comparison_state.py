"""What the comparison window shows, as frozen values. Errors in the comparison's unit, points in image pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

XY = tuple[float, float]


@dataclass(frozen=True)
class GateLine:
    """One rule of the gate: passed or not, in words; `blocks` tells a refusal from a note to read first.

    A `landmark` or `case_ids` must be looked at before the candidate may be promoted.
    """

    rule: str
    ok: bool
    text: str
    blocks: bool = False
    landmark: str = ""
    case_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ModelFigures:
    """Figures of one model on the locked cases. `sdr` maps a distance ("2") to the share 0..1 found within it."""

    model: str
    mre: float | None
    sdr: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class LandmarkFigures:
    """Mean radial error of one landmark for the two models, in the unit of the comparison."""

    id: str
    name: str
    old: float | None
    new: float | None
    abbreviation: str = ""


@dataclass(frozen=True)
class CaseFigures:
    """Mean radial error of one locked case for the two models, and where the points lie, in template order.

    `truth`, `xy_old`, `xy_new` are empty for comparisons of earlier versions, which did not keep them.
    """

    case_id: int
    name: str
    old: float | None
    new: float | None
    truth: tuple[XY | None, ...] = ()
    xy_old: tuple[XY | None, ...] = ()
    xy_new: tuple[XY | None, ...] = ()

    @property
    def change(self) -> float | None:
        """New minus old; negative is better."""
        return None if self.old is None or self.new is None else self.new - self.old


@dataclass(frozen=True)
class ComparisonState:
    """A candidate against the model in use on the same locked cases (mirrors comparison.json).

    `difference` is (mean, low, high) of new - old, a paired interval by `method`; `verdict` is better, worse,
    undecided, too_few or first. `can_promote` is False when it is in use already or a rule blocks (`refusal` says
    why); `reason_text` asks for a written reason because the evidence is thin; a model in use cannot be discarded.
    `wear_text` says how often this locked set was used; `is_worn` when that makes the figures flatter.
    """

    candidate: str
    n_cases: int
    unit: str
    old: ModelFigures | None
    new: ModelFigures
    difference: tuple[float, float, float] | None
    method: str
    per_landmark: tuple[LandmarkFigures, ...]
    cases: tuple[CaseFigures, ...]
    verdict: str
    verdict_text: str
    gate: tuple[GateLine, ...] = ()
    can_promote: bool = True
    reason_text: str = ""
    can_discard: bool = True
    refusal: str = ""
    wear_text: str = ""
    is_worn: bool = False
