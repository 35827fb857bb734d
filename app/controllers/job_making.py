"""Making a fine-tune job: is there room, which model was the best, the frozen cases, and the files of the run."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from app.controllers.candidate import next_name
from app.controllers.verdict import short
from app.translate import tr, trn
from medsapiens_core.data.snapshot import Part, TrainingSnapshot
from medsapiens_core.errors import UserError
from medsapiens_core.store.library import ModelEntry, ModelLibrary
from medsapiens_core.store.project import Project
from medsapiens_core.store.readiness import Readiness, readiness
from medsapiens_core.training.config import TrainingJob, TrainingOptions
from medsapiens_core.whole_files import write_atomic

KIND = "train"
COPIES = 12  # of the base's weights: weights, mean and two moments, the best, each twice while replaced, a candidate
SPARE = 200_000_000  # bytes beside, for logs and pictures


class NoRoomError(UserError):
    """The disk is too full for a run."""


@dataclass(frozen=True)
class Wish:
    """What a person chose before the start."""

    options: TrainingOptions
    is_try_out: bool = False
    with_estimated: bool = True


def make_job(project: Project, library: ModelLibrary, base: ModelEntry, wish: Wish) -> TrainingSnapshot:
    """Freeze the reviewed cases and queue a job that starts from `base`. Raises UserError, NoRoomError."""
    needed, free = room(project, base)
    if free < needed:
        raise NoRoomError(
            tr(
                "Fine-tuning needs {needed} of free disk, {free} is there. Nothing was started.",
                needed=gigabytes(needed),
                free=gigabytes(free),
            )
        )
    template, ready = project.template, readiness(project.database)
    snapshot = project.snapshots.freeze(template, with_estimated=wish.with_estimated)
    name = next_name(library, project, template.id, "t" if wish.is_try_out else "v")
    payload = {"snapshot_id": snapshot.id, "base": base.name, "base_id": base.id, "model": name}
    job = project.jobs.enqueue(KIND, {**payload, "try_out": wish.is_try_out, "counts": counts(snapshot, ready, free)})
    path = job.folder / "snapshot.json"
    write_atomic(path, json.dumps(snapshot.to_json()).encode())
    TrainingJob.create(
        snapshot=path,
        base_folder=base.folder,
        base_model=base.id,
        name=name,
        template=template,
        options=wish.options,
        best=best_ever(project, library, base),
    ).write(job.folder)
    return snapshot


def counts(snapshot: TrainingSnapshot, ready: Readiness, free: int) -> dict[str, Any]:
    """What the first steps of a job found, for its card."""
    parts = {part: len(snapshot.part(part)) for part in get_args(Part)}
    return {**parts, "locked_total": ready.locked, "left_out": len(snapshot.skipped), "free_bytes": free}


def best_ever(project: Project, library: ModelLibrary, base: ModelEntry) -> tuple[Path, str] | None:
    """The promoted model with the lowest error that a comparison of this project found; None if that is `base`."""
    template_id = project.template.id
    once = {row.model_id for row in library.history() if row.template_id == template_id and row.kind == "promote"}
    errors = {short(model): error for model, error in project.comparisons.mean_errors().items()}
    promoted = [entry for entry in library.list() if entry.id in once or entry.embedded]
    known = [entry for entry in promoted if entry.name in errors and template_id in entry.templates]
    best = min(known, key=lambda entry: errors[entry.name], default=None)
    return None if best is None or best.id == base.id else (best.folder, best.id)


def room(project: Project, base: ModelEntry) -> tuple[int, int]:
    """Bytes that a run from `base` may take, and those that are free."""
    weights = sum(file.stat().st_size for file in base.folder.glob("*.safetensors"))
    return COPIES * weights + SPARE, shutil.disk_usage(_existing(project.jobs.runs)).free


def _existing(folder: Path) -> Path:
    return next(part for part in (folder, *folder.parents) if part.exists())


def gigabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e9:.1f} GB"


def frozen_text(snapshot: TrainingSnapshot) -> str:
    """What a snapshot holds, in words."""
    train, val, locked = (len(snapshot.part(part)) for part in get_args(Part))
    text = tr(
        "Snapshot of {count} cases: {train} to train on, {val} to choose the best epoch, {locked} locked for the "
        "comparison.",
        count=len(snapshot.items),
        train=train,
        val=val,
        locked=locked,
    )
    if snapshot.skipped:
        text += " " + trn(
            "%n was left out: picture missing or changed.",
            "%n were left out: picture missing or changed.",
            len(snapshot.skipped),
        )
    return text + " " + tr("You can go on reviewing.")
