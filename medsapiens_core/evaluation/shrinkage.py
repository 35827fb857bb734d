"""Means of few values per column, drawn towards their common mean as far as the data do not tell them apart.

Source: empirical Bayes for the one-way layout (Efron & Morris, JASA 1975); the design effect of clustered samples
(Kish, Survey Sampling, 1965).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def shrunk_means(values: Floats) -> Floats:
    """Means (K,) of the columns of (n, K), NaN left out; a column without values gets the common mean.

    The weight of a column's own mean is b / (b + v / n), with v the variance within columns and b that between their
    true means, estimated from the spread of the means beyond what v explains.
    """
    known = np.isfinite(values)
    count = known.sum(axis=0)
    used = count > 0
    common = float(values[known].mean())
    means = np.where(used, np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1), common)
    within = float(np.where(known, (values - means) ** 2, 0.0).sum()) / max(1, int((count[used] - 1).sum()))
    noise = within / np.maximum(count, 1)
    spread = float(((means[used] - common) ** 2).sum()) / max(1, int(used.sum()) - 1)
    between = max(0.0, spread - float(noise[used].mean()))
    total = between + noise
    weight = np.divide(between, total, out=np.zeros_like(total), where=total > 0)
    result: Floats = common + weight * (means - common)
    return result


def effective_count(values: Floats) -> float:
    """How many independent values the rows of (n, K) are worth, from how alike the values of one row are.

    Between n (the values of a row are all the same) and their number (rows do not matter); NaN is left out.
    """
    known = np.isfinite(values)
    per_row = known.sum(axis=1)
    total = int(per_row.sum())
    rows = int((per_row > 0).sum())
    if rows < 2 or total == rows:
        return float(rows)
    means = np.where(known, values, 0.0).sum(axis=1) / np.maximum(per_row, 1)
    within = float(np.where(known, (values - means[:, None]) ** 2, 0.0).sum()) / (total - rows)
    between = float((per_row * (means - values[known].mean()) ** 2).sum()) / (rows - 1)
    size = (total - float((per_row**2).sum()) / total) / (rows - 1)
    alike = (between - within) / (between + (size - 1) * within) if between > within else 0.0
    return float(total / (1 + (total / rows - 1) * min(alike, 1.0)))
