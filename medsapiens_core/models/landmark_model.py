"""What every landmark network offers to the predictor, the trainer and the package writer."""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn

from medsapiens_core.data.template import Template
from medsapiens_core.models.config import ModelConfig, PrototypeConfig
from medsapiens_core.models.experts import module_key
from medsapiens_core.models.prototypes import PrototypeHead
from medsapiens_core.models.view_head import ViewLogits

TrainMode = Literal["head", "adapt", "lora", "experts", "full"]


class LandmarkModel(nn.Module):
    """A network (B, 3, H, W) normalised -> (B, K_all, h, w) with the channels of one or more templates."""

    config: ModelConfig
    prototypes: nn.ModuleDict  # PrototypeHead by template id

    def heatmaps(self, x: Tensor, template_id: str) -> Tensor:
        """Heatmaps (B, K, h, w) float32 of one template, scaled so that the training target has peak 1.

        `x` is (B, 3, H, W), normalised. Raises UserError for a template that the model does not know.
        """
        raise NotImplementedError

    def view_logits(self, x: Tensor) -> ViewLogits | None:  # noqa: ARG002  # most networks do not look
        """How pictures (B, 3, H, W) of `VIEW_SIZE`, normalised, lie and what they show; None: it cannot tell."""
        return None

    def refined_logits(self, crops: Tensor, template_id: str, landmarks: Tensor) -> Tensor:
        """Logits (N, c, c) float32 of the second stage for crops (N, 2, S, S) on 0..255, each about one landmark.

        `landmarks` (N,) count the model's channels of that template. Raises KeyError where `config.is_refined` is not.
        """
        raise NotImplementedError

    def trainable_parameters(self, mode: TrainMode) -> list[tuple[str, nn.Parameter]]:
        """Freeze everything but what `mode` trains, and return that by name.

        `head`: the heads only; `adapt`: adapters (or last stage) and heads; `lora`: low-rank adapters and heads, added
        where there are none; `experts`: task experts and heads, likewise; `full`: everything. Raises UserError for a
        mode that this network does not have.
        """
        raise NotImplementedError

    def fold_adapters(self) -> None:
        """Make adapters that the network's package has no place for part of its weights; the output stays."""

    def add_template(self, template: Template) -> None:
        """Add a head for a template that the model does not know, or has prototypes for, with output near 0."""
        raise NotImplementedError

    def feature_levels(self, x: Tensor, template_id: str) -> list[Tensor]:
        """Feature maps (B, C_l, h_l, w_l) of images (B, 3, H, W) that prototypes can compare, the heads' own first."""
        raise NotImplementedError

    def anchor_maps(self, x: Tensor, levels: list[Tensor], anchor: str) -> Tensor:
        """Heatmaps (B, A, h, w) of a template with a trained head, from `feature_levels` where they serve."""
        raise NotImplementedError

    @property
    def feature_widths(self) -> tuple[int, ...]:
        """Channels of each of the `feature_levels`."""
        raise NotImplementedError

    def prototype_head(self, template_id: str) -> PrototypeHead:
        """The prototypes of a template. Raises KeyError where there are none."""
        return cast("PrototypeHead", self.prototypes[module_key(template_id)])

    def add_prototypes(self, template: Template, prototypes: PrototypeConfig) -> PrototypeHead:
        """Add empty prototypes for a template, or put them in the place of older ones, and return them.

        Raises ValueError when the model has a trained head for the template, or its anchor has none.
        """
        config = self.config.with_template(template, prototypes)
        self.config = ModelConfig.model_validate(config.model_dump())
        self._build_prototypes(template.id)
        return self.prototype_head(template.id)

    def _build_prototypes(self, template_id: str) -> None:
        entry = self.config.templates[template_id]
        assert entry.prototypes is not None
        anchor = entry.prototypes.anchor
        known = () if anchor is None else self.config.templates[anchor].landmarks
        head = PrototypeHead(
            entry.prototypes, entry.landmarks, self.feature_widths, self.config.heatmap_size, anchor_landmarks=known
        )
        device = next((parameter.device for parameter in self.parameters()), torch.device("cpu"))
        self.prototypes[module_key(template_id)] = head.to(device)
