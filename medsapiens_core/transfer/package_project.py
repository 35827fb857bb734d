"""The reader's side: a package becomes a project of its own, in which its reader reads (ux.md 10.2).

Pictures are read in the decoder child (docs/adr/0009). Without predictions every case is an own reading of the reader,
which shows nothing of anybody else for ever; with them it is read like any predicted case.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from medsapiens_core.data.image import Image, SpacingSource
from medsapiens_core.data.prediction import IMPORTED
from medsapiens_core.data.readers import Reader
from medsapiens_core.data.spacing import Way
from medsapiens_core.decoding import read_image
from medsapiens_core.errors import UserError
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.errors import ProjectExistsError
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.reader_package import (
    PICTURES,
    PackagedCase,
    PackageError,
    ReaderPackage,
    copy_checked,
    opened,
)

FOLDER = "pictures"
WAYS: dict[SpacingSource, Way] = {
    SpacingSource.USER: "ruler",
    SpacingSource.ENTERED: "entered",
    SpacingSource.MAGNIFICATION: "magnification",
}
GoOn = Callable[[int, int], bool]


def make_project(package: ReaderPackage, folder: Path, *, go_on: GoOn = lambda _done, _total: True) -> Project:
    """Make and open a project in a new or empty folder; it appears whole or not at all.

    Raises PackageError when the package has changed since it was checked or one of its pictures cannot be used, and
    ProjectExistsError for a folder with anything in it.
    """
    folder = folder.absolute()
    was_there = folder.exists()
    code, template = package.manifest.reader, package.template
    if was_there and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectExistsError(f"{folder} is not empty, so nothing was opened there. Choose a new folder.")
    project = Project.create(folder, name=f"{template.name}, package for {code}", template=template)
    try:
        project.readers.add(Reader(code))
        _unpack(package, folder / FOLDER)
        total = len(package.manifest.cases)
        rows = []
        for done, case in enumerate(package.manifest.cases):
            if not go_on(done, total):
                raise PackageError("Stopped. Nothing was opened.")
            rows.append(_add(project, package, case, done))
        if package.manifest.is_blind:
            project.readings.assign([row.id for row in rows], code, by=code)
        project.hand_outs.set_origin(_origin(package, rows))
    except BaseException as error:
        project.close()
        shutil.rmtree(folder, ignore_errors=True)
        if was_there:
            folder.mkdir()
        if isinstance(error, UserError) and not isinstance(error, PackageError):
            raise PackageError(f"{package.path.name} was not opened: {error}") from error
        raise
    return project


def _unpack(package: ReaderPackage, target: Path) -> None:
    target.mkdir()
    with opened(package.path) as archive:
        for name, record in package.manifest.files.items():
            if name.startswith(PICTURES):
                copy_checked(archive, name, record, target / name.removeprefix(PICTURES))


def _add(project: Project, package: ReaderPackage, case: PackagedCase, number: int) -> CaseRow:
    path = project.folder / FOLDER / case.file.removeprefix(PICTURES)
    is_one_of_many = case.frame > 0 or case.axis is not None
    image = read_image(path, frame=case.frame if is_one_of_many else None, axis=case.axis)
    if image.size != (case.width, case.height):
        raise UserError(
            f"{path.name} has {image.width} x {image.height} pixels here and {case.width} x {case.height} at its "
            "sender, so points would not fit."
        )
    row = project.cases.add(image, path=path)
    _set_spacing(project, package, case, row, image)
    prediction = package.prediction(case)
    if prediction is not None:
        made = replace(prediction, id=f"{package.manifest.id[:12]}-{number}", model_id=_model_id(prediction.model_id))
        project.predictions.add(made, row.id)
        annotation = project.annotations.load(row.id)
        edit = annotation.from_prediction(made)
        project.annotations.commit(edit, row.id, expected_revision=annotation.revision)
    return row


def _model_id(sent: str) -> str:
    """Marked as from elsewhere, so that the models of this computer do not replace it."""
    return sent if sent.startswith(IMPORTED) else IMPORTED + sent[:200]


def _set_spacing(project: Project, package: ReaderPackage, case: PackagedCase, row: CaseRow, image: Image) -> None:
    """The sender's pixel size, with its source, where the copy does not say the same."""
    wanted = package.spacing(case)
    if wanted == image.spacing:
        return
    way: Way = "pixels" if wanted is None else WAYS.get(wanted.source, "candidate")
    project.calibrations.choose([row.id], way, wanted, reader="", detail={"origin": "reader package"})


def _origin(package: ReaderPackage, rows: list[CaseRow]) -> dict[str, Any]:
    manifest = package.manifest
    return {
        "package": manifest.id,
        "manifest_sha256": package.sha256,
        "token": manifest.token,
        "reader": manifest.reader,
        "blind": manifest.is_blind,
        "template": manifest.template.model_dump(),
        "cases": [
            {
                "case_id": row.id,
                "image_id": case.image_id,
                "sha256": manifest.files[case.file].sha256,
                **{name: getattr(case, name) for name in ("frame", "axis", "width", "height")},
            }
            for row, case in zip(rows, manifest.cases, strict=True)
        ],
    }
