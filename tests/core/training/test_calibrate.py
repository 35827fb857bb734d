"""Calibrating a package on the held-out pictures of a data folder, end to end with a tiny network."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medsapiens_core.errors import UserError
from medsapiens_core.inference.predictor import Predictor
from medsapiens_core.io import read_image
from medsapiens_core.models.package import load_model, read_calibrations
from medsapiens_core.training.augment import AugmentRange
from medsapiens_core.training.calibrate import calibrate_package, describe
from medsapiens_core.training.dataset import TrainingItem
from medsapiens_core.training.held_out import calibrate_on, predict_items
from medsapiens_core.training.joint import LandmarkSet, read_set
from medsapiens_core.training.joint_package import write_default_package
from tests.core.training.building import TEMPLATE, compact_config, new_model, write_coco, write_model, write_pictures

CHEST = "chest-6"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def items(tmp_path):
    return [
        TrainingItem(path, TEMPLATE.id, xy, np.array([1.0, 1.0, 0.0]), (0.5, 0.5), path.name)
        for path, xy in write_pictures(tmp_path / "pictures", 12)
    ]


def test_the_written_default_package_knows_what_its_figures_are_worth(tmp_path, items):
    views = {"view": 1.0, "inverted": 1.0, "anatomy": 1.0, "other": 1.0}
    facts = {"command": "none", "seconds": 0.0, "steps": 0, "batch": 1, "seed": 0, "views": views}
    parts = {"ceph-19": ([], [])}  # the card's table knows the shipped templates only
    model = new_model(compact_config())
    write_default_package(tmp_path / "bare", model, parts, {"ceph-19": TEMPLATE}, facts)
    assert read_calibrations(tmp_path / "bare") == {}

    predictor = Predictor.load(write_model(tmp_path / "m", compact_config()), "cpu")
    calibration = calibrate_on(predict_items(predictor, items, TEMPLATE), items, TEMPLATE)
    assert calibration.n_images == 12
    assert [calibration.landmarks[name].n for name in TEMPLATE.ids] == [12, 12, 0]
    assert len(calibration.data_sha256) == 64
    again = calibrate_on(predict_items(predictor, items[::-1], TEMPLATE), items[::-1], TEMPLATE)
    assert again.data_sha256 == calibration.data_sha256
    assert "12 images, 24 points" in describe({TEMPLATE.id: calibration})


def test_a_second_reader_who_differs_makes_the_regions_larger(tmp_path, items):
    predictor = Predictor.load(write_model(tmp_path / "m", compact_config()), "cpu")
    predictions = predict_items(predictor, items, TEMPLATE)
    apart = [replace(item, others=(item.xy_image + np.array([15.0, -40.0]),)) for item in items]
    one, two = (calibrate_on(predictions, found, TEMPLATE) for found in (items, apart))
    assert two.n_images == one.n_images
    name = TEMPLATE.ids[0]
    assert two.radius(name, 0.68) > one.radius(name, 0.68)
    # A reader who has not seen every image is left out.
    some = [*apart[:-1], items[-1]]
    assert calibrate_on(predictions, some, TEMPLATE).pooled == one.pooled


def test_nothing_labelled_or_nothing_held_out_gives_no_calibration(tmp_path, items):
    predictor = Predictor.load(write_model(tmp_path / "m", compact_config()), "cpu")
    predictions = predict_items(predictor, items[:2], TEMPLATE)
    blank = [TrainingItem(item.path, item.template_id, item.xy_image, np.zeros(3), item.spacing) for item in items[:2]]
    assert calibrate_on(predictions, blank, TEMPLATE) is None
    assert calibrate_on([], [], TEMPLATE) is None


@pytest.fixture
def chest(tmp_path):
    """A data folder with pictures of the shipped chest template, and the set that reads it."""
    from medsapiens_core.data.template_file import find_template

    template = find_template(CHEST)
    pictures = [
        (path, np.concatenate([xy, xy + 3])) for path, xy in write_pictures(tmp_path / "data" / "chest" / "images", 24)
    ]
    write_coco(tmp_path / "data" / "chest" / "train.json", pictures, None, template=template)
    return template, LandmarkSet("chest/train.json", CHEST, 1.0, 2, AugmentRange())


def test_a_copy_of_the_package_gets_the_calibration_and_the_package_stays(tmp_path, chest):
    template, source = chest
    package = write_model(tmp_path / "m", compact_config((template,)), (template,))
    before = {path.name: path.read_bytes() for path in package.iterdir()}
    found = calibrate_package(package, tmp_path / "copy", tmp_path / "data", [source])

    assert {path.name: path.read_bytes() for path in package.iterdir()} == before
    assert read_calibrations(package) == {}
    assert read_calibrations(tmp_path / "copy") == found
    assert found[CHEST].n_images == 12
    load_model(tmp_path / "copy")  # its manifest is right
    predictor = Predictor.load(tmp_path / "copy", "cpu")
    assert predictor.calibrations == found
    held_out = read_set(tmp_path / "data", source, template)[1]
    assert predictor.predict(read_image(held_out[0].path), template).radial_error is not None
    with pytest.raises(UserError, match="exists already"):
        calibrate_package(package, tmp_path / "copy", tmp_path / "data", [source])


def test_a_package_without_a_held_out_template_is_refused(tmp_path, chest):
    package = write_model(tmp_path / "m", compact_config())
    with pytest.raises(UserError, match="nothing was written"):
        calibrate_package(package, tmp_path / "copy", tmp_path / "data", [chest[1]])
    assert not (tmp_path / "copy").exists()


def test_the_command_tells_a_mistake_and_exits_with_2(tmp_path):
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-m", "medsapiens_core.training.calibrate", "nowhere", "--data", "x", "--out"]
    done = subprocess.run([*command, tmp_path / "out"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "exists already" in done.stderr) == (2, True), done.stderr
