import numpy as np
import pytest
import torch

from medsapiens_core.errors import UserError
from medsapiens_core.models.build import build_empty, build_model
from medsapiens_core.models.config import ExpertsConfig, PrototypeConfig
from medsapiens_core.models.package import load_model, write_package
from medsapiens_core.models.prototypes import Example, PrototypeHead, find_points, probabilities
from medsapiens_core.models.shape_prior import transfer
from tests.core.models import tiny
from tests.core.training import building

SIZE = (24, 32)
NEW = tiny.template(3, "new.one")
OLD = tiny.template(4, "old")


def textured(seed: int, channels: int = 32, size: tuple[int, int] = SIZE) -> torch.Tensor:
    """A map in which every place looks different, but changes slowly enough to be interpolated."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(1, channels, size[1] // 2, size[0] // 2, generator=generator)
    return torch.nn.functional.interpolate(coarse, size=size[::-1], mode="bicubic")[0]


def head_for(config: PrototypeConfig, examples: list[Example], landmarks: int, anchors: int = 0) -> PrototypeHead:
    names, known = [f"p{k}" for k in range(landmarks)], [f"a{k}" for k in range(anchors)]
    widths = [len(level) for level in examples[0].levels]
    return PrototypeHead(config, names, widths, SIZE, known).learn(examples)


def places(head: PrototypeHead, example: Example) -> torch.Tensor:
    anchors = None if example.anchors is None else example.anchors[None]
    return find_points(probabilities(head([level[None] for level in example.levels], anchors), 1.5))[0]


@pytest.mark.parametrize("by_shape", [False, True])
@pytest.mark.parametrize("levels", [(0,), (0, 1)])
def test_an_example_gives_its_own_points_back_within_half_a_cell(levels, by_shape):
    points = torch.tensor([[5.3, 6.8], [17.0, 8.4], [11.6, 25.1], [3.2, 21.9]])
    example = Example((textured(0), textured(1, size=(12, 16))), points)
    head = head_for(PrototypeConfig(examples=1, levels=levels, whitened=(), by_shape=by_shape), [example], 4)
    assert (places(head, example) - points).norm(dim=1).max() < 0.5


def test_a_moved_picture_moves_the_points():
    level, points = textured(3), torch.tensor([[8.0, 10.0], [15.0, 20.0]])
    head = head_for(PrototypeConfig(examples=1), [Example((level,), points)], 2)
    moved = Example((level.roll((3, 2), (1, 2)),), points + torch.tensor([2.0, 3.0]))
    torch.testing.assert_close(places(head, moved), moved.points, atol=0.5, rtol=0)


def test_labels_that_are_missing_are_skipped():
    first, second = torch.tensor([[6.0, 7.0], [15.0, 20.0]]), torch.tensor([[7.0, 9.0], [torch.nan, torch.nan]])
    examples = [Example((textured(4),), first), Example((textured(5),), second)]
    head = head_for(PrototypeConfig(examples=2), examples, 2)
    alone = head_for(PrototypeConfig(examples=1), examples[:1], 2)
    torch.testing.assert_close(places(head, examples[0])[1], first[1], atol=0.5, rtol=0)
    assert all(bool(torch.isfinite(tensor).all()) for tensor in head.state_dict().values())
    assert not head.spaces[0].vectors[1, 1].any()
    assert alone.spaces[0].vectors.shape == (1, 2, 32)
    with pytest.raises(ValueError, match="not all landmarks"):
        head_for(PrototypeConfig(examples=1), examples[1:], 2)


def test_the_points_of_a_known_template_tell_twins_apart():
    """Two places that look the same: the prior from the anchor decides, also where the whole picture has moved."""
    level = textured(6)
    level[:, 20:26, 4:10] = level[:, 4:10, 14:20]
    points, anchors = torch.tensor([[17.0, 7.0]]), torch.tensor([[14.0, 4.0], [19.0, 5.0], [15.0, 11.0]])
    head = head_for(PrototypeConfig(examples=1, anchor="a"), [Example((level,), points, anchors)], 1, 3)
    shifted = level.roll((14, -8), (1, 2))  # now the twin stands where the point was, more or less
    found = places(head, Example((shifted,), points, anchors + torch.tensor([-8.0, 14.0])))
    torch.testing.assert_close(found, torch.tensor([[9.0, 21.0]]), atol=0.6, rtol=0)
    unknown = torch.full_like(anchors, torch.nan)  # nothing found: the frame has to do
    assert bool(torch.isfinite(places(head, Example((shifted,), points, unknown))).all())


def test_a_shape_is_carried_over_in_spite_of_a_wrong_point():
    shape = torch.tensor([[5.0, 5.0], [18.0, 6.0], [17.0, 25.0], [4.0, 24.0], [11.0, 15.0]])
    angle, factor = 0.3, 1.2
    turn = factor * torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).float()
    truth = shape @ turn.T + 2
    found = truth.clone()
    found[3] += 40
    moved, residual = transfer(shape[None], found, torch.ones(1, 5), shape[None], of_themselves=True)
    assert (moved[0] - truth).norm(dim=1).max() < 1
    assert residual[0] < 1


def add_and_learn(network, points: torch.Tensor, config: PrototypeConfig):
    head = network.add_prototypes(NEW, config)
    with torch.no_grad():
        levels = network.feature_levels(tiny.picture(batch=1), NEW.id)
        known = None
        if config.anchor is not None:
            known = find_points(network.anchor_maps(tiny.picture(batch=1), levels, config.anchor))[0]
    head.learn([Example(tuple(level[0] for level in levels), points, known)])
    return network.eval()


POINTS = torch.tensor([[5.0, 6.0], [17.0, 9.0], [11.0, 24.0]])


def compact():
    return building.new_model(building.compact_config((OLD,)))


def with_experts():
    network = tiny.model(templates=(OLD,))
    network.add_experts(ExpertsConfig(width=6))
    return network


@pytest.mark.parametrize("make", [compact, lambda: tiny.model(templates=(OLD,)), with_experts])
def test_a_model_with_prototypes_is_saved_and_read_back(tmp_path, make):
    network = make()
    before = network.heatmaps(tiny.picture(), "old")
    config = PrototypeConfig(examples=1, levels=(0, 1), anchor="old", reused=("p1",), by_shape=True)
    add_and_learn(network, POINTS, config)
    assert torch.equal(network.heatmaps(tiny.picture(), "old"), before)
    maps = network.heatmaps(tiny.picture(), NEW.id)
    assert maps.shape == (2, 3, 32, 24)
    torch.testing.assert_close(maps[:, 1], network.heatmaps(tiny.picture(), "old")[:, 1])
    assert network(tiny.picture()).shape[1] == 4
    folder = write_package(tmp_path / "m", network, card="A.", metrics={}, provenance={}, templates=(OLD, NEW))
    read = load_model(folder)
    assert torch.equal(read.heatmaps(tiny.picture(), NEW.id), maps)
    assert read.config == network.config
    assert build_empty(network.config).state_dict().keys() == network.state_dict().keys()


@pytest.mark.parametrize("make", [compact, lambda: tiny.model(templates=(OLD,))])
def test_a_model_that_does_not_know_the_template_says_so(make):
    network = add_and_learn(make(), POINTS, PrototypeConfig(examples=1))
    with pytest.raises(UserError, match=r"knows: old, new\.one"):
        network.heatmaps(tiny.picture(), "third")


@pytest.mark.parametrize("make", [compact, lambda: tiny.model(templates=(OLD,)), with_experts])
def test_a_head_can_take_the_place_of_prototypes(make):
    network = add_and_learn(make(), POINTS, PrototypeConfig(examples=1))
    network.add_template(NEW)
    assert not network.prototypes
    assert network.config.has_head(NEW.id)
    assert network(tiny.picture()).shape[1] == 7
    with pytest.raises(ValueError, match="already"):
        network.add_prototypes(NEW, PrototypeConfig(examples=1))


def test_prototypes_are_not_trained_by_gradients():
    network = add_and_learn(compact(), POINTS, PrototypeConfig(examples=1))
    names = {name for name, _ in network.trainable_parameters("full")}
    assert not any(name.startswith("prototypes") for name in names)


def test_settings_that_cannot_be_are_refused():
    network = compact()
    with pytest.raises(ValueError, match="no trained head"):
        network.add_prototypes(NEW, PrototypeConfig(examples=1, anchor="nowhere"))
    with pytest.raises(ValueError, match="reuses landmarks"):
        network.add_prototypes(NEW, PrototypeConfig(examples=1, anchor="old", reused=("p9",)))
    with pytest.raises(ValueError, match="feature map 9"):
        network.add_prototypes(NEW, PrototypeConfig(examples=1, levels=(9,)))
    assert list(build_model(building.compact_config((OLD,))).prototypes) == []
