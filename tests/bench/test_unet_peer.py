import json
import re

import numpy as np
import pytest
import torch

from bench import unet_peer
from bench.unet import UNet
from medsapiens_core.errors import UserError
from medsapiens_core.io import read_image
from medsapiens_core.training.augment import AugmentRange
from medsapiens_core.training.dataset import LandmarkDataset, TrainingItem
from medsapiens_core.training.plan import Plan
from tests.bench.building import CEPH, write_ceph
from tests.core.training.building import TEMPLATE, write_pictures

SIZE, WIDTHS = (64, 80), (8, 16, 32)
VIEWS = AugmentRange(5, 10, (0.95, 1.05), 0.03, 0.02, 0.0, 0.0)


def dataset(folder, config):
    items = [TrainingItem(path, TEMPLATE.id, xy, np.ones(3)) for path, xy in write_pictures(folder, 8)]
    return LandmarkDataset(items, config, {TEMPLATE.id: TEMPLATE}, VIEWS)


def new_network(seed=0):
    torch.manual_seed(seed)
    return UNet(unet_peer.peer_config(TEMPLATE, SIZE), WIDTHS)


def test_the_plain_network_has_about_six_million_parameters_and_maps_as_large_as_its_input():
    network = UNet(unet_peer.peer_config(CEPH))
    assert 5.5e6 < sum(parameter.numel() for parameter in network.parameters()) < 6.5e6
    with torch.inference_mode():
        maps = network.heatmaps(torch.zeros(1, 3, 48, 32), CEPH.id)
    assert maps.shape == (1, 19, 48, 32)


def test_it_learns_and_comes_back_from_disk_with_the_same_points(tmp_path):
    network = new_network()
    data = dataset(tmp_path / "pictures", network.config)
    path, truth = data.items[0].path, data.items[0].xy_image
    unet_peer.train(network, data, Plan(4, 2, 60, 3e-3, None), 0, tmp_path / "run")
    unet_peer.save(network.eval(), tmp_path / "unet.safetensors", {"seconds": 1.0})
    peer = unet_peer.load(tmp_path / "unet.safetensors")
    image = read_image(path)
    points = peer.predict(image, TEMPLATE)
    assert np.linalg.norm(points - truth, axis=1).mean() < 10  # of pictures 120 x 150; chance is about 50
    same = unet_peer.Peer("same", TEMPLATE.id, network, peer.engine).predict(image, TEMPLATE)
    np.testing.assert_array_equal(points, same)
    with pytest.raises(UserError, match="no output for template ceph-19"):
        peer.predict(image, CEPH)


def test_a_run_that_was_stopped_goes_on_to_the_weights_of_one_that_was_not(tmp_path):
    whole, parted, later = new_network(), new_network(), new_network(1)
    data = dataset(tmp_path / "pictures", whole.config)
    plan = Plan(4, 2, 3, 1e-3, None)
    unet_peer.train(whole, data, plan, 0, tmp_path / "whole")

    trainer = unet_peer.make_trainer(parted, data, plan, 0, tmp_path / "parted")
    for step in range(3):
        trainer.learner.step(trainer.batch(step), plan.rate_factor(step, 0.0), plan.batch, step)
        trainer.state = trainer.state.with_(step=step + 1)
    trainer.save()
    unet_peer.train(later, data, plan, 0, tmp_path / "parted")
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(later.state_dict()[name], value)


def test_the_command_trains_on_the_training_part_and_tells_of_it(tmp_path, capsys):
    arguments = ["--data", str(write_ceph(tmp_path)), "--out", str(tmp_path / "run"), "--minutes", "0.01"]
    unet_peer.main([*arguments, "--size", "32", "48", "--widths", "4", "8"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["images"] == 7  # every eighth is held out
    assert re.fullmatch(r"unet-ceph-19@[0-9a-f]{12}", unet_peer.load(tmp_path / "run" / "unet.safetensors").id)


def test_a_file_that_is_no_peer_is_refused(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"nonsense")
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(UserError, match="is not a U-Net"):
        unet_peer.load(tmp_path / "x.safetensors")
    with pytest.raises(UserError, match="is not a U-Net"):
        unet_peer.load(tmp_path / "missing.safetensors")
