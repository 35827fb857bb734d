import pytest
import torch

from medsapiens_core.errors import UserError
from medsapiens_core.models.build import build_empty, build_model
from medsapiens_core.models.config import ExpertsConfig, LoraConfig, LoraTarget, SapiensArchitecture
from medsapiens_core.models.experts import ExpertLinear, expert_layers, split_experts
from medsapiens_core.models.package import load_model, write_package
from tests.core.models import tiny

TWO = (tiny.template(3, "first"), tiny.template(4, "second.v2"))  # a dot cannot be part of a module's name
WIDTH = tiny.DIM // 4
CLOSE = {"atol": 1e-5, "rtol": 1e-5}


def with_experts(seed: int = 0, *, apart: bool = False, **options):
    """A model with experts, all alike or (`apart`) with weights of their own."""
    network = tiny.model(seed, templates=TWO, **options)
    network.add_experts(ExpertsConfig(width=WIDTH))
    if apart:
        tiny.randomise(network, seed + 1)
    return network.eval()


@pytest.mark.parametrize("lora", [False, True])
def test_right_after_the_conversion_every_expert_gives_the_plain_network(lora):
    plain = tiny.model(templates=TWO, lora=lora)
    network = with_experts(lora=lora)
    for template in TWO:
        torch.testing.assert_close(
            network.heatmaps(tiny.picture(), template.id), plain.heatmaps(tiny.picture(), template.id), **CLOSE
        )
    torch.testing.assert_close(network(tiny.picture()), plain(tiny.picture()), **CLOSE)
    kept = sum(p.numel() for layer in expert_layers(network) for p in layer.shared.parameters())
    assert kept == tiny.DEPTH * (tiny.DIM - WIDTH) * (tiny.FFN + 1)


def test_a_plain_checkpoint_loads_into_a_network_built_with_experts():
    plain = tiny.model(templates=TWO)
    architecture = plain.config.architecture | {"experts": {"width": WIDTH}}
    network = build_model(plain.config.model_copy(update={"architecture": architecture})).eval()
    network.load_state_dict(split_experts(plain.state_dict(), WIDTH, [t.id for t in TWO]))
    torch.testing.assert_close(network(tiny.picture()), plain(tiny.picture()), **CLOSE)


def test_without_experts_nothing_about_the_network_changes():
    network = tiny.model(templates=TWO)
    assert not network.has_experts
    assert not list(expert_layers(network))
    assert "backbone.blocks.0.fc2.weight" in network.state_dict()


def test_each_template_has_its_own_expert():
    network = with_experts(apart=True)
    first, second = (network.heatmaps(tiny.picture(), t.id) for t in TWO)
    for layer in expert_layers(network):
        for parameter in layer.experts["first"].parameters():
            parameter.data.add_(1.0)
    assert torch.equal(network.heatmaps(tiny.picture(), TWO[1].id), second)
    assert not torch.allclose(network.heatmaps(tiny.picture(), "first"), first)
    assert torch.equal(network(tiny.picture())[:, 3:], second)


@pytest.mark.parametrize("mode", ["adapt", "full"])
def test_only_the_expert_of_the_template_in_the_batch_gets_a_gradient(mode):
    network = with_experts(apart=True).train()
    listed = {name for name, _ in network.trainable_parameters(mode)}
    network.heatmaps(tiny.picture(), "first").square().mean().backward()
    with_gradient = {name for name, p in network.named_parameters() if p.grad is not None}
    absent = {name for name in listed if ".experts.second/v2." in name}
    assert len(absent) == 2 * tiny.DEPTH
    assert with_gradient == listed - absent
    assert network.config.architecture["lora"] is None


def test_a_package_keeps_the_experts(tmp_path):
    network = with_experts(apart=True, lora=True)
    folder = write_package(tmp_path / "m", network, card="A.", metrics={}, provenance={}, templates=TWO)
    read = load_model(folder)
    assert torch.equal(read(tiny.picture()), network(tiny.picture()))
    assert read.config == network.config
    assert all(tensor.is_meta for tensor in build_empty(network.config).state_dict().values())


def test_one_template_exported_is_a_plain_network_with_the_same_output():
    network = with_experts(apart=True, lora=True)
    plain = network.joined("second.v2")
    assert not plain.has_experts
    assert list(plain.config.templates) == ["second.v2"]
    torch.testing.assert_close(plain(tiny.picture()), network.heatmaps(tiny.picture(), "second.v2"), **CLOSE)
    with pytest.raises(UserError, match=r"knows: first, second\.v2"):
        network.joined("third")


def test_a_further_template_begins_with_the_mean_of_the_experts():
    network = with_experts(apart=True)
    network.add_template(tiny.template(2, "third"))
    layer = next(expert_layers(network))
    mean = (layer.experts["first"].weight + layer.experts["second/v2"].weight) / 2
    torch.testing.assert_close(layer.experts["third"].weight, mean)
    assert network.heatmaps(tiny.picture(), "third").shape == (2, 2, 32, 24)
    assert build_model(network.config).state_dict().keys() == network.state_dict().keys()


def test_experts_that_cannot_be_are_refused():
    network = with_experts()
    with pytest.raises(ValueError, match="plain fc2"):
        network.add_experts(ExpertsConfig(width=WIDTH))
    adapted = tiny.model(templates=TWO)
    adapted.add_lora(LoraConfig(targets={"fc2": LoraTarget(rank=2, alpha=2)}))
    with pytest.raises(ValueError, match="plain fc2"):
        adapted.add_experts(ExpertsConfig(width=WIDTH))
    with pytest.raises(ValueError, match="leave nothing"):
        tiny.model(templates=TWO).add_experts(ExpertsConfig(width=tiny.DIM))
    values = network.config.architecture | {"lora": {"targets": {"fc2": {"rank": 2, "alpha": 2}}}}
    with pytest.raises(ValueError, match="both experts"):
        SapiensArchitecture.model_validate(values)
    adapter = network.config.model_copy(update={"adapter": {"base_sha256": "0" * 64}})
    with pytest.raises(ValueError, match="share its base"):
        build_model(adapter)
    assert isinstance(network.backbone.blocks[0].fc2, ExpertLinear)
