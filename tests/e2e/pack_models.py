"""Models for the packs: stand-ins that the library takes, with calibration and placement but without weights, and a
tiny network for scripts that train.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.calibration import COVERAGES, Calibration, LandmarkCalibration
from medsapiens_core.guidance.shape_limits import ShapeLimits, fit_limits
from medsapiens_core.inference.placement import summarise_placement
from medsapiens_core.models.config import ModelConfig, Placement, TemplateChannels
from medsapiens_core.models.package_files import (
    WEIGHTS,
    templates_json,
    write_calibration,
    write_json,
    write_manifest,
    write_text,
)
from medsapiens_core.store.library import ModelEntry, ModelLibrary

from . import pack_films as films

RADIUS = 2.4477  # standard deviations of the 95 % circle
INPUT = (768, 1024)


def add_stand_in(library: ModelLibrary, template: Template, name: str = "s1", parent: str | None = None) -> ModelEntry:
    """Add a stand-in to the library; s1 is put in use."""
    with tempfile.TemporaryDirectory() as folder:
        entry = library.add(_package(Path(folder) / name, template, parent), name)
    if name == "s1":
        library.promote(name, by="sample", reason="comes with the sample")
    return library.get(entry.name)


def add_tiny_network(library: ModelLibrary, template: Template, name: str = "s1") -> ModelEntry:
    """Add a real network with random weights that learns in seconds, and put it in use. Loads torch."""
    import torch

    from medsapiens_core.models.build import build_model
    from medsapiens_core.models.compact import CompactArchitecture
    from medsapiens_core.models.package import write_package

    architecture = CompactArchitecture(
        width=16, depths=(1, 1, 1), windows=(8, 4, 4), global_blocks=(2,), decoder_width=16
    )
    channels = TemplateChannels(version=template.version, landmarks=template.ids)
    config = ModelConfig(
        name=name,
        architecture=architecture.model_dump(mode="json"),
        input_size=(96, 128),
        heatmap_size=(24, 32),
        sigma=1.5,
        templates={template.id: channels},
        license="test",
    )
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as folder:
        package = write_package(
            Path(folder) / name,
            build_model(config).eval(),
            card="A tiny network for tests.",
            metrics={},
            provenance={"kind": "test"},
            templates=(template,),
        )
        entry = library.add(package, name)
    library.promote(name, by="sample", reason="comes with the sample")
    return library.get(entry.name)


def calibration(template: Template) -> Calibration:
    """As if fitted on 400 images on which the heatmaps' own figures were right."""
    quantiles = (1.5096, RADIUS)
    mark = LandmarkCalibration(n=400, scale=1.0, error_factor=1.0, quantiles=quantiles)
    return Calibration(
        template_version=template.version,
        n_images=400,
        effective_n=1000.0,
        data_sha256="0" * 64,
        coverages=COVERAGES,
        pooled=quantiles,
        landmarks=dict.fromkeys(template.ids, mark),
    )


def _package(folder: Path, template: Template, parent: str | None) -> Path:
    folder.mkdir()
    channels = TemplateChannels(version=template.version, landmarks=template.ids, placement=_placement(template))
    config = ModelConfig(
        name=folder.name,
        architecture={"kind": "compact"},
        input_size=INPUT,
        heatmap_size=(192, 256),
        sigma=2.0,
        templates={template.id: channels},
        parent=parent,
        license="none: a stand-in without weights",
    )
    write_text(folder / "config.json", config.to_json())
    write_json(folder / "template.json", templates_json(config, [template]))
    write_json(folder / "metrics.json", {})
    write_json(folder / "provenance.json", {"kind": "stand-in"})
    write_text(folder / "MODEL_CARD.md", f"# {folder.name}\n\nA stand-in for tests. It has no weights.\n")
    write_calibration(folder, {template.id: calibration(template)})
    save_file({"none": np.zeros(1, dtype=np.float32)}, folder / WEIGHTS)
    write_manifest(folder)
    return folder


def _placement(template: Template) -> Placement | None:
    """Mean shape and range of 40 skulls, or of 20 spines of the same make as those of the packs."""
    if template.id == "ceph-19":
        shapes = [np.array([films.skull_points(n)[mark] for mark in template.ids]) for n in range(100, 140)]
        return summarise_placement([shape * (INPUT[1] / 600) for shape in shapes], INPUT)
    if template.id == "spine-68":
        shapes = [np.array(list(films.spine_points(n).values())) for n in range(100, 120)]
        return summarise_placement(shapes, INPUT)
    return None


def skull_limits(template: Template) -> ShapeLimits:
    """The usual shape of 60 other skulls of the same make, their landmarks placed 0.7 mm exact per axis."""
    rng = np.random.default_rng(60)
    shapes = [np.array([films.skull_points(n)[mark] for mark in template.ids]) for n in range(100, 160)]
    placed = [shape * films.HALF_MM + rng.normal(0.0, 0.7, shape.shape) for shape in shapes]
    limits = fit_limits(placed, template.ids, in_mm=True, source="60 skulls that came with the sample")
    assert limits is not None
    return limits
