"""The stored candidates of pack A: s2 passes the gate, s3 fails G2, both measured by the real comparison code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from app.controllers.candidate import finish_job
from app.controllers.job_making import KIND
from medsapiens_core.evaluation.comparison import LockedCase, ModelPoints
from medsapiens_core.evaluation.gate import compare
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

from .pack_models import add_stand_in

ERROR_MM = {"s1": 1.5, "s2": 1.2, "s3": 1.8}  # mean radial errors on the locked cases, by construction

Locked = Mapping[str, tuple[int, Mapping[str, tuple[float, float]]]]


def add_candidates(project: Project, library: ModelLibrary, locked: Locked) -> None:
    """Store predictions of s1, s2, s3 for the locked cases, and jobs with comparisons for s2 and s3.

    s1's stored predictions, which are right, are followed by others with its error, so that a candidate can be better.
    """
    rows = [project.cases.get(case_id) for case_id, _ in locked.values()]
    truths = [np.array([points[mark] for mark in project.template.ids]) for _, points in locked.values()]
    first = library.get("s1")
    snapshot = project.snapshots.freeze()
    old = ModelPoints(first.id, _store(project, rows, truths, first.id))
    for name in ("s2", "s3"):
        candidate = add_stand_in(library, project.template, name, parent=first.id)
        new = ModelPoints(candidate.id, _store(project, rows, truths, candidate.id))
        comparison = compare([_case(*pair) for pair in zip(rows, truths, strict=True)], project.template, old, new)
        payload = {"snapshot_id": snapshot.id, "base": first.name, "base_id": first.id, "model": name}
        job = project.jobs.enqueue(KIND, payload)
        project.jobs.claim(job.id, 1)
        finish_job(project, library, project.jobs.get(job.id), candidate.folder, comparison)


def _store(project: Project, rows: list[CaseRow], truths: list[np.ndarray], model_id: str) -> np.ndarray:
    """Predictions at the true places plus an error in one direction per landmark, the model's size; (n, K, 2) px."""
    name = model_id.split("@", maxsplit=1)[0]
    found = []
    for row, truth in zip(rows, truths, strict=True):
        angles = np.random.default_rng(row.id).uniform(0, 2 * np.pi, len(truth))
        sizes = np.random.default_rng(100 + row.id).uniform(0.7, 1.3, (len(truth), 1)) * ERROR_MM[name]
        xy = truth + sizes * np.stack([np.cos(angles), np.sin(angles)], axis=1) / row.spacing.col_mm
        base = project.predictions.latest(row.id, "s1") or project.predictions.latest(row.id)
        fields = {"id": f"{name}-locked-{row.image_sha256[:20]}", "model_id": model_id, "xy_image": xy}
        project.predictions.add(dataclasses.replace(base, **fields), row.id)
        found.append(xy)
    return np.array(found)


def _case(row: CaseRow, truth: np.ndarray) -> LockedCase:
    spacing = (row.spacing.row_mm, row.spacing.col_mm)
    return LockedCase(str(row.id), str(row.patient_group), truth, row.width, row.height, spacing, row.image_sha256)
