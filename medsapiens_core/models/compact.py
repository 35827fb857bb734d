"""The compact landmark network: a Hiera encoder, a small feature pyramid and one 1x1 head per template.

Output cells are a quarter of the input. A head gives logits; the spatial softmax of a channel is the probability of
the landmark's place, trained with cross-entropy against a normalised Gaussian (Payer et al. 2019 and GU2Net regress
heatmaps instead; the probability form gives a covariance that means something, methods.md 11).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.nn import functional as F

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.models.config import LoraConfig, ModelConfig, RefinerArchitecture
from medsapiens_core.models.experts import module_key
from medsapiens_core.models.hiera import HieraEncoder, HieraSize
from medsapiens_core.models.landmark_model import LandmarkModel, TrainMode
from medsapiens_core.models.layers import ConvBlock
from medsapiens_core.models.lora import add_lora, fold_lora, lora_layers
from medsapiens_core.models.prototypes import probabilities
from medsapiens_core.models.refiner import Refiner
from medsapiens_core.models.view_head import ViewHead, ViewLogits

VIEW_STAGE = -2  # the last one but one: fine-tuning changes the last stage, and the view head must go on reading


class Anatomy(BaseModel):
    """A kind of film that the view head knows. `sided`: upright films of it all face the same way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    templates: tuple[str, ...]
    sided: bool


class CompactArchitecture(BaseModel):
    """Numbers of one compact network, as stored in `config.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["compact"] = "compact"
    width: int = 96
    depths: tuple[int, ...] = (1, 2, 7, 2)
    windows: tuple[int, ...] = (8, 4, 8, 8)
    global_blocks: tuple[int, ...] = (5, 7, 9, 11)
    decoder_width: int = 128
    anatomies: tuple[Anatomy, ...] = ()  # what the view head tells apart; () means that there is no view head
    refiner: RefinerArchitecture | None = None

    @property
    def encoder(self) -> HieraSize:
        """The encoder's numbers."""
        return HieraSize(self.width, self.depths, self.windows, self.global_blocks)


class PyramidDecoder(nn.Module):
    """Top-down pyramid (Lin et al., arXiv 1612.03144): stage features to one map at the finest stage."""

    def __init__(self, widths: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in widths)
        self.fuse = nn.ModuleList(ConvBlock(width, width) for _ in widths)
        self.last = ConvBlock(width, width)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Features of strides 4, 8, 16... -> (B, width, H/4, W/4)."""
        x: Tensor | None = None
        for level in reversed(range(len(features))):
            lateral = self.laterals[level](features[level])
            if x is not None:
                lateral = lateral + F.interpolate(x, size=lateral.shape[-2:], mode="bilinear", align_corners=False)
            x = self.fuse[level](lateral)
        result: Tensor = self.last(x)
        return result


class CompactLandmarkModel(LandmarkModel):
    """Encoder, decoder and heads; see `LandmarkModel` for the contract."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.architecture = CompactArchitecture.model_validate(config.architecture)
        self.encoder = HieraEncoder(self.architecture.encoder)
        self.decoder = PyramidDecoder(self.architecture.encoder.widths, self.architecture.decoder_width)
        self.heads = nn.ModuleDict()
        self.prototypes = nn.ModuleDict()
        for template_id, entry in config.templates.items():
            if entry.prototypes is None:
                self._add_head(template_id, len(entry.landmarks))
            else:
                self._build_prototypes(template_id)
        anatomies = self.architecture.anatomies
        self.view_head = ViewHead(self.architecture.encoder.widths[VIEW_STAGE], len(anatomies)) if anatomies else None
        self.refiner = None if self.architecture.refiner is None else Refiner(self.architecture.refiner)
        for template_id, entry in config.templates.items():
            if self.refiner is not None and entry.refined:
                self.refiner.add_head(template_id, len(entry.landmarks))

    @classmethod
    def build(cls, config: ModelConfig) -> CompactLandmarkModel:
        """Random weights for `config`."""
        return cls(config)

    def _add_head(self, template_id: str, count: int) -> None:
        head = nn.Conv2d(self.architecture.decoder_width, count, 1)
        for parameter in head.parameters():
            nn.init.normal_(parameter, std=0.01)
        self.heads[module_key(template_id)] = head

    def features(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) normalised -> (B, C, H/4, W/4), the features that every head reads."""
        result: Tensor = self.decoder(self.encoder(x))
        return result

    def logits(self, x: Tensor, template_id: str) -> Tensor:
        """Logits (B, K, H/4, W/4) float32 of one trained head; their softmax over the cells is the probability."""
        self.config.channels(template_id)
        return self.head_logits(self.features(x), template_id)

    def head_logits(self, features: Tensor, template_id: str) -> Tensor:
        """One head on features; in float32 also under autocast, because bf16 would round the logits."""
        with torch.autocast(features.device.type, enabled=False):
            result: Tensor = self.heads[module_key(template_id)](features.float())
            return result

    def forward(self, x: Tensor) -> Tensor:
        """Logits of all trained heads, concatenated in the order of `config.templates`."""
        features = self.features(x)
        trained = filter(self.config.has_head, self.config.templates)
        return torch.cat([self.head_logits(features, template_id) for template_id in trained], 1)

    def heatmaps(self, x: Tensor, template_id: str) -> Tensor:
        """Probabilities times 2 pi sigma^2, so that the training target has peak 1 (0..1 and a little above)."""
        self.config.channels(template_id)
        if self.config.has_head(template_id):
            return probabilities(self.logits(x, template_id), self.config.sigma)
        levels, head = self.feature_levels(x, template_id), self.prototype_head(template_id)
        anchor = head.config.anchor
        known = None if anchor is None else self.anchor_maps(x, levels, anchor)
        return head.heatmaps(levels, known, self.config.sigma)

    def anchor_maps(self, x: Tensor, levels: list[Tensor], anchor: str) -> Tensor:  # noqa: ARG002  # levels serve
        """The anchor's own heatmaps."""
        return probabilities(self.head_logits(levels[0], anchor), self.config.sigma)

    def feature_levels(self, x: Tensor, template_id: str) -> list[Tensor]:  # noqa: ARG002  # the same for every one
        """The decoder's map and the encoder's stages."""
        stages = self.encoder(x)
        return [self.decoder(stages), *stages]

    @property
    def feature_widths(self) -> tuple[int, ...]:
        """Channels of each of the `feature_levels`."""
        return self.architecture.decoder_width, *self.architecture.encoder.widths

    def view_logits(self, x: Tensor) -> ViewLogits | None:
        """How pictures (B, 3, H, W) of `VIEW_SIZE` lie; None without a view head."""
        return None if self.view_head is None else self.view_head(self.encoder(x)[VIEW_STAGE].float())

    def refined_logits(self, crops: Tensor, template_id: str, landmarks: Tensor) -> Tensor:
        """See `LandmarkModel.refined_logits`."""
        if self.refiner is None:
            raise KeyError(template_id)
        result: Tensor = self.refiner(crops, template_id, landmarks)
        return result

    def trainable_parameters(self, mode: TrainMode) -> list[tuple[str, nn.Parameter]]:
        """`head`: heads; `adapt`: heads, decoder and the encoder's last stage; `full`: all but the view head.

        `lora`: heads, decoder and adapters on every block's attention, which `fold_adapters` makes part of the weights.
        The second stage is small: every mode but `head` trains all of it.
        """
        if mode == "experts":
            raise UserError("This network has no task experts. Choose another way to learn, for instance adapt.")
        if mode == "lora" and not any(lora_layers(self.encoder)):
            add_lora(self.encoder.blocks, LoraConfig())
        adapters = [part for layer in lora_layers(self.encoder) for part in (layer.lora_down, layer.lora_up)]
        second = [] if self.refiner is None else [self.refiner]
        parts: dict[TrainMode, list[nn.Module]] = {
            "head": [self.heads, *(refiner.heads for refiner in second)],
            "lora": [self.heads, self.decoder, *adapters, *second],
            "adapt": [self.heads, self.decoder, *self.encoder.stage_blocks(len(self.architecture.depths) - 1), *second],
            "full": [self.encoder, self.decoder, self.heads, *second],
        }
        chosen = {id(parameter) for part in parts[mode] for parameter in part.parameters()}
        for parameter in self.parameters():
            parameter.requires_grad_(id(parameter) in chosen)
        return [(name, parameter) for name, parameter in self.named_parameters() if parameter.requires_grad]

    def fold_adapters(self) -> None:
        """See `LandmarkModel.fold_adapters`."""
        fold_lora(self.encoder)

    def add_template(self, template: Template) -> None:
        """Add a head for a template that the model does not know, or has prototypes for.

        Where there is a second stage it gets a head there, too, and the first is shown the smallest input that it has
        practised: what detail it lacks the second stage brings back, and the same minutes are worth more views.
        """
        self.config = self.config.with_template(template)
        if self.refiner is not None:
            self.config = self.config.with_refined(template.id).with_smallest_input(template.id)
            self.refiner.add_head(template.id, len(template))
        if module_key(template.id) in self.prototypes:
            del self.prototypes[module_key(template.id)]
        self._add_head(template.id, len(template))

    def add_refiner(self, architecture: RefinerArchitecture, template_ids: Iterable[str]) -> None:
        """Give those templates a second stage that has learned nothing yet."""
        described = {**self.config.architecture, "refiner": architecture.model_dump(mode="json")}
        self.config = self.config.model_copy(update={"architecture": described})
        self.architecture = CompactArchitecture.model_validate(described)
        self.refiner = Refiner(architecture)
        for template_id in template_ids:
            self.config = self.config.with_refined(template_id)
            self.refiner.add_head(template_id, len(self.config.templates[template_id].landmarks))


def load_hiera_weights(model: CompactLandmarkModel, state: dict[str, Any]) -> None:
    """Start the encoder from SAM 2's `trunk.` tensors; stages that this encoder does not have are left out.

    The position table comes as one 256 x 256 sum of a stretched 7 x 7 grid and a repeated 8 x 8 tile
    (`trunk.pos_embed_full`); the two are found again by least squares. Raises KeyError for a missing tensor.
    """
    encoder = model.encoder
    own = encoder.state_dict()
    for key in own:
        if not key.startswith("pos_embed"):
            own[key] = state[f"trunk.{key}"]
    own["pos_embed"], own["pos_embed_window"] = split_position_table(state["trunk.pos_embed_full"], own)
    encoder.load_state_dict(own)


def split_position_table(full: Tensor, shapes: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Split a table (1, C, N, N) into its stretched grid and repeated tile, of the shapes of `shapes`."""
    side, channels = full.shape[-1], full.shape[1]
    grid, tile = shapes["pos_embed"].shape[-1], shapes["pos_embed_window"].shape[-1]
    stretched = F.interpolate(
        torch.eye(grid * grid).view(grid * grid, 1, grid, grid), size=(side, side), mode="bicubic"
    ).flatten(1)
    tiled = torch.eye(tile * tile).view(-1, tile, tile).tile(1, side // tile, side // tile).flatten(1)
    basis = torch.cat([stretched, tiled]).double()
    normal = basis @ basis.T + 1e-9 * torch.eye(len(basis), dtype=torch.float64)
    solution = torch.linalg.solve(normal, basis @ full.view(channels, -1).T.double()).T.float()
    return (
        solution[:, : grid * grid].reshape(1, channels, grid, grid),
        solution[:, grid * grid :].reshape(1, channels, tile, tile),
    )
