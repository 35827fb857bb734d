"""Predictions on labelled images that took no part in a training, and the calibration that they give."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.calibration import Calibration, fit_calibration
from medsapiens_core.inference.predictor import Predictor
from medsapiens_core.inference.read_ahead import read_ahead
from medsapiens_core.io.read import read_image
from medsapiens_core.training.dataset import TrainingItem


def predict_items(predictor: Predictor, items: Sequence[TrainingItem], template: Template) -> list[Prediction]:
    """A prediction of each image, read one ahead."""
    images = read_ahead(lambda item: read_image(item.path, frame=item.frame, axis=item.axis), items)
    return [predictor.predict(image, template) for image in images]


def calibrate_on(
    predictions: Sequence[Prediction], items: Sequence[TrainingItem], template: Template
) -> Calibration | None:
    """Fit on the predictions of `items`, by as many readers as each of them has. None when nothing is left to fit on.

    Doubtful predictions are left out, because they get no region either.
    """
    readers = min((len(item.others) for item in items), default=0)
    used = [
        (prediction, np.where(item.weights[:, None] > 0, np.stack([item.xy_image, *item.others[:readers]]), np.nan))
        for prediction, item in zip(predictions, items, strict=True)
        if prediction.notice is None and prediction.covariance is not None and prediction.radial_error is not None
    ]
    if not any(np.isfinite(truth - prediction.xy_image).all(axis=-1).any() for prediction, truth in used):
        return None
    return fit_calibration(
        template,
        np.stack([prediction.xy_image for prediction, _ in used]),
        np.stack([truth for _, truth in used]),
        np.array([prediction.covariance for prediction, _ in used], dtype=np.float64),
        np.array([prediction.radial_error for prediction, _ in used], dtype=np.float64),
        data_sha256=_digest([prediction.image_sha256 for prediction, _ in used]),
    )


def _digest(image_sha256: Sequence[str]) -> str:
    """One hash of the images, whatever their order."""
    return hashlib.sha256("\n".join(sorted(image_sha256)).encode()).hexdigest()
