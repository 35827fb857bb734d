"""The second look: what is cut out, where it says the landmark is, and that the answer comes back to the picture."""

import cv2
import numpy as np
import pytest
import torch

from medsapiens_core.inference.crops import cut, fine_picture, input_to_fine, to_cells, with_context
from medsapiens_core.inference.engines import Engine
from medsapiens_core.inference.find import find, heatmap_of
from medsapiens_core.inference.view import View
from medsapiens_core.models.config import RefinerArchitecture
from tests.core.inference.test_find import SPOTS, TEMPLATE, SpotFinder, picture, placement

REFINER = RefinerArchitecture(crop=32, context=4, finer=2.0, sigma=1.5)


class CoarseThenSharp(SpotFinder):
    """Finds spots some pixels off; its second stage sees the brightest small dot of the sharp crop."""

    def __init__(self, view: View | None = None) -> None:
        super().__init__(view, placement())
        self.config = self.config.model_copy(
            update={"architecture": {**self.config.architecture, "refiner": REFINER.model_dump(mode="json")}}
        ).with_refined("spots")
        self.asked: list[int] = []

    def heatmaps(self, x, template_id):
        return torch.roll(super().heatmaps(x, template_id), (3, -2), (-2, -1))

    def refined_logits(self, crops, template_id, landmarks):
        self.asked += landmarks.tolist()
        bright = torch.nn.functional.avg_pool2d(crops[:, :1], 2)[:, 0]
        return (bright - bright.amax((-2, -1), keepdim=True)) / 4


def dotted() -> np.ndarray:
    """The spots of `picture`, each with a bright dot in its middle."""
    grey = picture()
    for x, y in SPOTS.astype(int):
        cv2.circle(grey, (int(x), int(y)), 1, 255.0, -1)
    return grey


def test_edges_of_input_and_fine_picture_coincide() -> None:
    config = CoarseThenSharp().config
    for input_size in ((97, 129), (48, 64)):
        to_fine, size = input_to_fine(input_size, config)
        np.testing.assert_allclose(to_fine.apply([-0.5, -0.5]), [-0.5, -0.5])
        np.testing.assert_allclose(to_fine.apply(np.array(input_size) - 0.5), np.array(size) - 0.5)
        assert size == (194, 258)


def test_a_crop_shows_its_place_sharp_and_in_context() -> None:
    rng = np.random.default_rng(0)
    sharp = cv2.GaussianBlur(rng.uniform(0, 255, (160, 200)).astype(np.float32), (0, 0), 5)
    both = with_context(sharp, REFINER)
    assert both.wide.shape == (40, 50)
    crops = cut(both, np.array([[90.3, 71.8]]), REFINER)
    x, y = crops.corner[0].astype(int)
    assert abs(x + 15.5 - 90.3) <= 0.5
    assert abs(y + 15.5 - 71.8) <= 0.5
    np.testing.assert_array_equal(crops.pixels[0, 0], sharp[y : y + 32, x : x + 32])
    middle = crops.pixels[0, 1][14:18, 14:18].mean()
    np.testing.assert_allclose(middle, sharp[y + 8 : y + 24, x + 8 : x + 24].mean(), atol=1.0)


def test_beyond_the_edge_the_picture_goes_on_as_its_edge() -> None:
    sharp = np.full((64, 64), 200, np.float32)
    sharp[:, 40:] = 50
    crops = cut(with_context(sharp, REFINER), np.array([[63.0, -9.0]]), REFINER)
    assert (crops.pixels[0, 0] == 50).all()
    assert crops.pixels[0, 1].min() >= 50
    shown = fine_picture(sharp, input_to_fine((97, 129), CoarseThenSharp().config)[0], (194, 258))
    assert shown.min() >= 50


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("index", range(8))
def test_the_second_look_finds_the_dot_however_the_film_lies(index: int, inverted: bool) -> None:
    view = View.from_class(index, inverted=inverted)
    laid = view.lay(dotted())
    truth = view.to_upright(laid.shape[::-1]).inverse().apply(SPOTS)
    model = CoarseThenSharp(view)
    found, notice = find(Engine(model, torch.device("cpu")), laid, TEMPLATE)
    assert notice is None
    np.testing.assert_allclose(found.xy, truth, atol=0.35)
    assert model.asked == [0, 1, 2]
    assert (found.radial_error < 4).all()


def test_the_heatmap_is_the_one_that_the_point_was_read_from() -> None:
    view = View.from_class(5)
    laid = view.lay(dotted())
    engine = Engine(CoarseThenSharp(view), torch.device("cpu"))
    found, _ = find(engine, laid, TEMPLATE)
    for number, landmark in enumerate(TEMPLATE.ids):
        strengths, to_picture = heatmap_of(engine, laid, TEMPLATE, landmark)
        assert strengths.shape == (16, 16)
        row, column = np.unravel_index(strengths.argmax(), strengths.shape)
        np.testing.assert_allclose(to_picture.apply([column, row]), found.xy[number], atol=1.2)


def test_first_and_last_cell_lie_on_the_crops_own() -> None:
    np.testing.assert_allclose(to_cells(REFINER).apply([[0, 0], [31, 31]]), [[0, 0], [15, 15]])
