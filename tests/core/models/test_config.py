import json

import pytest
from pydantic import ValidationError

from medsapiens_core.errors import UserError
from medsapiens_core.models.config import LoraConfig, ModelConfig, SapiensArchitecture
from tests.core.models import tiny

TWO = (tiny.template(3, "zeta"), tiny.template(4, "alpha"))


@pytest.mark.parametrize("options", [{}, {"lora": True}, {"templates": TWO}, {"flip_trained": True, "flip_test": True}])
def test_json_and_back(options):
    config = tiny.config(**options)
    assert ModelConfig.from_json(config.to_json()) == config
    assert list(ModelConfig.from_json(config.to_json()).templates) == list(config.templates)


def test_channels_follow_the_order_of_the_templates():
    config = tiny.config(templates=TWO)
    assert config.channels("zeta") == slice(0, 3)
    assert config.channels("alpha") == slice(3, 7)
    assert config.channel_count == 7
    with pytest.raises(UserError, match="no output for template beta"):
        config.channels("beta")


def test_adding_a_template_appends_channels():
    config = tiny.config(templates=TWO).with_template(tiny.template(2, "new", 3))
    assert config.channels("new") == slice(7, 9)
    assert config.templates["new"].version == 3


def test_landmarks_are_found_by_id_not_by_position():
    known = tiny.template(4)
    turned = type(known)(known.id, 2, known.name, known.landmarks[::-1])
    config = tiny.config(templates=(known,))
    assert config.landmark_order(known) == [0, 1, 2, 3]
    assert config.landmark_order(turned) == [3, 2, 1, 0]


@pytest.mark.parametrize("count", [3, 5])
def test_other_landmarks_are_refused(count):
    with pytest.raises(UserError, match="other landmarks"):
        tiny.config(templates=(tiny.template(4),)).landmark_order(tiny.template(count))


@pytest.mark.parametrize(
    "values",
    [
        {"architecture": {"kind": "other"}},
        {"architecture": {}},
        {"std": (1, 0, 1)},
        {"flip_test": True},
        {"license": ""},
        {"sigma": 0},
        {"sigma": float("nan")},
        {"input_size": (0, 128)},
        {"adapter": {"base_sha256": "../../etc/passwd"}},
        {"templates": {"t": {"version": 1, "landmarks": ["a", "a"]}}},
        {"templates": {"t": {"version": 1, "landmarks": []}}},
        {"unknown": 1},
    ],
)
def test_a_config_that_makes_no_sense_is_refused(values):
    content = json.loads(tiny.config().to_json()) | values
    with pytest.raises(ValidationError):
        ModelConfig.model_validate(content)


def test_default_adapters_are_those_of_medsapiens():
    targets = LoraConfig().targets
    assert {name: (t.rank, t.alpha) for name, t in targets.items()} == {"qkv": (4, 4), "proj": (8, 8)}


def test_heads_must_divide_the_width():
    with pytest.raises(ValidationError, match="do not divide"):
        SapiensArchitecture(embed_dim=10, depth=1, num_heads=3, ffn_dim=4, position_grid=(1, 1))
