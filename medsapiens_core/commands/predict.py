"""`medsapiens predict`: landmarks of one or more pictures."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medsapiens_core.commands.choosing import choose_model, choose_template, load_predictor
from medsapiens_core.commands.output import EXIT_USER, JSON_OPTION, note, result, table
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.io import read_image
from medsapiens_core.store.library import ModelEntry, ModelLibrary

if TYPE_CHECKING:
    from medsapiens_core.data.image import Spacing
    from medsapiens_core.data.prediction import Prediction
    from medsapiens_core.evaluation.calibration import Calibration
    from medsapiens_core.inference.predictor import Predictor


def predict(
    images: Annotated[list[Path], typer.Argument(help="Picture files.", metavar="IMAGE...")],
    template: Annotated[str, typer.Option(help="Template id, e.g. ceph-19, or a template file.")],
    model: Annotated[str | None, typer.Option(help="Model of the library; default: the one in use.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Place landmarks on pictures.

    A picture that cannot be read is told on standard error and does not stop the others; the exit code is then 2.
    """
    library, chosen = ModelLibrary(), choose_template(template)
    entry = choose_model(library, chosen, model)
    predictor = load_predictor(library, entry, chosen, device)
    results: list[dict[str, Any]] = []
    errors: list[dict[str, str]] = []
    for path in images:
        try:
            results.append(_one(path, chosen, entry, predictor))
        except UserError as error:
            note(str(error))
            errors.append({"image": str(path), "message": str(error)})
    result({"results": results, "errors": errors}, "\n\n".join(map(_text, results)), as_json=as_json)
    if errors:
        raise typer.Exit(EXIT_USER)


def _one(path: Path, template: Template, entry: ModelEntry, predictor: Predictor) -> dict[str, Any]:
    began = time.perf_counter()
    image = read_image(path)
    prediction = predictor.predict(image, template)
    spacing = image.spacing
    return {
        "image": str(path),
        "template": template.id,
        "model": entry.name,
        "model_id": entry.id,
        "width": image.width,
        "height": image.height,
        "spacing_mm": None if spacing is None else [spacing.row_mm, spacing.col_mm],
        "spacing_source": None if spacing is None else spacing.source.value,
        "seconds": time.perf_counter() - began,
        "notice": prediction.notice,
        "landmarks": _landmarks(prediction, template, predictor.calibrations.get(template.id), spacing),
    }


def _landmarks(
    prediction: Prediction, template: Template, calibration: Calibration | None, spacing: Spacing | None
) -> list[dict[str, Any]]:
    """What is said of each landmark; region and expected error are null where the model has no calibration for it."""
    from medsapiens_core.inference.uncertainty import expected_error_mm, expected_error_px, regions

    error_px = expected_error_px(prediction, template, calibration)
    error_mm = expected_error_mm(error_px, prediction, spacing)
    found = regions(prediction, template, calibration)
    return [
        {
            "name": name,
            "x": float(prediction.xy_image[k, 0]),
            "y": float(prediction.xy_image[k, 1]),
            "score": float(prediction.scores[k]),
            "region": None if (region := found[k]) is None else asdict(region),
            "expected_error_px": float(error_px[k]),
            "expected_error_mm": float(error_mm[k]),
        }
        for k, name in enumerate(template.ids)
    ]


def _text(one: dict[str, Any]) -> str:
    rows = [(mark["name"], f"{mark['x']:.1f}", f"{mark['y']:.1f}", f"{mark['score']:.2f}") for mark in one["landmarks"]]
    head = f"{one['image']}: {one['template']} by {one['model']}, {one['seconds']:.2f} s"
    doubt = f"\nDOUBTFUL: {one['notice']}" if one["notice"] else ""
    return f"{head}{doubt}\n{table([('landmark', 'x', 'y', 'score'), *rows])}"
