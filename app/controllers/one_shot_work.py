"""What one-shot proposals need of the disk: the examples as a job folder, and the package that comes out of it."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from app.translate import tr
from medsapiens_core.errors import UserError
from medsapiens_core.store.library import ModelEntry, ModelLibrary
from medsapiens_core.store.project import Project
from medsapiens_core.training.config import TrainingJob, TrainingOptions
from medsapiens_core.whole_files import write_atomic

PREFIX = "one-shot@"  # of the model ids that such proposals carry
MOST = 10  # examples: with more, fine-tuning is better (training/prototypes.py)
FOLDER, CANDIDATE = "one-shot", "candidate"


@dataclass(frozen=True)
class Examples:
    """A job folder for one set of reviewed cases. `ready` is the package, if it was made before."""

    mark: str
    count: int
    folder: Path
    ready: ModelEntry | None


def prepare(project: Project, library: ModelLibrary, known: str) -> Examples | None:
    """Write the job of the cases that are reviewed now; None if there is nothing new, nothing at all, or no base."""
    mark, count = project.examples.mark(), project.examples.count()
    base = next(iter(library.list()), None)
    if mark == known or not 1 <= count <= MOST or base is None:
        return None
    name = hashlib.sha256(f"{mark} {base.id} {project.template.version}".encode()).hexdigest()[:16]
    folder = project.folder / "cache" / FOLDER / name
    ready = entry_of(folder, project.template.id)
    if ready is None:
        _write_job(project, base, folder)
    return Examples(mark, count, folder, ready)


def entry_of(folder: Path, template_id: str) -> ModelEntry | None:
    """The package that a finished job has left, as the inference process wants it; None without one."""
    package = folder / CANDIDATE
    manifest = package / "manifest.json"
    if not manifest.is_file():
        return None
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()[:12]
    return ModelEntry("one-shot", f"{PREFIX}{digest}", package, False, (template_id,), "candidate")


def forget_others(kept: Path) -> None:
    """Delete the packages of earlier sets of examples."""
    for folder in kept.parent.iterdir():
        if folder != kept:
            shutil.rmtree(folder, ignore_errors=True)


def _write_job(project: Project, base: ModelEntry, folder: Path) -> None:
    snapshot = project.snapshots.preview()
    if not snapshot.items:
        raise UserError(tr("No picture of a reviewed case can be read, so there are no one-shot proposals."))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / "snapshot.json"
    write_atomic(path, json.dumps(snapshot.to_json()).encode())
    TrainingJob.create(
        snapshot=path,
        base_folder=base.folder,
        base_model=base.id,
        name="one-shot",
        template=project.template,
        options=TrainingOptions(mode="prototypes"),
    ).write(folder)
