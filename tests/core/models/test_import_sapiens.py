import pytest
import torch
from safetensors.torch import save_file

from medsapiens_core.models.checkpoint import CheckpointError
from medsapiens_core.models.import_sapiens import PLACEHOLDER, load_backbone, load_landmark_model
from medsapiens_core.models.sapiens_names import take_position_grid
from medsapiens_core.models.vit import VARIANTS, token_grid
from tests.core.models import by_hand, tiny

OPTIONS = {"num_heads": tiny.HEADS, "input_size": tiny.INPUT}
AGREES = {"atol": 2e-5, "rtol": 1e-4}


def save(path, tensors, **extra):
    torch.save({"state_dict": tensors, **extra}, path)
    return path


def expected_features(tensors, positions):
    images = tiny.picture()
    return torch.stack([by_hand.features(tensors, image, tiny.HEADS, positions) for image in images])


def without_prefix(tensors):
    return {k.removeprefix("backbone.").removeprefix("module."): v for k, v in tensors.items()}


def test_pose_checkpoint_equals_the_forward_pass_by_hand(tmp_path):
    tensors = tiny.pose_tensors()
    model = load_landmark_model(save(tmp_path / "pose.pth", tensors, meta={"epoch": 210}), **OPTIONS)
    plain = without_prefix(tensors)
    features = expected_features(plain, plain["pos_embed"][0])
    torch.testing.assert_close(model.backbone(tiny.picture()), features, **AGREES)
    heatmaps = torch.stack([by_hand.heatmaps(plain, f) for f in features])
    torch.testing.assert_close(model(tiny.picture()), heatmaps, atol=1e-4, rtol=1e-3)
    assert model(tiny.picture()).shape == (2, 5, 32, 24)
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_pretraining_checkpoint_equals_the_forward_pass_by_hand(tmp_path):
    tensors = tiny.pretraining_tensors()
    backbone = load_backbone(save(tmp_path / "mae.pth", tensors), **OPTIONS)
    table = tensors["pos_embed"][0]
    right = expected_features(tensors, by_hand.resized_table(table[1:], 8, 8, 6))
    wrong = expected_features(tensors, by_hand.resized_table(table[:-1], 8, 8, 6))
    torch.testing.assert_close(backbone(tiny.picture()), right, **AGREES)
    assert (backbone(tiny.picture()) - wrong).abs().max() > 0.01  # a slip with the class slot shows


@pytest.mark.parametrize("original_layer", [False, True])
def test_lora_checkpoint_equals_the_forward_pass_by_hand(tmp_path, original_layer):
    base, tensors = tiny.pretraining_tensors(), tiny.lora_tensors()
    if original_layer:  # saved by the adapter's own wrapper: base weights under another name, nothing left out
        tensors |= {
            f"backbone.module.{k}".replace("qkv.", "qkv.original_layer.").replace("proj.", "proj.original_layer."): v
            for k, v in base.items()
        }
        model = load_landmark_model(save(tmp_path / "full.pth", tensors), **OPTIONS)
    else:
        base_path = save(tmp_path / "mae.pth", base)
        model = load_landmark_model(save(tmp_path / "lora.pth", tensors), base=base_path, **OPTIONS)
    plain = base | without_prefix(tiny.lora_tensors())
    features = expected_features(plain, by_hand.resized_table(base["pos_embed"][0, 1:], 8, 8, 6))
    torch.testing.assert_close(model.backbone(tiny.picture()), features, **AGREES)


def test_layouts_of_one_pretraining_file_mean_the_same(tmp_path):
    """Clean, not clean (prefix and decoder), without a wrapper, safetensors, and with the class token dropped."""
    clean = tiny.pretraining_tensors()
    prefixed = {f"backbone.{k}": v for k, v in clean.items()}
    prefixed |= {"neck.decoder_embed.weight": torch.ones(3, 3), "backbone.mask_token": torch.ones(1, 1, 3)}
    headless = {k: v for k, v in clean.items() if k != "cls_token"}
    paths = [save(tmp_path / f"{n}.pth", tensors) for n, tensors in enumerate([clean, prefixed, headless])]
    torch.save(clean, tmp_path / "bare.pth")
    save_file(clean, tmp_path / "clean.safetensors")
    outputs = [
        load_backbone(path, **OPTIONS)(tiny.picture())
        for path in [*paths, tmp_path / "bare.pth", tmp_path / "clean.safetensors"]
    ]
    for output in outputs[1:]:
        torch.testing.assert_close(output, outputs[0], atol=0, rtol=0)


def test_the_position_table_stays_as_trained_and_serves_every_size(tmp_path):
    tensors = tiny.pretraining_tensors()
    backbone = load_backbone(save(tmp_path / "mae.pth", tensors), **OPTIONS)
    assert torch.equal(backbone.position, tensors["pos_embed"][:, 1:])
    assert backbone(torch.zeros(1, 3, 160, 224)).shape == (1, tiny.DIM, 10, 14)
    assert backbone(torch.zeros(1, 3, 128, 128)).shape == (1, tiny.DIM, 8, 8)
    assert torch.equal(backbone.position, tensors["pos_embed"][:, 1:])


def test_half_precision_checkpoints_run_in_float32(tmp_path):
    halves = {k: v.half() for k, v in tiny.pose_tensors().items()}
    model = load_landmark_model(save(tmp_path / "half.pth", halves), **OPTIONS)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_the_imported_config_follows_the_original_code(tmp_path):
    config = load_landmark_model(save(tmp_path / "a b.pth", tiny.pose_tensors()), **OPTIONS).config
    assert (config.padding, config.reference_warp, config.grey.eight_bit_as_is) == (1.25, True, True)
    assert (config.input_size, config.heatmap_size) == ((96, 128), (24, 32))
    assert len(config.templates[PLACEHOLDER].landmarks) == 5
    assert "NC" in config.license


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("backbone.layers.1.attn.qkv.weight"), "missing"),
        (lambda t: t.pop("head.final_layer.bias"), "missing"),
        (lambda t: t.update({"backbone.layers.0.gamma": torch.ones(3)}), "not expected"),
        (lambda t: t.update({"head.deconv_layers.1.weight": torch.ones(3)}), "not expected"),
        (lambda t: t.update({"backbone.ln1.weight": torch.ones(7)}), "another shape"),
        (lambda t: t.update({"backbone.pos_embed": torch.ones(1, 51, tiny.DIM)}), "neither a square"),
        (lambda t: t.pop("backbone.patch_embed.projection.weight"), "not a Sapiens checkpoint"),
        (lambda t: t.update({"backbone.patch_embed.projection.weight": torch.ones(3)}), "not a Sapiens checkpoint"),
        (lambda t: t.update({"module.backbone.ln1.bias": torch.ones(tiny.DIM)}), "two tensors"),
        (lambda t: t["backbone.ln1.weight"].fill_(float("nan")), "not numbers"),
        (lambda t: [t.pop(k) for k in list(t) if k.startswith("head.")], "no heatmap head"),
        (lambda t: t.update({"backbone.module.layers.0.attn.qkv.lora_up.weight": torch.ones(72, 4)}), "missing"),
    ],
)
def test_a_pose_file_that_does_not_fit_to_the_last_tensor_is_refused(tmp_path, change, message):
    tensors = tiny.pose_tensors()
    change(tensors)
    with pytest.raises(CheckpointError, match=message):
        load_landmark_model(save(tmp_path / "pose.pth", tensors), **OPTIONS)


@pytest.mark.parametrize("lost", ["layers.1.attn.proj.lora_up.weight", "layers.0.attn.qkv.lora_down.weight"])
def test_an_adapter_file_must_be_complete(tmp_path, lost):
    tensors = tiny.lora_tensors()
    del tensors[f"backbone.module.{lost}"]
    base = save(tmp_path / "mae.pth", tiny.pretraining_tensors())
    with pytest.raises(CheckpointError, match="1 missing"):
        load_landmark_model(save(tmp_path / "lora.pth", tensors), base=base, **OPTIONS)


def test_a_wrong_prefix_never_leaves_random_weights_behind(tmp_path):
    """The original loads without strictness, so a prefix error trains silently from random weights."""
    misnamed = {k.replace("backbone.", "encoder."): v for k, v in tiny.pose_tensors().items()}
    with pytest.raises(CheckpointError):
        load_landmark_model(save(tmp_path / "pose.pth", misnamed), **OPTIONS)


def test_adapters_need_the_pretraining_file(tmp_path):
    lora = save(tmp_path / "lora.pth", tiny.lora_tensors())
    pose = save(tmp_path / "pose.pth", tiny.pose_tensors())
    mae = save(tmp_path / "mae.pth", tiny.pretraining_tensors())
    with pytest.raises(CheckpointError, match="as base"):
        load_landmark_model(lora, **OPTIONS)
    with pytest.raises(CheckpointError, match="not a pretraining checkpoint"):
        load_landmark_model(lora, base=pose, **OPTIONS)
    with pytest.raises(CheckpointError, match="without a base"):
        load_landmark_model(pose, base=mae, **OPTIONS)


def test_the_number_of_heads_is_known_for_released_sizes_only(tmp_path):
    path = save(tmp_path / "pose.pth", tiny.pose_tensors())
    with pytest.raises(CheckpointError, match="num_heads"):
        load_landmark_model(path, input_size=tiny.INPUT)
    with pytest.raises(CheckpointError, match="do not divide"):
        load_landmark_model(path, input_size=tiny.INPUT, num_heads=7)
    assert {v.embed_dim: v.num_heads for v in VARIANTS.values()} == {1024: 16, 1280: 16, 1536: 24, 1920: 32}


def test_token_grids_of_the_released_sizes():
    assert token_grid((768, 1024)) == (48, 64)
    assert token_grid((1024, 1024)) == (64, 64)
    assert token_grid((96, 128)) == (6, 8)


@pytest.mark.parametrize(
    ("count", "class_token", "grid", "expected", "kept"),
    [
        (3072, False, (48, 64), (48, 64), 3072),
        (4097, True, (48, 64), (64, 64), 4096),
        (4097, False, (48, 64), (64, 64), 4096),
        (4096, False, (48, 64), (64, 64), 4096),
        (3072, False, (56, 56), (48, 64), 3072),
        (48, False, (6, 8), (6, 8), 48),
        (49, True, (6, 8), (6, 8), 48),
    ],
)
def test_position_tables(count, class_token, grid, expected, kept):
    backbone = {"position": torch.arange(count).reshape(1, count, 1).float()}
    if class_token:
        backbone["cls_token"] = torch.zeros(1, 1, 1)
    assert take_position_grid(backbone, grid, "file") == expected
    assert backbone["position"].shape[1] == kept
    assert backbone["position"][0, -1, 0] == count - 1
    assert "cls_token" not in backbone
