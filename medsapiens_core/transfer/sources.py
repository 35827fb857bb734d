"""Where an import comes from: its file, and the pictures that it is about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from medsapiens_core.data.annotation import PointState
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch
from medsapiens_core.exchange.matching import KnownImages, scale_between
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.importing import all_cases, image_of
from medsapiens_core.transfer.pictures import PictureFolder, described

MOST_OTHERS = 200  # cases of the project that new ones are compared with


class CaseFinder:
    """Finds the file of a picture by the name in an annotation file: among the cases, then in a folder."""

    def __init__(self, project: Project, images: Path | None) -> None:
        self._known = KnownImages([image_of(case) for case in all_cases(project)])
        self._folder = PictureFolder(images)

    def find(self, hint: str) -> Path | None:
        """The one file that the name means, or None."""
        found = {self._known.images[k].path for k in self._known.find(hint)} if hint else set()
        if len(found) == 1:
            return found.pop()
        return None if found else self._folder.find(hint)


def add_pictures(
    project: Project, batch: Batch, images: Path | None, *, dry_run: bool, scale: bool = False
) -> tuple[int, list[str]]:
    """Add the pictures under `images` that readings name and the project lacks; returns how many, and notes.

    A picture whose size or hash is not what the file says is not added; with `scale` the size may differ by one ratio.
    """
    if images is None:
        return 0, []
    folder = PictureFolder(images)
    before = project.cases.count()
    added, notes = set(), []
    for reading in batch.readings:
        try:
            image = folder.read(reading.image)
            if image is None:
                continue
            of_its_size = replace(reading.image, width=image.width, height=image.height)
            scalable = scale and scale_between(reading.image, of_its_size) is not None
            described(of_its_size if scalable else reading.image, image)
        except UserError as error:
            notes.append(str(error))
            continue
        source = image.provenance
        if project.cases.find(source.sha256, source.frame, source.axis) is None:
            added.add((source.sha256, source.frame, source.axis))
            if not dry_run:
                project.cases.add(image)
    if dry_run and added:
        notes.append(f"{len(added)} pictures would be added first; their readings are told as problems until then.")
    return len(added) if dry_run else project.cases.count() - before, notes


def source_of(file: Path, format_name: str, choices: Mapping[str, str], map_file: Path | None) -> dict[str, Any]:
    """What the audit log keeps of an import: no names, which may be those of patients, but hashes."""
    return {
        "format": format_name,
        "file_sha256": _digest(file),
        "map_sha256": None if map_file is None else _digest(map_file),
        "options": dict(choices),
    }


def decided_points(project: Project, batch: Batch) -> list[Mapping[str, PointState]]:
    """Landmarks of cases that somebody has decided and the batch does not name, to compare new ones with."""
    named = {name for reading in batch.readings for name in [Path(reading.image.file_name).name]}
    cases = [c for c in all_cases(project) if c.decided and c.path.name not in named][-MOST_OTHERS:]
    annotations = [project.annotations.load(case.id) for case in cases]
    return [
        {mark: state for mark, state in zip(a.landmark_ids, a.states, strict=True) if state.is_decided}
        for a in annotations
    ]


def _digest(path: Path) -> str:
    """SHA-256 of a file, or of the files of a folder in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
