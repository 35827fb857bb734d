"""The second stage as a part of the compact network: shapes, heads, what is trained, packages."""

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.models.compact import CompactLandmarkModel
from medsapiens_core.models.config import PrototypeConfig, RefinerArchitecture, TemplateChannels
from medsapiens_core.models.package import load_model, write_package
from tests.core.models.test_compact import tiny_model

SMALL = RefinerArchitecture(widths=(8, 16, 16), crop=32)
NEW = Template("new", 1, "New", tuple(Landmark(name, name, name, "A spot.") for name in ("x", "y")))


def refined_model() -> CompactLandmarkModel:
    model = tiny_model(a=3, b=2)
    model.add_refiner(SMALL, ["a"])
    return model.eval()


def test_each_crop_is_read_for_its_own_landmark() -> None:
    model = refined_model()
    crops = torch.rand(1, 2, 32, 32).mul(255).expand(3, -1, -1, -1)
    logits = model.refined_logits(crops, "a", torch.tensor([0, 1, 1]))
    assert logits.shape == (3, 16, 16)
    assert logits.dtype == torch.float32
    assert torch.allclose(logits[1], logits[2], atol=1e-6)
    assert not torch.allclose(logits[0], logits[1], atol=1e-4)


def test_exposure_and_contrast_of_a_crop_hardly_matter() -> None:
    model = refined_model()
    crops = torch.rand(1, 2, 32, 32) * 200
    numbers = torch.tensor([0])
    first = model.refined_logits(crops, "a", numbers).flatten().softmax(0)
    again = model.refined_logits(crops * 0.6 + 40, "a", numbers).flatten().softmax(0)
    assert float((first - again).abs().sum().detach()) < 0.05


def test_only_templates_with_a_head_are_refined() -> None:
    model = refined_model()
    assert model.config.is_refined("a")
    assert not model.config.is_refined("b")
    with pytest.raises(KeyError):
        model.refined_logits(torch.zeros(1, 2, 32, 32), "b", torch.tensor([0]))
    with pytest.raises(KeyError):
        tiny_model().refined_logits(torch.zeros(1, 2, 32, 32), "a", torch.tensor([0]))


def test_a_new_template_gets_a_second_stage_where_there_is_one() -> None:
    model = refined_model()
    model.add_template(NEW)
    assert model.config.is_refined("new")
    assert model.refined_logits(torch.zeros(2, 2, 32, 32), "new", torch.tensor([0, 1])).shape == (2, 16, 16)
    plain = tiny_model()
    plain.add_template(NEW)
    assert not plain.config.is_refined("new")


def test_a_new_template_is_shown_the_smallest_input_where_there_is_a_second_stage() -> None:
    for model, expected in ((refined_model(), 0.5), (tiny_model(a=3, b=2), 1.0)):
        entry = model.config.templates["b"].model_copy(update={"input_scale": 0.5})
        model.config = model.config.model_copy(update={"templates": {**model.config.templates, "b": entry}})
        model.add_template(NEW)
        assert model.config.templates["new"].input_scale == expected


def test_what_each_mode_trains_of_it() -> None:
    model = refined_model()
    of_mode = {
        mode: {name for name, _ in model.trainable_parameters(mode) if name.startswith("refiner.")}
        for mode in ("head", "adapt", "full")
    }
    assert of_mode["head"] == {"refiner.heads.a.tuning", "refiner.heads.a.reading"}
    everything = {name for name, _ in model.named_parameters() if name.startswith("refiner.")}
    assert of_mode["adapt"] == of_mode["full"] == everything


def test_a_package_keeps_it(tmp_path: Path) -> None:
    model = refined_model()
    write_package(tmp_path / "p", model, card="c", metrics={}, provenance={}, templates=())
    again = load_model(tmp_path / "p")
    assert again.config.refiner == SMALL
    crops, numbers = torch.rand(2, 2, 32, 32) * 255, torch.tensor([2, 0])
    assert torch.equal(again.refined_logits(crops, "a", numbers), model.refined_logits(crops, "a", numbers))


def test_prototypes_have_no_second_stage() -> None:
    with pytest.raises(ValidationError, match="no second stage"):
        TemplateChannels(version=1, landmarks=("x",), prototypes=PrototypeConfig(examples=1), refined=True)
