"""What every landmark network offers to the predictor, the trainer and the package writer."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from medsapiens_core.data.template import Template
from medsapiens_core.models.config import ModelConfig
from medsapiens_core.models.view_head import ViewLogits

TrainMode = Literal["head", "adapt", "full"]


class LandmarkModel(nn.Module):
    """A network (B, 3, H, W) normalised -> (B, K_all, h, w) with the channels of one or more templates."""

    config: ModelConfig

    def heatmaps(self, x: Tensor, template_id: str) -> Tensor:
        """Heatmaps (B, K, h, w) float32 of one template, scaled so that the training target has peak 1.

        `x` is (B, 3, H, W), normalised. Raises UserError for a template that the model does not know.
        """
        raise NotImplementedError

    def view_logits(self, x: Tensor) -> ViewLogits | None:  # noqa: ARG002  # most networks do not look
        """How pictures (B, 3, H, W) of `VIEW_SIZE`, normalised, lie and what they show; None: it cannot tell."""
        return None

    def trainable_parameters(self, mode: TrainMode) -> list[tuple[str, nn.Parameter]]:
        """Freeze everything but what `mode` trains, and return that by name.

        `head`: the heads only; `adapt`: adapters (or last stage) and heads; `full`: everything.
        """
        raise NotImplementedError

    def add_template(self, template: Template) -> None:
        """Add output channels for a template that the model does not know, with output near 0."""
        raise NotImplementedError
