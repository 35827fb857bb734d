"""Our networks against the original code's numbers (files made with it; see the README beside them)."""

import numpy as np
import pytest
import torch

from medsapiens_core.models.import_sapiens import load_backbone, load_landmark_model
from tests.core.parity_files import parity_arrays, parity_path

TOLERANCE = 1e-4
OPTIONS = {"num_heads": 4, "input_size": (96, 128)}


@pytest.mark.parametrize(("checkpoint", "base"), [("pose", None), ("lora", "pretrain")])
def test_features_and_heatmaps_agree(checkpoint, base):
    case = parity_arrays(f"{checkpoint}_case.npz")
    base_path = parity_path(f"{base}_checkpoint.pth") if base else None
    model = load_landmark_model(parity_path(f"{checkpoint}_checkpoint.pth"), base=base_path, **OPTIONS)
    pixels = torch.from_numpy(case["input"])
    assert not model.training
    np.testing.assert_allclose(model.backbone(pixels).numpy(), case["features"], atol=TOLERANCE)
    np.testing.assert_allclose(model(pixels).numpy(), case["heatmaps"], atol=TOLERANCE)


def test_features_of_the_pretraining_file_agree():
    case = parity_arrays("pretrain_case.npz")
    backbone = load_backbone(parity_path("pretrain_checkpoint.pth"), **OPTIONS)
    np.testing.assert_allclose(backbone(torch.from_numpy(case["input"])).numpy(), case["features"], atol=TOLERANCE)


def test_wrong_handling_of_the_class_slot_would_be_noticed():
    case = parity_arrays("pretrain_case.npz")
    path = parity_path("pretrain_checkpoint.pth")
    backbone = load_backbone(path, **OPTIONS)
    table = torch.load(path, weights_only=True)["state_dict"]["pos_embed"]
    backbone.position.copy_(table[:, :-1])  # the class slot kept, the last place lost
    difference = np.abs(backbone(torch.from_numpy(case["input"])).numpy() - case["features"])
    assert difference.max() > 100 * TOLERANCE
