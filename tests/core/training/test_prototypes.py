from dataclasses import replace

import numpy as np
import pytest

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.errors import UserError
from medsapiens_core.inference.engines import Engine, choose_device
from medsapiens_core.inference.locate import locate
from medsapiens_core.inference.preprocess import prepare
from medsapiens_core.io import read_image
from medsapiens_core.models.package import load_model
from medsapiens_core.training.config import TrainingOptions
from medsapiens_core.training.dataset import TrainingItem
from medsapiens_core.training.job import run_job
from medsapiens_core.training.progress import Finished
from medsapiens_core.training.prototypes import MOST_EXAMPLES, evenly, learn_prototypes
from tests.core.training import building

NEW = Template("new", 1, "New", tuple(Landmark(i, i, i, "A blob.") for i in building.TEMPLATE.ids))
OTHER = Template("other", 1, "Other", (Landmark("q", "q", "q", "A point."),))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return building.write_pictures(tmp_path_factory.mktemp("pictures"), 4)


def item(picture, xy=None) -> TrainingItem:
    path, truth = picture
    return TrainingItem(path, NEW.id, truth if xy is None else xy, np.ones(len(truth)))


def compact():
    return building.new_model(building.compact_config((OTHER,)))


def found(model, picture, template=NEW) -> np.ndarray:
    pixels, to_input = prepare(read_image(picture[0]), model.config)
    return locate(Engine(model, choose_device("cpu")), pixels, to_input, template).xy


def test_the_example_itself_is_found_within_half_a_cell(pictures):
    model = compact()
    learned = learn_prototypes(model, [item(pictures[0])], NEW)
    cell = max(building.SIZE) / max(building.CELLS)  # image pixels, at most
    assert np.linalg.norm(found(model, pictures[0]) - pictures[0][1], axis=1).max() < 0.5 * cell
    assert learned.left_out_cells is None
    assert learned.model is model


def test_settings_are_chosen_on_left_out_examples_and_labels_that_are_missing_are_skipped(pictures):
    model = compact()
    partly = pictures[1][1].copy()
    partly[0] = np.nan
    items = [item(pictures[0]), item(pictures[1], partly), replace(item(pictures[2]), weights=np.array([1, 0, 1]))]
    learned = learn_prototypes(model, items, NEW)
    assert learned.left_out_cells is not None
    assert 0 < learned.left_out_cells < 16
    assert model.prototype_head("new").labelled.tolist() == [[1, 1, 1], [0, 1, 1], [1, 0, 1]]
    assert np.isfinite(found(model, pictures[3])).all()


def test_a_landmark_that_the_model_knows_keeps_its_output(pictures):
    """A template with one landmark more: the known ones come from the trained head, and say where the new one is."""
    model = building.new_model(building.compact_config((building.TEMPLATE,)))
    known = found(model, pictures[0], building.TEMPLATE)
    more = Template("more", 1, "More", (*NEW.landmarks, Landmark("extra", "extra", "x", "A point.")))
    xy = np.vstack([known, [60.0, 70.0]])
    learned = learn_prototypes(model, [TrainingItem(pictures[0][0], "more", xy, np.ones(4))], more)
    assert (learned.prototypes.anchor, learned.prototypes.reused) == ("blobs", building.TEMPLATE.ids)
    np.testing.assert_allclose(found(model, pictures[0], more)[:3], known)


def test_what_cannot_be_learned_is_refused(pictures):
    with pytest.raises(UserError, match="mode adapt"):
        learn_prototypes(building.new_model(building.compact_config()), [item(pictures[0])], building.TEMPLATE)
    partly = pictures[0][1].copy()
    partly[1] = np.nan
    with pytest.raises(UserError, match="where these landmarks are: small"):
        learn_prototypes(compact(), [item(pictures[0], partly)], NEW)
    with pytest.raises(UserError, match="at least one image"):
        learn_prototypes(compact(), [item(pictures[0], np.full((3, 2), np.nan))], NEW)


def test_of_many_images_ten_are_taken_evenly(pictures):
    many = [replace(item(pictures[0]), case_id=k) for k in range(25)]
    assert [one.case_id for one in evenly(many)] == [0, 2, 5, 7, 10, 12, 15, 17, 20, 22]
    assert len(evenly(many[:4])) == 4 < MOST_EXAMPLES


@pytest.mark.parametrize("config", [building.compact_config, building.sapiens_config])
def test_a_job_makes_a_candidate_of_prototypes(tmp_path, config):
    base = building.write_model(tmp_path / "base", config((OTHER,)), (OTHER,))
    folder = building.make_run(
        tmp_path / "run",
        base,
        parts=["train", "train", "locked"],
        options=TrainingOptions(mode="prototypes"),
        template=NEW,
    )
    told = []
    run = run_job(folder, told.append)
    model = load_model(run.candidate)
    assert list(model.config.templates) == ["other", "new"]
    assert model.config.templates["new"].prototypes.examples == 2
    assert (run.epochs, run.n_train, run.comparison["old"], run.comparison["n_cases"]) == (0, 2, None, 1)
    assert isinstance(told[-1], Finished)
    card = (run.candidate / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "likeness" in card
    assert "epochs" not in card
