"""The candidate against the model in use on the same locked cases, with error bars. Source: methods.md 12.6."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.template import Template
from medsapiens_core.evaluation import resampling
from medsapiens_core.evaluation.metrics import RADII_MM, Summary, error_table, image_errors, summarise

Array = NDArray[np.float64]
RADII_PX = (3.0, 6.0, 9.0)  # methods.md 12.3, chest
ENOUGH_CASES = 10  # ux.md 8.3 G1


@dataclass(frozen=True, eq=False)
class LockedCase:
    """A case of the locked test set.

    `truth` is (K, 2) image pixels, NaN where unlabelled; `spacing` is (row, column) in mm; `group` is the patient.
    """

    case_id: str
    group: str
    truth: Array
    width: int
    height: int
    spacing: tuple[float, float] | None = None
    image_sha256: str = ""

    @property
    def diagonal(self) -> float:
        """Length of the diagonal in pixels."""
        return math.hypot(self.width, self.height)


@dataclass(frozen=True, eq=False)
class ModelPoints:
    """What one model says of the locked cases: points (n, K, 2) in image px, NaN where it found none."""

    model: str
    xy_image: Array


@dataclass(frozen=True, eq=False)
class Difference:
    """New minus old, mean over images, in the unit of the comparison; negative is better.

    `low` and `high` bound 95 %; `upper` is the one-sided 95 % bound; `p_value` is exact below 20 patients.
    """

    mean: float
    low: float
    high: float
    upper: float
    method: str
    p_value: float | None


@dataclass(frozen=True, eq=False)
class PairedErrors:
    """Error tables (n, K) of both models in one unit; `old` is None when nothing was in use."""

    cases: Sequence[LockedCase]
    landmarks: tuple[str, ...]
    unit: str
    new: Array
    old: Array | None
    new_model: str
    old_model: str | None
    seed: int = 0
    groups: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", tuple(case.group for case in self.cases))


def pair_errors(
    cases: Sequence[LockedCase], template: Template, old: ModelPoints | None, new: ModelPoints, *, seed: int = 0
) -> PairedErrors:
    """Measure both models on the same cases: in mm if every case has a spacing, else in pixels."""
    spacings = [case.spacing for case in cases]
    known = [spacing for spacing in spacings if spacing is not None]
    in_mm = bool(cases) and len(known) == len(cases)
    shape = (len(cases), len(template))
    truth = np.array([case.truth for case in cases], dtype=np.float64).reshape(*shape, 2)
    spacing = np.array(known) if in_mm else None

    def errors(points: ModelPoints) -> Array:
        xy = np.asarray(points.xy_image, dtype=np.float64).reshape(*shape, 2)
        return error_table(xy, truth, spacing) if cases else np.zeros(shape)

    return PairedErrors(
        cases,
        template.ids,
        "mm" if in_mm else "px",
        errors(new),
        None if old is None else errors(old),
        new.model,
        None if old is None else old.model,
        seed,
    )


def difference(pairs: PairedErrors) -> Difference | None:
    """The mean paired change over all landmarks; None when fewer than two patients can tell."""
    if pairs.old is None:
        return None
    change = image_errors(paired_change(pairs.old, pairs.new))
    sums = resampling.by_patient(change, pairs.groups)
    patients = len(sums.total)
    if patients < 2:
        return None
    means = resampling.bootstrap_means(sums, seed=pairs.seed)
    low, high, upper = (resampling.quantile(sums, means, level) for level in (0.025, 0.975, 0.95))
    exact = resampling.sign_flip_p(sums) if patients < resampling.EXACT_BELOW else None
    method = resampling.method_name(sums) + (" (indicative)" if exact is not None else "")
    return Difference(sums.mean, low, high, upper, method, exact)


def paired_change(old: Array, new: Array) -> Array:
    """New minus old, NaN where either model found nothing."""
    both = np.isfinite(old) & np.isfinite(new)
    return np.where(both, np.where(both, new, 0.0) - np.where(both, old, 0.0), np.nan)


def verdict(pairs: PairedErrors, change: Difference | None) -> str:
    """`better`, `worse`, `undecided`, `too_few` (cases to tell) or `first` (nothing was in use before)."""
    if len(pairs.cases) < ENOUGH_CASES:
        return "too_few"
    if pairs.old is None:
        return "first"
    if change is None:
        return "too_few"
    if change.high < 0:
        return "better"
    return "worse" if change.low > 0 else "undecided"


def to_json(pairs: PairedErrors, change: Difference | None, gate: list[dict[str, Any]]) -> dict[str, Any]:
    """The content of comparison.json."""
    new_means = image_errors(pairs.new)
    old_means = np.full(len(pairs.cases), np.nan) if pairs.old is None else image_errors(pairs.old)
    old_part = None if pairs.old is None else _model_json(pairs, pairs.old, pairs.old_model)
    new_part = _model_json(pairs, pairs.new, pairs.new_model)
    old_landmarks = {} if old_part is None else old_part["per_landmark"]
    return {
        "n_cases": len(pairs.cases),
        "unit": pairs.unit,
        "old": old_part,
        "new": new_part,
        "difference": None if change is None else {key: finite(value) for key, value in vars(change).items()},
        "per_landmark": {
            name: {"old": old_landmarks.get(name), "new": new_part["per_landmark"][name]} for name in pairs.landmarks
        },
        "cases": [
            {"case_id": case.case_id, "old": finite(before), "new": finite(after)}
            for case, before, after in zip(pairs.cases, old_means.tolist(), new_means.tolist(), strict=True)
        ],
        "verdict": verdict(pairs, change),
        "gate": gate,
        "test_set_sha256": locked_set_hash(pairs.cases),
    }


def _model_json(pairs: PairedErrors, errors: Array, model: str | None) -> dict[str, Any]:
    radii = RADII_MM if pairs.unit == "mm" else RADII_PX
    total = summarise(errors, radii)
    return {
        "model": model,
        "mre": finite(total.mre),
        "median": finite(total.median),
        "n_missing": total.n_missing,
        "sdr": sdr_json(total),
        "per_landmark": {name: finite(summarise(errors[:, k], ()).mre) for k, name in enumerate(pairs.landmarks)},
    }


def sdr_json(summary: Summary) -> dict[str, float | None]:
    """Success rates by radius, the radius written without needless zeros ("2", "2.5")."""
    return {f"{radius:g}": finite(rate) for radius, rate in summary.sdr.items()}


def finite(value: Any) -> Any:
    """None instead of NaN and infinity, which JSON does not know."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def locked_set_hash(cases: Sequence[LockedCase]) -> str:
    """SHA-256 over members, images, truth and spacing: figures are comparable only where it is equal (X3)."""
    lines = [
        json.dumps([c.case_id, c.group, c.image_sha256, c.width, c.height, c.spacing, np.round(c.truth, 6).tolist()])
        for c in cases
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
