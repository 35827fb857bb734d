"""Sapiens backbone and heatmap head as a landmark model with one block of channels per template."""

from __future__ import annotations

from torch import Tensor, nn

from medsapiens_core.data.template import Template
from medsapiens_core.models.config import LoraConfig, ModelConfig, SapiensArchitecture
from medsapiens_core.models.head import HeatmapHead
from medsapiens_core.models.landmark_model import LandmarkModel, TrainMode
from medsapiens_core.models.lora import add_lora, is_lora_name, unmerge_lora
from medsapiens_core.models.vit import SapiensBackbone, token_grid


class SapiensLandmarkModel(LandmarkModel):
    """Image (B, 3, H, W), normalised -> heatmaps (B, K_all, H/4, W/4), trained by regression of peak-1 Gaussians.

    Raises ValueError when the config's heatmap size is not that of the head, or it has no template.
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
        self.config = config
        self.backbone = SapiensBackbone(architecture)
        self.head = HeatmapHead(
            architecture.embed_dim, config.channel_count, architecture.deconv_channels, architecture.conv_channels
        )
        if architecture.lora is not None:
            add_lora(self.backbone, architecture.lora)

    def forward(self, x: Tensor) -> Tensor:
        """Return heatmaps (B, K_all, h, w) of all templates."""
        result: Tensor = self.head(self.backbone(x))
        return result

    def heatmaps(self, x: Tensor, template_id: str) -> Tensor:
        """Heatmaps (B, K, h, w) float32 of one template; a sure point has a peak near 1."""
        channels = self.config.channels(template_id)
        return self.forward(x)[:, channels].float()

    def trainable_parameters(self, mode: TrainMode) -> list[tuple[str, nn.Parameter]]:
        """Freeze everything but what `mode` trains, and return that by name.

        `adapt` adds adapters with MedSapiens' ranks where there are none yet; the output stays the same until they
        have learned something. `full` makes a model of its own out of one that shared its base weights.
        """
        unmerge_lora(self)
        if mode == "full":
            self.config = self.config.model_copy(update={"adapter": None})
        if mode == "adapt" and self.config.architecture.get("lora") is None:
            self.add_lora(LoraConfig())
        chosen = []
        for name, parameter in self.named_parameters():
            trains = mode == "full" or name.startswith("head.") or (mode == "adapt" and is_lora_name(name))
            parameter.requires_grad_(trains)
            if trains:
                chosen.append((name, parameter))
        return chosen

    def add_template(self, template: Template) -> None:
        """Add output channels for a template that the model does not know, with output near 0."""
        self.config = self.config.with_template(template)
        self.head.add_channels(len(template))

    def add_lora(self, lora: LoraConfig) -> None:
        """Add adapters that change nothing yet. Raises ValueError where there are some already."""
        add_lora(self.backbone, lora)
        architecture = {**self.config.architecture, "lora": lora.model_dump(mode="json")}
        self.config = self.config.model_copy(update={"architecture": architecture})
