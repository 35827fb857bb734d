"""From a frozen snapshot to what the trainer reads, and from a COCO file to a snapshot."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from medsapiens_core.data.annotation import Place, utc_now
from medsapiens_core.data.image import Image
from medsapiens_core.data.snapshot import SnapshotItem, SnapshotLandmark, TrainingSnapshot
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.io import file_sha256, read_image
from medsapiens_core.training.coco import CocoItem
from medsapiens_core.training.dataset import TrainingItem

FEWEST_VALIDATION = 5  # below, the error says little and the pictures teach more
HELD_OUT_ABOVE = 50  # a COCO file with more images gives a tenth of them for validation (methods.md 9.3, 9.7)
MOST_HELD_OUT = 20


def read_snapshot(path: Path, template: Template) -> TrainingSnapshot:
    """Read a snapshot file. Raises UserError when it is missing, altered or of another template."""
    try:
        snapshot = TrainingSnapshot.from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"The training snapshot {path} cannot be used: {error}. Start a new fine-tuning.") from error
    if (snapshot.template_id, snapshot.template_version) != (template.id, template.version):
        raise UserError(f"The snapshot {path} is of template {snapshot.template_id}, not of {template.id}.")
    return snapshot


def split_items(snapshot: TrainingSnapshot) -> tuple[list[SnapshotItem], list[SnapshotItem]]:
    """Training and validation items; a validation part that is too small is trained on. Raises UserError for none."""
    training, validation = list(snapshot.part("train")), list(snapshot.part("val"))
    if len(validation) < FEWEST_VALIDATION:
        training, validation = training + validation, []
    if not any(item.weights.any() for item in training):
        raise UserError(
            "There is no case to train on: review at least one case that is not in the locked set, then try again."
        )
    return training, validation


def training_item(item: SnapshotItem, template: Template) -> TrainingItem:
    """A snapshot item as the dataset wants it."""
    spacing = None if item.spacing is None else (item.spacing.row_mm, item.spacing.col_mm)
    return TrainingItem(
        path=item.path,
        template_id=template.id,
        xy_image=item.xy_image,
        weights=np.where(np.isfinite(item.xy_image).all(axis=1), item.weights, 0.0),
        spacing=spacing,
        group=str(item.patient_group),
        frame=item.frame,
        axis=item.axis,
        case_id=item.case_id,
    )


def check_item(item: SnapshotItem) -> None:
    """Raise UserError when the picture is not the one that the landmarks were placed on."""
    if file_sha256(item.path) != item.image_sha256:
        raise UserError(
            f"The picture {item.path} has changed since its landmarks were placed. "
            "Bring the old file back, or leave the case out and start again."
        )


def read_item(item: SnapshotItem) -> Image:
    """Check and read the picture. Raises UserError."""
    check_item(item)
    return read_image(item.path, frame=item.frame, axis=item.axis)


def snapshot_from_coco(
    items: Sequence[CocoItem], template: Template, *, shots: int | None = None, seed: int = 0
) -> TrainingSnapshot:
    """Freeze (`shots` randomly chosen) images of a COCO file; each counts as a patient of its own, none is locked.

    Raises UserError when there are fewer images than `shots`.
    """
    if shots is not None and not 1 <= shots <= len(items):
        raise UserError(f"--shots {shots} is not possible: the file has {len(items)} annotated images.")
    order = np.random.default_rng(seed).permutation(len(items))[: shots or len(items)].tolist()
    held_out = min(MOST_HELD_OUT, len(order) // 10) if len(order) > HELD_OUT_ABOVE else 0
    validation = set(order[:held_out])
    frozen = (_frozen(items[k], k + 1, "val" if k in validation else "train", template) for k in sorted(order))
    return TrainingSnapshot.of(uuid.uuid4().hex, template.id, template.version, utc_now(), items=tuple(frozen))


def _frozen(item: CocoItem, number: int, part: Literal["train", "val"], template: Template) -> SnapshotItem:
    marks = tuple(
        SnapshotLandmark(name, Place.VISIBLE, float(x), float(y), 1.0)
        if labelled
        else SnapshotLandmark(name, Place.NOT_PLACED, None, None, 0.0)
        for name, (x, y), labelled in zip(template.ids, item.xy_image, item.visibility > 0, strict=True)
    )
    return SnapshotItem(
        case_id=number,
        path=item.path.absolute(),
        image_sha256=file_sha256(item.path),
        frame=0,
        axis=None,
        width=item.width,
        height=item.height,
        spacing=item.spacing,
        patient_group=number,
        part=part,
        landmarks=marks,
        revision=0,
        state_hash="",
    )
