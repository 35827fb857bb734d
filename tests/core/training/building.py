"""Tiny networks, pictures that they can learn, and run folders, all as real files."""

import json
from pathlib import Path

import cv2
import numpy as np
import torch

from medsapiens_core.data.annotation import Place
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.snapshot import SnapshotItem, SnapshotLandmark, TrainingSnapshot
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.io import file_sha256
from medsapiens_core.models.build import build_model
from medsapiens_core.models.compact import CompactArchitecture
from medsapiens_core.models.config import ModelConfig, SapiensArchitecture, TemplateChannels
from medsapiens_core.models.package import write_package
from medsapiens_core.training.config import TrainingJob, TrainingOptions

TEMPLATE = Template("blobs", 1, "Blobs", tuple(Landmark(i, i.title(), i, "A blob.") for i in ("big", "small", "ring")))
SIZE = (120, 150)  # width, height of the pictures
INPUT, CELLS = (96, 128), (24, 32)


def picture(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture with a big blob, a small blob and a ring, and their centres (3, 2)."""
    width, height = SIZE
    corners = np.array([[0.25, 0.25], [0.75, 0.35], [0.45, 0.75]]) * [width, height]
    xy = corners + rng.uniform(-12, 12, (3, 2))
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1)
    distance = [np.hypot(*(grid - point).transpose(2, 0, 1)) for point in xy]
    value = (
        np.exp(-((distance[0] / 9) ** 2)) + np.exp(-((distance[1] / 4) ** 2)) + np.exp(-(((distance[2] - 9) / 3) ** 2))
    )
    noisy = 40 + 180 * np.clip(value, 0, 1) + rng.normal(0, 5, value.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), xy


def write_pictures(folder: Path, count: int, seed: int = 0) -> list[tuple[Path, np.ndarray]]:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    written = []
    for number in range(count):
        pixels, xy = picture(rng)
        path = folder / f"{seed}-{number:03d}.png"
        assert cv2.imwrite(str(path), pixels)
        written.append((path, xy))
    return written


def compact_config(templates: tuple[Template, ...] = (TEMPLATE,)) -> ModelConfig:
    architecture = CompactArchitecture(
        width=16, depths=(1, 1, 1), windows=(8, 4, 4), global_blocks=(2,), decoder_width=16
    )
    return _config("tiny-compact", architecture.model_dump(mode="json"), templates, 1.5)


def sapiens_config(templates: tuple[Template, ...] = (TEMPLATE,)) -> ModelConfig:
    architecture = SapiensArchitecture(
        embed_dim=24,
        depth=2,
        num_heads=3,
        ffn_dim=48,
        position_grid=(6, 8),
        deconv_channels=(16, 16),
        conv_channels=(16,),
    )
    return _config("tiny-sapiens", architecture.model_dump(mode="json"), templates, 2.0)


def _config(name: str, architecture: dict, templates: tuple[Template, ...], sigma: float) -> ModelConfig:
    channels = {t.id: TemplateChannels(version=t.version, landmarks=t.ids) for t in templates}
    return ModelConfig(
        name=name,
        architecture=architecture,
        input_size=INPUT,
        heatmap_size=CELLS,
        sigma=sigma,
        templates=channels,
        license="test",
    )


def new_model(config: ModelConfig, seed: int = 0):
    torch.manual_seed(seed)
    return build_model(config).eval()


def write_model(folder: Path, config: ModelConfig, templates: tuple[Template, ...] = (TEMPLATE,)) -> Path:
    return write_package(
        folder, new_model(config), card="A test model.", metrics={}, provenance={"kind": "test"}, templates=templates
    )


def freeze(
    pictures: list[tuple[Path, np.ndarray]], parts: list[str], template: Template = TEMPLATE
) -> TrainingSnapshot:
    items = []
    for number, ((path, xy), part) in enumerate(zip(pictures, parts, strict=True), start=1):
        marks = tuple(
            SnapshotLandmark(name, Place.VISIBLE, float(x), float(y), 1.0)
            for name, (x, y) in zip(template.ids, xy, strict=True)
        )
        spacing = Spacing(0.5, 0.5, SpacingSource.USER)
        items.append(
            SnapshotItem(
                number,
                path,
                file_sha256(path),
                0,
                None,
                *SIZE,
                spacing,
                number,
                part,
                marks,
                revision=1,
                state_hash="0",
            )
        )
    return TrainingSnapshot.of("snap", template.id, template.version, "2026-01-01T00:00:00Z", items=tuple(items))


def make_run(
    folder: Path,
    model: Path,
    *,
    parts: list[str],
    options: TrainingOptions,
    template: Template = TEMPLATE,
) -> Path:
    """A run folder with pictures, snapshot and job."""
    folder.mkdir(parents=True, exist_ok=True)
    snapshot = freeze(write_pictures(folder / "pictures", len(parts)), parts, template)
    path = folder / "snapshot.json"
    path.write_text(json.dumps(snapshot.to_json()), encoding="utf-8")
    job = TrainingJob.create(
        snapshot=path, base_folder=model, base_model="base@0", name="new", template=template, options=options
    )
    job.write(folder)
    return folder


def write_coco(
    file: Path,
    pictures: list[tuple[Path, np.ndarray]],
    spacing: float | None = 0.5,
    *,
    template: Template = TEMPLATE,
) -> Path:
    images = [
        {"id": k, "file_name": path.name, "width": SIZE[0], "height": SIZE[1]}
        | ({"pixel_spacing_mm": [spacing, spacing]} if spacing else {})
        for k, (path, _) in enumerate(pictures)
    ]
    annotations = [
        {"id": k, "image_id": k, "category_id": 1, "keypoints": [v for x, y in xy for v in (x, y, 2)]}
        for k, (_, xy) in enumerate(pictures)
    ]
    categories = [{"id": 1, "name": "blobs", "keypoints": list(template.ids)}]
    file.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories}), encoding="utf-8"
    )
    return file
