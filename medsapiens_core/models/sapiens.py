"""Sapiens backbone and heatmap head as a landmark model with one block of channels per template."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from medsapiens_core.data.template import Template
from medsapiens_core.models.config import ExpertsConfig, LoraConfig, ModelConfig, PrototypeConfig, SapiensArchitecture
from medsapiens_core.models.experts import expert_layers, is_expert_name, join_expert, module_key, split_experts
from medsapiens_core.models.head import HeatmapHead
from medsapiens_core.models.landmark_model import LandmarkModel, TrainMode
from medsapiens_core.models.lora import add_lora, is_lora_name, unmerge_lora
from medsapiens_core.models.prototypes import PrototypeHead
from medsapiens_core.models.vit import SapiensBackbone, token_grid

EXPERT_SHARE = 4  # a quarter of every second feed-forward layer's outputs belongs to the template (ViTPose++)


class SapiensLandmarkModel(LandmarkModel):
    """Image (B, 3, H, W), normalised -> heatmaps (B, K_all, H/4, W/4), trained by regression of peak-1 Gaussians.

    With task experts the features depend on the template, and `forward` runs the backbone once for each of them.
    Raises ValueError when the config's heatmap size is not that of the head, it has no template, or it is an adapter
    with experts.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        architecture = SapiensArchitecture.model_validate(config.architecture)
        factor = 2 ** len(architecture.deconv_channels)
        columns, rows = token_grid(config.input_size)
        if config.heatmap_size != (columns * factor, rows * factor):
            raise ValueError(f"heatmap size {config.heatmap_size} should be {(columns * factor, rows * factor)}")
        if not config.channel_count:
            raise ValueError("a model needs a template to have outputs")
        if architecture.experts is not None and config.adapter is not None:
            raise ValueError("a model with task experts cannot share its base weights")
        self.config = config
        self.backbone = SapiensBackbone(architecture, config.templates)
        self.head = HeatmapHead(
            architecture.embed_dim, config.channel_count, architecture.deconv_channels, architecture.conv_channels
        )
        if architecture.lora is not None:
            add_lora(self.backbone, architecture.lora)
        self.prototypes = nn.ModuleDict()
        for template_id in config.templates:
            if not config.has_head(template_id):
                self._build_prototypes(template_id)

    def forward(self, x: Tensor) -> Tensor:
        """Return heatmaps (B, K_all, h, w) of all trained heads."""
        if self.has_experts:
            trained = filter(self.config.has_head, self.config.templates)
            return torch.cat([self._channels_of(x, template_id) for template_id in trained], 1)
        result: Tensor = self.head(self.backbone(x))
        return result

    def _channels_of(self, x: Tensor, template_id: str) -> Tensor:
        maps: Tensor = self.head(self.backbone(x, template_id))
        return maps[:, self.config.channels(template_id)]

    @property
    def has_experts(self) -> bool:
        """True when the templates have task experts."""
        return self.config.architecture.get("experts") is not None

    def heatmaps(self, x: Tensor, template_id: str) -> Tensor:
        """Heatmaps (B, K, h, w) float32 of one template; a sure point has a peak near 1."""
        self.config.channels(template_id)
        if self.config.has_head(template_id):
            return self._channels_of(x, template_id).float()
        levels, head = self.feature_levels(x, template_id), self.prototype_head(template_id)
        anchor = head.config.anchor
        known = None if anchor is None else self.anchor_maps(x, levels, anchor)
        return head.heatmaps(levels, known, self.config.sigma)

    def anchor_maps(self, x: Tensor, levels: list[Tensor], anchor: str) -> Tensor:
        """The anchor's own heatmaps; with experts they come from features of its own."""
        if self.has_experts:
            return self.heatmaps(x, anchor)
        return self.head.read(levels[0])[:, self.config.channels(anchor)].float()

    def feature_levels(self, x: Tensor, template_id: str) -> list[Tensor]:
        """The head's last map before its output, and the backbone's."""
        features = self.backbone(x, template_id)
        return [self.head.mixed(features), features]

    @property
    def feature_widths(self) -> tuple[int, ...]:
        """Channels of each of the `feature_levels`."""
        return self.head.out.in_channels, self.backbone.norm_out.normalized_shape[0]

    def trainable_parameters(self, mode: TrainMode) -> list[tuple[str, nn.Parameter]]:
        """Freeze everything but what `mode` trains, and return that by name.

        `adapt` trains adapters and task experts; where there are neither it adds adapters with MedSapiens' ranks, and
        the output stays the same until they have learned something; `lora` and `experts` train (and add) the one kind
        only. `full` makes a model of its own out of one that
        shared its base weights. Experts of other templates than the one in a batch get no gradient.
        """
        unmerge_lora(self)
        if mode == "full":
            self.config = self.config.model_copy(update={"adapter": None})
        has_lora = self.config.architecture.get("lora") is not None
        if not has_lora and (mode == "lora" or (mode == "adapt" and not self.has_experts)):
            self.add_lora(LoraConfig())
        if mode == "experts" and not self.has_experts:
            width = SapiensArchitecture.model_validate(self.config.architecture).embed_dim // EXPERT_SHARE
            self.add_experts(ExpertsConfig(width=width))
        chosen = []
        for name, parameter in self.named_parameters():
            adapts = (mode in ("adapt", "lora") and is_lora_name(name)) or (
                mode in ("adapt", "experts") and is_expert_name(name)
            )
            trains = mode == "full" or name.startswith("head.") or adapts
            parameter.requires_grad_(trains)
            if trains:
                chosen.append((name, parameter))
        return chosen

    def add_template(self, template: Template) -> None:
        """Add output channels for a template that the model does not know, or has prototypes for; they are near 0."""
        is_known = template.id in self.config.templates
        self.config = self.config.with_template(template)
        self.head.add_channels(len(template))
        if is_known:
            del self.prototypes[module_key(template.id)]
        else:
            self._add_expert(template.id)

    def add_prototypes(self, template: Template, prototypes: PrototypeConfig) -> PrototypeHead:
        """See `LandmarkModel.add_prototypes`; with experts the template gets one of its own."""
        is_known = template.id in self.config.templates
        head = super().add_prototypes(template, prototypes)
        if not is_known:
            self._add_expert(template.id)
        return head

    def _add_expert(self, template_id: str) -> None:
        for layer in expert_layers(self.backbone):
            layer.add(template_id)

    def add_lora(self, lora: LoraConfig) -> None:
        """Add adapters that change nothing yet. Raises ValueError where there are some already."""
        add_lora(self.backbone, lora)
        self._note(lora=lora)

    def add_experts(self, experts: ExpertsConfig) -> None:
        """Give every template an expert that changes nothing yet; the model no longer shares its base weights.

        Raises ValueError where there are experts already, or adapters on the layer that has to be split.
        """
        unmerge_lora(self)
        tensors = split_experts(self.backbone.state_dict(), experts.width, self.config.templates)
        self._note(experts=experts)
        self.backbone.split_experts(experts.width, self.config.templates)
        self.backbone.load_state_dict(tensors)
        self.config = self.config.model_copy(update={"adapter": None})

    def joined(self, template_id: str) -> SapiensLandmarkModel:
        """The plain model, without experts, that this one is for one template (which alone it keeps).

        Raises UserError for a template that the model does not know, ValueError for one of prototypes.
        """
        channels = self.config.channels(template_id)
        if not self.config.has_head(template_id):
            raise ValueError(f"{template_id} has prototypes and no head that could stand alone")
        unmerge_lora(self)
        kept = {name: tensor for name, tensor in self.state_dict().items() if not name.startswith("prototypes.")}
        tensors = join_expert(kept, template_id)
        tensors |= {name: tensors[name][channels] for name in ("head.out.weight", "head.out.bias")}
        architecture = {**self.config.architecture, "experts": None}
        templates = {template_id: self.config.templates[template_id]}
        config = self.config.model_copy(update={"architecture": architecture, "templates": templates})
        plain = SapiensLandmarkModel(config)
        plain.load_state_dict(tensors)
        return plain.train(self.training)

    def _note(self, **parts: LoraConfig | ExpertsConfig) -> None:
        """Write into the config what has been added to the backbone. Raises ValueError when it does not fit."""
        new = {name: part.model_dump(mode="json") for name, part in parts.items()}
        architecture = {**self.config.architecture, **new}
        SapiensArchitecture.model_validate(architecture)
        self.config = self.config.model_copy(update={"architecture": architecture})
