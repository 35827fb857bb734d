"""Whether a model's regions and expected errors mean what they say, on labelled films that it was not calibrated on.

    python -m bench.uncertainty resources/models/compact [--coco ceph/test1_senior.json --template ceph-19]

Prints a table and, last, one JSON line. Without `--coco` it is ceph test1 against the senior reader: for reporting
only, no choice may rest on it. Source of the figures: methods.md 11.6.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from medsapiens_core.commands.output import note, plain, table
from medsapiens_core.data.image import Spacing
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.evaluation.calibration import COVERAGES, Calibration, mahalanobis
from medsapiens_core.geometry import radial_error
from medsapiens_core.inference.predictor import Predictor
from medsapiens_core.inference.read_ahead import read_ahead
from medsapiens_core.inference.uncertainty import expected_error_mm, expected_error_px, regions
from medsapiens_core.training.coco import read_coco, read_labelled

Array = NDArray[np.float64]
MOST_REMOVED = 0.95  # share of points up to which the sparsification curve is averaged


def sparsification(error: Array, uncertainty: Array) -> float:
    """Mean error of the points that are left, averaged over removing 0 to 95 % of them, least certain first."""
    order = np.argsort(uncertainty, kind="stable")
    means = np.cumsum(error[order]) / np.arange(1, len(error) + 1)
    kept = max(1, round(len(error) * (1 - MOST_REMOVED)))
    return float(means[kept - 1 :].mean())


def ordering(error: Array, uncertainty: Array) -> dict[str, float]:
    """How well `uncertainty` (N,) orders `error` (N,): Spearman's rank correlation, AURC, and AUSE over the mean error.

    AURC is the area under the sparsification curve, AUSE what it lies above that of the true order.
    """
    area = sparsification(error, uncertainty)
    return {
        "spearman": float(spearmanr(uncertainty, error).statistic),
        "aurc": area,
        "aurc_oracle": sparsification(error, error),
        "ause": (area - sparsification(error, error)) / float(error.mean()),
    }


def coverage_figures(
    predictions: list[Prediction],
    truth: Array,
    spacings: list[Spacing | None],
    template: Template,
    calibration: Calibration,
    *,
    coverage: float,
) -> dict[str, Any]:
    """Share of labelled points within their region, per landmark too, and the regions' areas (mm^2 or px^2)."""
    inside, areas = np.full(truth.shape[:2], np.nan), np.full(truth.shape[:2], np.nan)
    for i, prediction in enumerate(predictions):
        distance = mahalanobis(prediction.xy_image, truth[i], prediction.covariance)
        for k, region in enumerate(regions(prediction, template, calibration, coverage)):
            radius = calibration.radius(template.ids[k], coverage)
            if region is not None and radius is not None and np.isfinite(distance[k]):
                inside[i, k], areas[i, k] = distance[k] <= radius, region.area(spacings[i])
    known = np.isfinite(areas)
    per_landmark = {
        name: float(inside[known[:, k], k].mean()) if known[:, k].any() else None for k, name in enumerate(template.ids)
    }
    if not known.any():
        return {"claimed": coverage, "n": 0, "coverage": None, "per_landmark": per_landmark}
    return {
        "claimed": coverage,
        "n": int(known.sum()),
        "coverage": float(inside[known].mean()),
        "area_mean": float(areas[known].mean()),
        "area_median": float(np.median(areas[known])),
        "per_landmark": per_landmark,
    }


def measure(
    predictions: list[Prediction],
    truth: Array,
    spacings: list[Spacing | None],
    template: Template,
    calibration: Calibration | None,
) -> dict[str, Any]:
    """All figures of predictions of n films against truth (n, K, 2), in mm if every film has a spacing, else in px."""
    in_mm = all(spacing is not None for spacing in spacings)
    spacings = spacings if in_mm else [None] * len(spacings)
    sizes = [(1.0, 1.0) if s is None else (s.row_mm, s.col_mm) for s in spacings]
    error = np.stack([radial_error(p.xy_image, t, *s) for p, t, s in zip(predictions, truth, sizes, strict=True)])
    raw = np.stack([_in_unit(p.radial_error, p, s) for p, s in zip(predictions, spacings, strict=True)])
    known = np.isfinite(error) & np.isfinite(raw)
    value = {
        "unit": "mm" if in_mm else "px",
        "n_films": len(predictions),
        "doubtful": sum(prediction.notice is not None for prediction in predictions),
        "mre": float(error[known].mean()),
        "heatmap": ordering(error[known], raw[known]),
        "calibrated": None,
        "regions": [],
    }
    if calibration is None:
        return value
    claimed = [expected_error_px(p, template, calibration) for p in predictions]
    expected = np.stack([_in_unit(e, p, s) for e, p, s in zip(claimed, predictions, spacings, strict=True)])
    known = np.isfinite(error) & np.isfinite(expected)
    value["calibrated"] = {**ordering(error[known], expected[known]), "mean_expected": float(expected[known].mean())}
    value["regions"] = [
        coverage_figures(predictions, truth, spacings, template, calibration, coverage=coverage)
        for coverage in COVERAGES
    ]
    return value


def _in_unit(error_px: Array | None, prediction: Prediction, spacing: Spacing | None) -> Array:
    if error_px is None:
        return np.full(len(prediction.xy_image), np.nan)
    return error_px if spacing is None else expected_error_mm(error_px, prediction, spacing)


def text(value: dict[str, Any]) -> str:
    """The figures for people."""
    unit = value["unit"]
    orders = [("ordered by", "Spearman", f"AURC {unit}", "true order", "AUSE / MRE")]
    for name in ("heatmap", "calibrated"):
        if (one := value[name]) is not None:
            figures = (one[key] for key in ("spearman", "aurc", "aurc_oracle", "ause"))
            orders.append((name, *(f"{figure:.3f}" for figure in figures)))
    shares = [("region", "points", "covered", f"mean area {unit}^2", "median area")]
    for one in value["regions"]:
        covered = (f"{one['coverage']:.1%}", f"{one['area_mean']:.1f}", f"{one['area_median']:.1f}") if one["n"] else ()
        shares.append((f"{one['claimed']:.0%}", str(one["n"]), *(covered or ("no region", "-", "-"))))
    head = f"{value['n_films']} films, mean radial error {value['mre']:.3f} {unit}, {value['doubtful']} doubtful"
    return f"{head}\n\n{table(orders)}\n\n{table(shares)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--coco", type=Path, default=Path("ceph/test1_senior.json"), help="file within --data")
    parser.add_argument("--images", type=Path, help="folder of the pictures; default: images beside the file")
    parser.add_argument("--template", default="ceph-19")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    template, file = find_template(given.template), given.data / given.coco
    try:
        items = read_coco(file, given.images or file.parent / "images", template)
        predictor = Predictor.load(given.package, given.device)
        predictions, spacings = [], []
        for image, spacing in read_ahead(read_labelled, items):
            predictions.append(predictor.predict(image, template))
            spacings.append(spacing)
            if len(predictions) % 25 == 0:
                note(f"{len(predictions)} of {len(items)}")
    except UserError as error:
        note(str(error))
        return 2
    truth = np.array([item.xy_image for item in items])
    value = measure(predictions, truth, spacings, template, predictor.calibrations.get(template.id))
    print(text(value))
    print(json.dumps(plain({"model_id": predictor.model_id, "coco": str(given.coco), **value}), allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
