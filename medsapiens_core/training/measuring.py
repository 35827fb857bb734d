"""Measuring a model on labelled pictures: validation during training, and the locked cases after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from medsapiens_core.data.snapshot import SnapshotItem
from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.comparison import LockedCase
from medsapiens_core.evaluation.metrics import error_table, summarise
from medsapiens_core.geometry import Affine2D
from medsapiens_core.inference.engines import Engine
from medsapiens_core.inference.locate import locate
from medsapiens_core.inference.preprocess import prepare
from medsapiens_core.models.config import ModelConfig
from medsapiens_core.models.landmark_model import LandmarkModel
from medsapiens_core.training.snapshot_items import read_item
from medsapiens_core.training.trainer import Errors

MOST_VALIDATION = 24  # pictures per validation, so that it does not take longer than the training between
Prepared = tuple[NDArray[np.float32], Affine2D]


class ValidationPart:
    """The validation pictures, prepared once; calling it measures a model, or gives None when there are none."""

    def __init__(
        self, items: Sequence[SnapshotItem], template: Template, config: ModelConfig, device: torch.device
    ) -> None:
        step = max(1, -(-len(items) // MOST_VALIDATION))
        self._items, self._template, self._device = items[::step], template, device
        self._config = config.for_template(template.id)
        self._prepared: list[Prepared] = []

    def __call__(self, model: LandmarkModel) -> Errors | None:
        """Mean radial error of `model`, which is put into eval mode."""
        if not self._items:
            return None
        if not self._prepared:
            self._prepared = [prepare(read_item(item), self._config) for item in self._items]
        engine = Engine(model, self._device)
        points = [locate(engine, *prepared, self._template).xy for prepared in self._prepared]
        truth = [item.xy_image for item in self._items]
        px = summarise(error_table(points, truth)).mre
        known = [(s.row_mm, s.col_mm) for s in (item.spacing for item in self._items) if s is not None]
        in_mm = len(known) == len(self._items)
        return Errors(px, summarise(error_table(points, truth, known)).mre if in_mm else None)


def locked_cases(items: Sequence[SnapshotItem]) -> list[LockedCase]:
    """The locked items as the comparison wants them; estimated and absent landmarks are not measured against."""
    return [
        LockedCase(
            case_id=str(item.case_id),
            group=str(item.patient_group),
            truth=np.where(item.weights[:, None] >= 1.0, item.xy_image, np.nan),
            width=item.width,
            height=item.height,
            spacing=None if item.spacing is None else (item.spacing.row_mm, item.spacing.col_mm),
            image_sha256=item.image_sha256,
        )
        for item in items
    ]
