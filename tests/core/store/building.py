"""Real projects for tests: real files on disk, a real database, predictions as a model would give them."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np

from medsapiens_core.data.annotation import Annotation, Edit, placed, utc_now
from medsapiens_core.data.image import Image, Provenance, Spacing, SpacingSource
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.files import sha256_file
from medsapiens_core.store.project import Project

TEMPLATE = Template(
    "test-4",
    1,
    "Four points",
    tuple(
        Landmark(mark, mark.upper(), mark.upper(), f"The point {mark}.", pair)
        for mark, pair in (("sella", None), ("left", "right"), ("right", "left"), ("menton", None))
    ),
    (("sella", "menton"),),
)


def write_picture(path: Path, seed: int) -> Image:
    """A small real PNG, and the Image that a reader makes of it."""
    import cv2  # the child processes of the kill tests start faster without it

    pixels = np.random.default_rng(seed).integers(0, 255, (24, 32), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, data = cv2.imencode(".png", pixels)
    assert ok
    path.write_bytes(data.tobytes())
    return image_of(path, pixels)


def image_of(path: Path, pixels: np.ndarray, *, patient: str | None = None, spacing: bool = True) -> Image:
    return Image(
        pixels,
        Provenance(path, sha256_file(path), "test"),
        (0.0, 255.0),
        Spacing(0.1, 0.2, SpacingSource.DETECTOR) if spacing else None,
        modality="DX",
        patient_key=patient,
    )


def add_case(project: Project, number: int, *, patient: str | None = None) -> CaseRow:
    path = project.folder / "pictures" / f"film {number}.png"
    image = write_picture(path, number)
    return project.cases.add(image_of(path, image.pixels, patient=patient), path=path)


def prediction_for(
    case: CaseRow, *, model_id: str = "base@000000000000", seed: int = 0, spread: float | None = None
) -> Prediction:
    """`spread` px makes it one that a calibration may hold for."""
    rng = np.random.default_rng(seed + 1000 * case.id)
    count = len(TEMPLATE)
    return Prediction(
        id=uuid.uuid4().hex,
        image_sha256=case.image_sha256,
        template_id=TEMPLATE.id,
        template_version=TEMPLATE.version,
        model_id=model_id,
        xy_image=rng.uniform(0, 20, (count, 2)),
        scores=rng.uniform(0.1, 0.9, count),
        covariance=np.tile(np.eye(2) * (spread or 1.0) ** 2, (count, 1, 1)),
        radial_error=None if spread is None else np.full(count, spread),
        created_utc=utc_now(),
        seconds=0.1,
    )


def predict(project: Project, case: CaseRow, **kind: object) -> Annotation:
    """Store a prediction and show it."""
    prediction = prediction_for(case, **kind)  # type: ignore[arg-type]
    project.predictions.add(prediction, case.id)
    annotation = project.annotations.load(case.id)
    return commit(project, annotation, annotation.from_prediction(prediction))


def commit(project: Project, annotation: Annotation, edit: Edit) -> Annotation:
    return project.annotations.commit(edit, annotation.case_id, expected_revision=annotation.revision)


def place_all(project: Project, case: CaseRow, *, offset: float = 0.0) -> Annotation:
    """Place each landmark by its own edit."""
    annotation = project.annotations.load(case.id)
    for position, mark in enumerate(TEMPLATE.ids):
        state = placed(position + offset, 2.0 * position + offset, None)
        annotation = commit(project, annotation, annotation.change("move", {mark: state}))
    return annotation


def review(project: Project, case: CaseRow, *, offset: float = 0.0) -> Annotation:
    annotation = place_all(project, case, offset=offset)
    return commit(project, annotation, annotation.mark_reviewed())
