"""Joint training of the compact default model over several landmark sets (methods.md 4, sampling and loss "ours").

    python -m medsapiens_core.training.joint --data ../shared/data --encoder hiera_tiny.safetensors \
        --out resources/models/compact --minutes 70

The learning rate follows the share of the time budget that is used up, so a slower machine trains less but ends
properly. The checkpoint beside `--out` is written every five minutes; the same command goes on from it.

A second round goes on from a finished package, at each template's full input size from the first step on:

    python -m medsapiens_core.training.joint --data ../shared/data --start resources/models/compact \
        --out build/compact --minutes 80 --rate 6e-4 --shares ceph-19=0.55 spine-68=0.3
"""

from __future__ import annotations

import argparse
import json
import math
import shlex
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import find_template
from medsapiens_core.geometry import Size
from medsapiens_core.models.compact import CompactArchitecture, CompactLandmarkModel, load_hiera_weights
from medsapiens_core.models.config import GreyRecipe, ModelConfig, TemplateChannels
from medsapiens_core.training.augment import AugmentRange
from medsapiens_core.training.coco import read_coco
from medsapiens_core.training.dataset import LandmarkDataset, Sample, TrainingItem
from medsapiens_core.training.finishing import finish_model
from medsapiens_core.training.joint_package import write_default_package
from medsapiens_core.training.losses import softmax_loss
from medsapiens_core.training.optimiser import MovingMean, parameter_groups
from medsapiens_core.training.round_file import LONGEST_STEP, Progress, read_round, take_step, write_round

# (until this share of the budget, factor of the input's sides): small inputs first, which give four and two times as
# many views in the same time and teach where things are; the last part sharpens.
PHASES = ((0.25, 0.5), (0.65, 0.75), (1.0, 1.0))
FULL_SIZE = ((1.0, 1.0),)


@dataclass(frozen=True)
class LandmarkSet:
    """One source: `share` of all samples, every `held_out`-th image is kept for validation (0: none).

    `others` are files with other readers' points on the same images.
    """

    file: str
    template_id: str
    share: float
    held_out: int
    views: AugmentRange
    largest: float = 1.0  # factor of the input's sides that this template never goes beyond
    others: tuple[str, ...] = ()


BOTH_WAYS = AugmentRange(flip=0.5)
SETS = (
    # Which way a skull looks is found out before this network sees it (inference/view.py), so no mirrored views.
    # The second stage brings its detail back, so three quarters of the sides do, in half the time for each film.
    LandmarkSet(
        "ceph/train_senior.json",
        "ceph-19",
        0.36,
        8,
        AugmentRange(10, 30, (0.82, 1.3), 0.06, 0.05, 0.0, 0.04),
        largest=0.75,
        others=("ceph/train_junior.json",),
    ),
    # Vertebrae are told apart by counting, so both ends of the spine must stay in view.
    # They need the whole film more than they need its detail, so the spine stays with the middle size.
    LandmarkSet("spine/train.json", "spine-68", 0.42, 15, AugmentRange(6, 12, (0.97, 1.15), 0.02, flip=0.5), 0.75),
    LandmarkSet("chest/train.json", "chest-6", 0.05, 15, BOTH_WAYS),
    LandmarkSet("hand_rsna/train.json", "hand-21", 0.09, 10, BOTH_WAYS),
    LandmarkSet("hand_dha/train.json", "hand-37", 0.08, 0, BOTH_WAYS),
)


def read_set(data: Path, source: LandmarkSet, template: Template) -> tuple[list[TrainingItem], list[TrainingItem]]:
    """Read a COCO keypoints file into training and validation items."""
    file = data / source.file
    others = [_points_of(data / other, template) for other in source.others]
    parts: tuple[list[TrainingItem], list[TrainingItem]] = ([], [])
    for position, item in enumerate(sorted(read_coco(file, file.parent / "images", template), key=lambda i: i.path)):
        held_out = source.held_out > 0 and position % source.held_out == source.held_out - 1
        weights = (item.visibility > 0).astype(np.float64)
        spacing = None if item.spacing is None else (item.spacing.row_mm, item.spacing.col_mm)
        parts[held_out].append(
            TrainingItem(
                item.path,
                template.id,
                item.xy_image,
                weights,
                spacing,
                item.path.name,
                others=tuple(points[item.path] for points in others if item.path in points),
            )
        )
    return parts


def _points_of(file: Path, template: Template) -> dict[Path, NDArray[np.float64]]:
    """Points (K, 2) by image as one reader placed them; empty without the file."""
    if not file.exists():
        return {}
    return {item.path: item.xy_image for item in read_coco(file, file.parent / "images", template)}


def default_config(templates: dict[str, Template]) -> ModelConfig:
    """The compact model's config before training."""
    return ModelConfig(
        name="compact",
        architecture=CompactArchitecture().model_dump(mode="json"),
        input_size=(512, 640),
        heatmap_size=(128, 160),
        sigma=1.5,
        grey=GreyRecipe(low=0.5, high=99.5, eight_bit_as_is=False),
        templates={key: TemplateChannels(version=t.version, landmarks=t.ids) for key, t in templates.items()},
        flip_trained=True,
        flip_test=False,
        license="Apache-2.0",
    )


def shipped_config(config: ModelConfig, used: Sequence[LandmarkSet]) -> ModelConfig:
    """The config after training: every template's films are shown as large as it saw them last."""
    scales = {source.template_id: source.largest for source in used}
    entries = {key: e.model_copy(update={"input_scale": scales[key]}) for key, e in config.templates.items()}
    return config.model_copy(update={"templates": entries})


class JointTraining:
    """Model, optimiser, data and clock of one run."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.templates = {source.template_id: find_template(source.template_id) for source in sources(args)}
        self.shares = [args.shares.get(source.template_id, source.share) for source in sources(args)]
        self.phases = FULL_SIZE if args.start else PHASES
        self.model = CompactLandmarkModel.build(default_config(self.templates))
        if args.start:
            start_from(self.model, args.start)
        else:
            load_hiera_weights(self.model, load_file(args.encoder))
        self.parts: dict[str, tuple[list[TrainingItem], list[TrainingItem]]] = {}
        self.training: list[LandmarkDataset] = []
        for source in sources(args):
            template_id = source.template_id
            self.parts[template_id] = read_set(args.data, source, self.templates[template_id])
            items = self.parts[template_id][0]
            self.training.append(LandmarkDataset(items, self.model.config, self.templates, source.views))
        self.model.encoder.keep_stages(args.keep_stages)
        self.trained = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        self.mean = MovingMean(self.trained)
        self.optimiser = torch.optim.AdamW(parameter_groups(self.trained, args.rate), betas=(0.9, 0.99))
        self.rng = np.random.default_rng(args.seed)
        self.used, self.step = 0.0, 0
        self.order: list[list[int]] = [[] for _ in self.training]
        self.checkpoint = args.out.with_suffix(".checkpoint.safetensors")
        self.reader = ThreadPoolExecutor(1)
        self.waiting = self.reader.submit(self.next_batch)

    def draw(self, input_size: Size | None = None) -> tuple[int, int]:
        """A data set by share, of those with `input_size` if given, and its next image: each once before any again."""
        fits = [input_size in (None, dataset.config.input_size) for dataset in self.training]
        shares = np.array(self.shares) * fits
        chosen = int(self.rng.choice(len(shares), p=shares / shares.sum()))
        if not self.order[chosen]:
            self.order[chosen] = self.rng.permutation(len(self.training[chosen])).tolist()
        return chosen, self.order[chosen].pop()

    def run(self) -> None:
        """Train until the budget is used up."""
        budget = self.args.minutes * 60
        losses: list[float] = []
        saved = self.used
        while self.used < budget:
            began = time.monotonic()
            progress = self.used / budget
            self.set_input_size(next(factor for end, factor in self.phases if progress < end))
            warm = min(1.0, (self.step + 1) / 60)
            for group in self.optimiser.param_groups:
                group["lr"] = group["peak"] * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
            losses.append(self.train_step())
            self.used += min(time.monotonic() - began, LONGEST_STEP)
            if self.step % 20 == 0:
                print(f"step {self.step} used {self.used:.0f} s loss {np.mean(losses[-40:]):.3f}", flush=True)
            if self.used - saved > 300:
                saved = self.used
                self.save()

    def set_input_size(self, factor: float) -> None:
        """Show the network views of `factor` times the full size."""
        for dataset, source in zip(self.training, sources(self.args), strict=True):
            dataset.config = default_config(self.templates).scaled(min(factor, source.largest))

    def next_batch(self) -> list[Sample]:
        """Draw one batch; runs in its own thread while the network works on the batch before."""
        first = self.draw()
        size = self.training[first[0]].config.input_size
        chosen = [first, *(self.draw(size) for _ in range(self.args.batch - 1))]
        return [self.training[source].sample(index, self.rng) for source, index in chosen]

    def train_step(self) -> float:
        """One batch; a loss that is not finite is skipped."""
        samples = self.waiting.result()
        self.waiting = self.reader.submit(self.next_batch)
        if len({sample.pixels.shape for sample in samples}) > 1:  # drawn while the input size changed
            return self.train_step()
        x = torch.from_numpy(np.stack([sample.pixels for sample in samples]))
        with torch.autocast("cpu", torch.bfloat16):
            features = self.model.features(x)
        total = torch.zeros(())
        for template_id in {sample.template_id for sample in samples}:
            rows = [k for k, sample in enumerate(samples) if sample.template_id == template_id]
            logits = self.model.head_logits(features[rows], template_id)
            xy = torch.from_numpy(np.stack([samples[k].xy_heatmap for k in rows]))
            weights = torch.from_numpy(np.stack([samples[k].weights for k in rows])).float()
            total = total + softmax_loss(logits, xy, weights, self.model.config.sigma) * len(rows) / len(samples)
        self.step += 1
        return take_step(total, self.trained, self.mean, self.optimiser)

    def finish(self) -> None:
        """Write the package with the moving average of the weights."""
        self.reader.shutdown(cancel_futures=True)
        self.model.load_state_dict({**self.model.state_dict(), **self.mean.values})
        self.model.config = shipped_config(self.model.config, sources(self.args))
        films = dict(zip(self.parts, self.training, strict=True))
        held_out = {
            key: LandmarkDataset(part, self.model.config, self.templates) for key, (_, part) in self.parts.items()
        }
        model, told = finish_model(self.model, films, held_out, seed=self.args.seed)
        facts = {
            "command": shlex.join(["python", "-m", "medsapiens_core.training.joint", *sys.argv[1:]]),
            "seconds": self.used,
            "steps": self.step,
            "batch": self.args.batch,
            "seed": self.args.seed,
            "views": told,
        }
        print(json.dumps(write_default_package(self.args.out, model, self.parts, self.templates, facts)))

    def save(self) -> None:
        """Write everything that is needed to go on."""
        progress = Progress(self.used, self.step)
        write_round(self.checkpoint, self.model.state_dict(), self.mean, self.optimiser, progress)

    def resume(self) -> None:
        """Go on from the checkpoint."""
        weights, (self.used, self.step) = read_round(self.checkpoint, self.mean, self.optimiser)
        self.model.load_state_dict(weights)
        self.rng = np.random.default_rng([self.args.seed, self.step])


def start_from(model: CompactLandmarkModel, package: Path) -> None:
    """Take over a package's encoder and decoder, and its heads of the templates that `model` has."""
    found = load_file(package / "model.safetensors")
    model.load_state_dict({key: found[key].float() for key in model.state_dict()})


def share(text: str) -> tuple[str, float]:
    """Read `ceph-19=0.55`."""
    template_id, value = text.split("=")
    return template_id, float(value)


def sources(args: argparse.Namespace) -> list[LandmarkSet]:
    """The sets that this run uses."""
    return [source for source in SETS if source.template_id not in args.without]


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with ceph/, spine/, chest/, hand_*/")
    begin = parser.add_mutually_exclusive_group(required=True)
    begin.add_argument("--encoder", type=Path, help="SAM 2 Hiera-Tiny as safetensors, to begin anew")
    begin.add_argument("--start", type=Path, help="finished model package, to go on from")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model package to write")
    parser.add_argument("--minutes", type=float, default=70.0)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--keep-stages", type=int, default=0, help="first stages of the encoder that stay as they are")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without", nargs="*", default=[], help="template ids to leave out")
    parser.add_argument("--shares", nargs="*", type=share, default=[], help="ceph-19=0.55: other shares of the samples")
    args = parser.parse_args()
    args.shares = dict(args.shares)
    return args


def main() -> None:
    """Train, or go on from the checkpoint, and write the package."""
    run = JointTraining(parse())
    if run.checkpoint.exists():
        run.resume()
    run.run()
    run.save()
    run.finish()


if __name__ == "__main__":
    main()
