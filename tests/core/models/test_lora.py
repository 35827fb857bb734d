import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from medsapiens_core.models.build import build_model
from medsapiens_core.models.config import LoraConfig, LoraTarget
from medsapiens_core.models.lora import LoraLinear, add_lora, is_merged, lora_layers, merge_lora, unmerge_lora
from tests.core.models import tiny


def test_step_zero_equals_the_base():
    network = tiny.model()
    before = network(tiny.picture())
    network.add_lora(LoraConfig())
    assert len(list(lora_layers(network))) == 2 * tiny.DEPTH
    assert torch.equal(network(tiny.picture()), before)


def test_a_built_network_starts_as_its_base_too():
    network = build_model(tiny.config(lora=True)).eval()
    before = network(tiny.picture())
    with torch.no_grad():
        for layer in lora_layers(network):
            layer.lora_down.weight.zero_()
    assert torch.equal(network(tiny.picture()), before)


def test_down_starts_random_and_up_at_zero():
    layer = LoraLinear(nn.Linear(16, 8), LoraTarget(rank=4, alpha=4), 0.0)
    bound = 1 / 16**0.5  # Kaiming uniform with a = sqrt(5)
    assert 0.5 * bound < layer.lora_down.weight.abs().max() <= bound
    assert not layer.lora_up.weight.any()


def test_merged_equals_unmerged_and_comes_back_bit_by_bit():
    network = tiny.model(lora=True)
    weights = copy.deepcopy(network.state_dict())
    unmerged = network(tiny.picture())
    merge_lora(network)
    assert is_merged(network)
    merged = network(tiny.picture())
    assert (merged - unmerged).abs().max() <= 1e-4 * unmerged.abs().max()
    assert not torch.equal(network.backbone.blocks[0].qkv.weight, weights["backbone.blocks.0.qkv.weight"])
    merge_lora(network)  # twice is once
    assert torch.equal(network(tiny.picture()), merged)
    unmerge_lora(network)
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())
    assert torch.equal(network(tiny.picture()), unmerged)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.floats(0.5, 16), st.integers(0, 1000))
def test_the_update_is_alpha_over_rank_times_up_down(rank, alpha, seed):
    generator = torch.Generator().manual_seed(seed)
    layer = LoraLinear(nn.Linear(12, 10), LoraTarget(rank=rank, alpha=alpha), 0.1).eval()
    with torch.no_grad():
        layer.lora_up.weight.copy_(torch.randn(10, rank, generator=generator))
    x = torch.randn(3, 12, generator=generator)
    weight = layer.weight + alpha / rank * layer.lora_up.weight @ layer.lora_down.weight
    expected = x @ weight.T + layer.bias
    torch.testing.assert_close(layer(x), expected, atol=1e-4, rtol=1e-4)
    layer.merge()
    torch.testing.assert_close(layer(x), expected, atol=1e-4, rtol=1e-4)


def test_dropout_is_on_the_adapter_only():
    layer = LoraLinear(nn.Linear(8, 8), LoraTarget(rank=2, alpha=2), 0.9).train()
    x = torch.randn(4, 8)
    assert torch.equal(layer(x), layer(x))  # up is zero, so whatever is dropped, only the base shows
    nn.init.ones_(layer.lora_up.weight)
    torch.manual_seed(0)
    assert not torch.equal(layer(x), layer(x))


def test_a_target_that_matches_nothing_is_an_error():
    with pytest.raises(ValueError, match="fc1"):
        add_lora(nn.Sequential(nn.Linear(3, 3)), LoraConfig(targets={"fc1": LoraTarget(rank=1, alpha=1)}))


def test_adapters_are_not_stacked():
    network = tiny.model(lora=True)
    with pytest.raises(ValueError, match="qkv"):
        network.add_lora(LoraConfig())


def test_number_of_adapter_parameters():
    """32 D L with MedSapiens' ranks (methods.md 3)."""
    network = tiny.model(lora=True)
    count = sum(p.numel() for layer in lora_layers(network) for p in (layer.lora_up.weight, layer.lora_down.weight))
    assert count == 32 * tiny.DIM * tiny.DEPTH
