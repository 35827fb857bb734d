"""Readings of a project as a batch that any format can write."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from medsapiens_core.data.annotation import Annotation, Edit, PointState, predicted
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading
from medsapiens_core.store.annotations import state_hash
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.importing import all_cases, image_of


def readings_of(
    project: Project,
    *,
    with_history: bool = False,
    predictions: bool = False,
    cases: Sequence[CaseRow] | None = None,
    slots: Collection[str] | None = None,
    go_on: Callable[[int, int], bool] = lambda _done, _total: True,
) -> Batch:
    """Every annotation of every case, by all readers; with `predictions`, the newest prediction of each case instead.

    A case of which nothing was said is told in the messages. `with_history` adds every edit, for our own JSON. `cases`
    and `slots` (readers as the store knows them, "" is the common annotation) take some of them only. Ends early when
    `go_on(done, total)` answers False.
    """
    cases = all_cases(project) if cases is None else cases
    readings: list[Reading] = []
    silent = 0
    for done, (case, name) in enumerate(zip(cases, relative_names([case.path for case in cases]), strict=True)):
        if not go_on(done, len(cases)):
            break
        image = _image(project, case, name)
        found = _predicted(project, case, image) if predictions else _decided(project, case, image, with_history, slots)
        silent += not found
        readings += found
    what = "prediction" if predictions else "annotation"
    messages = (f"{silent} cases without {what} were left out.",) if silent else ()
    return Batch(tuple(readings), project.template.ids, messages)


def relative_names(paths: Sequence[Path]) -> list[str]:
    """The paths below their deepest common folder, with `/`; no part of where that folder lies is told."""
    try:
        root = os.path.commonpath([path.parent for path in paths]) if paths else ""
    except ValueError:  # on several drives
        return [path.name for path in paths]
    names = (PurePosixPath(path.relative_to(root).as_posix()) for path in paths)
    return [str(name).encode("utf-8", "replace").decode() for name in names]


def _image(project: Project, case: CaseRow, name: str) -> ImageRef:
    identity = f"{case.image_sha256} {case.frame} {case.axis}"
    return replace(
        image_of(case),
        file_name=name,
        image_id=str(uuid.uuid5(uuid.UUID(project.uid), identity)),
        subject=f"S-{case.patient_group:04d}",
    )


def _decided(
    project: Project, case: CaseRow, image: ImageRef, with_history: bool, slots: Collection[str] | None
) -> list[Reading]:
    readings = []
    for slot in project.annotations.readers(case.id):
        if slots is not None and slot not in slots:
            continue
        annotation = project.annotations.load(case.id, reader=slot)
        edits = project.annotations.history(case.id, reader=slot)
        readings.append(_reading(project, annotation, edits, image, with_history))
    return readings


def _reading(
    project: Project, annotation: Annotation, edits: Sequence[Edit], image: ImageRef, with_history: bool
) -> Reading:
    people = [edit for edit in edits if edit.kind != "predict"]
    named = [edit.reader for edit in people if edit.reader]
    model = project.predictions.get(annotation.prediction_id).model_id if annotation.prediction_id else None
    points: dict[str, PointState] = dict(zip(annotation.landmark_ids, annotation.states, strict=True))
    notes = project.notes.of(annotation.case_id, reader=annotation.reader) if with_history else {}
    return Reading(
        image,
        points,
        reader=annotation.reader or (named[-1] if named else ""),
        model_id=model,
        template_id=project.template.id,
        template_version=project.template.version,
        reviewed=annotation.reviewed,
        decided_utc=people[-1].utc if people else None,
        revision=annotation.revision,
        note=notes.get("", ""),
        extra={"json": _history(project, annotation, edits, notes)} if with_history else {},
    )


def _history(
    project: Project, annotation: Annotation, edits: Sequence[Edit], notes: Mapping[str, str]
) -> dict[str, Any]:
    """Each reading keeps its own edits, since readings of one picture share an object in the file."""
    read = {"rev_hash": state_hash(annotation), "history": [edit.to_json() for edit in edits]}
    told: dict[str, dict[str, Any]] = {mark: {"note": text} for mark, text in notes.items() if mark}
    for mark, under in project.annotations.stale(annotation.case_id, reader=annotation.reader).items():
        told.setdefault(mark, {})["placed_under_revision"] = under
    return {"case": {"project": project.uid}, "read": read, "points": told}


def _predicted(project: Project, case: CaseRow, image: ImageRef) -> list[Reading]:
    prediction = project.predictions.latest(case.id)
    if prediction is None:
        return []
    points, scores = {}, {}
    for landmark, (x, y), score in zip(project.template.ids, prediction.xy_image, prediction.scores, strict=True):
        if np.isfinite(x) and np.isfinite(y):
            points[landmark] = predicted(x, y)
            if np.isfinite(score):
                scores[landmark] = float(score)
    return [
        Reading(
            image,
            points,
            source="model",
            model_id=prediction.model_id,
            scores=scores,
            template_id=prediction.template_id,
            template_version=prediction.template_version,
            decided_utc=prediction.created_utc,
        )
    ]
