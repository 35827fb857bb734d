"""Train the peer of the comparison: a plain U-Net for one template, what a user could write in a day.

    python -m bench.unet_peer --data ../shared/data --template ceph-19 --out FOLDER --minutes 60

Same training images, views, optimiser and decoding as ours (`joint.SETS`, training/), so that only the network, its
random beginning and the single template differ. The same command goes on from the checkpoint in FOLDER; in the end
FOLDER holds `unet.safetensors` and `unet.json`, which `python -m bench.landmarks --peer FOLDER/unet.safetensors` reads.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from bench.unet import WIDTHS, UNet
from medsapiens_core.data.image import Image
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.inference.engines import Engine, autocast
from medsapiens_core.inference.heatmap_codec import HeatmapCodec
from medsapiens_core.inference.preprocess import prepare
from medsapiens_core.models.config import ModelConfig, TemplateChannels
from medsapiens_core.training.dataset import LandmarkDataset, Sample
from medsapiens_core.training.joint import SETS, read_set
from medsapiens_core.training.learner import Learner
from medsapiens_core.training.losses import softmax_loss
from medsapiens_core.training.plan import Plan
from medsapiens_core.training.progress import LogLine, Message, StepDone
from medsapiens_core.training.trainer import Control, Trainer

INPUT = (384, 480)  # width, height; maps have the same size
SIGMA = 3.0
BATCH, RATE = 4, 1e-3
TELL_EVERY = 20  # steps
NO_LIMIT = 1_000_000  # epochs: the minutes decide


def peer_config(template: Template, size: tuple[int, int] = INPUT) -> ModelConfig:
    """Input, grey recipe and channels. The architecture's kind is the nearest that `ModelConfig` knows."""
    return ModelConfig(
        name=f"unet-{template.id}",
        architecture={"kind": "compact"},
        input_size=size,
        heatmap_size=size,
        sigma=SIGMA,
        templates={template.id: TemplateChannels(version=template.version, landmarks=template.ids)},
        license="not for distribution",
    )


class UNetLearner(Learner):
    """The program's learner with the spatial softmax of the U-Net."""

    def _loss(self, samples: Sequence[Sample]) -> Tensor:
        model = self.model
        assert isinstance(model, UNet)
        x = torch.from_numpy(np.stack([sample.pixels for sample in samples])).to(self.device)
        xy = torch.from_numpy(np.stack([sample.xy_heatmap for sample in samples])).to(self.device)
        weights = torch.from_numpy(np.stack([sample.weights for sample in samples])).float().to(self.device)
        with autocast(self.device):
            logits = model.logits(x)
        return softmax_loss(logits, xy, weights, model.config.sigma)


def make_trainer(network: UNet, dataset: LandmarkDataset, plan: Plan, seed: int, folder: Path) -> Trainer:
    """The program's trainer without a validation part; it goes on with a run that `folder` holds."""
    folder.mkdir(parents=True, exist_ok=True)
    template = next(iter(dataset.templates.values()))
    learner = UNetLearner(network, template, "full", plan.rate, torch.device("cpu"))
    return Trainer(learner, dataset, plan, seed, folder, validate=lambda _: None, report=tell, control=Control())


def train(network: UNet, dataset: LandmarkDataset, plan: Plan, seed: int, folder: Path) -> float:
    """Train, or go on with, a run in `folder`; returns the seconds of training."""
    return make_trainer(network, dataset, plan, seed, folder).run().used


def tell(message: Message) -> None:
    """Say on standard error how it goes."""
    if isinstance(message, LogLine):
        print(message.text, file=sys.stderr, flush=True)
    elif isinstance(message, StepDone) and message.step % TELL_EVERY == 0:
        print(f"step {message.step}, loss {message.loss}, {message.seconds_left} s left", file=sys.stderr, flush=True)


def save(network: UNet, file: Path, facts: dict[str, Any]) -> None:
    """Write weights and, beside them, the config with the facts of the training."""
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, file)
    value = {"config": json.loads(network.config.to_json()), "widths": network.widths, "facts": facts}
    file.with_suffix(".json").write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Peer:
    """A trained U-Net. `id` changes with its weights."""

    id: str
    template_id: str
    network: UNet
    engine: Engine

    def predict(self, image: Image, template: Template) -> NDArray[np.float64]:
        """Points (K, 2) in image px, NaN where nothing was found. Raises UserError for another template."""
        config = self.network.config
        order = config.landmark_order(template)
        pixels, to_input = prepare(image, config)
        maps = self.engine.heatmaps(pixels[None], template.id)[0][order]
        xy_input, _ = HeatmapCodec(config.input_size, config.heatmap_size, config.sigma).decode(maps)
        return to_input.inverse().apply(xy_input)


def load(file: Path) -> Peer:
    """Read what `save` wrote. Raises UserError when a file is missing or is not of a U-Net."""
    try:
        value = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        network = UNet(ModelConfig.model_validate(value["config"]), tuple(value["widths"]))
        network.load_state_dict(load_file(file))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{file} is not a U-Net of bench.unet_peer: {error}.") from error
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    template_id = next(iter(network.config.templates))
    return Peer(f"{network.config.name}@{digest}", template_id, network, Engine(network, torch.device("cpu")))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--template", default="ceph-19", choices=[source.template_id for source in SETS])
    parser.add_argument("--out", type=Path, required=True, help="folder of the run and of the trained U-Net")
    parser.add_argument("--minutes", type=float, default=60.0, help="time of the training itself")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, nargs=2, default=INPUT, metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS, help="channels of each level")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the peer and write it."""
    given = parse(arguments)
    cv2.setNumThreads(1)  # views are made beside the network, which needs the cores
    torch.manual_seed(given.seed)
    template = find_template(given.template)
    source = next(source for source in SETS if source.template_id == given.template)
    network = UNet(peer_config(template, tuple(given.size)), tuple(given.widths))
    items = read_set(given.data, source, template)[0]
    dataset = LandmarkDataset(items, network.config, {template.id: template}, source.views)
    batch = min(BATCH, len(items))
    plan = Plan(batch, -(-len(items) // batch), NO_LIMIT, RATE, given.minutes * 60)
    used = train(network, dataset, plan, given.seed, given.out)
    facts = {
        "template": template.id,
        "images": len(items),
        "seconds": round(used, 1),
        "minutes": given.minutes,
        "seed": given.seed,
        "finished": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    save(network, given.out / "unet.safetensors", facts)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    print(json.dumps({**facts, "parameters": parameters, "file": str(given.out / "unet.safetensors")}))


if __name__ == "__main__":
    main()
