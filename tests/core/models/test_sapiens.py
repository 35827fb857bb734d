import pytest
import torch

from medsapiens_core.errors import UserError
from medsapiens_core.models.build import build_empty, build_model
from medsapiens_core.models.lora import is_merged, merge_lora
from medsapiens_core.models.sapiens import SapiensLandmarkModel
from tests.core.models import tiny

TWO = (tiny.template(3, "first"), tiny.template(4, "second"))


def test_output_is_a_quarter_of_the_input_with_all_channels():
    network = tiny.model(templates=TWO)
    assert network(tiny.picture()).shape == (2, 7, 32, 24)


def test_heatmaps_of_one_template_are_its_channels():
    network = tiny.model(templates=TWO)
    everything = network(tiny.picture())
    assert torch.equal(network.heatmaps(tiny.picture(), "first"), everything[:, :3])
    assert torch.equal(network.heatmaps(tiny.picture(), "second"), everything[:, 3:])
    with pytest.raises(UserError, match="knows: first, second"):
        network.heatmaps(tiny.picture(), "third")


def test_heatmaps_keep_their_precision_under_autocast():
    network = tiny.model(templates=TWO)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        maps = network.heatmaps(tiny.picture(), "first")
    assert maps.dtype == torch.float32
    assert (maps != maps.bfloat16().float()).float().mean() > 0.9  # not rounded on their way


def test_a_new_template_gets_quiet_channels_and_the_old_ones_stay():
    network = tiny.model(templates=TWO[:1])
    with torch.no_grad():
        network.head.out.weight.mul_(10)
    before = network(tiny.picture())
    network.add_template(TWO[1])
    after = network(tiny.picture())
    torch.testing.assert_close(after[:, :3], before, atol=1e-6, rtol=1e-5)
    assert after[:, 3:].abs().max() < 0.05 * before.abs().max()
    assert list(network.config.templates) == ["first", "second"]
    with pytest.raises(ValueError, match="already"):
        network.add_template(TWO[1])


@pytest.mark.parametrize("lora", [False, True])
@pytest.mark.parametrize("mode", ["head", "adapt", "full"])
def test_exactly_the_listed_parameters_receive_gradients(mode, lora):
    network = tiny.model(lora=lora).train()
    listed = network.trainable_parameters(mode)
    network(tiny.picture()).square().mean().backward()
    with_gradient = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert with_gradient == {name for name, _ in listed}
    assert all(parameter.requires_grad for _, parameter in listed)


def test_what_each_mode_trains():
    network = tiny.model()
    head = {name for name, _ in network.trainable_parameters("head")}
    assert head == {name for name, _ in network.named_parameters() if name.startswith("head.")}
    everything = {name for name, _ in network.trainable_parameters("full")}
    assert everything == {name for name, _ in network.named_parameters()}
    before = network(tiny.picture())
    adapt = {name for name, _ in network.trainable_parameters("adapt")}
    assert {name for name in adapt if not name.startswith("head.")} == {
        f"backbone.blocks.{n}.{layer}.lora_{part}.weight"
        for n in range(tiny.DEPTH)
        for layer in ("qkv", "proj")
        for part in ("down", "up")
    }
    assert network.config.architecture["lora"] is not None
    assert torch.equal(network.eval()(tiny.picture()), before)


def test_training_starts_unmerged():
    network = tiny.model(lora=True)
    merge_lora(network)
    network.trainable_parameters("adapt")
    assert not is_merged(network)


def test_absent_landmarks_get_no_gradient():
    """Only the rows of the trained template move; the others' gradient is exactly zero (methods.md 4)."""
    network = tiny.model(templates=TWO).train()
    network.trainable_parameters("head")
    network.heatmaps(tiny.picture(), "second").square().mean().backward()
    assert not network.head.out.weight.grad[:3].any()
    assert network.head.out.weight.grad[3:].any()


def test_a_config_that_contradicts_itself_is_refused():
    with pytest.raises(ValueError, match="heatmap size"):
        build_model(tiny.config(heatmap_size=(25, 32)))
    with pytest.raises(ValueError, match="template"):
        build_model(tiny.config(templates=()))


def test_building_empty_costs_no_memory():
    network = build_empty(tiny.config(lora=True))
    assert isinstance(network, SapiensLandmarkModel)
    assert all(tensor.is_meta for tensor in network.state_dict().values())


def test_a_fresh_head_is_nearly_silent():
    network = build_model(tiny.config()).eval()
    assert network(tiny.picture()).abs().max() < 0.1
