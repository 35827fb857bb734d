"""Random views keep pixels and points together, swap sides in mirrored views, and leave points outside out."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.geometry import input_to_heatmap
from medsapiens_core.inference.preprocess import warp
from medsapiens_core.models.config import ModelConfig, TemplateChannels
from medsapiens_core.training.augment import AugmentRange, random_affine, random_grey
from medsapiens_core.training.dataset import LandmarkDataset, TrainingItem

TEMPLATE = Template(
    "pair-2",
    1,
    "Pair",
    (Landmark("left", "Left", "L", "Left spot.", "right"), Landmark("right", "Right", "R", "Right spot.", "left")),
)
CONFIG = ModelConfig(
    name="tiny",
    architecture={"kind": "compact"},
    input_size=(96, 128),
    heatmap_size=(24, 32),
    sigma=1.5,
    templates={"pair-2": TemplateChannels(version=1, landmarks=TEMPLATE.ids)},
    license="Apache-2.0",
)
XY = np.array([[60.0, 150.0], [140.0, 90.0]])


@pytest.fixture
def item(tmp_path: Path) -> TrainingItem:
    """A film with a small spot at one landmark and a large one at the other."""
    picture = np.zeros((260, 200), np.uint8)
    cv2.circle(picture, (60, 150), 4, 120, -1)
    cv2.circle(picture, (140, 90), 10, 255, -1)
    path = tmp_path / "spots.png"
    cv2.imwrite(str(path), picture)
    return TrainingItem(path, "pair-2", XY, np.ones(2))


@given(seed=st.integers(0, 10_000))
def test_pixels_and_points_move_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    affine, _ = random_affine((200, 260), CONFIG.input_size, AugmentRange(), rng)
    picture = np.zeros((260, 200), np.float32)
    cv2.circle(picture, (60, 150), 9, 255.0, -1)
    view = warp(picture, affine, CONFIG.input_size)
    x, y = affine.apply(XY[0])
    if not (12 < x < 84 and 12 < y < 116):
        return
    rows, columns = np.mgrid[: view.shape[0], : view.shape[1]]
    centre = np.array([(view * columns).sum(), (view * rows).sum()]) / view.sum()
    assert np.hypot(*(centre - (x, y))) < 0.15


def test_mirrored_view_swaps_paired_landmarks(item: TrainingItem) -> None:
    still = {"rotation": 0.0, "wide_rotation": 0.0, "scale": (1.0, 1.0), "shift": 0.0, "stretch": 0.0, "invert": 0.0}
    plain = LandmarkDataset([item], CONFIG, {"pair-2": TEMPLATE}, AugmentRange(flip=0.0, **still))
    mirrored = LandmarkDataset([item], CONFIG, {"pair-2": TEMPLATE}, AugmentRange(flip=1.0, **still))
    cells = plain.sample(0, np.random.default_rng(0)).xy_heatmap
    swapped = mirrored.sample(0, np.random.default_rng(0)).xy_heatmap
    width = CONFIG.heatmap_size[0]
    np.testing.assert_allclose(swapped[::-1, 0], width - 1 - cells[:, 0], atol=1e-9)
    np.testing.assert_allclose(swapped[::-1, 1], cells[:, 1], atol=1e-9)


def test_points_outside_the_view_weigh_nothing(item: TrainingItem) -> None:
    ranges = AugmentRange(scale=(0.3, 0.31), shift=0.0)
    sample = LandmarkDataset([item], CONFIG, {"pair-2": TEMPLATE}, ranges).sample(0, np.random.default_rng(3))
    to_input = input_to_heatmap(CONFIG.input_size, CONFIG.heatmap_size).inverse()
    for xy, weight in zip(to_input.apply(sample.xy_heatmap), sample.weights, strict=True):
        assert weight == float((xy > -0.5).all() and xy[0] < 95.5 and xy[1] < 127.5)


def test_large_films_are_reduced_in_memory_without_shift(tmp_path: Path) -> None:
    picture = np.zeros((3000, 2000), np.uint8)
    cv2.circle(picture, (1500, 700), 200, 255, -1)
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), picture)
    item = TrainingItem(path, "pair-2", XY, np.ones(2))
    small, to_small = LandmarkDataset([item], CONFIG, {"pair-2": TEMPLATE}).cached(0)
    rows, columns = np.mgrid[: small.shape[0], : small.shape[1]]
    mass = small.astype(float)
    centre = np.array([(mass * columns).sum(), (mass * rows).sum()]) / mass.sum()
    assert max(small.shape) <= 1400
    np.testing.assert_allclose(centre, to_small.apply([1500, 700]), atol=0.02)


@given(seed=st.integers(0, 10_000))
def test_grey_changes_stay_in_range(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grey = rng.uniform(0, 255, (64, 48)).astype(np.float32)
    changed = random_grey(grey, AugmentRange(), rng)
    assert changed.shape == grey.shape
    assert changed.dtype == np.float32
    assert changed.min() >= 0
    assert changed.max() <= 255
