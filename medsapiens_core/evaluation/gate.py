"""Rules that a candidate must meet before a person may promote it (ux.md 8.3, G1-G7).

G6 (cover of the 95 % regions) never blocks: regions that do not hold are left out of the candidate instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.template import Template
from medsapiens_core.evaluation import comparison, resampling
from medsapiens_core.evaluation.comparison import ENOUGH_CASES, Difference, ModelPoints, PairedErrors
from medsapiens_core.evaluation.cover import FEWEST_CASES, HIGHEST, LOWEST, Cover
from medsapiens_core.evaluation.locked_points import add_points
from medsapiens_core.evaluation.metrics import image_errors, summarise

GROSS_MM, GROSS_SHARE = 10.0, 0.03  # of the diagonal, where there is no spacing
LANDMARK_RISE, LANDMARK_MM, LANDMARK_SHARE = 0.2, 0.5, 0.0016  # 0.5 mm is 0.16 % of a cephalogram's diagonal
TOLERATED_RISE = 0.05
PLENTY_CASES = 20


@dataclass(frozen=True)
class GateLine:
    """One rule as shown: `ok` is green; otherwise `blocks` tells red (no promotion) from amber (read it first).

    `landmark` and `case_ids` say what a person must look at before promoting all the same.
    """

    rule: str
    ok: bool
    text: str
    blocks: bool = False
    landmark: str = ""
    case_ids: tuple[str, ...] = ()


def check_gate(
    pairs: PairedErrors,
    change: Difference | None,
    template: Template,
    *,
    best: PairedErrors | None = None,
    cover: Cover | None = None,
) -> list[GateLine]:
    """Apply every rule that can be applied. `best` pairs the candidate with the best model that was ever promoted."""
    lines = [_enough_cases(pairs)]
    if pairs.old is None:
        return [*lines, GateLine("G2", True, "There was no model for this template before."), _cover(cover)]
    if change is None:
        return [*lines, GateLine("G2", False, "Too few locked cases to measure a change.", blocks=True)]
    lines += [_mean_change(pairs, change), _upper_bound(pairs, change), _gross_errors(pairs)]
    lines += list(_worse_landmarks(pairs, template)) or [GateLine("G5", True, "No landmark is clearly worse.")]
    return [*lines, _cover(cover), _against_best(pairs, best)]


def may_promote(lines: list[GateLine]) -> bool:
    """True when no rule blocks."""
    return not any(line.blocks for line in lines)


def compare(
    cases: list[comparison.LockedCase],
    template: Template,
    old: comparison.ModelPoints | None,
    new: comparison.ModelPoints,
    *,
    best: ModelPoints | None = None,
    cover: Cover | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure, apply the gate, and return the content of comparison.json.

    `best` is the best model ever promoted, where that is not the one in use; `cover` that of the candidate's regions.
    """
    pairs = comparison.pair_errors(cases, template, old, new, seed=seed)
    change = comparison.difference(pairs)
    with_best = None if best is None else comparison.pair_errors(cases, template, best, new, seed=seed)
    lines = check_gate(pairs, change, template, best=with_best, cover=cover)
    result = comparison.to_json(pairs, change, [{**asdict(line), "case_ids": list(line.case_ids)} for line in lines])
    result["cover"] = None if cover is None else asdict(cover)
    result["against_best"] = _change_json(with_best)
    add_points(result, cases, old, new)
    return result


def _enough_cases(pairs: PairedErrors) -> GateLine:
    count = len(pairs.cases)
    if count < ENOUGH_CASES:
        text = (
            f"The locked set has {count} read cases, {ENOUGH_CASES} are needed to tell whether a new model is better."
        )
        return GateLine("G1", False, text, blocks=pairs.old is not None)  # a first model takes nothing's place
    if count < PLENTY_CASES:
        text = f"Only {count} locked cases: limited evidence. Write why you promote anyway."
        return GateLine("G1", False, text)
    return GateLine("G1", True, f"Locked cases read: {count} (at least {ENOUGH_CASES}).")


def _mean_change(pairs: PairedErrors, change: Difference) -> GateLine:
    old, new = _mean_errors(pairs)
    text = f"Mean error {old:.2f} -> {new:.2f} {pairs.unit} (change {change.mean:+.2f})."
    return GateLine("G2", change.mean <= 0, text, blocks=change.mean > 0)


def _upper_bound(pairs: PairedErrors, change: Difference) -> GateLine:
    allowed = TOLERATED_RISE * _mean_errors(pairs)[0]
    text = f"The change could be up to {change.upper:+.2f} {pairs.unit} (95 % bound; at most {allowed:+.2f})."
    return GateLine("G3", change.upper <= allowed, text, blocks=change.upper > allowed)


def _mean_errors(pairs: PairedErrors) -> tuple[float, float]:
    old = pairs.new if pairs.old is None else pairs.old
    return float(np.nanmean(image_errors(old))), float(np.nanmean(image_errors(pairs.new)))


def _scale(pairs: PairedErrors, in_mm: float, share: float) -> NDArray[np.float64]:
    if pairs.unit == "mm":
        return np.full(len(pairs.cases), in_mm)
    return np.array([share * case.diagonal for case in pairs.cases])


def _gross_errors(pairs: PairedErrors) -> GateLine:
    limit = _scale(pairs, GROSS_MM, GROSS_SHARE)[:, None]
    old, new = ((errors > limit) for errors in (pairs.old if pairs.old is not None else pairs.new, pairs.new))
    fresh = sorted({pairs.cases[i].case_id for i in np.flatnonzero((new & ~old).any(axis=1)).tolist()})
    what = f"> {GROSS_MM:g} mm" if pairs.unit == "mm" else f"> {GROSS_SHARE:.0%} of the diagonal"
    text = f"Gross errors ({what}, or not found) {int(old.sum())} -> {int(new.sum())}."
    if fresh:
        text += f" New in: {', '.join(fresh[:5])}{' ...' if len(fresh) > 5 else ''}."
    more = bool(new.sum() > old.sum())
    return GateLine("G4", not more and not fresh, text, blocks=more, case_ids=tuple(fresh))


def _worse_landmarks(pairs: PairedErrors, template: Template) -> Iterator[GateLine]:
    least = float(_scale(pairs, LANDMARK_MM, LANDMARK_SHARE).mean())
    for k, landmark in enumerate(template.landmarks):
        if pairs.old is None:
            return
        old, new = summarise(pairs.old[:, k], ()).mre, summarise(pairs.new[:, k], ()).mre
        if not (new - old > least and new > (1 + LANDMARK_RISE) * old):
            continue
        text = f"{landmark.name} is worse: {old:.2f} -> {new:.2f} {pairs.unit}. Open its cases before deciding."
        yield GateLine("G5", False, text, blocks=_surely_worse(pairs, k, least), landmark=landmark.id)


def _surely_worse(pairs: PairedErrors, landmark: int, least: float) -> bool:
    """True if the lower bound of the change is above `least`; 5 % over all landmarks together (Bonferroni, X8)."""
    if pairs.old is None:
        return False
    change = comparison.paired_change(pairs.old[:, landmark], pairs.new[:, landmark])
    sums = resampling.by_patient(change, pairs.groups)
    if len(sums.total) < 2:
        return False
    means = resampling.bootstrap_means(sums, seed=pairs.seed)
    return resampling.quantile(sums, means, 0.05 / len(pairs.landmarks)) > least


def _cover(cover: Cover | None) -> GateLine:
    if cover is None:
        return GateLine("G6", True, "No 95 % regions: ellipses and bulk confirm are off for this model.")
    text = f"95 % regions cover {cover.share:.1%} ({LOWEST:.0%} to {HIGHEST:.0%})".replace("%", " %")
    if cover.is_refuted:
        return GateLine("G6", False, f"{text}: ellipses and bulk confirm stay off for this model.")
    return GateLine("G6", True, text + ("." if cover.is_judged else f"; judged from {FEWEST_CASES} locked cases on."))


def _against_best(pairs: PairedErrors, best: PairedErrors | None) -> GateLine:
    if best is None or best.old is None:
        return GateLine("G7", True, f"The best model ever promoted is the one in use ({_short(pairs.old_model)}).")
    change = comparison.difference(best)
    if change is None:
        return GateLine("G7", False, "Too few locked cases to compare with the best model ever.", blocks=True)
    allowed = TOLERATED_RISE * _mean_errors(best)[0]
    ok, name = change.upper <= allowed, _short(best.old_model)
    bound = f"change {change.mean:+.2f}, up to {change.upper:+.2f} {best.unit} (at most {allowed:+.2f})"
    word = "not worse" if ok else "may be worse"
    return GateLine("G7", ok, f"Against the best ever, {name}: {word}: {bound}.", blocks=not ok)


def _change_json(pairs: PairedErrors | None) -> dict[str, Any] | None:
    change = None if pairs is None else comparison.difference(pairs)
    if pairs is None or change is None:
        return None
    return {"model": pairs.old_model, "mean": comparison.finite(change.mean), "upper": comparison.finite(change.upper)}


def _short(model: str | None) -> str:
    return str(model).split("@", maxsplit=1)[0]
