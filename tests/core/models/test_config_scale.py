from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.models.config import ModelConfig, PrototypeConfig, TemplateChannels

CONFIG = ModelConfig(
    name="two sizes",
    architecture={"kind": "compact"},
    input_size=(512, 640),
    heatmap_size=(128, 160),
    sigma=1.5,
    templates={
        "large": TemplateChannels(version=1, landmarks=("a",)),
        "small": TemplateChannels(version=1, landmarks=("b",), input_scale=0.75),
    },
    license="test",
)


def test_a_template_may_be_shown_smaller_than_the_others():
    assert CONFIG.for_template("large") is CONFIG
    small = CONFIG.for_template("small")
    assert (small.input_size, small.heatmap_size) == ((384, 480), (96, 120))
    assert small.for_template("small") == small  # scaled once, not again
    assert CONFIG.for_template("unknown") is CONFIG
    assert ModelConfig.from_json(CONFIG.to_json()) == CONFIG


def test_a_new_template_is_shown_as_all_others_are():
    new = Template("new", 1, "New", (Landmark("c", "C", "c", "A spot."),))
    assert CONFIG.with_template(new).templates["new"].input_scale == 1.0  # the others differ
    one = CONFIG.model_copy(update={"templates": {"small": CONFIG.templates["small"]}})
    assert one.with_template(new).templates["new"].input_scale == 0.75
    assert one.with_template(new, PrototypeConfig(examples=1)).templates["new"].input_scale == 1.0
