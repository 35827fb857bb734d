"""From picture to prediction with tiny networks."""

import math

import numpy as np
import pytest
import torch

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.errors import EnvironmentProblemError, UserError
from medsapiens_core.inference.engines import Engine, choose_device
from medsapiens_core.inference.heatmap_codec import HeatmapCodec
from medsapiens_core.inference.predictor import Predictor
from medsapiens_core.inference.preprocess import prepare
from medsapiens_core.inference.read_ahead import read_ahead
from medsapiens_core.io import file_sha256, read_image
from medsapiens_core.models.landmark_model import LandmarkModel
from tests.core.training.building import (
    SIZE,
    TEMPLATE,
    compact_config,
    new_model,
    sapiens_config,
    write_model,
    write_pictures,
)


class Oracle(LandmarkModel):
    """A network that knows the answer: perfect heatmaps of given points, in its own channel order."""

    def __init__(self, config, xy_input):
        super().__init__()
        self.config = config
        codec = HeatmapCodec(config.input_size, config.heatmap_size, config.sigma)
        self.maps = torch.from_numpy(codec.encode(xy_input, np.isfinite(xy_input).all(axis=1))[0])

    def heatmaps(self, x, template_id):
        return self.maps[None].expand(len(x), *self.maps.shape).float()


@pytest.fixture
def picture(tmp_path):
    path, xy = write_pictures(tmp_path / "pictures", 1)[0]
    return read_image(path), xy


def test_perfect_heatmaps_come_back_as_the_points_that_they_were_made_of(picture):
    image, xy = picture
    config = compact_config()
    _, to_input = prepare(image, config)
    predictor = Predictor(Engine(Oracle(config, to_input.apply(xy)), choose_device("cpu")), "oracle@1")
    prediction = predictor.predict(image, TEMPLATE)

    assert prediction.xy_image == pytest.approx(xy, abs=1e-3)
    assert prediction.scores == pytest.approx(1.0, abs=0.06)
    assert (prediction.model_id, prediction.template_id, prediction.template_version) == ("oracle@1", TEMPLATE.id, 1)
    assert prediction.image_sha256 == image.provenance.sha256
    # sigma 1.5 cells is 1.5 * 95 / 23 input px
    scale = to_input.matrix[0, 0]
    assert math.sqrt(prediction.covariance[0, 0, 0]) == pytest.approx(1.5 * 95 / 23 / scale, rel=0.02)


def test_a_landmark_that_the_network_does_not_see_is_nan_with_score_zero(picture):
    image, xy = picture
    config = compact_config()
    _, to_input = prepare(image, config)
    points = to_input.apply(xy)
    points[1] = np.nan
    prediction = Predictor(Engine(Oracle(config, points), choose_device("cpu")), "oracle@1").predict(image, TEMPLATE)
    assert np.isnan(prediction.xy_image[1]).all()
    assert prediction.scores[1] == 0.0
    assert np.isfinite(prediction.xy_image[[0, 2]]).all()
    assert prediction.to_json()["xy_image"][1] == [None, None]


def test_landmarks_come_in_the_templates_order_whatever_the_channels_are(picture):
    image, xy = picture
    turned = Template(TEMPLATE.id, 1, "Turned", TEMPLATE.landmarks[::-1])
    config = compact_config((turned,))
    _, to_input = prepare(image, config)
    predictor = Predictor(Engine(Oracle(config, to_input.apply(xy[::-1])), choose_device("cpu")), "oracle@1")
    assert predictor.predict(image, TEMPLATE).xy_image == pytest.approx(xy, abs=1e-3)


def test_a_prediction_never_lies_outside_the_image(picture):
    image, _ = picture
    config = compact_config()
    corner = np.array([[0.0, 0.0], [95.0, 127.0], [50.0, 60.0]])
    prediction = Predictor(Engine(Oracle(config, corner), choose_device("cpu")), "oracle@1").predict(image, TEMPLATE)
    assert (prediction.xy_image >= 0).all()
    assert (prediction.xy_image <= np.array(SIZE) - 1).all()


def test_the_flip_test_of_a_network_that_mirrors_perfectly_changes_nothing(picture):
    image, xy = picture
    pair = tuple(Landmark(i, i, i, "A blob.", pair=p) for i, p in (("big", "small"), ("small", "big"), ("ring", None)))
    paired = Template(TEMPLATE.id, 1, "Paired", pair)
    config = compact_config((paired,)).model_copy(update={"flip_trained": True, "flip_test": True})
    _, to_input = prepare(image, config)

    class Mirroring(Oracle):
        calls = 0

        def heatmaps(self, x, template_id):
            self.calls += 1
            maps = super().heatmaps(x, template_id)
            return maps if self.calls == 1 else maps[:, list(paired.flip_index)].flip(-1)

    model = Mirroring(config, to_input.apply(xy))
    prediction = Predictor(Engine(model, choose_device("cpu")), "oracle@1").predict(image, paired)
    assert model.calls == 2
    assert prediction.xy_image == pytest.approx(xy, abs=1e-3)


@pytest.mark.parametrize("config", [compact_config(), sapiens_config()], ids=["compact", "sapiens"])
def test_a_package_predicts_as_the_network_that_it_was_written_from(tmp_path, picture, config):
    image, _ = picture
    package = write_model(tmp_path / "models" / "m", config)
    predictor = Predictor.load(package, "cpu")
    assert predictor.model_id == f"{config.name}@{file_sha256_of(package)}"
    expected = Predictor(Engine(new_model(config), choose_device("cpu")), "x").predict(image, TEMPLATE)
    found = predictor.predict(image, TEMPLATE)
    assert np.array_equal(expected.xy_image, found.xy_image, equal_nan=True)
    assert not any(parameter.grad_fn for parameter in predictor.engine.model.parameters())


def file_sha256_of(package):
    import hashlib

    return hashlib.sha256((package / "manifest.json").read_bytes()).hexdigest()[:12]


def test_a_template_that_the_model_does_not_know_is_refused(tmp_path, picture):
    predictor = Predictor.load(write_model(tmp_path / "m", compact_config()), "cpu")
    with pytest.raises(UserError, match="no output for template other"):
        predictor.predict(picture[0], Template("other", 1, "Other", TEMPLATE.landmarks))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this computer has a GPU")
def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(EnvironmentProblemError, match="No usable GPU"):
        choose_device("cuda")
    assert choose_device("auto").type == "cpu"


def test_reading_ahead_keeps_the_order_and_raises_in_turn(tmp_path):
    paths = [path for path, _ in write_pictures(tmp_path, 4)]
    assert list(read_ahead(file_sha256, paths)) == [file_sha256(path) for path in paths]
    assert list(read_ahead(file_sha256, [])) == []
    seen = []
    with pytest.raises(UserError, match="missing"):
        for value in read_ahead(file_sha256, [paths[0], tmp_path / "missing.png", paths[1]]):
            seen.append(value)
    assert seen == [file_sha256(paths[0])]
