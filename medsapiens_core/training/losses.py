"""Losses over landmarks; a landmark that a sample does not have carries weight 0 and no gradient (methods.md 4)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def per_image_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Mean over the weighted landmarks of each image, then over images; (B, K) and (B, K) -> scalar."""
    per_image = (values * weights).sum(1) / weights.sum(1).clamp_min(1.0)
    return per_image.mean()


def gaussian_target(xy_heatmap: Tensor, size: tuple[int, int], sigma: float) -> Tensor:
    """Normalised Gaussians (B, K, h, w) at `xy_heatmap` (B, K, 2), in cells; `size` is (width, height)."""
    width, height = size
    columns = torch.arange(width, device=xy_heatmap.device, dtype=torch.float32)
    rows = torch.arange(height, device=xy_heatmap.device, dtype=torch.float32)
    gx = torch.softmax(-((columns - xy_heatmap[..., :1]) ** 2) / (2 * sigma**2), -1)
    gy = torch.softmax(-((rows - xy_heatmap[..., 1:]) ** 2) / (2 * sigma**2), -1)
    return gy.unsqueeze(-1) * gx.unsqueeze(-2)


def softmax_loss(
    logits: Tensor, xy_heatmap: Tensor, weights: Tensor, sigma: float, coordinate_weight: float = 0.05
) -> Tensor:
    """Cross-entropy of the spatial softmax against a Gaussian, plus the distance of the mean place in cells.

    `logits` (B, K, h, w) float32, `xy_heatmap` (B, K, 2) cells (NaN allowed where the weight is 0), `weights` (B, K).
    """
    height, width = logits.shape[-2:]
    xy = torch.nan_to_num(xy_heatmap.float())
    target = gaussian_target(xy, (width, height), sigma).flatten(2)
    log_probability = logits.flatten(2).log_softmax(-1)
    entropy = -(target * log_probability).sum(-1)
    mean = expected_place(log_probability.exp().view_as(logits))
    distance = F.smooth_l1_loss(mean, xy, reduction="none").sum(-1)
    return per_image_mean(entropy + coordinate_weight * distance, weights)


def expected_place(probabilities: Tensor) -> Tensor:
    """Mean place (B, K, 2) in cells of probability maps (B, K, h, w); unbiased only for true probabilities."""
    height, width = probabilities.shape[-2:]
    columns = torch.arange(width, device=probabilities.device, dtype=probabilities.dtype)
    rows = torch.arange(height, device=probabilities.device, dtype=probabilities.dtype)
    return torch.stack([(probabilities.sum(-2) * columns).sum(-1), (probabilities.sum(-1) * rows).sum(-1)], -1)


def masked_mse_loss(heatmaps: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Squared error against Gaussians of peak 1, (B, K, h, w) each; for regression heads (methods.md 4, "ours")."""
    return per_image_mean(((heatmaps.float() - target) ** 2).mean((-2, -1)), weights)
