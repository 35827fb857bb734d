"""Training of the default model's second stage over several landmark sets, beside a first stage that stays as it is.

    python -m medsapiens_core.training.refining --data ../shared/data --start resources/models/compact \
        --out build/refined --minutes 30

A crop costs a hundredth of a whole picture, so a few minutes see every film many times. The checkpoint beside `--out`
is written every two minutes; the same command goes on from it, also with another `--start`.
"""

from __future__ import annotations

import argparse
import json
import math
import shlex
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file

from medsapiens_core.data.template_file import find_template
from medsapiens_core.models.compact import CompactLandmarkModel
from medsapiens_core.models.config import RefinerArchitecture
from medsapiens_core.models.package import load_model
from medsapiens_core.training.augment import AugmentRange
from medsapiens_core.training.crop_samples import CropSamples
from medsapiens_core.training.dataset import LandmarkDataset
from medsapiens_core.training.joint import SETS, read_set, share
from medsapiens_core.training.joint_package import write_default_package
from medsapiens_core.training.learner import refined_loss
from medsapiens_core.training.optimiser import MovingMean, parameter_groups
from medsapiens_core.training.round_file import LONGEST_STEP, Progress, read_round, take_step, write_round

# The second stage sees films that the first has put upright and to their usual size, so its views differ less.
VIEWS = AugmentRange(rotation=10, wide_rotation=20, scale=(0.87, 1.15), shift=0.0, stretch=0.03, invert=0.05)
SHARES = {"ceph-19": 0.4, "spine-68": 0.3, "chest-6": 0.1, "hand-21": 0.12, "hand-37": 0.08}
CROPS = 80  # of each step, from `FILMS` films of one template
FILMS = 4
SAVE_EVERY = 120.0


class Refining:
    """Model, optimiser, data and clock of one run."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        torch.manual_seed(args.seed)
        model = load_model(args.start)
        assert isinstance(model, CompactLandmarkModel)
        self.model = model
        used = [source for source in SETS if source.template_id in model.config.templates]
        self.model.add_refiner(RefinerArchitecture(), [source.template_id for source in used])
        if args.second:
            second = load_file(args.second / "model.safetensors")
            assert self.model.refiner is not None
            self.model.refiner.load_state_dict(
                {key: second[f"refiner.{key}"].float() for key in self.model.refiner.state_dict()}
            )
        self.templates = {source.template_id: find_template(source.template_id) for source in used}
        self.parts = {s.template_id: read_set(args.data, s, self.templates[s.template_id]) for s in used}
        self.films = {
            s.template_id: LandmarkDataset(
                self.parts[s.template_id][0], model.config, self.templates, replace(VIEWS, flip=s.views.flip)
            )
            for s in used
        }
        shares = np.array([args.shares.get(key, SHARES[key]) for key in self.films])
        self.shares = shares / shares.sum()
        assert self.model.refiner is not None
        self.trained = dict(self.model.refiner.named_parameters())
        self.mean = MovingMean(self.trained)
        self.optimiser = torch.optim.AdamW(parameter_groups(self.trained, args.rate), betas=(0.9, 0.99))
        self.rng = np.random.default_rng(args.seed)
        self.used, self.step = 0.0, 0
        self.order: dict[str, list[int]] = {key: [] for key in self.films}
        self.checkpoint = args.out.with_suffix(".checkpoint.safetensors")

    def next_batch(self) -> tuple[str, list[CropSamples]]:
        """Crops of a few films of one template, drawn by share; every film once before any again."""
        key = list(self.films)[int(self.rng.choice(len(self.shares), p=self.shares))]
        films = self.films[key]
        samples = []
        for _ in range(min(FILMS, len(films))):
            if not self.order[key]:
                self.order[key] = self.rng.permutation(len(films)).tolist()
            samples.append(films.crops(self.order[key].pop(), self.rng, CROPS // FILMS))
        return key, samples

    def run(self) -> None:
        """Train until the budget is used up."""
        budget, saved = self.args.minutes * 60, self.used
        losses: dict[str, list[float]] = {key: [] for key in self.films}
        with ThreadPoolExecutor(1) as reader:
            waiting = reader.submit(self.next_batch)
            while self.used < budget:
                began = time.monotonic()
                progress = self.used / budget
                factor = min(1.0, (self.step + 1) / 100) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
                for group in self.optimiser.param_groups:
                    group["lr"] = group["peak"] * factor
                key, samples = waiting.result()
                waiting = reader.submit(self.next_batch)
                losses[key].append(self.learn(key, samples))
                self.used += min(time.monotonic() - began, LONGEST_STEP)
                if self.step % 100 == 0:
                    means = {key: round(float(np.mean(values[-50:])), 3) for key, values in losses.items() if values}
                    print(f"step {self.step} used {self.used:.0f} s loss {means}", flush=True)
                if self.used - saved > SAVE_EVERY:
                    saved = self.used
                    self.save()

    def learn(self, template_id: str, samples: list[CropSamples]) -> float:
        """One batch; a loss that is not finite is skipped."""
        template = self.templates[template_id]
        loss = refined_loss(self.model, samples, template_id, self.model.config.landmark_order(template))
        self.step += 1
        return take_step(loss, self.trained, self.mean, self.optimiser)

    def save(self) -> None:
        """Write everything that is needed to go on."""
        write_round(self.checkpoint, self.trained, self.mean, self.optimiser, Progress(self.used, self.step))

    def resume(self) -> None:
        """Go on from the checkpoint."""
        weights, (self.used, self.step) = read_round(self.checkpoint, self.mean, self.optimiser)
        self._assign(weights)
        self.rng = np.random.default_rng([self.args.seed, self.step])

    def _assign(self, values: Mapping[str, torch.Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(values[name])

    def finish(self) -> None:
        """Write the package: both stages, the second with the moving average of its weights."""
        self._assign(self.mean.values)
        first = json.loads((self.args.start / "provenance.json").read_text(encoding="utf-8"))
        command = shlex.join(["python", "-m", "medsapiens_core.training.refining", *sys.argv[1:]])
        second = {"command": command, "seconds": self.used, "steps": self.step, "crops": CROPS, "seed": self.args.seed}
        facts = {**first, "second_stage": second}
        facts.pop("utc", None)  # the new package gets its own
        print(json.dumps(write_default_package(self.args.out, self.model, self.parts, self.templates, facts)))


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with ceph/, spine/, chest/, hand_*/")
    parser.add_argument("--start", type=Path, required=True, help="finished model package, the first stage")
    parser.add_argument("--second", type=Path, help="package whose second stage to go on from; default: begin anew")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model package to write")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shares", nargs="*", type=share, default=[], help="ceph-19=0.4: other shares of the steps")
    args = parser.parse_args()
    args.shares = dict(args.shares)
    return args


def main() -> None:
    """Train, or go on from the checkpoint, and write the package."""
    cv2.setNumThreads(1)  # crops are made beside the network, which needs the cores
    run = Refining(parse())
    if run.checkpoint.exists():
        run.resume()
    run.run()
    run.save()
    run.finish()


if __name__ == "__main__":
    main()
