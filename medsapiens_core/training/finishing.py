"""What a jointly trained network gets after its landmarks: a view head, and where each template's landmarks lie."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from medsapiens_core.geometry import udp_affine
from medsapiens_core.inference.placement import summarise_placement
from medsapiens_core.models.compact import Anatomy, CompactLandmarkModel
from medsapiens_core.models.config import ModelConfig, Placement
from medsapiens_core.training.dataset import LandmarkDataset
from medsapiens_core.training.view_pictures import PHANTOM_SEEDS, ViewPictures, strange_pictures
from medsapiens_core.training.views import measure_views, train_view_head, with_view_head

# A lateral skull looks to the right on ordinary films; the others are trained on mirrored films, too.
ANATOMIES = (
    Anatomy(templates=("ceph-19",), sided=True),
    Anatomy(templates=("spine-68",), sided=False),
    Anatomy(templates=("chest-6",), sided=False),
    Anatomy(templates=("hand-21", "hand-37"), sided=False),
)
LEARNT_FROM, MEASURED_ON = 4000, 400  # pictures


def finish_model(
    model: CompactLandmarkModel,
    films: Mapping[str, LandmarkDataset],
    held_out: Mapping[str, LandmarkDataset],
    *,
    seed: int = 0,
) -> tuple[CompactLandmarkModel, dict[str, float]]:
    """The finished network, and how well its view head does on held-out films (see `measure_views`).

    `films` and `held_out` are by template id; `held_out` may lack images of a template.
    """
    anatomies = tuple(anatomy for anatomy in ANATOMIES if any(key in films for key in anatomy.templates))
    model = with_view_head(model, anatomies)
    learnt_from, kept_apart = strange_pictures(model.config)
    rng = np.random.default_rng(seed)
    source = ViewPictures(films, learnt_from, anatomies, model.config, phantom_seeds=PHANTOM_SEEDS)
    train_view_head(model, [source.draw(rng) for _ in range(LEARNT_FROM)], anatomies, seed)
    told = ViewPictures(held_out, kept_apart, anatomies, model.config)
    measured = measure_views(model, [told.draw(rng) for _ in range(MEASURED_ON)], anatomies)
    model.config = with_placements(model.config, films)
    return model, measured


def with_placements(config: ModelConfig, films: Mapping[str, LandmarkDataset]) -> ModelConfig:
    """`config` that says where the landmarks of `films` lie."""
    places = {key: placement_of(films[key], config.for_template(key)) for key in config.templates if key in films}
    templates = {
        key: entry.model_copy(update={"placement": places.get(key)}) for key, entry in config.templates.items()
    }
    return config.model_copy(update={"templates": templates})


def placement_of(films: LandmarkDataset, config: ModelConfig) -> Placement | None:
    """Where the landmarks of training films lie when the whole film is shown; None for too few films."""
    shapes = []
    for index, item in enumerate(films.items):
        grey, to_cached = films.cached(index)
        to_input = udp_affine((grey.shape[1], grey.shape[0]), config.input_size, padding=config.padding) @ to_cached
        shapes.append(to_input.apply(item.xy_image))
    return summarise_placement(shapes, config.input_size, either_side=films.ranges.flip > 0)
