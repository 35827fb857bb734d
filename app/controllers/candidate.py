"""A finished training's model: its name, its way into the library, and the words for how it compares."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.controllers import verdict
from app.session.comparison_state import (
    XY,
    CaseFigures,
    ComparisonState,
    GateLine,
    LandmarkFigures,
    ModelFigures,
)
from app.translate import tr, trn
from medsapiens_core.data.template import Template
from medsapiens_core.store.jobs import JobRow
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

COMPARISON = "comparison.json"
NEW_IN, NAMED = " New in: ", 5  # how the gate names cases with new gross errors, and how many of them


def next_name(library: ModelLibrary, project: Project, template_id: str, letter: str = "v") -> str:
    """A free name for the next model of a template: ceph-19-v1, ceph-19-v2, …; names of waiting jobs are taken too.

    `letter` is t for a try-out, which is never promoted.
    """
    taken = {entry.name for entry in library.list()}
    taken |= {str(job.payload.get("model")) for job in project.jobs.list()}
    return next(name for n in itertools.count(1) if (name := f"{template_id}-{letter}{n}") not in taken)


def finish_job(
    project: Project, library: ModelLibrary, job: JobRow, folder: Path, comparison: Mapping[str, Any]
) -> str:
    """Put the candidate into the library, store the comparison, mark the job done. Returns the model's name.

    Done again after a crash in between it comes to the same end: a model of the job's name is the job's model.
    """
    name = str(job.payload["model"])
    whole = folder.parent / COMPARISON  # with the cases and points that the line of the process may lack
    if whole.is_file():
        comparison = json.loads(whole.read_text(encoding="utf-8"))
    if all(entry.name != name for entry in library.list()):
        library.add(folder, name)
    project.comparisons.add(job.id, comparison, snapshot_id=str(job.payload["snapshot_id"]))
    project.jobs.finish(job.id, "done", {"model": name, "summary": summary(name, comparison)})
    return name


def summary(name: str, comparison: Mapping[str, Any]) -> str:
    """One line for the list of jobs."""
    new, old, unit = comparison["new"]["mre"], (comparison.get("old") or {}).get("mre"), comparison["unit"]
    if new is None:
        return tr("{model}: no locked case to compare on", model=name)
    change = f"{old:.2f} -> {new:.2f}" if old is not None else f"{new:.2f}"
    return trn(
        "{model}: mean error {change} on %n locked case",
        "{model}: mean error {change} on %n locked cases",
        comparison["n_cases"],
        model=name,
        change=f"{change} {unit}",
    )


def comparison_state(
    name: str,
    comparison: Mapping[str, Any],
    template: Template,
    case_names: Mapping[int, str],
    *,
    in_use: bool,
    uses: int = 1,
    is_try_out: bool = False,
) -> ComparisonState:
    """A stored comparison as the dialog shows it; `uses` of its locked set so far, this one counted."""
    old = comparison.get("old")
    gate = tuple(_gate_line(line, case_names) for line in comparison["gate"])
    said = verdict.verdict_text(name, comparison, {mark.id: mark.name for mark in template.landmarks})
    refusal = _refusal(
        name, gate, said, in_use=in_use, is_try_out=is_try_out, is_worn_out=uses >= verdict.WORN_OUT_FROM
    )
    return ComparisonState(
        candidate=name,
        n_cases=comparison["n_cases"],
        unit=comparison["unit"],
        old=_figures(old) if old else None,
        new=_figures({**comparison["new"], "model": name}),
        difference=_difference(comparison.get("difference")),
        method=(comparison.get("difference") or {}).get("method", ""),
        per_landmark=_landmarks(comparison["per_landmark"], template),
        cases=_cases(comparison["cases"], case_names),
        verdict=comparison["verdict"],
        verdict_text=said,
        gate=gate,
        can_promote=not refusal,
        reason_text="" if refusal else verdict.reason_text(comparison),
        can_discard=not in_use,
        refusal=refusal,
        wear_text=verdict.wear_text(comparison["n_cases"], uses),
        is_worn=uses >= verdict.WORN_FROM,
    )


def _refusal(
    name: str, gate: tuple[GateLine, ...], said: str, *, in_use: bool, is_try_out: bool, is_worn_out: bool
) -> str:
    if in_use:
        return tr("{model} is in use already.", model=name)
    blocking = [line for line in gate if line.blocks]
    if blocking:
        is_said = any(line.rule in verdict.SAID for line in blocking)
        return said if is_said else " ".join(line.text for line in blocking)
    if is_try_out:
        return tr("{model} is a try-out: it is never put in use. Train again once enough cases are read.", model=name)
    return verdict.worn_out_text() if is_worn_out else ""


def _gate_line(line: Mapping[str, Any], names: Mapping[int, str]) -> GateLine:
    cases, text = tuple(int(case_id) for case_id in line.get("case_ids", ())), line["text"]
    before, is_named, _numbers = text.partition(NEW_IN)
    if is_named:  # the process that compares knows cases by their numbers only
        some = ", ".join(names.get(case_id, "") for case_id in cases[:NAMED]) + (" …" if len(cases) > NAMED else "")
        text = before + " " + tr("New in: {cases}.", cases=some)
    return GateLine(line["rule"], line["ok"], text, line.get("blocks", False), line.get("landmark", ""), cases)


def _figures(value: Mapping[str, Any]) -> ModelFigures:
    sdr = {radius: float(rate) for radius, rate in value["sdr"].items() if rate is not None}
    return ModelFigures(verdict.short(value["model"]), value["mre"], sdr)


def _difference(value: Mapping[str, Any] | None) -> tuple[float, float, float] | None:
    if value is None or any(value[key] is None for key in ("mean", "low", "high")):
        return None
    return value["mean"], value["low"], value["high"]


def _landmarks(value: Mapping[str, Mapping[str, Any]], template: Template) -> tuple[LandmarkFigures, ...]:
    marks = [mark for mark in template.landmarks if mark.id in value]
    return tuple(LandmarkFigures(m.id, m.name, value[m.id]["old"], value[m.id]["new"], m.abbreviation) for m in marks)


def _cases(value: list[Mapping[str, Any]], names: Mapping[int, str]) -> tuple[CaseFigures, ...]:
    return tuple(
        CaseFigures(
            int(case["case_id"]),
            names.get(int(case["case_id"]), ""),
            case["old"],
            case["new"],
            *(_points(case.get(key)) for key in ("truth", "xy_old", "xy_new")),
        )
        for case in value
    )


def _points(value: list[list[float] | None] | None) -> tuple[XY | None, ...]:
    return tuple(None if point is None else (point[0], point[1]) for point in value or ())
