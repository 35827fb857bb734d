"""A copy of a project elsewhere, with changes that its own disk has refused (ux.md 8.4, M10)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from medsapiens_core.data.annotation import Annotation, Edit
from medsapiens_core.store import dialect
from medsapiens_core.store.errors import ProjectExistsError
from medsapiens_core.store.project import DATABASE, FOLDERS, IDENTIFICATION, Project


def save_copy(project: Project, target: Path, waiting: Iterable[tuple[Edit, Annotation]] = ()) -> Path:
    """Copy a project into the new folder `target` and apply `waiting` edits there, each with the state before it.

    Pictures are not copied: those inside the old folder are looked for anew. Raises ProjectExistsError for a folder
    that is there already, StaleRevisionError when an edit does not follow on what is stored.
    """
    if target.exists():
        raise ProjectExistsError(f"{target} is there already, so no copy is made there. Choose another folder.")
    try:
        for part in FOLDERS:
            (target / part).mkdir(parents=True)
        dialect.backup(project.database.path, target / DATABASE)
        shutil.copyfile(project.folder / IDENTIFICATION, target / IDENTIFICATION)
        shutil.copytree(project.folder / "objects", target / "objects", dirs_exist_ok=True)
        with Project.open(target) as copy:
            for edit, before in waiting:
                copy.annotations.commit(edit, before.case_id, expected_revision=before.revision, reader=before.reader)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return target
