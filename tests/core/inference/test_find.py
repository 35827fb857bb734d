"""A picture with bright spots, and a network that finds them where they are; what lies anyhow must come out right."""

import numpy as np
import pytest
import torch

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.inference.engines import Engine
from medsapiens_core.inference.find import find
from medsapiens_core.inference.placement import summarise_placement
from medsapiens_core.inference.view import View
from medsapiens_core.models.config import ModelConfig, TemplateChannels
from medsapiens_core.models.landmark_model import LandmarkModel
from medsapiens_core.models.view_head import VIEW_CLASSES, ViewLogits

SPOTS = np.array([[20.0, 16], [70, 30], [60, 90]])  # image pixels of a 97 x 129 picture
LEVELS = (120.0, 180.0, 240.0)
SIZE = (97, 129)
TEMPLATE = Template("spots", 1, "Spots", tuple(Landmark(name, name, name, "A spot.") for name in "abc"))


class SpotFinder(LandmarkModel):
    """Landmark k is where the input has the grey value of spot k; says of the view what it is told to say."""

    def __init__(self, view: View | None = None, placement=None, known: float = 5.0) -> None:
        super().__init__()
        self.view, self.known = view, known
        channels = TemplateChannels(version=1, landmarks=("a", "b", "c"), placement=placement)
        anatomies = [{"templates": ["spots"], "sided": True}] if view else []
        self.config = ModelConfig(
            name="spots",
            architecture={"kind": "compact", "anatomies": anatomies},
            input_size=SIZE,
            heatmap_size=SIZE,
            sigma=2.0,
            mean=(0, 0, 0),
            std=(1, 1, 1),
            templates={"spots": channels},
            license="test",
        )

    def heatmaps(self, x, template_id):
        grey = x[:, :1]
        levels = torch.tensor(LEVELS).view(1, 3, 1, 1)
        near = torch.exp(-(((grey - levels) / 12) ** 2))
        return torch.nn.functional.avg_pool2d(near, 9, 1, 4)

    def view_logits(self, x):
        if self.view is None:
            return None
        view = torch.nn.functional.one_hot(torch.tensor([self.view.index]), VIEW_CLASSES) * 20.0
        return ViewLogits(
            view, torch.tensor([20.0 if self.view.inverted else -20.0]), torch.tensor([[self.known, 0.0]])
        )


def picture(spots=SPOTS, size=SIZE):
    grey = np.zeros(size[::-1], np.float32)
    for (x, y), level in zip(spots, LEVELS, strict=True):
        grey[round(y) - 4 : round(y) + 5, round(x) - 4 : round(x) + 5] = level
    return grey


def placement():
    rng = np.random.default_rng(0)
    return summarise_placement([SPOTS + rng.normal(0, 1.5, SPOTS.shape) for _ in range(20)], SIZE)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("index", range(8))
def test_films_lying_anyhow_give_their_points_back(index, inverted):
    view = View.from_class(index, inverted=inverted)
    laid = view.lay(picture())
    truth = view.to_upright(laid.shape[::-1]).inverse().apply(SPOTS)
    found, notice = find(Engine(SpotFinder(view), torch.device("cpu")), laid, TEMPLATE)
    np.testing.assert_allclose(found.xy, truth, atol=0.6)
    assert notice is None


def test_a_film_that_fills_a_part_of_the_picture_is_looked_at_again():
    large = np.zeros((2 * SIZE[1], 2 * SIZE[0]), np.float32)
    large[100 : 100 + SIZE[1], 60 : 60 + SIZE[0]] = picture()
    found, notice = find(Engine(SpotFinder(placement=placement()), torch.device("cpu")), large, TEMPLATE)
    np.testing.assert_allclose(found.xy, SPOTS + np.array([60, 100]), atol=0.6)
    assert notice is None


def test_points_that_do_not_form_the_shape_are_doubtful():
    scattered = picture(np.array([[80.0, 110], [20, 100], [50, 20]]))
    _, notice = find(Engine(SpotFinder(placement=placement()), torch.device("cpu")), scattered, TEMPLATE)
    assert notice is not None and "spots" in notice


def test_another_anatomy_is_doubtful():
    found, notice = find(Engine(SpotFinder(View(), known=-9.0), torch.device("cpu")), picture(), TEMPLATE)
    assert notice is not None and "does not look like" in notice
    assert np.isfinite(found.xy).all()


def test_a_wrong_word_about_the_view_is_caught_by_looking_at_the_picture_as_it_lies():
    finder = SpotFinder(View(inverted=True), placement())
    found, notice = find(Engine(finder, torch.device("cpu")), picture(), TEMPLATE)
    np.testing.assert_allclose(found.xy, SPOTS, atol=0.6)
    assert notice is None
