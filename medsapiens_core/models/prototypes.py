"""Landmarks found by likeness to a few labelled images, without any training.

Every labelled example gives one prototype per landmark: the feature vectors at the point, one from each of several
feature maps, of length 1. In a new image the mean cosine to a landmark's prototypes (on radiographs better than that
to the most alike one), times a scale, is its logit; to it comes the logarithm of a prior of place. The prior is carried
over from the examples: by the points of a template that the network knows (its anchor), else by the image frame, and
then, if so configured, by the shape that the new landmarks form together. Source: PoseBH (CVPR 2025), methods.md 6,
"new landmark"; the cosine keeps its sign, the mean and the prior of place are ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from medsapiens_core.geometry import Size
from medsapiens_core.models.config import PrototypeConfig
from medsapiens_core.models.shape_prior import transfer

ROUNDS = 2  # of placing by the shape of the new landmarks
PEAK = 2  # cells around the highest one that are part of the peak
NARROWEST, WIDEST = 2.5, 16.0  # cells, standard deviation of the prior
SAMPLES = 2000  # cells of an image that statistics are taken from
CHANNELS_AT_ONCE = 128  # of maps that are stretched, for the sake of memory
SHRINKAGE = 0.1  # of the covariance towards a multiple of the identity


@dataclass(frozen=True, eq=False)
class Example:
    """One labelled image: feature maps (C_l, h_l, w_l), points (K, 2) in heatmap cells with NaN where unlabelled.

    `anchors` (A, 2) cells are what the network itself found of its anchor template, if the prototypes have one.
    """

    levels: tuple[Tensor, ...]
    points: Tensor
    anchors: Tensor | None = None


class FeatureSpace(nn.Module):
    """One feature map and the prototypes in it: `vectors` (M, K, C) of length 1 after centring and `mixing`."""

    mean: Tensor
    mixing: Tensor
    vectors: Tensor

    def __init__(self, width: int, examples: int, landmarks: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("mixing", torch.eye(width))
        self.register_buffer("vectors", torch.zeros(examples, landmarks, width))

    def forward(self, features: Tensor, size: Size) -> Tensor:
        """Mean cosine (K, rows, columns) of features (C, h, w) to the prototypes of each landmark.

        `size` is (columns, rows). The cosine is that of the features interpolated to it, as prototypes are taken; of
        the cosines of coarse cells the highest would lie in the middle of a cell.
        """
        count = self.vectors.any(-1).sum(0).clamp(min=1)
        normed = self._normed(features)
        product = torch.einsum("kc,chw->khw", self.vectors.sum(0) / count[:, None], normed)
        if product.shape[-2:] == size[::-1]:
            return product
        squares = [
            _stretched(normed[start : start + CHANNELS_AT_ONCE], size).square().sum(0)
            for start in range(0, len(normed), CHANNELS_AT_ONCE)
        ]
        return _stretched(product, size) / torch.stack(squares).sum(0).sqrt().clamp(min=1e-9)

    def learn(self, features: Sequence[Tensor], points: Tensor, size: Size, *, whiten: bool) -> None:
        """Take the prototypes at `points` (M, K, 2) of M maps; NaN gives a prototype of zeros, like nothing."""
        cells = torch.cat([one.flatten(1).T[:: max(1, one[0].numel() // SAMPLES)] for one in features]).float()
        self.mean = cells.mean(0)
        self.mixing = _whitening(cells - self.mean) if whiten else torch.eye(cells.shape[1], device=cells.device)
        vectors = [_sample(self._normed(one), at, size) for one, at in zip(features, points, strict=True)]
        self.vectors = torch.stack(vectors)

    def _normed(self, features: Tensor) -> Tensor:
        mixed = torch.einsum("dc,chw->dhw", self.mixing, features.float() - self.mean[:, None, None])
        return F.normalize(mixed, dim=0)


class PrototypeHead(nn.Module):
    """Feature maps of an image -> logits (B, K, h, w). All its numbers are buffers: gradients do not train them."""

    points: Tensor
    labelled: Tensor
    anchors: Tensor

    def __init__(
        self,
        config: PrototypeConfig,
        landmarks: Sequence[str],
        widths: Sequence[int],
        size: Size,
        anchor_landmarks: Sequence[str] = (),
    ) -> None:
        super().__init__()
        if max(config.levels) >= len(widths):
            raise ValueError(f"the prototypes compare feature map {max(config.levels)} of {len(widths)}")
        self.config, self.size = config, size
        self.reused = [(landmarks.index(name), anchor_landmarks.index(name)) for name in config.reused]
        count = len(landmarks)
        self.spaces = nn.ModuleList(FeatureSpace(widths[n], config.examples, count) for n in config.levels)
        self.register_buffer("points", torch.zeros(config.examples, count, 2))
        self.register_buffer("labelled", torch.zeros(config.examples, count))
        self.register_buffer("anchors", torch.zeros(config.examples, len(anchor_landmarks), 2))

    @torch.no_grad()
    def learn(self, examples: Sequence[Example]) -> PrototypeHead:
        """Take over the labelled examples, as many as the config says, and return the head itself.

        Raises ValueError for another number of them, or a landmark that is labelled in none.
        """
        points = torch.stack([example.points for example in examples]).float()
        labelled = torch.isfinite(points).all(-1)
        if len(examples) != self.config.examples or not bool(labelled.any(0).all()):
            raise ValueError(f"{len(examples)} examples, not all landmarks labelled")
        self.points, self.labelled = points.masked_fill(~labelled[..., None], 0.0), labelled.float()
        if self.config.anchor is not None:
            self.anchors = torch.stack([cast("Tensor", example.anchors) for example in examples]).float()
        for space, level in zip(self._spaces(), self.config.levels, strict=True):
            features = [example.levels[level] for example in examples]
            space.learn(features, points, self.size, whiten=level in self.config.whitened)
        return self

    def forward(self, levels: Sequence[Tensor], anchors: Tensor | None = None) -> Tensor:
        """Logits (B, K, h, w) float32 of feature maps (B, C_l, h_l, w_l); `anchors` (B, A, 2) cells, NaN: not found."""
        with torch.autocast(levels[0].device.type, enabled=False):
            found = [None] * len(levels[0]) if anchors is None else list(anchors)
            alike = [self.likeness([level[n] for level in levels]) for n in range(len(levels[0]))]
            return torch.stack([self.placed(*pair) for pair in zip(alike, found, strict=True)])

    def heatmaps(self, levels: Sequence[Tensor], anchor_maps: Tensor | None, sigma: float) -> Tensor:
        """Heatmaps (B, K, h, w) of peak about 1; `anchor_maps` (B, A, h, w) are the anchor template's own."""
        anchors = None if anchor_maps is None else find_points(anchor_maps)
        maps = probabilities(self(levels, anchors), sigma)
        if anchor_maps is not None:
            for landmark, known in self.reused:
                maps[:, landmark] = anchor_maps[:, known]
        return maps

    def likeness(self, levels: Sequence[Tensor]) -> Tensor:
        """Mean cosine (K, h, w) over the examples of each landmark and the feature maps (C_l, h_l, w_l)."""
        columns, rows = self.size
        total = torch.zeros(self.labelled.shape[1], rows, columns, device=self.labelled.device)
        for space, level in zip(self._spaces(), self.config.levels, strict=True):
            total += space(levels[level], self.size)
        return total / len(self.spaces)

    def _spaces(self) -> list[FeatureSpace]:
        return [cast("FeatureSpace", space) for space in self.spaces]

    def placed(self, alike: Tensor, anchors: Tensor | None) -> Tensor:
        """Logits (K, h, w) of one image: likeness (K, h, w) and prior, by `anchors` (A, 2) cells if there are any."""
        logits = self.config.scale * alike
        centre, spread = self._by_frame() if anchors is None else self._by_anchors(anchors)
        placed = logits - _distance(centre, spread, self.size)
        if self.config.by_shape:
            for _ in range(ROUNDS):
                centre, spread = self._by_shape(_peaks(placed), _at_peak(alike, placed))
                placed = logits - _distance(centre, spread, self.size)
        return placed

    def _by_frame(self) -> tuple[Tensor, Tensor]:
        """Mean place (K, 2) in the examples, with a wide spread (K,)."""
        centre = _mean(self.points, self.labelled)
        return centre, torch.full_like(centre[:, 0], WIDEST)

    def _by_anchors(self, anchors: Tensor) -> tuple[Tensor, Tensor]:
        """Place (K, 2) and spread (K,) by the points of the anchor template; by the frame where too few were found."""
        found = torch.isfinite(anchors).all(-1)
        if int(found.sum()) < 2:
            return self._by_frame()
        weights = found.float().expand(len(self.points), -1)
        return self._carried(self.anchors, anchors.nan_to_num(), weights, of_themselves=False)

    def _by_shape(self, peaks: Tensor, trust: Tensor) -> tuple[Tensor, Tensor]:
        """Place (K, 2) and spread (K,) by the shape of the new landmarks, as far as it was found."""
        weights = self.labelled * trust.clamp(min=0.01) ** 2
        return self._carried(self.points, peaks, weights, of_themselves=True)

    def _carried(self, shapes: Tensor, found: Tensor, weights: Tensor, *, of_themselves: bool) -> tuple[Tensor, Tensor]:
        moved, residual = transfer(shapes, found, weights, self.points, of_themselves=of_themselves)
        share = self.labelled / residual.clamp(min=0.5)[:, None] ** 2
        centre = _mean(moved, share)
        spread = (1.5 * _mean(residual[:, None, None].expand_as(moved), share)[:, 0]).clamp(NARROWEST, WIDEST)
        return centre, spread


def probabilities(logits: Tensor, sigma: float) -> Tensor:
    """Heatmaps (..., h, w): the spatial softmax times 2 pi sigma^2, so that a Gaussian of sigma cells has peak 1."""
    return logits.flatten(-2).softmax(-1).view_as(logits) * (2 * math.pi * sigma**2)


def find_points(maps: Tensor) -> Tensor:
    """Points (B, A, 2) cells of heatmaps (B, A, h, w): the centre of mass around the highest cell; NaN: none."""
    flat = maps.float().flatten(0, 1)
    offset = torch.arange(-PEAK, PEAK + 1, dtype=torch.float32, device=maps.device)
    best = _peaks(flat)
    around = (best[:, None] + torch.stack(torch.meshgrid(offset, offset, indexing="xy"), -1).view(1, -1, 2)).long()
    inside = ((around >= 0) & (around < torch.tensor(maps.shape[:-3:-1], device=maps.device))).all(-1)
    cells = (around[..., 1] * maps.shape[-1] + around[..., 0]).clamp(0, flat[0].numel() - 1)
    mass = flat.flatten(1).gather(1, cells).clamp(min=0) * inside
    points = (mass[..., None] * around).sum(1) / mass.sum(1, keepdim=True)
    return points.view(*maps.shape[:2], 2)


def _stretched(maps: Tensor, size: Size) -> Tensor:
    return F.interpolate(maps[None], size=size[::-1], mode="bilinear", align_corners=False)[0]


def _whitening(centred: Tensor) -> Tensor:
    """(C, C) that makes features (N, C) uncorrelated and of equal variance."""
    covariance = centred.T @ centred / len(centred)
    covariance += SHRINKAGE * covariance.diagonal().mean() * torch.eye(len(covariance), device=centred.device)
    values, axes = torch.linalg.eigh(covariance)
    result: Tensor = axes @ torch.diag(values.clamp(min=1e-12).rsqrt()) @ axes.T
    return result


def _sample(features: Tensor, points: Tensor, size: Size) -> Tensor:
    """Vectors (K, C) of length 1 at `points` (K, 2) heatmap cells of features (C, h, w); zeros for NaN."""
    extent = torch.tensor(size, dtype=torch.float32, device=features.device)
    at = ((points.to(features.device) + 0.5) / extent * 2 - 1).nan_to_num()
    sampled = F.grid_sample(features[None], at[None, None], align_corners=False, padding_mode="border")
    known = torch.isfinite(points).all(-1).to(features.device)
    return F.normalize(sampled[0, :, 0].T, dim=1) * known[:, None]


def _distance(centre: Tensor, spread: Tensor, size: Size) -> Tensor:
    """Half the squared distance (K, h, w) of every cell from `centre` (K, 2), in units of `spread` (K,)."""
    columns, rows = (torch.arange(n, dtype=centre.dtype, device=centre.device) for n in size)
    x, y = columns - centre[:, :1], rows - centre[:, 1:]
    return (y[:, :, None] ** 2 + x[:, None, :] ** 2) / (2 * spread[:, None, None] ** 2)


def _peaks(maps: Tensor) -> Tensor:
    """Highest cell (K, 2) of maps (K, h, w)."""
    best = maps.flatten(1).argmax(1)
    return torch.stack([best % maps.shape[-1], best // maps.shape[-1]], 1).to(maps.dtype)


def _at_peak(values: Tensor, maps: Tensor) -> Tensor:
    """What `values` (K, h, w) are where `maps` are highest (K,)."""
    return values.flatten(1).gather(1, maps.flatten(1).argmax(1, keepdim=True))[:, 0]


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over the examples: values (M, K, 2), weights (M, K) -> (K, 2)."""
    return (values * weights[..., None]).sum(0) / weights.sum(0).clamp(min=1e-9)[:, None]
