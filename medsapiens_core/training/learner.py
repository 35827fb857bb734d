"""One optimiser step on either kind of network, with what a checkpoint needs to go on exactly.

Compact networks learn by the cross-entropy of their spatial softmax, Sapiens networks by squared error with the
foreground weighted 1 + 9y against the all-zero solution (methods.md 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from medsapiens_core.data.template import Template
from medsapiens_core.inference.crops import refiner_of
from medsapiens_core.inference.engines import autocast
from medsapiens_core.models.compact import CompactLandmarkModel
from medsapiens_core.models.landmark_model import LandmarkModel, TrainMode
from medsapiens_core.training.crop_samples import CropSamples
from medsapiens_core.training.dataset import Sample
from medsapiens_core.training.losses import masked_mse_loss, softmax_loss
from medsapiens_core.training.optimiser import MAX_NORM, MovingMean, named_moments, parameter_groups, restore_moments
from medsapiens_core.training.run_state import Parts


class Learner:
    """A model, its optimiser and its moving average on one device."""

    def __init__(
        self, model: LandmarkModel, template: Template, mode: TrainMode, rate: float, device: torch.device
    ) -> None:
        self.trained = dict(model.trainable_parameters(mode))
        self.model, self.template, self.device = model.to(device), template, device
        self.order = model.config.landmark_order(template)
        self.mean = MovingMean(self.trained)
        self.optimiser = torch.optim.AdamW(parameter_groups(self.trained, rate), betas=(0.9, 0.99))

    def step(self, samples: Sequence[Sample], factor: float, micro: int, seed: int) -> float | None:
        """Learn from one batch in portions of `micro`; returns the loss, or None when it was not finite and skipped.

        `factor` multiplies every learning rate; `seed` makes the dropout the same after a resume.
        """
        torch.manual_seed(seed)
        self.model.train()
        self.optimiser.zero_grad(set_to_none=True)
        total = 0.0
        for start in range(0, len(samples), micro):
            part = samples[start : start + micro]
            loss = self._loss(part) * (len(part) / len(samples))
            if not bool(torch.isfinite(loss)):
                return None
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
            total += float(loss.detach())
        norm = nn.utils.clip_grad_norm_(self.trained.values(), MAX_NORM)
        if not bool(torch.isfinite(norm)):
            return None
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * factor
        self.optimiser.step()
        self.mean.update(self.trained)
        return total

    def _loss(self, samples: Sequence[Sample]) -> Tensor:
        x = torch.from_numpy(np.stack([sample.pixels for sample in samples])).to(self.device)
        xy = torch.from_numpy(np.stack([sample.xy_heatmap for sample in samples])).to(self.device)
        weights = torch.from_numpy(np.stack([sample.weights for sample in samples])).float().to(self.device)
        sigma = self.model.config.sigma
        with autocast(self.device):
            if isinstance(self.model, CompactLandmarkModel):
                features = self.model.features(x)
            else:
                maps = self.model.heatmaps(x, self.template.id)
        if isinstance(self.model, CompactLandmarkModel):
            logits = self.model.head_logits(features, self.template.id)[:, self.order]
            first = softmax_loss(logits, xy, weights, sigma)
            crops = [sample.crops for sample in samples if sample.crops is not None and len(sample.crops.landmarks)]
            return first + refined_loss(self.model, crops, self.template.id, self.order) if crops else first
        target = peak_target(torch.nan_to_num(xy.float()), self.model.config.heatmap_size, sigma)
        emphasis = (1 + 9 * target).sqrt()
        return masked_mse_loss(maps[:, self.order].float() * emphasis, target * emphasis, weights)

    @contextmanager
    def averaged(self) -> Iterator[LandmarkModel]:
        """Lend the model with its moving average in place of the last weights."""
        last = {name: parameter.detach().clone() for name, parameter in self.trained.items()}
        self.assign(self.mean.values)
        try:
            yield self.model
        finally:
            self.assign(last)

    def assign(self, values: dict[str, Tensor]) -> None:
        """Put values into the trained tensors."""
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(values[name])

    def export(self) -> Parts:
        """Everything that `restore` needs, as named tensors."""
        steps = torch.tensor(self.mean.steps)
        weights = {name: parameter.detach() for name, parameter in self.trained.items()}
        return {
            "weights": weights,
            "mean": self.mean.values,
            "moments": named_moments(self.optimiser),
            "counts": {"mean_steps": steps},
        }

    def restore(self, parts: Parts) -> None:
        """Go back to an exported state. Raises KeyError when it belongs to another model."""
        self.assign(parts["weights"])
        self.mean.values = {name: parts["mean"][name].to(self.device) for name in self.trained}
        self.mean.steps = int(parts["counts"]["mean_steps"])
        restore_moments(self.optimiser, parts.get("moments", {}))


def refined_loss(model: LandmarkModel, crops: Sequence[CropSamples], template_id: str, order: Sequence[int]) -> Tensor:
    """The second stage's loss, `order` being the model's channel of each of the template's landmarks."""
    refiner = refiner_of(model.config)
    device = next(model.parameters()).device
    pixels = torch.from_numpy(np.concatenate([part.pixels for part in crops])).to(device)
    xy = torch.from_numpy(np.concatenate([part.xy_cells for part in crops])).to(device)
    landmarks = torch.tensor(order)[torch.from_numpy(np.concatenate([part.landmarks for part in crops]))].to(device)
    with autocast(device):
        logits = model.refined_logits(pixels, template_id, landmarks)
    return softmax_loss(logits[None], xy[None], torch.ones(1, len(xy), device=device), refiner.sigma)


def peak_target(xy_heatmap: Tensor, size: tuple[int, int], sigma: float) -> Tensor:
    """Gaussians of peak 1 (B, K, h, w) at `xy_heatmap` (B, K, 2) cells; `size` is (width, height)."""
    columns, rows = (torch.arange(n, device=xy_heatmap.device, dtype=torch.float32) for n in size)
    gx = torch.exp(-((columns - xy_heatmap[..., :1]) ** 2) / (2 * sigma**2))
    gy = torch.exp(-((rows - xy_heatmap[..., 1:]) ** 2) / (2 * sigma**2))
    return gy.unsqueeze(-1) * gx.unsqueeze(-2)
