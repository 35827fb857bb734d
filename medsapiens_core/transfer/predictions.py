"""Readings of a file as predictions of a project: positions that nobody here has decided on."""

from __future__ import annotations

import uuid

import numpy as np

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.prediction import IMPORTED, Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import Reading
from medsapiens_core.store.cases import CaseRow


def as_prediction(reading: Reading, case: CaseRow, template: Template, format_name: str) -> Prediction:
    """The positions of a reading as a prediction of the model `import:<format>`; NaN where it gives no score."""
    xy = np.full((len(template), 2), np.nan)
    scores = np.full(len(template), np.nan)
    for landmark, state in reading.points.items():
        if state.x is not None and state.y is not None:
            xy[template.index[landmark]] = state.x, state.y
            scores[template.index[landmark]] = reading.scores.get(landmark, np.nan)
    return Prediction(
        id=uuid.uuid4().hex,
        image_sha256=case.image_sha256,
        template_id=template.id,
        template_version=template.version,
        model_id=f"{IMPORTED}{format_name}",
        xy_image=xy,
        scores=scores,
        covariance=None,
        created_utc=utc_now(),
        seconds=0.0,
    )
