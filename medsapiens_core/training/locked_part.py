"""Measuring on the locked cases, after training has ended: the candidate, the model in use, and the best one ever."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.snapshot import SnapshotItem
from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.calibration import Calibration
from medsapiens_core.evaluation.comparison import LockedCase, ModelPoints
from medsapiens_core.evaluation.cover import Cover, measure_cover
from medsapiens_core.inference.predictor import Predictor
from medsapiens_core.inference.read_ahead import read_ahead
from medsapiens_core.training.snapshot_items import read_item


def predict_locked(
    predictor: Predictor, items: Sequence[SnapshotItem], template: Template, each: Callable[[int], None]
) -> list[Prediction]:
    """A prediction of every item, read one ahead; `each` gets the position before each picture and may raise."""
    predictions = []
    for position, image in enumerate(read_ahead(read_item, items)):
        each(position)
        predictions.append(predictor.predict(image, template))
    return predictions


def points_of(model: str, predictions: Sequence[Prediction], template: Template) -> ModelPoints:
    """The points of predictions, (n, K, 2) image pixels."""
    xy = np.array([prediction.xy_image for prediction in predictions], dtype=np.float64)
    return ModelPoints(model, xy.reshape(len(predictions), len(template), 2))


def cover_of(
    predictions: Sequence[Prediction],
    cases: Sequence[LockedCase],
    template: Template,
    calibration: Calibration | None,
) -> Cover | None:
    """How many true places lie in the 95 % regions; None without a calibration."""
    if calibration is None:
        return None
    return measure_cover(
        [
            _inside(prediction, case.truth, template, calibration)
            for prediction, case in zip(predictions, cases, strict=True)
        ]
    )


def _inside(
    prediction: Prediction, truth: NDArray[np.float64], template: Template, calibration: Calibration
) -> NDArray[np.float64]:
    """(K,) 1 inside, 0 outside, NaN where there is no region, as `regions` decides, or no true place."""
    inside = np.full(len(template), np.nan)
    if prediction.covariance is None or prediction.notice is not None:
        return inside
    offsets = truth - prediction.xy_image
    for k, name in enumerate(template.ids):
        radius, covariance = calibration.radius(name, 0.95), prediction.covariance[k]
        if radius is not None and np.isfinite(offsets[k]).all() and np.isfinite(covariance).all():
            distance2 = float(offsets[k] @ np.linalg.solve(covariance, offsets[k]))
            inside[k] = float(distance2 <= radius**2)
    return inside
