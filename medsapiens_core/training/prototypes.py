"""A new template, or a new landmark, from a few labelled images and without training (models/prototypes.py).

Everything is computed in closed form from the network's features on the examples, in seconds. What is compared, and
what says where to look, is chosen by leaving each example out in turn. Source: methods.md 6, "new landmark".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.geometry import input_to_heatmap
from medsapiens_core.inference.engines import autocast
from medsapiens_core.inference.preprocess import prepare
from medsapiens_core.io.read import read_image
from medsapiens_core.models.config import PrototypeConfig
from medsapiens_core.models.landmark_model import LandmarkModel
from medsapiens_core.models.prototypes import Example, PrototypeHead, find_points
from medsapiens_core.models.shape_prior import transfer
from medsapiens_core.training.dataset import TrainingItem

MOST_EXAMPLES = 10  # each is a prototype of every landmark; with more, training a head is better
FEWEST_FOR_SHAPE = 4  # landmarks that can place one another
SAME_POINT = 3.0  # cells: a known landmark of the same id that is found this near to its label is the same landmark
FAR = 16.0  # cells: one error counts no more than this, so that a single confusion does not decide


@dataclass(frozen=True)
class Learned:
    """The model with its new prototypes and how they were chosen.

    `left_out_cells` is the mean distance in heatmap cells, at most 16 for each, of landmarks from their labels when the
    image itself was no example; None with a single example, or where no landmark was labelled twice.
    """

    model: LandmarkModel
    prototypes: PrototypeConfig
    left_out_cells: float | None


def learn_prototypes(
    model: LandmarkModel,
    items: Sequence[TrainingItem],
    template: Template,
    *,
    device: torch.device | None = None,
    each: Callable[[int], None] = lambda _: None,
) -> Learned:
    """Give `model`, in place, prototypes of a template that it has no trained head for.

    Points that are NaN or have weight 0 are no labels. Of more than 10 items 10 are taken, evenly; `each` gets the
    position before each picture and may raise. Landmarks that a template of the model knows under the same id, and
    that it finds near their labels, keep that output.
    Raises UserError when there is no item, a landmark is labelled in none, or the model has a head for the template.
    """
    chosen = evenly(items)
    points = [_points(item) for item in chosen]
    _check(model, template, points)
    model.to(device or torch.device("cpu")).eval().requires_grad_(False)
    if model.config.flip_test:  # a mirrored picture is not where the examples are
        model.config = model.config.model_copy(update={"flip_test": False})
    model.add_prototypes(template, PrototypeConfig(examples=len(chosen)))  # so that features of its own exist
    looks = []
    for position, (item, xy) in enumerate(zip(chosen, points, strict=True)):
        each(position)
        looks.append(_look(model, item, xy, template.id))
    config, error = _choose(model, template, looks)
    head = model.add_prototypes(template, config)
    head.learn([look.example(config.anchor) for look in looks])
    return Learned(model.eval(), config, error)


def evenly(items: Sequence[TrainingItem]) -> list[TrainingItem]:
    """At most 10 of the labelled items, spread over all of them."""
    labelled = [item for item in items if np.isfinite(_points(item)).any()]
    step = max(1.0, len(labelled) / MOST_EXAMPLES)
    return [labelled[int(k * step)] for k in range(min(len(labelled), MOST_EXAMPLES))]


def _points(item: TrainingItem) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Labels (K, 2) image px, NaN where there is none."""
    labelled = np.isfinite(item.xy_image).all(axis=1) & (item.weights > 0)
    return np.where(labelled[:, None], item.xy_image, np.nan)


def _check(model: LandmarkModel, template: Template, points: Sequence[np.ndarray]) -> None:
    if model.config.has_head(template.id):
        raise UserError(
            f"Model {model.config.name} has been trained for template {template.id}: prototypes would be worse. Choose "
            "the mode adapt, or give a template with other landmarks an id of its own."
        )
    if not points:
        raise UserError(
            "Prototypes need at least one image with labelled landmarks. Place them in one, then try again."
        )
    seen = np.isfinite(np.stack(points)).all(axis=2).any(axis=0)
    missing = [name for name, there in zip(template.ids, seen, strict=True) if not there]
    if missing:
        some = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise UserError(f"No example shows where these landmarks are: {some}. Place each in at least one image.")


@dataclass(frozen=True, eq=False)
class _Look:
    """Features of one picture, its labels (K, 2) cells, and the points (A, 2) cells of every trained template."""

    levels: tuple[Tensor, ...]
    points: Tensor
    known: dict[str, Tensor]

    def example(self, anchor: str | None) -> Example:
        return Example(self.levels, self.points, None if anchor is None else self.known[anchor])


def _look(model: LandmarkModel, item: TrainingItem, xy_image: np.ndarray, template_id: str) -> _Look:
    config, device = model.config, next(model.parameters()).device
    pixels, to_input = prepare(read_image(item.path, frame=item.frame, axis=item.axis), config)
    xy = input_to_heatmap(config.input_size, config.heatmap_size).apply(to_input.apply(xy_image))
    x = torch.from_numpy(pixels[None]).to(device)
    with torch.inference_mode(), autocast(device):
        levels = model.feature_levels(x, template_id)
        heads = filter(config.has_head, config.templates)
        known = {name: find_points(model.anchor_maps(x, levels, name))[0] for name in heads}
    return _Look(tuple(level[0] for level in levels), torch.from_numpy(xy).float().to(device), known)


def _choose(model: LandmarkModel, template: Template, looks: Sequence[_Look]) -> tuple[PrototypeConfig, float | None]:
    """The settings with the least error on examples left out, and that error."""
    anchor, reused = _anchor(model, template, looks)
    count = len(looks)
    base = PrototypeConfig(examples=count, anchor=anchor, reused=reused, by_shape=len(template) >= FEWEST_FOR_SHAPE)
    if count == 1:
        return base, None
    errors = {
        config: error
        for config in _variants(base, len(model.feature_widths))
        if (error := _left_out_error(model, template, looks, config)) is not None
    }
    if not errors:
        return base, None
    best = min(errors, key=lambda config: errors[config])
    return best, errors[best]


def _variants(base: PrototypeConfig, levels: int) -> Iterator[PrototypeConfig]:
    """The heads' own map (whitened, which takes the weight off what all its cells share), the others, and all."""
    compared = ((0,), tuple(range(1, levels)), tuple(range(levels)))
    for numbers, by_shape in product(compared, (False, True) if base.by_shape else (False,)):
        yield base.model_copy(update={"levels": numbers, "by_shape": by_shape})


def _left_out_error(
    model: LandmarkModel, template: Template, looks: Sequence[_Look], config: PrototypeConfig
) -> float | None:
    errors = []
    for left_out, look in enumerate(looks):
        others = [one.example(config.anchor) for position, one in enumerate(looks) if position != left_out]
        seen = torch.stack([one.points for one in others]).isfinite().all(-1).any(0)
        names = [name for name, there in zip(template.ids, seen.tolist(), strict=True) if there]
        kept = [Example(one.levels, one.points[seen], one.anchors) for one in others]
        if not names:
            continue
        reused = tuple(name for name in config.reused if name in names)
        fewer = config.model_copy(update={"examples": len(others), "reused": reused})
        known = () if config.anchor is None else model.config.templates[config.anchor].landmarks
        head = PrototypeHead(fewer, names, model.feature_widths, model.config.heatmap_size, known)
        logits = head.to(look.points.device).learn(kept)([level[None] for level in look.levels], _anchors(look, config))
        new = torch.tensor([name not in reused for name in names], device=logits.device)
        away = (find_points(logits.flatten(2).softmax(-1).view_as(logits))[0] - look.points[seen]).norm(dim=-1)[new]
        errors += away[away.isfinite()].clamp(max=FAR).tolist()
    return float(np.mean(errors)) if errors else None


def _anchors(look: _Look, config: PrototypeConfig) -> Tensor | None:
    return None if config.anchor is None else look.known[config.anchor][None]


def _anchor(model: LandmarkModel, template: Template, looks: Sequence[_Look]) -> tuple[str | None, tuple[str, ...]]:
    """The trained template that says best where to look, and the landmarks that it has in common with the new one."""
    shared = {name: _same_landmarks(model, template, looks, name) for name in looks[0].known}
    name = max(shared, key=lambda key: len(shared[key]), default=None)
    if name is not None and shared[name]:
        return name, shared[name]
    errors = {name: _carrying_error(looks, name) for name in looks[0].known}
    best = min(errors, key=lambda key: errors[key], default=None)
    return (best if best is not None and errors[best] < _frame_error(looks) else None), ()


def _same_landmarks(model: LandmarkModel, template: Template, looks: Sequence[_Look], known: str) -> tuple[str, ...]:
    """Landmarks that a trained template has under the same id and finds near their labels."""
    landmarks = model.config.templates[known].landmarks
    result = []
    for name in (name for name in template.ids if name in landmarks):
        found = torch.stack([look.known[known][landmarks.index(name)] for look in looks])
        away = (found - torch.stack([look.points[template.index[name]] for look in looks])).norm(dim=-1)
        if bool(away.isfinite().any()) and float(away.nanmedian()) <= SAME_POINT:
            result.append(name)
    return tuple(result)


def _carrying_error(looks: Sequence[_Look], known: str) -> float:
    """Median distance of labels from where the points of a trained template carry those of the other examples."""
    places = []
    for left_out, look in enumerate(looks):
        others = [one for position, one in enumerate(looks) if position != left_out]
        shapes, found = [one.known[known] for one in others], look.known[known]
        if not others or not bool(torch.stack([*shapes, found]).isfinite().all()):
            return float("inf")
        shape, labels = torch.stack(shapes), torch.stack([one.points for one in others])
        moved, _ = transfer(shape, found, torch.ones_like(shape[..., 0]), labels)
        places.append(moved.nanmean(0))
    return _median_distance(places, looks)


def _frame_error(looks: Sequence[_Look]) -> float:
    """The same when labels stay where they are in the picture's frame."""
    others = [[one.points for one in looks if one is not look] for look in looks]
    return _median_distance([torch.stack(one).nanmean(0) for one in others if one], looks)


def _median_distance(places: Sequence[Tensor], looks: Sequence[_Look]) -> float:
    """Infinite where there is nothing to measure."""
    away = [(place - look.points).norm(dim=-1) for place, look in zip(places, looks, strict=False)]
    known = torch.cat(away) if away else torch.full((1,), torch.nan)
    return float(known.nanmedian().nan_to_num(torch.inf))
