"""A finished training's model: its name, its way into the library, and the words for how it compares."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.session.view_state import CaseFigures, ComparisonState, GateLine, LandmarkFigures, ModelFigures
from medsapiens_core.data.template import Template
from medsapiens_core.store.jobs import JobRow
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

TOO_FEW_RULES = ("G1", "G2")
VERDICTS = {
    "better": "{new} is better than {old} on the locked cases.",
    "worse": "{new} is not better than {old} on the locked cases. {old} stays in use.",
    "undecided": "No clear difference. More corrected or locked cases would settle it.",
    "too_few": "There are too few locked cases to tell which model is better. Write why you promote anyway.",
    "first": "There was no model for this template before.",
}


def next_name(library: ModelLibrary, project: Project, template_id: str) -> str:
    """A free name for the next model of a template: ceph-19-v1, ceph-19-v2, …; names of waiting jobs are taken too."""
    taken = {entry.name for entry in library.list()}
    taken |= {str(job.payload.get("model")) for job in project.jobs.list()}
    return next(name for n in itertools.count(1) if (name := f"{template_id}-v{n}") not in taken)


def finish_job(
    project: Project, library: ModelLibrary, job: JobRow, folder: Path, comparison: Mapping[str, Any]
) -> str:
    """Put the candidate into the library, store the comparison, mark the job done. Returns the model's name.

    Done again after a crash in between it comes to the same end: a model of the job's name is the job's model.
    """
    name = str(job.payload["model"])
    if all(entry.name != name for entry in library.list()):
        library.add(folder, name)
    project.comparisons.add(job.id, comparison, snapshot_id=str(job.payload["snapshot_id"]))
    project.jobs.finish(job.id, "done", {"model": name, "summary": summary(name, comparison)})
    return name


def summary(name: str, comparison: Mapping[str, Any]) -> str:
    """One line for the list of jobs."""
    new, old, unit = comparison["new"]["mre"], (comparison.get("old") or {}).get("mre"), comparison["unit"]
    if new is None:
        return f"{name}: no locked case to compare on"
    change = f"{old:.2f} -> {new:.2f}" if old is not None else f"{new:.2f}"
    return f"{name}: mean error {change} {unit} on {comparison['n_cases']} locked cases"


def comparison_state(
    name: str, comparison: Mapping[str, Any], template: Template, case_names: Mapping[int, str], *, in_use: bool
) -> ComparisonState:
    """A stored comparison as the dialog shows it."""
    old = comparison.get("old")
    gate = tuple(GateLine(g["rule"], g["ok"], g["text"], g.get("blocks", False)) for g in comparison["gate"])
    too_few = comparison["verdict"] == "too_few"
    blocking = [line.text for line in gate if line.blocks and not (too_few and line.rule in TOO_FEW_RULES)]
    refusal = f"{name} is in use already." if in_use else " ".join(blocking)
    words = {"new": name, "old": _short(old["model"]) if old else "nothing"}
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
        verdict_text=VERDICTS[comparison["verdict"]].format(**words),
        gate=gate,
        can_promote=not refusal,
        needs_reason=not refusal and any(not line.ok for line in gate),
        can_discard=not in_use,
        refusal=refusal,
    )


def _short(model_id: str) -> str:
    return str(model_id).split("@", maxsplit=1)[0]


def _figures(value: Mapping[str, Any]) -> ModelFigures:
    sdr = {radius: float(rate) for radius, rate in value["sdr"].items() if rate is not None}
    return ModelFigures(_short(value["model"]), value["mre"], sdr)


def _difference(value: Mapping[str, Any] | None) -> tuple[float, float, float] | None:
    if value is None or any(value[key] is None for key in ("mean", "low", "high")):
        return None
    return value["mean"], value["low"], value["high"]


def _landmarks(value: Mapping[str, Mapping[str, Any]], template: Template) -> tuple[LandmarkFigures, ...]:
    marks = [mark for mark in template.landmarks if mark.id in value]
    return tuple(LandmarkFigures(m.id, m.name, value[m.id]["old"], value[m.id]["new"]) for m in marks)


def _cases(value: list[Mapping[str, Any]], names: Mapping[int, str]) -> tuple[CaseFigures, ...]:
    return tuple(CaseFigures(id_, names.get(id_, ""), c["old"], c["new"]) for c in value if (id_ := int(c["case_id"])))
