import numpy as np
import pytest
import torch

from medsapiens_core.data.template_file import find_template
from medsapiens_core.inference.engines import Engine
from medsapiens_core.inference.view import View
from medsapiens_core.inference.view_finder import guess_views, likely_views, view_pixels
from medsapiens_core.models.compact import Anatomy, CompactArchitecture, CompactLandmarkModel
from medsapiens_core.models.config import GreyRecipe, ModelConfig, TemplateChannels
from medsapiens_core.models.package import load_model, write_package
from medsapiens_core.training.view_pictures import PHANTOM_SEEDS, ViewPictures, spoilt, with_border
from medsapiens_core.training.views import measure_views, train_view_head, with_view_head

ANATOMIES = (Anatomy(templates=("ceph-19",), sided=True), Anatomy(templates=("hand-21",), sided=False))


def network():
    torch.manual_seed(0)
    architecture = CompactArchitecture(
        width=16, depths=(1, 1, 2, 1), windows=(4, 2, 4, 4), global_blocks=(3,), decoder_width=16
    )
    templates = {name: find_template(name) for name in ("ceph-19", "hand-21", "spine-68")}
    config = ModelConfig(
        name="tiny",
        architecture=architecture.model_dump(mode="json"),
        input_size=(64, 64),
        heatmap_size=(16, 16),
        sigma=1.5,
        grey=GreyRecipe(),
        templates={key: TemplateChannels(version=t.version, landmarks=t.ids) for key, t in templates.items()},
        license="Apache-2.0",
    )
    return CompactLandmarkModel.build(config)


def test_a_head_that_has_seen_phantoms_lying_anyhow_puts_them_upright(tmp_path):
    plain = network()
    model = with_view_head(plain, ANATOMIES)
    assert plain.view_logits(torch.zeros(1, 3, 256, 192)) is None
    pictures = ViewPictures({}, [], ANATOMIES, model.config, phantom_seeds=PHANTOM_SEEDS[:1])
    drawn = [pictures.draw(np.random.default_rng(k)) for k in range(96)]
    train_view_head(model, drawn, ANATOMIES)
    # Random features carry less than trained ones: far better than chance (1/8, 1/2, 1/3) is enough here.
    said = measure_views(model, drawn, ANATOMIES)
    assert said["view"] > 0.6 and said["inverted"] > 0.8 and said["anatomy"] > 0.8
    torch.testing.assert_close(model.state_dict()["encoder.blocks.0.norm1.weight"], torch.ones(16))
    write_package(tmp_path / "p", model, card="x", metrics={}, provenance={})
    assert load_model(tmp_path / "p").view_head is not None


def test_networks_and_templates_without_a_say_leave_the_picture_as_it_lies():
    grey = np.zeros((40, 30), np.float32)
    plain = Engine(network(), torch.device("cpu"))
    assert guess_views(plain, grey, "ceph-19").views == (View(),)
    seeing = Engine(with_view_head(network(), ANATOMIES), torch.device("cpu"))
    assert guess_views(seeing, grey, "spine-68").views == (View(),)
    assert view_pixels(grey, seeing.model.config).shape == (3, 256, 192)


def test_likely_views():
    share = np.array([0.02, 0.5, 0.4, 0.02, 0.02, 0.02, 0.01, 0.01])
    assert likely_views(share, 0.9, sided=True) == (View(0, True, True), View(1, False, True), View())
    assert likely_views(share, 0.1, sided=False) == (View(0), View(1))
    assert likely_views(np.array([0.97, 0.03, 0, 0, 0, 0, 0, 0]), 0.1, sided=True) == (View(),)


@pytest.mark.parametrize("seed", range(8))
def test_other_pictures_have_values_of_a_picture(seed):
    film = np.random.default_rng(0).uniform(0, 255, (60, 50)).astype(np.float32)
    for picture in (spoilt(film, np.random.default_rng(seed)), with_border(film, np.random.default_rng(seed))):
        assert picture.dtype == np.float32 and picture.min() >= 0 and picture.max() <= 255
