"""The compact network: shapes, the encoder's windows, what is trained, adding a template, SAM 2 weights."""

import pytest
import torch
from torch.nn import functional as F

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.errors import UserError
from medsapiens_core.models.compact import (
    CompactArchitecture,
    CompactLandmarkModel,
    load_hiera_weights,
    split_position_table,
)
from medsapiens_core.models.config import ModelConfig, TemplateChannels
from medsapiens_core.models.hiera import HieraSize, join_windows, partition_windows

TINY = CompactArchitecture(width=16, depths=(1, 1, 2), windows=(4, 2, 4), global_blocks=(3,), decoder_width=16)


def tiny_model(**templates: int) -> CompactLandmarkModel:
    torch.manual_seed(0)
    entries = {
        name: TemplateChannels(version=1, landmarks=tuple(f"p{k}" for k in range(count)))
        for name, count in (templates or {"a": 3, "b": 2}).items()
    }
    config = ModelConfig(
        name="tiny",
        architecture=TINY.model_dump(mode="json"),
        input_size=(48, 64),
        heatmap_size=(12, 16),
        sigma=1.5,
        templates=entries,
        license="Apache-2.0",
    )
    return CompactLandmarkModel.build(config).eval()


def test_heatmaps_have_the_shape_of_the_template_and_peak_one_for_a_perfect_target() -> None:
    model = tiny_model()
    x = torch.randn(2, 3, 64, 48)
    heatmaps = model.heatmaps(x, "a")
    assert heatmaps.shape == (2, 3, 16, 12)
    # A probability map sums to one, whatever its scale.
    sums = heatmaps.sum((-2, -1)) / (2 * torch.pi * 1.5**2)
    assert torch.allclose(sums, torch.ones(2, 3), atol=1e-5)


def test_all_channels_come_in_the_order_of_the_config() -> None:
    model = tiny_model()
    x = torch.randn(1, 3, 64, 48)
    assert torch.allclose(model(x)[:, 3:], model.logits(x, "b"), atol=1e-6)


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(UserError, match="has no output for template"):
        tiny_model().heatmaps(torch.randn(1, 3, 64, 48), "spine-68")


@pytest.mark.parametrize("size", [(7, 9), (8, 8), (1, 5)])
def test_windows_are_joined_as_they_were_cut(size: tuple[int, int]) -> None:
    x = torch.randn(2, *size, 5)
    windows, padded = partition_windows(x, 4)
    assert torch.equal(join_windows(windows, 4, padded, size), x)


def test_modes_train_what_they_name_and_nothing_else() -> None:
    model = tiny_model()
    for mode, forbidden in (("head", ("encoder", "decoder")), ("adapt", ("encoder.patch_embed", "encoder.blocks.0"))):
        names = [name for name, _ in model.trainable_parameters(mode)]
        assert names
        assert not [name for name in names if name.startswith(forbidden)]
        model.zero_grad()
        model.logits(torch.randn(1, 3, 64, 48), "a").sum().backward()
        touched = {name for name, p in model.named_parameters() if p.grad is not None}
        assert touched <= set(names)
    assert len(model.trainable_parameters("full")) == len(list(model.parameters()))


def test_an_added_template_leaves_the_others_as_they_were() -> None:
    model = tiny_model()
    x = torch.randn(1, 3, 64, 48)
    before = model.logits(x, "a")
    model.add_template(Template("new", 1, "New", (Landmark("q", "Q", "Q", "A point."),)))
    assert torch.equal(model.logits(x, "a"), before)
    assert model.heatmaps(x, "new").shape == (1, 1, 16, 12)
    assert model.config.channel_count == 6


def test_position_table_is_split_into_its_two_parts_exactly() -> None:
    torch.manual_seed(1)
    grid, tile = torch.randn(1, 4, 7, 7), torch.randn(1, 4, 8, 8)
    full = F.interpolate(grid, size=(64, 64), mode="bicubic") + tile.tile(1, 1, 8, 8)
    parts = split_position_table(full, {"pos_embed": grid, "pos_embed_window": tile})
    again = F.interpolate(parts[0], size=(64, 64), mode="bicubic") + parts[1].tile(1, 1, 8, 8)
    assert torch.allclose(again, full, atol=1e-4)


def test_encoder_starts_from_sam2_tensors_and_ignores_deeper_stages() -> None:
    source = tiny_model()
    state = {f"trunk.{k}": v.clone() for k, v in source.encoder.state_dict().items() if not k.startswith("pos_embed")}
    state["trunk.pos_embed_full"] = torch.randn(1, 16, 64, 64)
    state["trunk.blocks.9.norm1.weight"] = torch.ones(4)
    target = tiny_model()
    load_hiera_weights(target, state)
    assert torch.equal(target.encoder.blocks[2].attn.qkv.weight, source.encoder.blocks[2].attn.qkv.weight)
    del state["trunk.blocks.0.norm1.weight"]
    with pytest.raises(KeyError):
        load_hiera_weights(target, state)


def test_stage_widths_double() -> None:
    assert HieraSize().widths == (96, 192, 384, 768)
