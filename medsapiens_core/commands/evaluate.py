"""`medsapiens evaluate`: error of a model on labelled pictures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from medsapiens_core.commands.choosing import choose_model, choose_template, load_predictor
from medsapiens_core.commands.output import JSON_OPTION, note, result, table
from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.metrics import RADII_MM, Summary, error_table, summarise
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.training.coco import CocoItem, read_coco, read_labelled

if TYPE_CHECKING:
    from medsapiens_core.inference.predictor import Predictor

Floats = NDArray[np.float64]


def evaluate(
    *,
    coco: Annotated[Path, typer.Option(help="COCO keypoints file.")],
    images: Annotated[Path, typer.Option(help="Folder of the pictures that it names.")],
    template: Annotated[str, typer.Option(help="Template id, e.g. ceph-19, or a template file.")],
    model: Annotated[str | None, typer.Option(help="Model of the library; default: the one in use.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Measure a model on labelled pictures: mean radial error and success rates (share 0..1 strictly within a radius).

    Millimetres are given only if the pixel size of every picture is known. A landmark that the model does not find is
    a miss in every success rate and is counted in n_missing; means are over those found.
    """
    library, chosen = ModelLibrary(), choose_template(template)
    entry = choose_model(library, chosen, model)
    items = read_coco(coco, images, chosen)
    predictor = load_predictor(library, entry, chosen, device)
    began = time.perf_counter()
    points, spacings = _locate(predictor, items, chosen)
    seconds = (time.perf_counter() - began) / len(items)
    truth = np.array([item.xy_image for item in items])
    value = report(points, truth, spacings, chosen)
    value |= {"template": chosen.id, "model": entry.name, "model_id": entry.id, "seconds_per_image": seconds}
    result(value, _text(value), as_json=as_json)


def _locate(
    predictor: Predictor, items: Sequence[CocoItem], template: Template
) -> tuple[Floats, list[tuple[float, float] | None]]:
    """Points (n, K, 2) and spacings (row, column); pictures are read one ahead."""
    from medsapiens_core.inference.read_ahead import read_ahead

    points: list[Floats] = []
    spacings: list[tuple[float, float] | None] = []
    for image, spacing in read_ahead(read_labelled, items):
        points.append(predictor.predict(image, template).xy_image)
        spacings.append(None if spacing is None else (spacing.row_mm, spacing.col_mm))
        if len(points) % 25 == 0:
            note(f"{len(points)} of {len(items)}")
    return np.array(points), spacings


def report(
    points: Floats, truth: Floats, spacings: Sequence[tuple[float, float] | None], template: Template
) -> dict[str, Any]:
    """The figures of points (n, K, 2) against truth (n, K, 2), NaN where unlabelled."""
    px = error_table(points, truth)
    known = [spacing for spacing in spacings if spacing is not None]
    mm = error_table(points, truth, known) if len(known) == len(spacings) else None
    total = summarise(px)
    total_mm = None if mm is None else summarise(mm)
    return {
        "n_images": total.n_images,
        "n_landmarks": total.n_points,
        "n_missing": total.n_missing,
        "mre_px": total.mre,
        "median_px": total.median,
        "mre_mm": None if total_mm is None else total_mm.mre,
        "median_mm": None if total_mm is None else total_mm.median,
        "sdr_mm": None if total_mm is None else {f"{radius:g}": rate for radius, rate in total_mm.sdr.items()},
        "per_landmark": {
            name: _landmark(summarise(px[:, k]), None if mm is None else summarise(mm[:, k]))
            for k, name in enumerate(template.ids)
        },
    }


def _landmark(px: Summary, mm: Summary | None) -> dict[str, Any]:
    rates = {f"sdr_{radius:g}mm": None if mm is None else mm.sdr[radius] for radius in RADII_MM}
    return {
        "n": px.n_points,
        "n_missing": px.n_missing,
        "mre_px": px.mre,
        "mre_mm": None if mm is None else mm.mre,
        **rates,
    }


def _text(value: dict[str, Any]) -> str:
    unit = "px" if value["mre_mm"] is None else "mm"
    lines = [
        f"{value['model']} on {value['n_images']} images, {value['n_landmarks']} landmarks ({value['template']})",
        f"mean radial error {value[f'mre_{unit}']:.3f} {unit}, median {value[f'median_{unit}']:.3f} {unit}",
        f"not found {value['n_missing']}; {value['seconds_per_image']:.2f} s per image",
    ]
    if value["sdr_mm"] is not None:
        lines.append("success rate " + ", ".join(f"< {r} mm {s:.1%}" for r, s in value["sdr_mm"].items()))
    rows = [(name, f"{entry[f'mre_{unit}']:.2f}") for name, entry in value["per_landmark"].items()]
    return "\n".join([*lines, table([("landmark", f"mean {unit}"), *rows])])
