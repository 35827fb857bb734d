"""What a comparison means, in the words of ux.md 8.4 (M22 to M26) and 8.3 (how worn a locked set is)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.translate import tr, trn
from medsapiens_core.evaluation.comparison import ENOUGH_CASES
from medsapiens_core.evaluation.gate import PLENTY_CASES, TOLERATED_RISE
from medsapiens_core.evaluation.power import missed_share
from medsapiens_core.store.comparisons import FRESH_CASES

SAID = ("G1", "G2", "G3", "G7")  # rules whose refusal the result itself tells
WORN_FROM, WORN_OUT_FROM = 5, 10  # uses of one locked set


def short(model_id: str) -> str:
    """The name of a model id."""
    return str(model_id).split("@", maxsplit=1)[0]


def blocked_by(comparison: Mapping[str, Any]) -> set[str]:
    """The rules of the gate that forbid promotion."""
    return {line["rule"] for line in comparison["gate"] if line.get("blocks", False)}


def verdict_text(name: str, comparison: Mapping[str, Any], landmark_names: Mapping[str, str]) -> str:
    """The result in one or two sentences."""
    blocked, old = blocked_by(comparison), comparison.get("old")
    if "G1" in blocked:
        return too_few_text(comparison["n_cases"])
    if old is None:
        return tr("There was no model for this template before.")
    in_use = short(old["model"])
    if "G2" in blocked or comparison.get("difference") is None:
        return tr(
            "{new} is not better than {old} on the locked set: mean error {change}. {old} stays in use.",
            new=name,
            old=in_use,
            change=_from_to(old["mre"], comparison["new"]["mre"], comparison["unit"]),
        )
    if blocked & {"G3", "G7"}:
        return _no_clear_gain(comparison, "G3" not in blocked, in_use)
    worse = next((line for line in comparison["gate"] if line["rule"] == "G5" and line.get("landmark")), None)
    if worse is not None:
        return _worse_at(name, comparison, worse["landmark"], landmark_names)
    better = tr(
        "{new} is better than {old} on the locked set: mean error {change}. It may be promoted.",
        new=name,
        old=in_use,
        change=_from_to(old["mre"], comparison["new"]["mre"], comparison["unit"]),
    )
    return tr("{new} may not be promoted. {old} stays in use.", new=name, old=in_use) if blocked else better


def too_few_text(count: int) -> str:
    """M22."""
    return tr(
        "The locked set has {count} read cases, {enough} are needed to tell whether a new model is better.",
        count=count,
        enough=ENOUGH_CASES,
    )


def reason_text(comparison: Mapping[str, Any]) -> str:
    """M23, for 10 to 19 locked cases, where a person has to say why the candidate is promoted all the same; else "".

    How often a real gain would be missed comes from the spread of this very comparison.
    """
    count = comparison["n_cases"]
    if comparison.get("old") is None:
        return "" if count >= ENOUGH_CASES else too_few_text(count) + " " + tr("Write why you promote anyway.")
    if not ENOUGH_CASES <= count < PLENTY_CASES:
        return ""
    pairs = [(c["old"], c["new"]) for c in comparison["cases"] if c["old"] is not None and c["new"] is not None]
    share = missed_share([old for old, _ in pairs], [new for _, new in pairs], TOLERATED_RISE)
    return tr(
        "Only {count} locked cases: a real 10 % gain would be missed {often}. Write why you promote anyway.",
        count=count,
        often=how_often(share),
    )


def how_often(share: float | None) -> str:
    """A share in words."""
    if share is None or share > 2 / 3:
        return tr("most of the time")
    if share < 0.01:
        return tr("less than 1 time in 100")
    return tr("about 1 time in {n}", n=round(1 / share))


def wear_text(count: int, uses: int) -> str:
    """What is said of the locked set; `uses` of it so far."""
    said = trn("locked set, %n case", "locked set, %n cases", count) + ", " + tr("use {n} of this set", n=uses)
    if uses >= WORN_OUT_FROM:
        return said + ". " + worn_out_text()
    if uses >= WORN_FROM:
        return said + ". " + tr("Each use makes its figures look a little better than they are.")
    return said


def worn_out_text() -> str:
    """Why a set that was used ten times promotes nothing any more."""
    return tr("This locked set is worn: read {n} fresh locked cases before the next promotion.", n=FRESH_CASES)


def _no_clear_gain(comparison: Mapping[str, Any], by_best: bool, in_use: str) -> str:
    change = comparison["against_best"] if by_best else comparison["difference"]
    return tr(
        "No clear gain: change {mean} {unit}, could be up to {upper} {unit} worse. {old} stays in use. "
        "More corrected or locked cases would settle it.",
        mean=f"{change['mean']:+.2f}",
        upper=f"{change['upper']:+.2f}",
        unit=comparison["unit"],
        old=in_use,
    )


def _worse_at(name: str, comparison: Mapping[str, Any], landmark: str, landmark_names: Mapping[str, str]) -> str:
    figures, named = comparison["per_landmark"][landmark], landmark_names.get(landmark, landmark)
    return tr(
        "{new} is better on average but worse at {landmark} ({change}). Open the {landmark} cases before deciding.",
        new=name,
        landmark=named,
        change=_from_to(figures["old"], figures["new"], comparison["unit"], places=1),
    )


def _from_to(old: float | None, new: float | None, unit: str, places: int = 2) -> str:
    shown = [tr("none") if value is None else f"{value:.{places}f}" for value in (old, new)]
    return f"{shown[0]} -> {shown[1]} {unit}"
