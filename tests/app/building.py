"""Real projects, real pictures and tiny real models for the tests of the window and its controllers."""

from pathlib import Path

import cv2
import numpy as np

from medsapiens_core.data.annotation import placed
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.io.read import read_image

BLOBS = Template("blobs", 1, "Blobs", tuple(Landmark(i, i.title(), i, "A blob.") for i in ("big", "small", "ring")))
SIZE = (120, 150)


def write_png(path: Path, seed: int = 0, *, depth=np.uint8) -> Path:
    """A grey picture with two blobs and a ring."""
    rng = np.random.default_rng(seed)
    width, height = SIZE
    xy = np.array([[0.25, 0.25], [0.75, 0.35], [0.45, 0.75]]) * [width, height] + rng.uniform(-12, 12, (3, 2))
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1)
    distance = [np.hypot(*(grid - point).transpose(2, 0, 1)) for point in xy]
    shapes = zip(distance, (9, 4, 3), (0, 0, 9), strict=True)
    value = sum(np.exp(-(((d - hollow) / size) ** 2)) for d, size, hollow in shapes)
    top = np.iinfo(depth).max
    pixels = np.clip(value * 0.7 * top + rng.uniform(0, 0.1, value.shape) * top, 0, top).astype(depth)
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, data = cv2.imencode(path.suffix, pixels)
    assert ok
    path.write_bytes(data.tobytes())
    return path


def add_case(project, number: int):
    path = write_png(project.folder / "pictures" / f"film {number:03d}.png", number)
    return project.cases.add(read_image(path), path=path)


def decide_all(project, case_id: int, *, reviewed: bool = True) -> None:
    annotation = project.annotations.load(case_id)
    rng = np.random.default_rng(case_id)
    states = {mark: placed(*rng.uniform(10, 100, 2), None) for mark in project.template.ids}
    edit = annotation.change("move", states)
    annotation = project.annotations.commit(edit, case_id, expected_revision=annotation.revision)
    if reviewed:
        project.annotations.commit(annotation.mark_reviewed(), case_id, expected_revision=annotation.revision)


def write_model(folder: Path, templates: tuple[Template, ...] = (BLOBS,), seed: int = 0) -> Path:
    """A tiny compact network with random weights as a package. Loads torch."""
    import torch

    from medsapiens_core.models.build import build_model
    from medsapiens_core.models.compact import CompactArchitecture
    from medsapiens_core.models.config import ModelConfig, TemplateChannels
    from medsapiens_core.models.package import write_package

    architecture = CompactArchitecture(
        width=16, depths=(1, 1, 1), windows=(8, 4, 4), global_blocks=(2,), decoder_width=16
    )
    config = ModelConfig(
        name=folder.name,
        architecture=architecture.model_dump(mode="json"),
        input_size=(96, 128),
        heatmap_size=(24, 32),
        sigma=1.5,
        templates={t.id: TemplateChannels(version=t.version, landmarks=t.ids) for t in templates},
        license="test",
    )
    torch.manual_seed(seed)
    model = build_model(config).eval()
    return write_package(
        folder, model, card="A test model.", metrics={}, provenance={"kind": "test"}, templates=templates
    )
