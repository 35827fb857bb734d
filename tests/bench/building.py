"""A data folder of the form of shared/data with small made-up films, and a tiny model that knows their template."""

import json
from pathlib import Path

import numpy as np

from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import find_template
from tests.core.training.building import SIZE, compact_config, write_model, write_pictures

CEPH = find_template("ceph-19")


def write_labels(file: Path, images: list[Path], points: np.ndarray, template: Template, spacing: float | None) -> None:
    """A COCO keypoints file of points (n, K, 2)."""
    size = {"width": SIZE[0], "height": SIZE[1]} | ({"pixel_spacing_mm": [spacing, spacing]} if spacing else {})
    document = {
        "images": [{"id": k, "file_name": path.name, **size} for k, path in enumerate(images)],
        "annotations": [
            {"id": k, "image_id": k, "category_id": 1, "keypoints": [v for x, y in xy for v in (x, y, 2)]}
            for k, xy in enumerate(points.tolist())
        ],
        "categories": [{"id": 1, "name": template.id, "keypoints": list(template.ids)}],
    }
    file.write_text(json.dumps(document), encoding="utf-8")


def write_ceph(data: Path, count: int = 8) -> Path:
    """Train and test1 files of `count` films each; the second reader is 1 px to the right of the first."""
    for seed, part in enumerate(("train", "test1")):
        images = [path for path, _ in write_pictures(data / "ceph/images", count, seed)]
        points = np.random.default_rng(seed).uniform(20, 100, (count, len(CEPH), 2))
        write_labels(data / f"ceph/{part}_senior.json", images, points, CEPH, 0.5)
        write_labels(data / f"ceph/{part}_junior.json", images, points + np.array([1, 0]), CEPH, 0.5)
    return data


def write_ceph_model(folder: Path, template: Template = CEPH) -> Path:
    return write_model(folder, compact_config((template,)), (template,))
