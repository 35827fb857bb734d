"""Learning the second stage: what its samples show, that fine-tuning teaches it, and the command for the default."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from medsapiens_core.data.template_file import find_template
from medsapiens_core.models.config import RefinerArchitecture
from medsapiens_core.models.package import load_model, write_package
from medsapiens_core.training import refining
from medsapiens_core.training.augment import AugmentRange
from medsapiens_core.training.config import TrainingOptions
from medsapiens_core.training.dataset import LandmarkDataset
from medsapiens_core.training.job import run_job
from medsapiens_core.training.learner import Learner
from medsapiens_core.training.snapshot_items import training_item
from tests.core.training.building import TEMPLATE, compact_config, freeze, make_run, new_model, write_pictures

SMALL = RefinerArchitecture(widths=(8, 16, 16), crop=32)


def refined_model():
    model = new_model(compact_config())
    model.add_refiner(SMALL, [TEMPLATE.id])
    return model.eval()


@pytest.fixture
def dataset(tmp_path: Path) -> LandmarkDataset:
    snapshot = freeze(write_pictures(tmp_path / "pictures", 6), ["train"] * 6)
    items = [training_item(item, TEMPLATE) for item in snapshot.items]
    return LandmarkDataset(items, refined_model().config, {TEMPLATE.id: TEMPLATE}, AugmentRange(flip=0.5, invert=0.0))


def test_crops_show_the_landmark_where_they_say(dataset: LandmarkDataset) -> None:
    hits = []
    for seed in range(40):
        crops = dataset.crops(seed % 6, np.random.default_rng(seed), 24)
        assert crops.pixels.shape[1:] == (2, 32, 32)
        for pixels, (x, y), landmark in zip(crops.pixels[:, 0], crops.xy_cells, crops.landmarks, strict=True):
            if landmark == 1:  # the small blob is brightest in its middle
                blurred = cv2.GaussianBlur(pixels, (0, 0), 3)
                row, column = np.unravel_index(blurred.argmax(), blurred.shape)
                hits.append(np.hypot(column - x * 31 / 15, row - y * 31 / 15) < 4)
    assert np.mean(hits) > 0.9


def test_no_more_crops_than_asked_for_and_none_of_what_has_no_label(dataset: LandmarkDataset) -> None:
    dataset.items[0].weights[1] = 0.0
    assert set(dataset.crops(0, np.random.default_rng(0), 24).landmarks) <= {0, 2}
    assert len(dataset.crops(1, np.random.default_rng(0), 2).landmarks) == 2


def test_a_learner_teaches_both_stages(dataset: LandmarkDataset) -> None:
    model = refined_model()
    learner = Learner(model, TEMPLATE, "adapt", 2e-3, torch.device("cpu"))
    before = {name: value.detach().clone() for name, value in model.refiner.named_parameters()}
    losses = []
    for step in range(12):
        samples = [dataset.sample(k % 6, np.random.default_rng(100 * step + k)) for k in range(4)]
        losses.append(learner.step(samples, 1.0, 4, step))
    assert all((model.refiner.get_parameter(name) != value).any() for name, value in before.items())
    assert np.mean(losses[-3:]) < np.mean(losses[:3])


def test_a_fine_tune_of_a_refined_model_is_refined(tmp_path: Path) -> None:
    base = write_package(
        tmp_path / "base", refined_model(), card="c", metrics={}, provenance={"kind": "test"}, templates=(TEMPLATE,)
    )
    parts = ["train"] * 6 + ["val"] * 2 + ["locked"] * 2
    folder = make_run(tmp_path / "run", base, parts=parts, options=TrainingOptions(epochs=2, device="cpu"))
    result = run_job(folder, lambda _: None)
    candidate = load_model(result.candidate)
    assert candidate.config.is_refined(TEMPLATE.id)
    assert candidate.config.refiner == SMALL


def small_data(root: Path) -> Path:
    """A COCO set of nine noisy pictures with ceph-19's landmarks, as `../shared/data` has it."""
    rng = np.random.default_rng(0)
    ids = find_template("ceph-19").ids
    (root / "ceph" / "images").mkdir(parents=True)
    images, annotations = [], []
    for number in range(1, 10):
        name = f"{number:03d}.png"
        assert cv2.imwrite(str(root / "ceph" / "images" / name), rng.integers(0, 255, (160, 128), dtype=np.uint8))
        points = rng.uniform(20, 100, (len(ids), 2))
        images.append({"id": number, "file_name": name, "width": 128, "height": 160, "pixel_spacing_mm": [0.5, 0.5]})
        keypoints = [float(v) for x, y in points for v in (x, y, 2)]
        annotations.append({"id": number, "image_id": number, "category_id": 1, "keypoints": keypoints})
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "ceph", "keypoints": list(ids)}],
    }
    (root / "ceph" / "train_senior.json").write_text(json.dumps(document), encoding="utf-8")
    return root


def test_the_command_adds_a_second_stage_to_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = find_template("ceph-19")
    views = {"view": 1.0, "inverted": 1.0, "anatomy": 1.0, "other": 1.0}
    facts = {"command": "first", "seconds": 1.0, "steps": 1, "batch": 4, "seed": 0, "views": views, "utc": "2026-01-01"}
    start = write_package(
        tmp_path / "start", new_model(compact_config((template,))), card="c", metrics={}, provenance=facts
    )
    data, out = small_data(tmp_path / "data"), tmp_path / "out"
    arguments = ["refining", "--data", str(data), "--start", str(start), "--out", str(out), "--minutes", "0.02"]
    monkeypatch.setattr(sys, "argv", arguments)
    refining.main()
    model = load_model(out)
    assert model.config.is_refined("ceph-19")
    stored = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    assert stored["second_stage"]["steps"] > 0
    assert stored["command"] == "first"
    assert "medsapiens_core.training.refining" in (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    # The same command with another folder for its package goes on from the checkpoint: nothing is left to train.
    weights = model.refiner.state_dict()
    monkeypatch.setattr(sys, "argv", [*arguments[:6], str(out), *arguments[7:]])
    out.rename(tmp_path / "first")
    refining.main()
    assert all(torch.equal(weights[key], value) for key, value in load_model(out).refiner.state_dict().items())
