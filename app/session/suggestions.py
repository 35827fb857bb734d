"""Landmarks that a newer prediction would put elsewhere than the reader did: shown as "+", taken by R (3.1)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from medsapiens_core.data.annotation import Annotation, Edit
from medsapiens_core.data.prediction import Prediction

LEAST_PX = 0.3  # a prediction nearer than this to what was decided says nothing new


def suggested(annotation: Annotation, prediction: Prediction | None, history: Sequence[Edit]) -> frozenset[str]:
    """Decided landmarks for which the shown prediction came after the decision and says something else."""
    arrived = max((place for place, edit in enumerate(history) if edit.prediction_id is not None), default=-1)
    if prediction is None or arrived < 0 or not any(state.is_decided for state in annotation.states):
        return frozenset()
    changed_since = {change.landmark for edit in history[arrived + 1 :] for change in edit.changes}
    found = []
    for mark, state, (x, y) in zip(
        annotation.landmark_ids, annotation.states, prediction.xy_image.tolist(), strict=True
    ):
        if not state.is_decided or mark in changed_since or not (math.isfinite(x) and math.isfinite(y)):
            continue
        if state.x is None or state.y is None or math.hypot(state.x - x, state.y - y) >= LEAST_PX:
            found.append(mark)
    return frozenset(found)
