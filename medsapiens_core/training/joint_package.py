"""The package of a jointly trained model: its figures on the held-out images, and the card that tells them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.metrics import error_table, summarise
from medsapiens_core.geometry import Size
from medsapiens_core.inference.crops import refiner_of
from medsapiens_core.inference.engines import Engine
from medsapiens_core.inference.predictor import Predictor
from medsapiens_core.io import probe
from medsapiens_core.models.landmark_model import LandmarkModel
from medsapiens_core.models.package import write_package
from medsapiens_core.training.dataset import TrainingItem
from medsapiens_core.training.held_out import calibrate_on, predict_items

CARD = """# {name}: the default landmark model

A compact network (Hiera encoder of SAM 2 Tiny, feature pyramid, one head per template, a small head that tells how
a film lies{also}; {parameters:.1f} M parameters, fp16) trained jointly on {count} images of {sets} public
landmark sets.
Command:

    {command}

{seconds:.0f} s of training on two CPU cores in bf16, {steps} steps of {batch} images, seed {seed}.
{second}
Finished {utc}.

## Data and figures

How this run went and what came before it: docs/experiments.md, which also says where ceph test1 was looked at.

Errors are mean radial errors on images held out from the training part (by image, every n-th), found as a user's
films are: which way they lie, a first look, a second where needed. "% diagonal" is the error over the image diagonal.
The sets may not be redistributed and are not part of this package.

| Template | Source | Trained on | Held out | MRE px | MRE mm | MRE % diagonal | SDR 2 mm |
|---|---|---|---|---|---|---|---|
{rows}

Labels: ceph-19 the senior reader of ISBI 2015 (images 001-150); spine-68 AASCE 2019; chest-6 OpenIST, derived from
lung masks, not placed by people; hand-21 RSNA bone age; hand-37 Digital Hand Atlas, five images only.

Held-out films laid in eight ways, inverted or not, some inside a border, come out right: turned and facing
{view:.1%}, inverted {inverted:.1%}, anatomy {anatomy:.1%}; pictures of something else (CT, MR, ultrasound, shuffled
films, noise) are told as such {other:.1%}.

## Limits

Trained on adult lateral cephalograms of one device, frontal spine and chest films and hand films. Not tested on other
devices. A picture that looks like none of these, or whose points do not form the template's shape, gets score 0 and a
notice; that can fail. Scores are heatmap peaks, not calibrated probabilities. The 95 % regions and expected errors are
calibrated on the held-out images above, the regions of ceph-19 against both readers: they hold on average over
landmarks and over films like these, not for each landmark, and there is none where fewer than 10 images were held out.
Not a medical device: a qualified person must check every point.

Licence: Apache-2.0. The encoder started from SAM 2 Hiera-Tiny (Apache-2.0, Meta Platforms).
"""
SECOND_STAGE = """
The second stage, {parameters:.2f} M parameters, looks at each landmark again in crops of {crop} pixels of a picture
with {finer:g} times the input's sides; it was trained afterwards, beside a first stage that stayed as it was:

    {command}

{seconds:.0f} s, {steps} steps of at most {crops} crops, seed {seed}.
"""
SOURCES = {
    "ceph-19": "ISBI 2015",
    "spine-68": "AASCE 2019",
    "chest-6": "OpenIST",
    "hand-21": "RSNA",
    "hand-37": "Digital Hand Atlas",
}


def measure(
    predictions: Sequence[Prediction], items: Sequence[TrainingItem], sizes: Sequence[Size]
) -> dict[str, Any] | None:
    """Errors of the predictions of labelled images of `sizes` (width, height), or None when there are none."""
    if not items:
        return None
    points, truth = [prediction.xy_image for prediction in predictions], [item.xy_image for item in items]
    errors = error_table(points, truth)
    diagonals = np.array([math.hypot(*size) for size in sizes])
    spacing = [item.spacing for item in items if item.spacing is not None]
    in_mm = summarise(error_table(points, truth, spacing)) if len(spacing) == len(items) else None
    return {
        "n": len(items),
        "mre_px": summarise(errors).mre,
        "mre_diagonal": float(np.nanmean(errors / diagonals[:, None])),
        "mre_mm": None if in_mm is None else in_mm.mre,
        "sdr_2mm": None if in_mm is None else in_mm.sdr[2.0],
    }


def write_default_package(
    folder: Path,
    model: LandmarkModel,
    parts: Mapping[str, tuple[Sequence[TrainingItem], Sequence[TrainingItem]]],
    templates: Mapping[str, Template],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Measure and calibrate `model` on the held-out parts and write its package.

    `parts` is template id -> (training, held out); `facts["views"]` holds the figures of `finish_model`.
    """
    model.eval()
    predictor = Predictor(Engine(model, torch.device("cpu")), model.config.name)
    figures, calibrations = {}, {}
    for key, (_, held_out) in parts.items():
        predictions = predict_items(predictor, held_out, templates[key])
        sizes = [(header.width, header.height) for header in (probe(item.path) for item in held_out)]
        figures[key] = measure(predictions, held_out, sizes)
        calibration = calibrate_on(predictions, held_out, templates[key])
        if calibration is not None:
            calibrations[key] = calibration
    second = facts.get("second_stage")
    rows = [_row(key, len(training), figures[key]) for key, (training, _) in parts.items()]
    utc = utc_now()
    card = CARD.format(
        name=model.config.name,
        parameters=sum(p.numel() for p in model.parameters()) / 1e6,
        count=sum(len(training) for training, _ in parts.values()),
        sets=len(parts),
        rows="\n".join(rows),
        also="" if second is None else ", a second stage for detail",
        second="" if second is None else second_stage(model, second),
        utc=utc[:16],
        **facts["views"],
        **facts,
    )
    metrics = {"held_out": figures, "views": facts["views"]}
    write_package(
        folder,
        model,
        card=card,
        metrics=metrics,
        provenance={**facts, "utc": utc},
        dtype="fp16",
        calibrations=calibrations,
    )
    return metrics


def second_stage(model: LandmarkModel, facts: Mapping[str, Any]) -> str:
    """What the card says of the second stage."""
    refiner = refiner_of(model.config)
    parameters = sum(p.numel() for name, p in model.named_parameters() if name.startswith("refiner."))
    return SECOND_STAGE.format(parameters=parameters / 1e6, crop=refiner.crop, finer=refiner.finer, **facts)


def _row(template_id: str, trained_on: int, figures: Mapping[str, Any] | None) -> str:
    if figures is None:
        return f"| {template_id} | {SOURCES[template_id]} | {trained_on} | 0 | - | - | - | - |"
    mm = "-" if figures["mre_mm"] is None else f"{figures['mre_mm']:.2f}"
    within = "-" if figures["sdr_2mm"] is None else f"{figures['sdr_2mm']:.1%}"
    return (
        f"| {template_id} | {SOURCES[template_id]} | {trained_on} | {figures['n']} | {figures['mre_px']:.2f} | {mm} "
        f"| {figures['mre_diagonal']:.2%} | {within} |"
    )
